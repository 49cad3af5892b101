"""Reads of stand-bys."""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import or_, select

from booking import policy
from booking.models import Booking
from booking.standby_models import Standby
from booking.states import BookingState, StandbyState, WaitingState
from booking.waiting import STANDBY_EVERY, STANDBY_GRACE, STANDBY_LEAST, STANDBY_LIFE
from booking.waiting_models import Waiting
from kernel.db import Session
from members import rule_queries

OPEN = (StandbyState.OFFERED, StandbyState.ACCEPTED)


def by_id(db: Session, standby_id: int) -> Standby:
    """Return the stand-by, which must exist."""
    return db.get_one(Standby, standby_id)


def latest(db: Session, waiting_id: int) -> Standby | None:
    """Return the stand-by that was asked last of one who waits."""
    found = select(Standby).where(Standby.waiting_id == waiting_id)
    return db.scalars(found.order_by(Standby.id.desc()).limit(1)).one_or_none()


def open_of_lines(db: Session, waiting_ids: Collection[int]) -> dict[int, Standby]:
    """Return the open stand-bys of those who wait, by the id of their place in the line."""
    found = select(Standby).where(Standby.waiting_id.in_(waiting_ids), Standby.state.in_(OPEN))
    return {row.waiting_id: row for row in db.scalars(found)}


def open_of_booking(db: Session, booking_id: int) -> tuple[Standby, Waiting] | None:
    """Return the open stand-by for that booking's place, with whose it is."""
    found = select(Standby, Waiting).join(Waiting, Waiting.id == Standby.waiting_id)
    row = db.execute(
        found.where(Standby.booking_id == booking_id, Standby.state.in_(OPEN))
    ).one_or_none()
    return None if row is None else (row[0], row[1])


def to_settle(db: Session, *, now: datetime, limit: int) -> Sequence[int]:
    """Return the bookings of open stand-bys that time has decided, or whose bookings are decided."""
    is_late = (Standby.until <= now - STANDBY_GRACE) | (
        (Standby.state == StandbyState.OFFERED) & (Standby.state_since <= now - STANDBY_LIFE)
    )
    is_decided = (Booking.state != BookingState.BOOKED) | (Booking.visit_id != Standby.visit_id)
    found = (
        select(Standby.booking_id)
        .join(Booking, Booking.id == Standby.booking_id)
        .where(Standby.state.in_(OPEN), is_late | is_decided)
    )
    return db.scalars(found.order_by(Standby.id).limit(limit)).all()


def unanswered(db: Session, *, now: datetime, limit: int) -> Sequence[Booking]:
    """Return bookings for whose place somebody might stand by, and nobody does: their members are on a
    step from which the rules in force anywhere want it, were asked and have not answered, and somebody
    waits at the branch. Not those that were looked at a moment ago."""
    taken = select(Standby.booking_id).where(Standby.state.in_(OPEN))
    waits = select(Waiting.branch_id).where(Waiting.state == WaitingState.WAITING)
    seen = Booking.standby_looked_at
    found = select(Booking).where(
        Booking.state == BookingState.BOOKED,
        Booking.needs_window.is_(False),
        Booking.asks > 0,
        Booking.tier >= min(rules.standby_from_tier for rules in rule_queries.all_in_force(db)),
        Booking.starts_at >= now + policy.RELEASE_NOTICE + STANDBY_LEAST,
        or_(seen.is_(None), seen <= now - STANDBY_EVERY),
        Booking.branch_id.in_(waits),
        Booking.id.not_in(taken),
    )
    return db.scalars(found.order_by(Booking.starts_at, Booking.id).limit(limit)).all()


def was_asked(db: Session, *, booking_id: int, waiting_id: int) -> bool:
    """Tell whether one who waits was asked about that booking's place before."""
    found = select(Standby.id).where(
        Standby.booking_id == booking_id, Standby.waiting_id == waiting_id
    )
    return db.scalar(found) is not None
