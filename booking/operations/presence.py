"""Will he be at home? Asked on the schedule of his risk tier, answered by a tap or an agent's call."""

from datetime import datetime

from booking.events import AddressVouched, BookingConfirmed, ConfirmationAsked
from booking.models import Booking
from booking.operations import looking
from booking.operations.steps import facts_of, locked, move
from booking.states import BookingAction, BookingState
from kernel import outbox
from kernel.actor import Actor
from kernel.db import Session
from kernel.machine import IllegalMove


def ask(db: Session, booking: Booking, *, due: int, now: datetime) -> None:
    """Ask the member once, for the `due`th time; asks that were slept through are not made up for."""
    booking.asks, booking.asked_at = due, now
    outbox.record(db, ConfirmationAsked(at=now, ask=due, **facts_of(booking)))


def confirm(db: Session, *, number: str, by: Actor, now: datetime) -> Booking:
    """Write down that the member will be at home; saying it twice is once.

    Raises BookingMissing, IllegalMove when there is nothing promised, or no window yet to be there in.
    """
    booking = locked(db, number, by)
    if booking.state is BookingState.CONFIRMED:
        return booking
    if booking.needs_window:
        raise IllegalMove(machine="booking", state=booking.state.value, action="confirm")
    move(db, booking, BookingAction.CONFIRM, by=by, now=now)
    looking.plan_next(db, booking, now=now)
    outbox.record(db, BookingConfirmed(at=now, **facts_of(booking)))
    return booking


def vouch_for_address(db: Session, *, number: str, by: Actor, now: datetime) -> Booking:
    """Write down that somebody who knows has said the address is right. Raises BookingMissing."""
    booking = locked(db, number, by)
    booking.address_is_sure = True
    looking.plan_next(db, booking, now=now)
    outbox.record(db, AddressVouched(at=now, **facts_of(booking)))
    return booking
