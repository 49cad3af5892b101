"""What the console's forms about QR codes may carry."""

from typing import Any

from marshmallow import ValidationError, fields, validate, validates_schema

from booking.codes import SCENE_HEADS, By, CodeKind
from faces.chrome.schema import Form, Text
from faces.console.forms import TextQuery
from kernel.words import msg

DAYS = (7, 30, 90)
_CODE_LENGTH_MAX = 40


class CodesQuery(TextQuery):
    """A filter on the codes, since when, and which touch has earned a booking."""

    kind = fields.Enum(CodeKind, by_value=True, load_default=None)
    days = fields.Integer(load_default=30, validate=validate.OneOf(DAYS))
    by = fields.Enum(By, by_value=True, load_default=By.LAST)


class CodeForm(Form):
    """How a code greets, and what stands on the home of whoever came by it."""

    name = Text(most=20, least=1, required=True)
    welcome = Text(most=120, load_default="")
    about = Text(most=120, load_default="")


class NewCodeForm(CodeForm):
    """A code that was not there before."""

    branch = fields.Integer(required=True, validate=validate.Range(min=1))
    kind = fields.Enum(CodeKind, by_value=True, required=True)
    store = fields.String(load_default="", validate=validate.Length(max=_CODE_LENGTH_MAX))
    bearer = fields.String(load_default="", validate=validate.Length(max=_CODE_LENGTH_MAX))
    service = fields.String(load_default="", validate=validate.Length(max=_CODE_LENGTH_MAX))
    coupon = fields.String(load_default="", validate=validate.Length(max=_CODE_LENGTH_MAX))

    @validates_schema
    def check_kind(self, given: dict[str, Any], **_options: Any) -> None:
        if given["kind"] not in SCENE_HEADS:
            raise ValidationError(msg("门店的二维码随门店一起开。"), "kind")
        if given["kind"] is CodeKind.BADGE and not given["bearer"]:
            raise ValidationError(msg("请选这是谁的工牌。"), "bearer")
        if given["kind"] is CodeKind.PRODUCT and not given["service"]:
            raise ValidationError(msg("请选扫码后约哪项服务。"), "service")
