"""The promises of a booking: which windows stand, and how each of them ended."""

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import select

from booking.models import Booking, Promise
from booking.policy import Ending
from dispatch.planner.problem import Window
from kernel.clock import instant_at, local_date
from kernel.db import Session


def keep(
    db: Session,
    booking: Booking,
    *,
    visit_id: int,
    service_id: int,
    starts_at: datetime,
    ends_at: datetime,
    bonus: int = 0,
) -> Promise:
    """Write down that a visit keeps this window for the booking, with the points that it earns when it
    is kept; nothing is promised yet."""
    promise = Promise(
        booking_id=booking.id,
        visit_id=visit_id,
        service_id=service_id,
        starts_at=starts_at,
        ends_at=ends_at,
        ending="",
        bonus=bonus,
    )
    db.add(promise)
    return promise


def keep_all(
    db: Session,
    booking: Booking,
    *,
    day: date,
    kept: Sequence[tuple[int, int, Window]],
    bonus: int = 0,
) -> list[Promise]:
    """Write down what several visits of one day keep: (visit id, service id, window) of each. The
    bonus is that of the booking's service."""
    return [
        keep(
            db,
            booking,
            visit_id=visit_id,
            service_id=service_id,
            starts_at=instant_at(day, window.open_s),
            ends_at=instant_at(day, window.shut_s),
            bonus=bonus if service_id == booking.service_id else 0,
        )
        for visit_id, service_id, window in kept
    ]


def standing(db: Session, booking: Booking) -> Sequence[Promise]:
    """Return the windows that stand, in the order in which their days are locked; fresh."""
    found = select(Promise).where(Promise.booking_id == booking.id, Promise.ended_at.is_(None))
    rows = db.scalars(found.execution_options(populate_existing=True)).all()
    return sorted(rows, key=lambda p: (local_date(p.starts_at), p.starts_at, p.id))


def end(promise: Promise, ending: Ending, *, now: datetime) -> None:
    """Write down how a promise ended; it ends once."""
    assert promise.ended_at is None
    promise.ending, promise.ended_at = ending.value, now


def point_at_first(booking: Booking, rows: Sequence[Promise]) -> None:
    """Let the booking name the earliest of the windows that stand; nothing moves when none does."""
    if rows:
        first = min(rows, key=lambda p: (p.starts_at, p.id))
        booking.visit_id = first.visit_id
        booking.starts_at, booking.ends_at = first.starts_at, first.ends_at
