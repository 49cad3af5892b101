"""The member's bookings: the list, one booking's page, and booking the same again."""

from dataclasses import dataclass
from datetime import datetime

from flask import Response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from booking import queries
from booking.operations import drafts
from booking.states import PROMISED, BookingState
from dispatch import queries as dispatch
from faces.chrome import call
from faces.chrome.sign_in import signed_in
from faces.consumer import home, life, progress, reminders, story, waiting
from faces.consumer.confirm import NothingForm
from faces.consumer.routes import blueprint
from kernel.actor import Role
from kernel.db import Session, transaction
from kernel.errors import Invalid
from kernel.money import Money

# Nothing is promised: the page that confirms says what became of the hold.
_UNPROMISED = frozenset({BookingState.HELD, BookingState.EXPIRED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line of the list."""

    number: str
    service: str
    icon: str
    state: str
    starts_at: datetime
    ends_at: datetime
    place: str
    price: Money
    is_over: bool


@blueprint.get("/bookings")
@signed_in(Role.MEMBER)
def bookings_page() -> ResponseReturnValue:
    """List what is held, promised and done."""
    with transaction(reads_only=True) as db:
        entries = _entries(db)
        holds = home.held(db)
        lines = [line for line in waiting.lines(db) if not line.hold]
    ahead = sorted((e for e in entries if not e.is_over), key=lambda entry: entry.starts_at)
    over = [entry for entry in entries if entry.is_over]
    return render_template(
        "consumer/bookings.html", holds=holds, lines=lines, ahead=ahead, over=over
    )


@blueprint.get("/bookings/<number>")
@signed_in(Role.MEMBER)
def booking(number: str) -> ResponseReturnValue:
    """Show one booking; htmx asks for what moves alone."""
    if request.headers.get("HX-Request"):
        return fragment(number)
    by, now = call.actor(), call.now()
    with transaction(reads_only=True) as db:
        found = progress.read(db, number=number, by=by, now=now)
        around = life.read(db, number=number, by=by, now=now)
        rows = story.rows(db, number=number, by=by)
        reminded = None if found.is_over else reminders.read(db)
    if _is_unpromised(found, now):
        return redirect(url_for("consumer.confirm", number=number), 303)
    return render_template(
        "consumer/booking.html", visit=found, life=around, rows=rows, reminders=reminded
    )


def fragment(number: str) -> ResponseReturnValue:
    """Return what moves on a booking's page, as things are; a hold that is over has another page."""
    by, now = call.actor(), call.now()
    with transaction(reads_only=True) as db:
        found = progress.read(db, number=number, by=by, now=now)
        if _is_unpromised(found, now):
            return Response(headers={"HX-Redirect": url_for("consumer.confirm", number=number)})
        return render_template(
            "consumer/booking_progress.html",
            visit=found,
            life=life.read(db, number=number, by=by, now=now),
            rows=story.rows(db, number=number, by=by),
        )


def _is_unpromised(found: progress.Progress, now: datetime) -> bool:
    """Tell whether the page that confirms is the booking's; a deposit may be paid until its time."""
    waited = found.booking_state is BookingState.AWAITING_DEPOSIT and found.held_until <= now
    return waited or found.booking_state in _UNPROMISED


@blueprint.post("/bookings/<number>/again")
@signed_in(Role.MEMBER)
def again(number: str) -> ResponseReturnValue:
    """Fill in a draft as that booking was and go to the windows."""
    call.form(NothingForm())
    try:
        with call.once() as db:
            draft = drafts.repeat_draft(db, booking_number=number, by=call.actor(), now=call.now())
            return call.leads_to("consumer.windows_page", number=draft.number)
    except Invalid:
        # The price card or the territory has changed: let him choose anew, with what he wrote.
        with transaction(reads_only=True) as db:
            before = progress.read(db, number=number, by=call.actor(), now=call.now())
        back = url_for("consumer.book", code=before.service_code, draft=before.draft)
        return redirect(back, 303)


def _entries(db: Session) -> list[Entry]:
    services = queries.services_by_id(db)
    found = queries.bookings_of(db, call.actor().id)
    visits = dispatch.visits_by_id(db, [booking.visit_id for booking in found])
    return [
        Entry(
            number=booking.number,
            service=services[booking.service_id].name,
            icon=services[booking.service_id].icon,
            state=progress.shown_state(
                booking.state,
                visits[booking.visit_id].state,
                cause=booking.cause,
                needs_window=booking.needs_window,
            ),
            starts_at=booking.starts_at,
            ends_at=booking.ends_at,
            place=f"{booking.compound} {booking.door}",
            price=booking.due,
            is_over=booking.state not in PROMISED,
        )
        for booking in found
    ]
