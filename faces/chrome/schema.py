"""Schemas of what is sent: `Form` is the base of each, and names what is wrong in our words."""

import unicodedata
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

from flask_babel import gettext
from marshmallow import RAISE, Schema, ValidationError, fields, validate

from kernel.errors import Invalid
from kernel.words import msg

# The widest column of whole numbers.
WHOLE_MAX = 2**31 - 1
# What may stand in a text though it does not print.
LAYOUT = "\t\n\r"


class BadField(Invalid):
    """One field cannot be taken as it is; `message` says how to repair it."""

    code = "bad_field"
    says = msg("%(message)s")


class UnknownField(BadField):
    """A field that nobody asked for."""

    code = "unknown_field"


class MissingField(BadField):
    """A field that is needed was not sent."""

    code = "missing_field"


class BadType(BadField):
    """Something else than what the field holds: text for a number, nothing, true for 1."""

    code = "bad_type"


class OutOfRange(BadField):
    """A number or a list beyond its bounds."""

    code = "out_of_range"


class BadText(BadField):
    """A text that is too long, or holds what nobody can see."""

    code = "bad_text"


class BadTime(BadField):
    """No date or time of day there is, or one without its zone."""

    code = "bad_time"


class BadPage(BadField):
    """No page, size or order a list has."""

    code = "bad_page"


UNKNOWN = msg("这一项不在表单里。")
MISSING = msg("这一项不能空着。")
NOT_A_NUMBER = msg("这一项要填整数。")
NOT_TEXT = msg("这一项要填文字。")
NOT_THAT_KIND = msg("这一项的格式不对。")
BEYOND = msg("这个数字超出了范围。")
LENGTH = msg("这一项太长或太短，请改一下。")
UNSEEN = msg("这一项里有看不见的字符，请删掉后再试。")
NO_SUCH_TIME = msg("没有这个日期或时间，请核对。")
NO_SUCH_CHOICE = msg("没有这个选项，请从列表里选。")

_CODE_OF_SENTENCE: Mapping[str, type[BadField]] = {
    UNKNOWN: UnknownField,
    MISSING: MissingField,
    NOT_A_NUMBER: BadType,
    NOT_TEXT: BadType,
    NOT_THAT_KIND: BadType,
    BEYOND: OutOfRange,
    LENGTH: BadText,
    UNSEEN: BadText,
    NO_SUCH_TIME: BadTime,
}
# What marshmallow says of each kind of field, in our words; the most general kind first.
_SENTENCES: tuple[tuple[type[fields.Field[Any]], Mapping[str, str]], ...] = (
    (fields.Field, {"required": MISSING, "null": NOT_THAT_KIND, "invalid": NOT_THAT_KIND}),
    (fields.String, {"invalid": NOT_TEXT, "invalid_utf8": UNSEEN}),
    (fields.Integer, {"invalid": NOT_A_NUMBER, "too_large": BEYOND}),
    (fields.Float, {"invalid": NOT_A_NUMBER, "too_large": BEYOND, "special": BEYOND}),
    (fields.DateTime, {"invalid": NO_SUCH_TIME, "format": NO_SUCH_TIME}),
    (fields.Date, {"invalid": NO_SUCH_TIME, "format": NO_SUCH_TIME}),
    (fields.Time, {"invalid": NO_SUCH_TIME, "format": NO_SUCH_TIME}),
    (fields.AwareDateTime, {"invalid_awareness": NO_SUCH_TIME}),
    (fields.Enum, {"unknown": NO_SUCH_CHOICE}),
)
_LIBRARYS = {
    text
    for kind in vars(fields).values()
    if isinstance(kind, type)
    for text in getattr(kind, "default_error_messages", {}).values()
}
_OF_VALIDATORS: tuple[tuple[Any, str], ...] = (
    (validate.Range, BEYOND),
    (validate.Length, LENGTH),
    (validate.OneOf, NO_SUCH_CHOICE),
    (validate.Regexp, NOT_THAT_KIND),
)
# A column holds no greater numbers, and arithmetic no days much beyond these.
_BOUNDS: tuple[tuple[type[fields.Field[Any]], validate.Range], ...] = (
    (fields.Integer, validate.Range(min=-WHOLE_MAX, max=WHOLE_MAX, error=BEYOND)),
    (fields.Date, validate.Range(min=date(2000, 1, 1), max=date(2099, 12, 31), error=NO_SUCH_TIME)),
    (
        fields.AwareDateTime,
        validate.Range(
            min=datetime(2000, 1, 1, tzinfo=UTC),
            max=datetime(2099, 12, 31, tzinfo=UTC),
            error=NO_SUCH_TIME,
        ),
    ),
)
_TURNING = {"LRE", "RLE", "PDF", "LRO", "RLO", "LRI", "RLI", "FSI", "PDI"}
_PAGING = {"page", "size", "sort"}


class Form(Schema):
    """The base of whatever is loaded from outside: unknown fields are refused, and what is wrong
    is said in our words where the schema has none of its own."""

    class Meta:
        unknown = RAISE

    error_messages = {"unknown": UNKNOWN, "type": NOT_THAT_KIND}  # noqa: RUF012  # as marshmallow reads it

    def on_bind_field(self, field_name: str, field_obj: fields.Field[Any]) -> None:
        """Give the field and its validators sentences, and numbers the bounds of a column."""
        for name in ("inner", "key_field", "value_field"):
            if isinstance(within := getattr(field_obj, name, None), fields.Field):
                self.on_bind_field(field_name, within)
        _let_field_speak(field_obj)
        for validator in field_obj.validators:
            _let_speak(validator)
        for kind, bounds in _BOUNDS:
            if isinstance(field_obj, kind) and bounds not in field_obj.validators:
                field_obj.validators = [*field_obj.validators, bounds]


class Body(Form):
    """The base of JSON bodies, where a number is a number and yes is true."""

    def on_bind_field(self, field_name: str, field_obj: fields.Field[Any]) -> None:
        super().on_bind_field(field_name, field_obj)
        if isinstance(field_obj, fields.Integer):
            field_obj.strict = True
        if isinstance(field_obj, fields.Boolean):
            field_obj.truthy, field_obj.falsy = {True}, {False}


class Text(fields.String):
    """What people write for people: at most `most` characters, trimmed, and nothing unseen in it."""

    default_error_messages = {"unseen": UNSEEN}  # noqa: RUF012  # as marshmallow reads it

    def __init__(self, *, most: int, least: int = 0, **options: Any) -> None:
        length = validate.Length(min=least or None, max=most)
        super().__init__(validate=length, **options)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> str:
        text = unicodedata.normalize(
            "NFC", super()._deserialize(value, attr, data, **options) or ""
        )
        if has_unseen(text):
            raise self.make_error("unseen")
        return text.strip()


def has_unseen(text: str) -> bool:
    """Tell whether the text holds controls, or marks that turn the direction of what is shown."""
    return any(
        (unicodedata.category(c) in ("Cc", "Cs") and c not in LAYOUT)
        or unicodedata.bidirectional(c) in _TURNING
        or c in "\u200e\u200f\u061c"
        for c in text
    )


def fault_of(error: ValidationError) -> BadField:
    """Return the first thing that the schema found wrong, as a refusal at its field."""
    name, said = next(iter(error.messages_dict.items()))
    text = _first(said)
    kind = BadPage if name in _PAGING else _CODE_OF_SENTENCE.get(text, BadField)
    return kind(field=None if name == "_schema" else str(name), message=gettext(text))


def _let_field_speak(field_obj: fields.Field[Any]) -> None:
    for kind, sentences in _SENTENCES:
        if not isinstance(field_obj, kind):
            continue
        for key, sentence in sentences.items():
            said = field_obj.error_messages.get(key)
            if said in _LIBRARYS or said in _CODE_OF_SENTENCE:
                field_obj.error_messages[key] = sentence


def _let_speak(validator: Any) -> None:
    for kind, sentence in _OF_VALIDATORS:
        default = getattr(kind, "default_message", None)
        if type(validator) is kind and validator.error in (None, default):
            validator.error = sentence


def _first(said: Any) -> str:
    while isinstance(said, Mapping | list):
        said = next(iter(said.values() if isinstance(said, Mapping) else said))
    return str(said)
