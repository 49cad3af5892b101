"""What the console's addresses and forms may carry."""

from collections.abc import Mapping
from typing import Any

from marshmallow import fields, pre_load, validate

from booking.states import BookingState
from faces.chrome.schema import Form, Text
from kernel.actor import Role

TEXT_LENGTH_MAX = 40
NOTE_LENGTH_MAX = 200
PAGE_MAX = 1000
VISITS_MAX = 2000
LOGIN_LENGTH_MAX = 64
PASSWORD_LENGTH_MAX = 256
CODE_LENGTH_MAX = 12


class _Query(Form):
    """Parameters of an address: a field left empty was not asked for."""

    branch = fields.Integer(load_default=None, validate=validate.Range(min=1))

    @pre_load
    def drop_empty(self, given: Mapping[str, str], **_options: Any) -> dict[str, str]:
        return {name: value.strip() for name, value in given.items() if value.strip()}


class DayQuery(_Query):
    """A branch's day, as a board or as a list."""

    day = fields.Date(load_default=None)
    view = fields.String(load_default="board", validate=validate.OneOf(["board", "list"]))


class PageQuery(_Query):
    """A page of a list."""

    page = fields.Integer(load_default=1, validate=validate.Range(min=1, max=PAGE_MAX))


class BookingsQuery(PageQuery):
    """A search among bookings."""

    q = fields.String(load_default="", validate=validate.Length(max=TEXT_LENGTH_MAX))
    day = fields.Date(load_default=None)
    state = fields.Enum(BookingState, by_value=True, load_default=None)
    lack = fields.String(load_default="", validate=validate.OneOf(["needs_window", "unserved"]))


class TextQuery(PageQuery):
    """A list that is searched by a word."""

    q = fields.String(load_default="", validate=validate.Length(max=TEXT_LENGTH_MAX))


class PeopleQuery(TextQuery):
    """A search among technicians."""

    skill = fields.String(load_default="", validate=validate.Length(max=TEXT_LENGTH_MAX))


class AccountsQuery(TextQuery):
    """A search among the console's accounts."""

    role = fields.Enum(Role, by_value=True, load_default=None)


class BookingQuery(_Query):
    """A booking's page; `act` is the dialog that stands open on it."""

    act = fields.String(load_default="", validate=validate.OneOf(["", "code"]))


class MessagesQuery(PageQuery):
    """A filter on the message log."""

    state = fields.String(load_default="", validate=validate.Length(max=TEXT_LENGTH_MAX))
    kind = fields.String(load_default="", validate=validate.Length(max=TEXT_LENGTH_MAX))
    number = fields.String(load_default="", validate=validate.Length(max=TEXT_LENGTH_MAX))
    day = fields.Date(load_default=None)


class MessageForm(Form):
    """The message that an act is about."""

    message = fields.Integer(required=True, validate=validate.Range(min=1))


class BillsQuery(PageQuery):
    """The day whose differences are wanted; none for all."""

    day = fields.Date(load_default=None)


class BillNoteForm(Form):
    """What was done about a difference."""

    difference = fields.Integer(required=True, validate=validate.Range(min=1))
    text = Text(most=NOTE_LENGTH_MAX, least=1, required=True)


class RefundForm(Form):
    """The refund that an act is about."""

    refund = fields.String(required=True, validate=validate.Length(min=1, max=32))


class HandRefundForm(RefundForm):
    """How a person gave it back."""

    text = Text(most=NOTE_LENGTH_MAX, least=1, required=True)


class DayForm(Form):
    """The branch's day that an act is about."""

    branch = fields.Integer(required=True, validate=validate.Range(min=1))
    day = fields.Date(required=True)


def _visits() -> Any:
    return fields.List(
        fields.Integer(validate=validate.Range(min=1)),
        load_default=list,
        validate=validate.Length(max=VISITS_MAX),
    )


class TicksForm(Form):
    """The visits of a proposal that are ticked, and which tick was changed last."""

    visit = _visits()
    turned = fields.Integer(load_default=None, validate=validate.Range(min=1))


class AcceptForm(TicksForm):
    """What of a proposal is accepted: all of it, the visits ticked, or one technician's.

    `sure` are the visits to which, as was said yes to, nobody comes.
    """

    part = fields.Boolean(load_default=False)
    sure = _visits()
    technician = fields.Integer(load_default=None, validate=validate.Range(min=1))


class NoForm(Form):
    """A button without fields."""


class StepForm(Form):
    """One step of coming in: the code, or a new password, as the stage wants."""

    code = fields.String(load_default="", validate=validate.Length(max=CODE_LENGTH_MAX))
    new_password = fields.String(load_default="", validate=validate.Length(max=PASSWORD_LENGTH_MAX))
    next = fields.String(load_default="")


class ProofForm(Form):
    """Password and code once more."""

    password = fields.String(load_default="", validate=validate.Length(max=PASSWORD_LENGTH_MAX))
    code = fields.String(load_default="", validate=validate.Length(max=CODE_LENGTH_MAX))
    next = fields.String(load_default="")


class PasswordForm(Form):
    """A new password."""

    new_password = fields.String(required=True, validate=validate.Length(max=PASSWORD_LENGTH_MAX))


class SignInForm(Form):
    """Login and password; `next` is where one was going."""

    login = fields.String(load_default="", validate=validate.Length(max=LOGIN_LENGTH_MAX))
    password = fields.String(load_default="", validate=validate.Length(max=PASSWORD_LENGTH_MAX))
    next = fields.String(load_default="")
