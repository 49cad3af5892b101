"""What a technician's forms may hold."""

import json
import unicodedata
from collections.abc import Mapping
from typing import Any

from marshmallow import ValidationError, fields, post_load, pre_load, validate

from booking.checks import POINT_LENGTH_MAX, POINTS_MAX
from dispatch.operations.visits import PHOTOS_MAX
from faces.chrome.filters import gettext
from faces.chrome.media import MEDIA_ID_MAX
from faces.chrome.schema import BEYOND, MISSING, Form, Text
from gateways.maps.datum import Datum, to_gcj02

TODAY, VISIT = "today", "visit"
CODE_DIGITS = 4
REASON_MAX = 200
LABEL_MAX = 64
APPEAL_MAX = 1000
STROKES_BYTES_MAX = 60_000


class CodeField(fields.Field[str]):
    """The four digits of a 服务码, as keypads and people type them."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **_options: Any) -> str:
        del attr, data
        code = unicodedata.normalize("NFKC", str(value)).replace(" ", "")
        if not (code.isascii() and code.isdigit() and len(code) == CODE_DIGITS):
            raise ValidationError(gettext("服务码是 4 位数字，请业主再报一次。"))
        return code


class Words(Text):
    """Text that says something: blanks alone are as nothing."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> str:
        said = super()._deserialize(value, attr, data, **options)
        if not said:
            raise ValidationError(MISSING)
        return said


class StrokesField(fields.Field[list[list[list[int]]]]):
    """A signature as the page's script draws it: a JSON list of strokes, each a list of [x, y]."""

    def _deserialize(
        self, value: Any, attr: str | None, data: Any, **_options: Any
    ) -> list[list[list[int]]]:
        del attr, data
        unread = gettext("还没有看到签名，请业主用手指写上名字。")
        if len(str(value)) > STROKES_BYTES_MAX:
            raise ValidationError(unread)
        try:
            strokes = json.loads(str(value))
        except (ValueError, RecursionError) as error:
            raise ValidationError(unread) from error
        if not _are_strokes(strokes):
            raise ValidationError(unread)
        return strokes  # type: ignore[no-any-return]  # looked at above


def _are_strokes(strokes: Any) -> bool:
    return isinstance(strokes, list) and all(
        isinstance(stroke, list)
        and all(isinstance(point, list) and all(type(n) is int for n in point) for point in stroke)
        for stroke in strokes
    )


class ActForm(Form):
    """A press; `on` says on which screen the hand rests."""

    on = fields.String(load_default=VISIT, validate=validate.OneOf([TODAY, VISIT]))


class PhotosForm(ActForm):
    """Photos of the work: files of the call, or `media_id` of such as lie at WeChat."""

    media_id = fields.List(
        fields.String(validate=validate.Length(max=MEDIA_ID_MAX)),
        load_default=list,
        validate=validate.Length(max=PHOTOS_MAX),
    )


class PlaceForm(ActForm):
    """A press with where the phone is, if it says so: loaded as `place`, None without one."""

    lat = fields.Float(load_default=None, validate=validate.Range(-90, 90))
    lon = fields.Float(load_default=None, validate=validate.Range(-180, 180))
    datum = fields.Enum(Datum, by_value=True, load_default=Datum.WGS84)

    @pre_load
    def _drop_empty(self, given: Mapping[str, Any], **_options: Any) -> dict[str, Any]:
        unsaid = ("lat", "lon", "datum")
        return {name: value for name, value in given.items() if value or name not in unsaid}

    @post_load
    def _into_place(self, given: dict[str, Any], **_options: Any) -> dict[str, Any]:
        lat, lon, datum = given.pop("lat"), given.pop("lon"), given.pop("datum")
        try:
            given["place"] = None if lat is None or lon is None else to_gcj02(lat, lon, datum)
        except ValueError as error:  # beyond the poles and the date line
            raise ValidationError(BEYOND, "lat") from error
        return given


class ReasonedPlaceForm(PlaceForm):
    """An arrival that a photo and a reason explain; `media_id` names a photo that lies at WeChat."""

    reason = Words(most=REASON_MAX, required=True)
    media_id = fields.String(load_default="", validate=validate.Length(max=MEDIA_ID_MAX))


class CodeForm(ActForm):
    """The service code, typed at the door."""

    code = CodeField(required=True)


class GoodsForm(ActForm):
    """The label of what is loaded: scanned, typed or tapped."""

    code = Words(most=LABEL_MAX, required=True)


class ChecksForm(ActForm):
    """The points that are ticked: all of them, none when there are none."""

    point = fields.List(
        fields.String(validate=validate.Length(max=POINT_LENGTH_MAX)),
        load_default=list,
        validate=validate.Length(max=POINTS_MAX),
    )


class SerialForm(ActForm):
    """The serial number on a name plate."""

    serial = Words(most=LABEL_MAX, required=True)


class AdditionForm(ActForm):
    """One line of the price card, how often, and why."""

    option = fields.String(required=True, validate=validate.Length(min=1, max=LABEL_MAX))
    count = fields.Integer(required=True, validate=validate.Range(min=1, max=99))
    reason = Words(most=REASON_MAX, required=True)


class WayForm(Form):
    """Why a visit goes another way: one of the sentences offered, and more words if he likes."""

    reason = Text(most=REASON_MAX, load_default="")
    note = Text(most=REASON_MAX, load_default="")


class SignatureForm(Form):
    """What was written with a finger."""

    strokes = StrokesField(required=True)


class AppealForm(Form):
    """What he says against what was recorded of him."""

    reason = Text(most=REASON_MAX, load_default="")
    text = Text(most=APPEAL_MAX, load_default="")
