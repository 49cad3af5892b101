"""What the API takes and gives once a booking is a promise, and for goods, ledger and lists."""

from marshmallow import Schema, fields, validate

from booking.feedback import TAGS_MAX, TEXT_LENGTH_MAX
from booking.goods import GoodsKind
from booking.policy import Cause
from booking.states import GoodsState
from faces.api.schemas import NUMBER_LENGTH_MAX, InstantOut
from faces.chrome.schema import Body, Form, Text
from members.ledger import EARNINGS, POINTS, UNITS

POINTS_MAX = 10_000
LINES_MAX = 100
TAG_LENGTH_MAX = 40
MOVE_CAUSES = (Cause.AGENT, Cause.PROVIDER, Cause.GOODS_LATE)
MEMBER_UNITS = tuple(unit for unit in UNITS if unit != EARNINGS)


class CostOut(Schema):
    """What an act costs the member now."""

    points = fields.Integer(required=True)
    is_strike = fields.Boolean(required=True)
    # The last instant at which it costs nothing.
    free_until = InstantOut(required=True)


class CostsOut(Schema):
    """What moving and cancelling cost now; nothing when the fault is ours."""

    is_ours = fields.Boolean(required=True)
    move = fields.Nested(CostOut, required=True)
    cancel = fields.Nested(CostOut, required=True)


class AgreedIn(Body):
    """What the member agreed that it costs him; nothing need be said of what is free."""

    points = fields.Integer(load_default=0, validate=validate.Range(min=0, max=POINTS_MAX))
    is_strike = fields.Boolean(load_default=False)


class MoveIn(AgreedIn):
    """The window to move to, as it was offered, and whose wish that is: ours costs nothing."""

    starts_at = fields.AwareDateTime(required=True, format="iso")
    ends_at = fields.AwareDateTime(required=True, format="iso")
    cause = fields.String(
        load_default=Cause.AGENT.value,
        validate=validate.OneOf([cause.value for cause in MOVE_CAUSES]),
    )


class RatingIn(Body):
    """What the member thinks of it."""

    stars = fields.Integer(required=True)
    tags = fields.List(
        fields.String(validate=validate.Length(max=TAG_LENGTH_MAX)),
        load_default=list,
        validate=validate.Length(max=TAGS_MAX),
    )
    text = Text(most=TEXT_LENGTH_MAX, load_default="")


class RatingOut(Schema):
    """A rating as it is kept; one a booking."""

    stars = fields.Integer(required=True)
    tags = fields.List(fields.String(), required=True)
    text = fields.String(required=True)
    at = InstantOut(required=True)


class GoodsQuery(Form):
    """Whose order's items."""

    order = Text(most=NUMBER_LENGTH_MAX, least=1, required=True)


class GoodsOut(Schema):
    """One item that a booking brings or takes along, and where it is."""

    number = fields.String(required=True)
    kind = fields.Enum(GoodsKind, by_value=True, required=True)
    name = fields.String(required=True)
    quantity = fields.Integer(required=True)
    order_number = fields.String(required=True)
    sku = fields.String(required=True)
    serial = fields.String(required=True)
    state = fields.Enum(GoodsState, by_value=True, required=True)
    state_since = InstantOut(required=True)
    expected_at = InstantOut(required=True, allow_none=True)


class GoodsStateIn(Body):
    """Where the item is."""

    state = fields.Enum(GoodsState, by_value=True, required=True)


class GoodsExpectedIn(Body):
    """When the warehouse expects the item; null when nobody knows any more."""

    expected_at = fields.AwareDateTime(required=True, format="iso", allow_none=True)


class LedgerQuery(Form):
    """Which account of the member, and from where on backwards."""

    unit = fields.String(load_default=POINTS, validate=validate.OneOf(MEMBER_UNITS))
    before = fields.Integer(load_default=None, validate=validate.Range(min=1))
    size = fields.Integer(load_default=50, validate=validate.Range(min=1, max=LINES_MAX))


class LedgerLineOut(Schema):
    """One line, never changed: what undoes another names its kind in `reverses`."""

    # Where the page after this line goes on.
    place = fields.Integer(required=True)
    seq = fields.Integer(required=True)
    at = InstantOut(required=True)
    kind = fields.String(required=True)
    amount = fields.Integer(required=True)
    balance_after = fields.Integer(required=True)
    # What it rests on, such as booking:B123.
    evidence = fields.String(required=True)
    reverses = fields.String(required=True, allow_none=True)
    reversed_at = InstantOut(required=True, allow_none=True)


class LedgerOut(Schema):
    """One account of a member, the newest lines first; money is in fen."""

    unit = fields.String(required=True)
    balance = fields.Integer(required=True)
    lines = fields.List(fields.Nested(LedgerLineOut), required=True)


class SerialImportOut(Schema):
    """A list that was taken in whole; `added` of its rows were new."""

    number = fields.String(required=True)
    rows = fields.Integer(required=True)
    added = fields.Integer(required=True)
