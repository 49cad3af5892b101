"""What the console's forms about services and stores may carry."""

from marshmallow import fields, validate

from booking.price_card import ROWS_MAX
from faces.chrome.schema import Form, Text
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
        required=True, validate=validate.OneOf(["delivery", "installation", "maintenance"])
    )
    icon = fields.String(load_default="wrench", validate=validate.Regexp(r"\A[a-z][a-z-]{1,29}\Z"))


class SaleForm(Form):
    """On sale or off."""

    on_sale = fields.Boolean(required=True)


class StoreForm(Form):
    """A store's name and how it greets."""

    name = Text(most=20, least=1, required=True)
    welcome = Text(most=120, least=1, required=True)


class NewStoreForm(StoreForm):
    """A store that was not there before."""

    branch = fields.Integer(required=True, validate=validate.Range(min=1))
    code = fields.String(
        required=True,
        validate=validate.Regexp(
            r"\A[A-Z][A-Z0-9]{1,11}\Z", error=msg("代码用 2–12 位大写字母和数字，字母开头。")
        ),
    )
