"""What time itself does to a booking: asks, lets go, compensates, signs, closes."""

from datetime import datetime

from booking import policy
from booking.models import Booking, Promise
from booking.operations import cancelling, closing, looking, presence, promises, standbys, visits
from booking.operations.steps import locked
from booking.policy import Cause
from booking.states import PROMISED, BookingState
from dispatch import queries as dispatch
from dispatch.states import OWED, VisitState
from kernel.actor import SYSTEM
from kernel.db import Session
from members import queries as members
from members import rule_queries


def look(db: Session, *, number: str, now: datetime) -> None:
    """Do all that is due to a booking at `now`, and write down when to look again.

    Safe to repeat: whatever was done is not done twice.
    """
    standbys.lock_members(db, booking_number=number, now=now)
    booking = locked(db, number, SYSTEM)
    if booking.look_at is None or booking.look_at > now:
        return
    if booking.state in PROMISED:
        _keep_promises(db, booking, now=now)
    if booking.state is BookingState.BOOKED and not booking.needs_window:
        _ask(db, booking, now=now)
    if booking.state is BookingState.COMPLETED and now >= booking.state_since + policy.CLOSE_AFTER:
        closing.close(db, number=number, by=SYSTEM, now=now)
    looking.plan_next(db, booking, now=now)


def _ask(db: Session, booking: Booking, *, now: datetime) -> None:
    """Ask whether he will be at home, or let the unanswered booking of a risky member go."""
    standing = members.standing_of(db, booking.member_id, branch_id=booking.branch_id, now=now)
    booking.tier = standing.tier
    visit = dispatch.visit(db, booking.visit_id)
    if (
        standing.releases_unanswered
        and _had_time_to_answer(booking, now=now)
        and visit.state in OWED
    ):
        cancelling.cancel(db, number=booking.number, by=SYSTEM, now=now, cause=Cause.UNANSWERED)
        return
    due = sum(at <= now for at in looking.asks(booking, standing))
    if due > booking.asks and now < booking.starts_at:
        presence.ask(db, booking, due=due, now=now)


def _had_time_to_answer(booking: Booking, *, now: datetime) -> bool:
    """Tell whether he was asked before the last moment to answer, which has passed; once his window
    has opened it is for us to come."""
    last_moment = booking.starts_at - policy.RELEASE_NOTICE
    was_asked = booking.asks > 0 and booking.asked_at is not None and booking.asked_at < last_moment
    return was_asked and last_moment <= now < booking.starts_at


def _keep_promises(db: Session, booking: Booking, *, now: datetime) -> None:
    # First what locks days, then what posts.
    for kept in promises.standing(db, booking):
        if _is_missed(db, kept, now=now):
            visits.missed(db, number=booking.number, visit_id=kept.visit_id, by=SYSTEM, now=now)
            # The installation of a delivery that was missed is called off, not missed too.
            break
    rules = rule_queries.governing(db, booking)
    for kept in promises.standing(db, booking):
        visit = dispatch.fresh_visit(db, kept.visit_id)
        owed = policy.late_fee(ends_at=kept.ends_at, now=now, rules=rules)
        if visit.state is VisitState.WORK_DONE:
            assert visit.finished_at is not None
            if now >= visit.finished_at + policy.SIGN_LIFE:
                visits.sign_off(db, number=booking.number, by=SYSTEM, now=now)
                return
        elif visit.arrived_at is None and owed.fen:
            visits.compensate_late(db, booking, kept, owed, now=now)


def _is_missed(db: Session, kept: Promise, *, now: datetime) -> bool:
    """Tell whether so late nobody has even set out."""
    state = dispatch.fresh_visit(db, kept.visit_id).state
    return state in OWED and now >= kept.ends_at + policy.MISSED_AFTER
