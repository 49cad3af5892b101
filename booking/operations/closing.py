"""The end of a booking: closed by a rating or a week's silence, disputed, resolved."""

from collections.abc import Sequence
from datetime import datetime

from booking import policy, queries
from booking.events import BookingClosed, BookingDisputed, DisputeResolved
from booking.feedback import NotOver
from booking.models import Booking
from booking.operations import looking
from booking.operations.steps import facts_of, locked, move
from booking.states import BOOKING_MACHINE, SERVED, BookingAction
from kernel import outbox
from kernel.actor import Actor
from kernel.db import Session
from members.operations import appeals
from members.policy import DECIDERS
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
        _disputed(db, booking, by=by, now=now)
    return opened


def dispute(
    db: Session,
    *,
    number: str,
    reason: str,
    text: str,
    photos: Sequence[str],
    by: Actor,
    now: datetime,
) -> Appeal:
    """Contest how a finished booking ended, up to DISPUTE_FOR after its work was accepted (that
    instant included). None of our people who had a hand in the booking decides.

    Raises BookingMissing, NotOver, TooLateToAppeal, AppealUnderWay, NoMoreAppeals, Invalid.
    """
    booking = locked(db, number, by)
    completed_at = queries.completed_at(db, booking.id)
    if completed_at is None:
        raise NotOver
    opened = appeals.open_dispute(
        db,
        booking_number=number,
        until=completed_at + policy.DISPUTE_FOR,
        reason=reason,
        text=text,
        photos=photos,
        member_id=booking.member_id,
        branch_id=booking.branch_id,
        barred={s.actor_id for s in queries.steps(db, booking.id) if s.actor_role in DECIDERS},
        by=by,
        now=now,
    )
    if booking.state not in SERVED:
        raise NotOver
    _disputed(db, booking, by=by, now=now)
    return opened


def decide(
    db: Session, *, appeal_number: str, upheld: bool, words: str, by: Actor, now: datetime
) -> Appeal:
    """Decide an appeal; the booking that its member disputed is closed. Raises what `decide_appeal`
    raises."""
    decided = appeals.decide_appeal(
        db, number=appeal_number, upheld=upheld, words=words, by=by, now=now
    )
    if decided.decided_at is None or decided.member_id is None:
        # The first of two who must agree has spoken; or it was a technician's, who disputes no booking.
        return decided
    booking = queries.by_number(db, decided.booking_number)
    if booking is not None and BOOKING_MACHINE.allows(booking.state, BookingAction.RESOLVE):
        move(db, booking, BookingAction.RESOLVE, by=by, now=now)
        told = DisputeResolved(
            at=now, appeal_number=appeal_number, upheld=upheld, **facts_of(booking)
        )
        outbox.record(db, told)
    return decided


def _disputed(db: Session, booking: Booking, *, by: Actor, now: datetime) -> None:
    move(db, booking, BookingAction.DISPUTE, by=by, now=now)
    looking.plan_next(db, booking, now=now)
    outbox.record(db, BookingDisputed(at=now, **facts_of(booking)))
