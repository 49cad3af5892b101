"""When the clock must look at a booking again; what it does then is `clockwork`'s affair."""

from datetime import datetime

from sqlalchemy import select

from booking import policy
from booking.models import Booking
from booking.operations import promises
from booking.states import BookingState
from dispatch import queries as dispatch
from dispatch.states import STARTED, VisitState
from kernel.db import Session
from members import queries as members
from members.risk import Standing


def plan_next(db: Session, booking: Booking, *, now: datetime) -> None:
    """Write down the next instant after `now` at which something may be due; none when nothing can."""
    due = [at for at in _due(db, booking, now=now) if at > now]
    booking.look_at = min(due, default=None)


def put_off(db: Session, *, number: str, until: datetime) -> None:
    """Leave a booking alone until then, and no longer than it was to be left alone anyway."""
    booking = db.scalars(select(Booking).where(Booking.number == number).with_for_update()).one()
    if booking.look_at is not None and booking.look_at < until:
        booking.look_at = until


def _due(db: Session, booking: Booking, *, now: datetime) -> list[datetime]:
    match booking.state:
        case BookingState.BOOKED | BookingState.CONFIRMED:
            return _of_promises(db, booking, now=now)
        case BookingState.COMPLETED:
            return [booking.state_since + policy.CLOSE_AFTER]
        case _:
            return []


def _of_promises(db: Session, booking: Booking, *, now: datetime) -> list[datetime]:
    due: list[datetime] = []
    if booking.state is BookingState.BOOKED and not booking.needs_window:
        standing = members.standing_of(db, booking.member_id, now=now)
        due += asks(booking, standing)
        if standing.releases_unanswered:
            due.append(booking.starts_at - policy.RELEASE_NOTICE)
    for promise in promises.standing(db, booking):
        visit = dispatch.visit(db, promise.visit_id)
        if visit.state is VisitState.WORK_DONE and visit.finished_at is not None:
            due.append(visit.finished_at + policy.SIGN_LIFE)
        if visit.state not in STARTED or visit.state is VisitState.EN_ROUTE:
            due += [promise.ends_at + late for late, _ in policy.LATE_STEPS]
            due.append(promise.ends_at + policy.MISSED_AFTER)
    return due


def asks(booking: Booking, standing: Standing) -> list[datetime]:
    """Return when the member is asked whether he will be at home, the earliest first."""
    return policy.ask_times(
        starts_at=booking.starts_at, made_at=_promised_at(booking), ask_before=standing.ask_before
    )


def _promised_at(booking: Booking) -> datetime:
    return booking.consented_at or booking.made_at
