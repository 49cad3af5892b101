"""The one way in which a booking moves: its machine, and the step that records it."""

from datetime import datetime
from typing import TypedDict

from sqlalchemy import func, select

from booking import queries
from booking.models import Booking, BookingStep
from booking.states import BookingAction
from kernel.actor import Actor
from kernel.db import Session
from members.operations import following


class BookingFacts(TypedDict):
    """The fields that every event of a booking has."""

    booking_id: int
    number: str
    member_id: int


def facts_of(booking: Booking) -> BookingFacts:
    """Return what every event of a booking says."""
    return BookingFacts(booking_id=booking.id, number=booking.number, member_id=booking.member_id)


def locked(db: Session, number: str, by: Actor) -> Booking:
    """Return a booking the actor may see, with its member locked, fresh. Raises BookingMissing."""
    known = queries.booking(db, number=number, by=by)
    following.lock_member(db, known.member_id)
    db.refresh(known)
    return known


def move(
    db: Session,
    booking: Booking,
    action: BookingAction | None,
    *,
    by: Actor,
    now: datetime,
    cause: str = "",
) -> None:
    """Advance the booking and record the step with its cause; without an action, record its birth.

    Raises IllegalMove.
    """
    before = select(func.count()).where(BookingStep.booking_id == booking.id).scalar_subquery()
    if action is not None:
        booking.advance(action, now=now)
    db.add(
        BookingStep(
            booking_id=booking.id,
            seq=1 if action is None else before + 1,
            action=action.value if action else "create",
            state=booking.state,
            actor_role=by.role.value,
            actor_id=by.id,
            cause=cause,
            at=now,
        )
    )
