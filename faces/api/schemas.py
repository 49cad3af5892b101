"""What the API takes and gives. Instants are ISO 8601 with their zone, money is whole fen."""

from typing import Any

from marshmallow import INCLUDE, Schema, fields, validate

from booking.states import BookingState
from faces.chrome.schema import Body, Form, Text
from kernel.clock import SHANGHAI

ADDRESS_LENGTH_MAX, DOOR_LENGTH_MAX, CONTACT_LENGTH_MAX = 120, 40, 20
NUMBER_LENGTH_MAX = 32
PHONE_LENGTH_MAX = 40
COUNT_MAX = 9_999


class InstantOut(fields.AwareDateTime):
    """An instant as people there read it: 2026-11-24T10:00:00+08:00."""

    def _serialize(self, value: Any, attr: str | None, obj: Any, **options: Any) -> str | None:
        local = None if value is None else value.astimezone(SHANGHAI)
        return super()._serialize(local, attr, obj, **options)  # type: ignore[return-value]  # ISO text it is


class FenField(fields.Integer):
    """Money as whole fen."""

    def _serialize(self, value: Any, attr: str | None, obj: Any, **options: Any) -> int | None:
        del attr, obj, options
        return None if value is None else int(value.fen)


class RefusalOut(Schema):
    """Why not: a code for programs, a sentence for people, the field at fault, the request's number.

    The facts of some refusals stand beside these.
    """

    class Meta:
        unknown = INCLUDE

    error = fields.String(required=True)
    message = fields.String(required=True)
    field = fields.String(required=True, allow_none=True)
    request = fields.String(required=True)


class OfferOut(Schema):
    """A window proven insertable: somebody fit gets there in time, as the day stands."""

    starts_at = InstantOut(required=True)
    ends_at = InstantOut(required=True)
    # Driving that the visit adds to the day of the technician who proves it.
    extra_s = fields.Integer(required=True)
    # Points that the window earns when it is kept, being on somebody's way; fixed by a hold.
    bonus_points = fields.Integer(required=True)


class SlotFullOut(RefusalOut):
    """What stands against it; of a window that is gone (slot_full) the nearest that are left."""

    alternatives = fields.List(fields.Nested(OfferOut))


class OptionOut(Schema):
    """One line of a price card."""

    code = fields.String(required=True)
    name = fields.String(required=True)
    kind = fields.String(required=True)
    group = fields.String()
    unit = fields.String()
    most = fields.Integer(required=True)
    price_fen = fields.Integer(required=True)
    work_s = fields.Integer(required=True)


class ServiceOut(Schema):
    """What can be booked, with its price card."""

    code = fields.String(required=True)
    name = fields.String(required=True)
    category = fields.String(required=True)
    about = fields.String(required=True)
    price_fen = FenField(required=True, attribute="price")
    work_s = fields.Integer(required=True)
    options = fields.List(fields.Nested(OptionOut), required=True)


class MemberQuery(Form):
    """Whom to look up."""

    phone = fields.String(required=True, validate=validate.Length(max=PHONE_LENGTH_MAX))


class MemberOut(Schema):
    """A member; his number is what other calls name him by."""

    number = fields.String(required=True)
    name = fields.String(required=True)


class DraftIn(Body):
    """What a member wants, where, and whom to call."""

    member = Text(most=NUMBER_LENGTH_MAX, required=True)
    service = Text(most=NUMBER_LENGTH_MAX, required=True)
    options = fields.Dict(
        keys=fields.String(validate=validate.Length(max=NUMBER_LENGTH_MAX)),
        values=fields.Integer(strict=True, validate=validate.Range(min=0, max=COUNT_MAX)),
        load_default=dict,
    )
    address = Text(most=ADDRESS_LENGTH_MAX, required=True)
    door = Text(most=DOOR_LENGTH_MAX, load_default="")
    # The delivery comes first, in the same booking (送装一体).
    with_delivery = fields.Boolean(load_default=False)
    contact = Text(most=CONTACT_LENGTH_MAX, least=1, required=True)
    phone = fields.String(required=True, validate=validate.Length(max=PHONE_LENGTH_MAX))


class DraftOut(Schema):
    """A priced draft, for which offers can be asked."""

    number = fields.String(required=True)
    address = fields.String(required=True)
    price_fen = FenField(required=True, attribute="price")
    work_s = fields.Integer(required=True)


class HoldIn(Body):
    """The window to hold, as it was offered."""

    draft = Text(most=NUMBER_LENGTH_MAX, required=True)
    starts_at = fields.AwareDateTime(required=True, format="iso")
    ends_at = fields.AwareDateTime(required=True, format="iso")


class BookingOut(Schema):
    """A booking: held, promised, or over."""

    number = fields.String(required=True)
    state = fields.Enum(BookingState, by_value=True, required=True)
    starts_at = InstantOut(required=True)
    ends_at = InstantOut(required=True)
    held_until = InstantOut(required=True)
    price_fen = FenField(required=True, attribute="price")
    address = fields.String(required=True)
    contact = fields.String(required=True)
    phone = fields.String(required=True, attribute="masked_phone")
