"""候补: the member stands in line for a day that is full, and leaves the line."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from flask import render_template
from flask.typing import ResponseReturnValue
from marshmallow import fields, validate

from booking import queries, standby_queries, waiting_queries
from booking.operations import standbys, waiting
from booking.standby_models import Standby
from booking.states import WaitingState
from booking.waiting import NotAskedToStandBy
from faces.chrome import call
from faces.chrome.limits import BOOKING, rated
from faces.chrome.schema import Form
from faces.chrome.sign_in import signed_in
from faces.consumer.confirm import NothingForm
from faces.consumer.forms import WindowField
from faces.consumer.routes import blueprint
from kernel.actor import Role
from kernel.db import Session, transaction
from kernel.words import msg

WINDOWS_MAX = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """The member's place in the line of one day; `hold` is the booking that he was offered, `standby`
    the place for which he stands by or is asked to."""

    number: str
    draft: str
    service: str
    day: date
    position: int
    hold: str
    standby: Standby | None


class LineForm(Form):
    """The windows to wait for, all of one day."""

    window = fields.List(
        WindowField(),
        required=True,
        validate=validate.Length(min=1, max=WINDOWS_MAX),
        error_messages={"required": msg("请先选一个时段。")},
    )


@blueprint.post("/drafts/<number>/waiting")
@signed_in(Role.MEMBER)
@rated(BOOKING)
def join_line(number: str) -> ResponseReturnValue:
    """Stand in the line of a day, and show the place in it."""
    given = call.form(LineForm())["window"]
    day = given[0][0]
    wanted = [window for its_day, window in given if its_day == day]
    with call.once() as db:
        waiting.join(
            db, draft_number=number, day=day, wanted=wanted, by=call.actor(), now=call.now()
        )
        return call.leads_to("consumer.windows_page", number=number, day=day.isoformat())


@blueprint.post("/waiting/<number>/leave")
@signed_in(Role.MEMBER)
def leave_line(number: str) -> ResponseReturnValue:
    """Wait no more; an offer is given back."""
    call.form(NothingForm())
    with call.once() as db:
        row = waiting.leave(db, number=number, by=call.actor(), now=call.now())
        draft = queries.draft_by_id(db, row.draft_id)
        return call.leads_to("consumer.windows_page", number=draft.number, day=row.day.isoformat())


@blueprint.get("/waiting/<number>/standby")
@signed_in(Role.MEMBER)
def standby(number: str) -> ResponseReturnValue:
    """Ask whether he would stand by for a place that may come free, or show what came of it."""
    with transaction(reads_only=True) as db:
        row = waiting_queries.waiting_by_number(db, number=number, by=call.actor())
        found = standby_queries.latest(db, row.id)
        if found is None:
            raise NotAskedToStandBy
        draft = queries.draft_by_id(db, row.draft_id)
        return render_template(
            "consumer/standby.html",
            row=row,
            standby=found,
            draft=draft,
            service=queries.service_by_id(db, draft.service_id),
            booking=queries.by_id(db, row.booking_id) if row.booking_id else None,
        )


@blueprint.post("/waiting/<number>/standby")
@signed_in(Role.MEMBER)
@rated(BOOKING)
def accept_standby(number: str) -> ResponseReturnValue:
    """Stand by: the place is his by itself, should it come free."""
    call.form(NothingForm())
    with call.once() as db:
        standbys.accept(db, number=number, by=call.actor(), now=call.now())
        return call.leads_to("consumer.standby", number=number)


@blueprint.post("/waiting/<number>/standby/decline")
@signed_in(Role.MEMBER)
def decline_standby(number: str) -> ResponseReturnValue:
    """Stand by no more; the place in the line is kept."""
    call.form(NothingForm())
    with call.once() as db:
        standbys.decline(db, number=number, by=call.actor(), now=call.now())
        return call.leads_to("consumer.standby", number=number)


def lines(db: Session) -> list[Line]:
    """Return where the member stands in line now, oldest first."""
    services = queries.services_by_id(db)
    found = []
    rows = waiting_queries.open_of(db, call.actor().id)
    asked = standby_queries.open_of_lines(db, [row.id for row in rows])
    for row in rows:
        draft = queries.draft_by_id(db, row.draft_id)
        is_offered = row.state is WaitingState.OFFERED and row.booking_id is not None
        found.append(
            Line(
                number=row.number,
                draft=draft.number,
                service=services[draft.service_id].name,
                day=row.day,
                position=waiting_queries.position_of(db, row),
                hold=queries.by_id(db, row.booking_id or 0).number if is_offered else "",
                standby=asked.get(row.id),
            )
        )
    return found


def lines_of_draft(db: Session, draft_id: int) -> Mapping[date, Line]:
    """Return where the member waits with that draft, by day."""
    number = queries.draft_by_id(db, draft_id).number
    return {line.day: line for line in lines(db) if line.draft == number}
