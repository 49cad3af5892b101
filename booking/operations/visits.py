"""What comes of a visit at the door, for the booking, the member and the technician: all or nothing."""

from datetime import datetime

from booking import goods_queries, policy, queries
from booking.events import (
    BookingCompleted,
    BookingFailed,
    ReturnNeeded,
    ServiceCodeReleased,
    WorkFinished,
)
from booking.models import Booking, Promise
from booking.operations import billing, cancelling, goods, looking, promises
from booking.operations.steps import facts_of, locked, move
from booking.policy import ERRAND_FEE, Cause, Ending
from booking.states import BookingAction
from dispatch import queries as dispatch
from dispatch.operations import signing, trouble, visits, withdrawals
from dispatch.states import Trouble, VisitState
from kernel import outbox
from kernel.actor import SYSTEM, Actor, Role
from kernel.clock import instant_at
from kernel.db import Session
from kernel.machine import IllegalMove
from kernel.money import ZERO, Money
from members import ledger, strike_queries
from members.operations import following, postings, strikes
from members.risk import StrikeKind


def set_out(db: Session, *, number: str, by: Actor, now: datetime) -> Booking:
    """Set out for a visit whose goods are there, or that the member wants without them, and loaded.

    Raises VisitMissing, GoodsUnanswered, NotLoaded, NotToday, NotNext, IllegalMove.
    """
    booking = _booking_of(db, number)
    visit = visits.own(db, number, by, now)
    goods_queries.check_may_depart(db, visit_id=visit.id)
    visits.depart(db, number=number, by=by, now=now)
    looking.plan_next(db, booking, now=now)
    return booking


def finish_visit(
    db: Session, *, number: str, by: Actor, now: datetime, takes_payments: bool = False
) -> Booking:
    """Finish the work: the member signs and pays next. The delivery of a coupled booking is over at
    once, and the booking goes on to its installation. A house that `takes_payments` asks for the price.

    Raises VisitMissing, PhotoNeeded, IllegalMove.
    """
    booking = _booking_of(db, number)
    visit = visits.finish(db, number=number, by=by, now=now)
    goods.hand_over(db, visit_id=visit.id, by=by, now=now)
    if len(promises.standing(db, booking)) > 1:
        visits.sign(db, visit_id=visit.id, by=by, now=now)
        promises.end(queries.promise_of_visit(db, visit.id), Ending.KEPT, now=now)
        promises.point_at_next(db, booking)
    elif takes_payments:
        billing.ask_at_door(db, booking, now=now)
    looking.plan_next(db, booking, now=now)
    outbox.record(db, WorkFinished(at=now, visit_id=visit.id, **facts_of(booking)))
    return booking


def sign_off(db: Session, *, number: str, by: Actor, now: datetime) -> Booking:
    """Sign for the finished work of a booking, complete it and post what it earns.

    The member does it on his phone or with his finger on the technician's; the clock does it for him
    after a day, paid or not. Doing it twice is once. Raises BookingMissing, PaymentDue, IllegalMove
    before the work is done.
    """
    return _sign(db, locked(db, number, by), by=by, now=now)


def sign_on_site(
    db: Session, *, number: str, strokes: signing.Strokes, by: Actor, now: datetime
) -> Booking:
    """Sign for a visit's work with a finger on the technician's phone; then as `sign_off`.

    Raises VisitMissing, NoSignature, PaymentDue, IllegalMove.
    """
    booking = _booking_of(db, number)
    signing.keep_signature(db, number=number, strokes=strokes, by=by, now=now)
    return _sign(db, booking, by=by, now=now)


def nobody_home(db: Session, *, number: str, by: Actor, now: datetime) -> Booking:
    """Leave a door that nobody opened: the booking ends, a strike waits for a day, the journey is paid.

    Raises VisitMissing, EvidenceMissing, IllegalMove.
    """
    booking = _booking_of(db, number)
    visit = trouble.nobody(db, number=number, by=by, now=now)
    return _in_vain(db, booking, visit.id, StrikeKind.NO_SHOW, by=by, now=now)


def refused(db: Session, *, number: str, by: Actor, now: datetime) -> Booking:
    """Leave a door at which the work was refused: the same as a no-show. Raises VisitMissing, IllegalMove."""
    booking = _booking_of(db, number)
    visit = trouble.refuse(db, number=number, by=by, now=now)
    return _in_vain(db, booking, visit.id, StrikeKind.REFUSED, by=by, now=now)


def shut_out(db: Session, *, number: str, cause: Trouble, by: Actor, now: datetime) -> Booking:
    """Leave a door that could not be reached: a second visit is due, and the journey is paid.

    Raises VisitMissing, BadCause, IllegalMove.
    """
    booking = _booking_of(db, number)
    visit = trouble.shut_out(db, number=number, cause=cause, by=by, now=now)
    _pay_errand(db, visit.id, now=now)
    return _again(db, booking, visit.id, Cause(cause.value), by=by, now=now)


def break_off(db: Session, *, number: str, cause: Trouble, by: Actor, now: datetime) -> Booking:
    """Leave work unfinished: a second visit is due. Raises VisitMissing, BadCause, IllegalMove."""
    booking = _booking_of(db, number)
    visit = trouble.break_off(db, number=number, cause=cause, by=by, now=now)
    return _again(db, booking, visit.id, Cause(cause.value), by=by, now=now)


def veto(db: Session, *, number: str, reason: str, by: Actor, now: datetime) -> Booking:
    """Do not believe that nobody was home: no strike, and a second visit is due.

    What the technician was paid for the journey stays his. Raises VisitMissing, IllegalMove; when the
    strike was posted already only an appeal undoes it.
    """
    booking = _booking_of(db, number)
    visit = trouble.veto(db, number=number, by=by, now=now)
    pending = strike_queries.strike_of_booking(
        db, booking_number=booking.number, kind=StrikeKind.NO_SHOW
    )
    if pending is not None:
        strikes.waive_strike(db, number=pending.number, by=by, reason=reason, now=now)
    move(db, booking, BookingAction.RESTORE, by=by, now=now, cause=Cause.VETOED.value)
    _needs_window(db, booking, visit.id, Cause.VETOED, now=now)
    return booking


def release_code(db: Session, *, number: str, reason: str, by: Actor, now: datetime) -> Booking:
    """Let the work begin without the 服务码; the member is told. Raises VisitMissing, IllegalMove."""
    booking = _booking_of(db, number)
    visit = visits.release_code(db, number=number, reason=reason, by=by, now=now)
    outbox.record(db, ServiceCodeReleased(at=now, visit_id=visit.id, **facts_of(booking)))
    return booking


def missed(db: Session, *, number: str, by: Actor, now: datetime) -> Booking:
    """Admit that we did not come: the member is compensated, and a visit is due with priority.

    Raises BookingMissing, IllegalMove.
    """
    booking = locked(db, number, by)
    standing = promises.standing(db, booking)
    if not standing:
        raise IllegalMove(machine="booking", state=booking.state.value, action="miss")
    kept = standing[0]
    visit = withdrawals.miss(db, visit_id=kept.visit_id, by=by, now=now)
    _again(db, booking, visit.id, Cause.MISSED, by=by, now=now, ending=Ending.MISSED)
    compensate_late(db, booking, kept, policy.BROKEN_FEE, now=now)
    return booking


def compensate_late(
    db: Session, booking: Booking, kept: Promise, owed: Money, *, now: datetime
) -> None:
    """Post what is owed for a promise that we broke, step by step, each step once."""
    before = ZERO
    for step, (_, total) in enumerate(policy.LATE_STEPS, start=1):
        if total <= owed:
            cancelling.compensate(
                db,
                booking,
                promise_id=kept.id,
                cause="late",
                amount=total - before,
                once=f"{kept.id}:late{step}",
                now=now,
            )
        before = total


def _sign(db: Session, booking: Booking, *, by: Actor, now: datetime) -> Booking:
    visit = dispatch.visit(db, booking.visit_id)
    if visit.state is VisitState.DONE:
        return booking
    if by.role is not Role.SYSTEM:
        billing.check_paid(db, booking)
    visits.sign(db, visit_id=visit.id, by=by, now=now)
    promises.end(queries.promise_of_visit(db, visit.id), Ending.KEPT, now=now)
    move(db, booking, BookingAction.COMPLETE, by=by, now=now)
    looking.plan_next(db, booking, now=now)

    earned = ledger.completion_draft(
        member_id=booking.member_id, booking_number=booking.number, price=booking.price
    )
    postings.post(db, earned, now=now)
    following.confirm_phone(db, member_id=booking.member_id, phone=booking.phone, now=now)
    outbox.record(db, BookingCompleted(at=now, **facts_of(booking)))
    return booking


def _booking_of(db: Session, visit_number: str) -> Booking:
    """Return the booking of a visit with its member locked: the first lock of the house."""
    visit = dispatch.visit_by_number(db, visit_number)
    booking = queries.booking_of_visit(db, visit.id)
    return locked(db, booking.number, SYSTEM)


def _in_vain(
    db: Session, booking: Booking, visit_id: int, kind: StrikeKind, *, by: Actor, now: datetime
) -> Booking:
    visit = dispatch.visit(db, visit_id)
    goods.take_back(db, visit_id=visit.id, by=by, now=now)
    move(db, booking, BookingAction.FAIL, by=by, now=now, cause=visit.cause)
    booking.cause = visit.cause
    promises.end(queries.promise_of_visit(db, visit.id), Ending.FAILED, now=now)
    _call_off_rest(db, booking, by=by, now=now)
    looking.plan_next(db, booking, now=now)

    _pay_errand(db, visit.id, now=now)
    strikes.open_strike(
        db,
        member_id=booking.member_id,
        kind=kind,
        booking_number=booking.number,
        branch_id=booking.branch_id,
        evidence=_evidence(db, visit.id),
        now=now,
    )
    outbox.record(
        db, BookingFailed(at=now, visit_id=visit.id, cause=visit.cause, **facts_of(booking))
    )
    return booking


def _again(
    db: Session,
    booking: Booking,
    visit_id: int,
    cause: Cause,
    *,
    by: Actor,
    now: datetime,
    ending: Ending = Ending.UNFINISHED,
) -> Booking:
    goods.take_back(db, visit_id=visit_id, by=by, now=now)
    promises.end(queries.promise_of_visit(db, visit_id), ending, now=now)
    _call_off_rest(db, booking, by=by, now=now)
    move(db, booking, BookingAction.RETURN, by=by, now=now, cause=cause.value)
    _needs_window(db, booking, visit_id, cause, now=now)
    return booking


def _needs_window(
    db: Session, booking: Booking, visit_id: int, cause: Cause, *, now: datetime
) -> None:
    booking.cause, booking.needs_window = cause.value, True
    looking.plan_next(db, booking, now=now)
    outbox.record(
        db, ReturnNeeded(at=now, visit_id=visit_id, cause=cause.value, **facts_of(booking))
    )


def _call_off_rest(db: Session, booking: Booking, *, by: Actor, now: datetime) -> None:
    """Call off what depended on the visit: the installation of goods that were not delivered."""
    for kept in promises.standing(db, booking):
        withdrawals.cancel(db, visit_id=kept.visit_id, cause=Trouble.MOVED, by=by, now=now)
        promises.end(kept, Ending.MOVED, now=now)


def _pay_errand(db: Session, visit_id: int, *, now: datetime) -> None:
    visit = dispatch.visit(db, visit_id)
    errand = ledger.errand_draft(
        technician_id=visits.technician_of(visit), visit_number=visit.number, amount=ERRAND_FEE
    )
    postings.post(db, errand, now=now)


def _evidence(db: Session, visit_id: int) -> dict[str, object]:
    """Return what the strike rests on: the promise, the arrival, and every proof with its time."""
    visit = dispatch.visit(db, visit_id)
    return {
        "visit": visit.number,
        "technician_id": visit.technician_id,
        "starts_at": instant_at(visit.day, visit.opens_s).isoformat(),
        "ends_at": instant_at(visit.day, visit.shuts_s).isoformat(),
        "arrived_at": visit.arrived_at.isoformat() if visit.arrived_at else None,
        "left_at": visit.finished_at.isoformat() if visit.finished_at else None,
        "proofs": [
            {"kind": proof.kind, "at": proof.at.isoformat(), **proof.facts}
            for proof in dispatch.evidence(db, visit.id)
        ],
    }
