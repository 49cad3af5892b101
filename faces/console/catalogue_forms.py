"""What the console's forms about services and stores may carry."""

import re
from collections.abc import Mapping
from typing import Any

from marshmallow import ValidationError, fields, validate, validates_schema

from booking.care import MONTHS_MAX, TIPS_MAX
from booking.price_card import ROWS_MAX
from booking.tryouts import TRYOUT
from faces.chrome.schema import Form, Text
from kernel.geo import Point
from kernel.words import msg

_CODE = validate.Regexp(
    r"\A[a-z][a-z0-9_]{2,29}\Z", error=msg("代码用 3–30 位小写字母、数字和下划线，字母开头。")
)
_COLUMN = validate.Length(max=ROWS_MAX)


def _column() -> fields.List[str]:
    return fields.List(
        fields.String(validate=validate.Length(max=60)), load_default=list, validate=_COLUMN
    )


class ServiceForm(Form):
    """A service; its options come as columns of one table."""

    name = Text(most=20, least=1, required=True)
    short_name = Text(most=4, least=1, required=True)
    about = Text(most=60, load_default="")
    minutes = fields.Integer(required=True, validate=validate.Range(min=5, max=600))
    skill = fields.String(required=True, validate=_CODE)
    level = fields.Integer(required=True, validate=validate.Range(min=1, max=3))
    price = fields.String(required=True)
    # The care plan that begins after it; 0 months for none.
    care_months = fields.Integer(load_default=0, validate=validate.Range(min=0, max=MONTHS_MAX))
    care_code = fields.String(load_default="", validate=validate.Length(max=30))
    care_tips = Text(most=TIPS_MAX, load_default="")
    checks = fields.String(load_default="", validate=validate.Length(max=1000))
    shots = fields.String(load_default="", validate=validate.Length(max=1000))
    option_code = _column()
    option_name = _column()
    option_kind = _column()
    option_most = _column()
    option_price = _column()
    option_minutes = _column()
    option_group = _column()


class NewServiceForm(ServiceForm):
    """A service that was not there before."""

    code = fields.String(required=True, validate=_CODE)
    category = fields.String(
        required=True, validate=validate.OneOf(["delivery", "installation", "maintenance", TRYOUT])
    )
    icon = fields.String(load_default="wrench", validate=validate.Regexp(r"\A[a-z][a-z-]{1,29}\Z"))


class SaleForm(Form):
    """On sale or off."""

    on_sale = fields.Boolean(required=True)


class PlaceField(fields.Field[Point | None]):
    """A place in China as a map's picker gives it, in GCJ-02: two numbers in either order, since no
    latitude there is as great as any longitude. Empty for none."""

    default_error_messages = {  # noqa: RUF012  # as marshmallow reads it
        "place": msg("坐标写成「纬度,经度」，比如 36.1105,120.4520，可以从腾讯或高德地图复制。")
    }

    def _deserialize(
        self, value: Any, attr: str | None, data: Any, **_options: Any
    ) -> Point | None:
        del attr, data
        if not str(value).strip():
            return None
        found = _DEGREES.fullmatch(str(value).strip())
        if found is None:
            raise self.make_error("place")
        lat, lon = sorted(map(float, found.groups()))
        if not (
            LAT_DEGREES[0] <= lat <= LAT_DEGREES[1] and LON_DEGREES[0] <= lon <= LON_DEGREES[1]
        ):
            raise self.make_error("place")
        return Point(lat, lon)


LAT_DEGREES, LON_DEGREES = (3.0, 54.0), (73.0, 136.0)
_DEGREES = re.compile(r"(\d{1,3}(?:\.\d{1,8})?)\s*[,，\s]\s*(\d{1,3}(?:\.\d{1,8})?)")


class StoreForm(Form):
    """A store's name, how it greets and where it is."""

    name = Text(most=20, least=1, required=True)
    welcome = Text(most=120, least=1, required=True)
    address = Text(most=60, load_default="")
    point = PlaceField(load_default=None)

    @validates_schema
    def check_place(self, given: Mapping[str, Any], **_options: Any) -> None:
        """Refuse a point on the map that nobody has a name for."""
        if given.get("point") is not None and not given.get("address"):
            raise ValidationError(msg("有坐标也要写地址，业主看得懂的那种。"), "address")


class NewStoreForm(StoreForm):
    """A store that was not there before."""

    branch = fields.Integer(required=True, validate=validate.Range(min=1))
    code = fields.String(
        required=True,
        validate=validate.Regexp(
            r"\A[A-Z][A-Z0-9]{1,11}\Z", error=msg("代码用 2–12 位大写字母和数字，字母开头。")
        ),
    )
