"""What the forms about bookings and cases may carry."""

from datetime import date, datetime
from typing import Any

from marshmallow import ValidationError, fields, validate

from booking.policy import Cause
from booking.states import ComplaintState, GoodsState, WaitingState
from dispatch.planner.problem import Window
from faces.chrome.schema import Form, Text
from faces.console.forms import PAGE_MAX, PageQuery, _Query
from kernel.clock import SHANGHAI
from kernel.words import msg
from members.policy import TEXT_MAX, AppealSubject

REASON_MAX = 200
SERIAL_MAX = 60
CANNED_MAX = 200
CHAT_SHOWS = ("waiting", "mine", "claimed", "closed")
SHOWS = ("open", "decided", "reviews", "releases")
_NO_WINDOW = msg("请先选一个时段。")


class WindowField(fields.Field[tuple[date, Window]]):
    """2026-11-26/36000-43200: a day and a window of it."""

    default_error_messages = {"window": _NO_WINDOW}  # noqa: RUF012  # as marshmallow reads it

    def _deserialize(
        self, value: Any, attr: str | None, data: Any, **_options: Any
    ) -> tuple[date, Window]:
        del attr, data
        day, _, seconds = str(value).partition("/")
        opens, _, shuts = seconds.partition("-")
        try:
            return date.fromisoformat(day), Window(int(opens), int(shuts))
        except (ValueError, AssertionError) as error:
            raise self.make_error("window") from error


class LocalTime(fields.Field[datetime | None]):
    """What a browser's datetime-local holds: a time in Asia/Shanghai; empty for none."""

    default_error_messages = {"time": msg("没有这个日期或时间，请核对。")}  # noqa: RUF012

    def _deserialize(
        self, value: Any, attr: str | None, data: Any, **_options: Any
    ) -> datetime | None:
        del attr, data
        if not value:
            return None
        try:
            at = datetime.fromisoformat(str(value))
        except ValueError as error:
            raise self.make_error("time") from error
        if at.tzinfo is not None or not 2000 <= at.year < 2100:
            raise ValidationError(self.error_messages["time"])
        return at.replace(tzinfo=SHANGHAI)


class ToldForm(Form):
    """An act whose cost was said before; `told` is what was said."""

    told = fields.String(required=True)


class MoveForm(ToldForm):
    """Another window, and why: our cause is free of charge."""

    window = WindowField(required=True, error_messages={"required": _NO_WINDOW})
    cause = fields.String(
        load_default=Cause.AGENT.value,
        validate=validate.OneOf([Cause.AGENT.value, Cause.PROVIDER.value, Cause.GOODS_LATE.value]),
    )


class ReasonForm(Form):
    """A reason that is kept and told."""

    reason = Text(least=1, most=REASON_MAX, required=True)


class WordsForm(Form):
    """Words that go to the person."""

    words = Text(most=TEXT_MAX, required=True)


class AnswerForm(Form):
    """The answer to a complaint."""

    words = Text(most=500, required=True)


class VisitForm(Form):
    """Which visit of the booking."""

    visit = fields.String(required=True)


class GoodsForm(Form):
    """Where an item is now."""

    state = fields.Enum(GoodsState, by_value=True, required=True)


class ExpectForm(Form):
    """When the warehouse expects an item."""

    expected_at = LocalTime(load_default=None)


class DecideForm(WordsForm):
    """A decision about an appeal."""

    upheld = fields.Boolean(required=True)


class StopForm(ReasonForm):
    """Until when a member's bookings are to be stopped by hand, and why."""

    until = fields.Date(required=True)


class MembersQuery(PageQuery):
    """A search among members."""

    q = fields.String(load_default="", validate=validate.Length(max=40))


class MemberQuery(_Query):
    """Which page of a member's ledger, and whether it is held against itself."""

    unit = fields.String(load_default="points", validate=validate.OneOf(["points", "compensation"]))
    before = fields.Integer(load_default=None, validate=validate.Range(min=1))
    # Whether his accounts are to be derived anew.
    proof = fields.Boolean(load_default=False)


class AppealsQuery(PageQuery):
    """Which cases of the queue."""

    show = fields.String(load_default="open", validate=validate.OneOf(SHOWS))
    kind = fields.Enum(AppealSubject, by_value=True, load_default=None)


class ComplaintsQuery(PageQuery):
    """Which complaints."""

    state = fields.Enum(ComplaintState, by_value=True, load_default=ComplaintState.OPEN)


class WaitingQuery(_Query):
    """Which part of the waiting list."""

    page = fields.Integer(load_default=1, validate=validate.Range(min=1, max=PAGE_MAX))
    state = fields.Enum(WaitingState, by_value=True, load_default=None)


class SerialsQuery(PageQuery):
    """A serial number to be looked up."""

    serial = fields.String(load_default="", validate=validate.Length(max=SERIAL_MAX))


class ChatsQuery(PageQuery):
    """Which queue of the chat desk."""

    show = fields.String(load_default="waiting", validate=validate.OneOf(CHAT_SHOWS))


class ReplyForm(Form):
    """What an agent writes to a member; WeChat takes 2048 bytes, three to a character."""

    text = Text(least=1, most=600, required=True)


class LineForm(Form):
    """One of our own lines of a conversation."""

    line = fields.String(required=True, validate=validate.Length(min=1, max=40))


class PassOnForm(Form):
    """To whose desk, "" for the branch's own, and what the colleague should know."""

    store = fields.String(load_default="", validate=validate.Length(max=40))
    words = Text(least=1, most=REASON_MAX, required=True)


class CannedQuery(_Query):
    """Whose canned replies: a store's, or "" for all of the branch."""

    store = fields.String(load_default="", validate=validate.Length(max=40))


class _CannedDesk(Form):
    branch = fields.Integer(required=True, validate=validate.Range(min=1))
    store = fields.String(load_default="", validate=validate.Length(max=40))


class CannedForm(_CannedDesk):
    """A new canned reply."""

    text = Text(least=1, most=CANNED_MAX, required=True)


class CannedLineForm(_CannedDesk):
    """A canned reply, by its words."""

    before = Text(least=1, most=CANNED_MAX, required=True)


class CannedChangeForm(CannedLineForm):
    """What a canned reply is to say."""

    text = Text(least=1, most=CANNED_MAX, required=True)


class CannedMoveForm(CannedLineForm):
    """Which way a canned reply goes."""

    to = fields.String(required=True, validate=validate.OneOf(["up", "down"]))
