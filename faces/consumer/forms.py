"""What a member's forms may hold. Every field at fault is told at once, each at its place."""

import re
from collections.abc import Mapping
from datetime import date
from typing import Any

from marshmallow import Schema, ValidationError, fields, pre_load, validate

from booking.operations.placing import OffGrid
from dispatch.planner.problem import Window
from faces.chrome import call
from faces.chrome.errors import sentence_of
from faces.chrome.filters import gettext
from faces.chrome.schema import UNKNOWN, UNSEEN, Form, has_unseen
from kernel.phone import BadPhone, Phone
from kernel.words import msg

CONTACT_LENGTH_MAX = 20
ADDRESS_LENGTH_MAX = 120
OPTION, GROUP = "option-", "group-"
_SHORT = validate.Length(max=ADDRESS_LENGTH_MAX, error=msg("地址最多 120 个字，请写短一些。"))
_WINDOW = re.compile(r"(20\d{2}-\d{2}-\d{2})/(\d{1,5})-(\d{1,5})", re.ASCII)
_COUNT = re.compile(r"\d{1,4}", re.ASCII)


class PhoneField(fields.Field[Phone]):
    """A mobile number as people type it."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **_options: Any) -> Phone:
        del attr, data
        try:
            return Phone.parse(str(value))
        except BadPhone as refusal:
            raise ValidationError(sentence_of(refusal)) from refusal


class CountsField(fields.Field[dict[str, int]]):
    """Option codes with how many of each; the price card says which and how many there may be."""

    def _deserialize(
        self, value: Any, attr: str | None, data: Any, **_options: Any
    ) -> dict[str, int]:
        del attr, data
        wrong = [code for code, count in value.items() if not _COUNT.fullmatch(count)]
        if wrong:
            sentence = gettext("数量要填 0 或更大的整数。")
            raise ValidationError({code: [sentence] for code in wrong})
        return {code: int(count) for code, count in value.items() if int(count)}


class WindowField(fields.Field[tuple[date, Window]]):
    """The day and window that a row of the list stands for."""

    def _deserialize(
        self, value: Any, attr: str | None, data: Any, **_options: Any
    ) -> tuple[date, Window]:
        del attr, data
        found = _WINDOW.fullmatch(str(value))
        try:
            if found is None:
                raise ValueError(value)
            return date.fromisoformat(found[1]), Window(int(found[2]), int(found[3]))
        except ValueError as error:
            raise ValidationError(sentence_of(OffGrid())) from error


class HoldForm(Form):
    """The window to hold; `who` is the work number of the one technician who will do, if any."""

    window = WindowField(required=True, error_messages={"required": msg("请先选一个时段。")})
    who = fields.String(load_default="", validate=validate.Length(max=20, error=UNKNOWN))


class BookForm(Form):
    """Service options, address and contact; `act` is what the pressed button wants."""

    address = fields.String(load_default="", validate=_SHORT)
    door = fields.String(load_default="")
    contact = fields.String(load_default="")
    phone = PhoneField(required=True)
    choices = CountsField(load_default=dict)
    with_delivery = fields.String(
        load_default="", validate=validate.OneOf(["", "1"], error=UNKNOWN)
    )
    act = fields.String(load_default="", validate=validate.OneOf(["", "quote"], error=UNKNOWN))
    who = fields.String(load_default="")

    @pre_load
    def _gather(self, data: Mapping[str, str], **_options: Any) -> dict[str, object]:
        plain: dict[str, object] = {
            name: value for name, value in data.items() if not name.startswith((OPTION, GROUP))
        }
        plain["choices"] = raw_choices(data)
        plain["contact"] = data.get("contact", "").strip()
        plain.setdefault("phone", "")
        return plain


def raw_choices(data: Mapping[str, str]) -> dict[str, str]:
    """Return what was typed for each option: boxes and counts by name, groups by their value."""
    typed = {k.removeprefix(OPTION): v for k, v in data.items() if k.startswith(OPTION)}
    return typed | {v: "1" for k, v in data.items() if k.startswith(GROUP) and v}


def read(schema: Schema) -> tuple[dict[str, Any], dict[str, str]]:
    """Load the posted form: what could be read, and one sentence for each field that could not.

    Errors of options are under `option-<code>`. Raises RepeatedField.
    """
    try:
        return call.form(schema), {}
    except call.BadField as refusal:
        cause = refusal.__cause__
        assert isinstance(cause, ValidationError)
        valid = cause.valid_data if isinstance(cause.valid_data, dict) else {}
        return valid, _sentences(cause.messages_dict)


def contact_error(contact: str) -> str:
    """Return what is wrong with a contact's name, "" when nothing is."""
    if not contact.strip():
        return gettext("请写师傅怎么称呼您，如 林女士。")
    if len(contact.strip()) > CONTACT_LENGTH_MAX:
        return gettext("称呼最多 20 个字，请写短一些。")
    if has_unseen(contact):
        return gettext(UNSEEN)
    return ""


def window_value(day: date, window: Window) -> str:
    """Return the text that HoldForm reads."""
    return f"{day.isoformat()}/{window.open_s}-{window.shut_s}"


def _sentences(messages: Mapping[str, Any]) -> dict[str, str]:
    told: dict[str, str] = {}
    for name, said in messages.items():
        if isinstance(said, Mapping):
            told |= {f"{OPTION}{code}": gettext(lines[0]) for code, lines in said.items()}
        else:
            told[name] = gettext(str(said[0]))
    return told
