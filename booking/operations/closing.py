"""The end of a booking: closed by a rating or a week's silence, disputed, resolved."""

from collections.abc import Sequence
from datetime import datetime

from booking import queries
from booking.events import BookingClosed, BookingDisputed, DisputeResolved
from booking.models import Booking
from booking.operations import looking
from booking.operations.steps import facts_of, locked, move
from booking.states import BOOKING_MACHINE, BookingAction
from kernel import outbox
from kernel.actor import Actor
from kernel.db import Session
from members.operations import appeals
from members.strike_models import Appeal


def close(db: Session, *, number: str, by: Actor, now: datetime) -> Booking:
    """Close a completed booking. Raises BookingMissing, IllegalMove."""
    booking = locked(db, number, by)
    move(db, booking, BookingAction.CLOSE, by=by, now=now)
    looking.plan_next(db, booking, now=now)
    outbox.record(db, BookingClosed(at=now, **facts_of(booking)))
    return booking


def appeal(
    db: Session,
    *,
    strike_number: str,
    booking_number: str,
    reason: str,
    text: str,
    photos: Sequence[str],
    by: Actor,
    now: datetime,
) -> Appeal:
    """Contest a strike; its booking is disputed until another reviewer has decided.

    Raises what `appeals.open_appeal` raises.
    """
    booking = locked(db, booking_number, by)
    opened = appeals.open_appeal(
        db, strike_number=strike_number, by=by, reason=reason, text=text, photos=photos, now=now
    )
    if BOOKING_MACHINE.allows(booking.state, BookingAction.DISPUTE):
        move(db, booking, BookingAction.DISPUTE, by=by, now=now)
        looking.plan_next(db, booking, now=now)
        outbox.record(db, BookingDisputed(at=now, **facts_of(booking)))
    return opened


def decide(
    db: Session, *, appeal_number: str, upheld: bool, words: str, by: Actor, now: datetime
) -> Appeal:
    """Decide an appeal; the booking that it was about is closed. Raises what `decide_appeal` raises."""
    decided = appeals.decide_appeal(
        db, number=appeal_number, upheld=upheld, words=words, by=by, now=now
    )
    if decided.decided_at is None:
        # The first of two who must agree has spoken.
        return decided
    booking = queries.by_number(db, decided.booking_number)
    if booking is not None and BOOKING_MACHINE.allows(booking.state, BookingAction.RESOLVE):
        move(db, booking, BookingAction.RESOLVE, by=by, now=now)
        told = DisputeResolved(
            at=now, appeal_number=appeal_number, upheld=upheld, **facts_of(booking)
        )
        outbox.record(db, told)
    return decided
