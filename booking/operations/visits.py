"""What comes of a visit at the door, for the booking, the member and the technician: all or nothing."""

from collections.abc import Sequence
from datetime import datetime

from booking import check_queries, checks, goods_queries, queries
from booking.events import (
    BookingCompleted,
    BookingFailed,
    ReturnNeeded,
    ServiceCodeReleased,
    WorkFinished,
)
from booking.models import Booking, Promise
from booking.operations import billing, cancelling, discounts, goods, looking, promises
from booking.operations.steps import facts_of, locked, move
from booking.policy import Cause, Ending, late_fee
from booking.states import BookingAction
from dispatch import queries as dispatch
from dispatch.operations import places, signing, trouble, visits, withdrawals
from dispatch.states import ACCEPTED, UNDER_WAY, Trouble, VisitState
from kernel import outbox
from kernel.actor import SYSTEM, Actor, Role
from kernel.clock import instant_at, local_date
from kernel.db import Session
from kernel.machine import IllegalMove
from kernel.money import ZERO, Money
from members import ledger, rule_queries, strike_queries
from members import queries as members
from members.ledger import Draft
from members.operations import following, postings, strikes
from members.risk import StrikeKind


def set_out(db: Session, *, number: str, by: Actor, now: datetime) -> Booking:
    """Set out for a visit whose goods are there, or that the member wants without them, and loaded.

    Raises VisitMissing, GoodsUnanswered, NotLoaded, NotToday, NotNext, IllegalMove.
    """
    booking = _booking_of(db, number)
    visit = visits.own(db, number, by)
    goods_queries.check_may_depart(db, visit_id=visit.id)
    visits.depart(db, number=number, by=by, now=now)
    looking.plan_next(db, booking, now=now)
    return booking


def finish_visit(
    db: Session, *, number: str, by: Actor, now: datetime, takes_payments: bool = False
) -> Booking:
    """Finish the work: the member signs and pays next. The delivery of a coupled booking is over at
    once, and the booking goes on to its installation. A house that `takes_payments` asks for the price.

    Raises VisitMissing, PhotoNeeded, ChecksOpen, IllegalMove.
    """
    booking = _booking_of(db, number)
    known = dispatch.visit_by_number(db, number)
    service = check_queries.service_of_visit(db, known.id)
    visit = visits.finish(
        db,
        number=number,
        by=by,
        now=now,
        photos_least=checks.photos_least(service.shots or []),
    )
    checks.check_all_ticked(service.checks or [], check_queries.ticked(db, visit.id))
    goods.hand_over(db, visit_id=visit.id, by=by, now=now)
    if len(promises.standing(db, booking)) > 1 or booking.needs_window:
        visits.sign(db, visit_id=visit.id, by=by, now=now)
        promises.end(queries.promise_of_visit(db, visit.id), Ending.KEPT, now=now)
        promises.point_at_first(booking, promises.standing(db, booking))
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
    in_vain = _again(db, booking, visit.id, Cause(cause.value), by=by, now=now)
    postings.post_all(db, _errands(db, booking, [visit.id, *in_vain]), now=now)
    return booking


def break_off(db: Session, *, number: str, cause: Trouble, by: Actor, now: datetime) -> Booking:
    """Leave work unfinished: a second visit is due. Raises VisitMissing, BadCause, IllegalMove."""
    booking = _booking_of(db, number)
    visit = trouble.break_off(db, number=number, cause=cause, by=by, now=now)
    in_vain = _again(db, booking, visit.id, Cause(cause.value), by=by, now=now)
    postings.post_all(db, _errands(db, booking, in_vain), now=now)
    return booking


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


def missed(
    db: Session, *, number: str, by: Actor, now: datetime, visit_id: int | None = None
) -> Booking:
    """Admit that we did not come: the member is compensated, and a visit is due with priority.

    `visit_id` says which of the booking's visits was missed; else it is the first that stands.
    Raises BookingMissing, IllegalMove.
    """
    booking = locked(db, number, by)
    standing = promises.standing(db, booking)
    kept = next((each for each in standing if visit_id in (None, each.visit_id)), None)
    if kept is None:
        raise IllegalMove(machine="booking", state=booking.state.value, action="miss")
    promised = dispatch.fresh_visit(db, kept.visit_id)
    accepted_by = promised.technician_id if promised.state in ACCEPTED else None
    visit = withdrawals.miss(db, visit_id=kept.visit_id, by=by, now=now)
    in_vain = _again(db, booking, visit.id, Cause.MISSED, by=by, now=now, ending=Ending.MISSED)
    errands = _errands(db, booking, in_vain)
    rules = rule_queries.governing(db, booking)
    owed = max(rules.broken_fee, late_fee(ends_at=kept.ends_at, now=now, rules=rules))
    compensate_late(db, booking, kept, owed, beside=errands, now=now)
    if accepted_by is not None:
        _record_absence(db, booking, kept, technician_id=accepted_by, by=by, now=now)
    return booking


def _record_absence(
    db: Session, booking: Booking, kept: Promise, *, technician_id: int, by: Actor, now: datetime
) -> None:
    """Record a strike of the technician who had said that he would come; he may contest it."""
    visit = dispatch.visit(db, kept.visit_id)
    evidence: dict[str, object] = {
        "visit": visit.number,
        "technician_id": technician_id,
        "starts_at": kept.starts_at.isoformat(),
        "ends_at": kept.ends_at.isoformat(),
        "missed_at": now.isoformat(),
    }
    if by.role is not Role.SYSTEM:
        # Whoever says so does not decide about it.
        evidence["staff_id"] = by.id
    strikes.open_strike(
        db,
        kind=StrikeKind.PROVIDER_NO_SHOW,
        booking_number=booking.number,
        technician_id=technician_id,
        branch_id=booking.branch_id,
        evidence=evidence,
        now=now,
    )


def compensate_late(
    db: Session,
    booking: Booking,
    kept: Promise,
    owed: Money,
    *,
    beside: Sequence[Draft] = (),
    now: datetime,
) -> None:
    """Post what is owed for a promise that we broke, step by step, each step once; and `beside` it
    what else there is to post."""
    rules = rule_queries.governing(db, booking)
    before, amounts = ZERO, {}
    for step, (_, total) in enumerate(rules.late_steps, start=1):
        if total <= owed:
            amounts[f"{kept.id}:late{step}"] = total - before
            before = total
    if owed > before:
        # Not to come may cost more than any lateness.
        amounts[f"{kept.id}:missed"] = owed - before
    cancelling.compensate(
        db, booking, promise_id=kept.id, cause="late", amounts=amounts, beside=beside, now=now
    )


def _sign(db: Session, booking: Booking, *, by: Actor, now: datetime) -> Booking:
    visit = dispatch.visit(db, booking.visit_id)
    if visit.state is VisitState.DONE:
        return booking
    if by.role is not Role.SYSTEM:
        billing.check_paid(db, booking)
    visits.sign(db, visit_id=visit.id, by=by, now=now)
    kept = queries.promise_of_visit(db, visit.id)
    promises.end(kept, Ending.KEPT, now=now)
    move(db, booking, BookingAction.COMPLETE, by=by, now=now)
    looking.plan_next(db, booking, now=now)

    rules = rule_queries.governing(db, booking)
    member_id, number = booking.member_id, booking.number
    earned = [
        ledger.completion_draft(
            member_id=member_id, booking_number=number, price=booking.due, rules=rules
        )
    ]
    if kept.bonus:
        earned.append(
            ledger.on_the_way_draft(
                member_id=member_id, booking_number=number, points=kept.bonus, rules=rules
            )
        )
    discounts.spend(db, booking, beside=earned, now=now)
    if booking.phone == members.member(db, booking.member_id).phone:
        # Else it is that of somebody at home for him, or he has given another since.
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
    booking.cause, booking.needs_window = visit.cause, False
    promises.end(queries.promise_of_visit(db, visit.id), Ending.FAILED, now=now)
    _check_believable(db, booking, kind)
    in_vain = [visit.id, *_call_off_rest(db, booking, now=now)]
    looking.plan_next(db, booking, now=now)

    postings.post_all(db, _errands(db, booking, in_vain), now=now)
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
) -> list[int]:
    """Let the visit be made once more; return the other visits for which somebody set out in vain."""
    goods.take_back(db, visit_id=visit_id, by=by, now=now)
    ended = queries.promise_of_visit(db, visit_id)
    promises.end(ended, ending, now=now)
    # Goods that were not delivered cannot be installed; a delivery goes on without.
    is_delivery = ended.service_id != booking.service_id
    in_vain = _call_off_rest(db, booking, now=now) if is_delivery else []
    promises.point_at_first(booking, promises.standing(db, booking))
    move(db, booking, BookingAction.RETURN, by=by, now=now, cause=cause.value)
    _needs_window(db, booking, visit_id, cause, now=now)
    return in_vain


def _needs_window(
    db: Session, booking: Booking, visit_id: int, cause: Cause, *, now: datetime
) -> None:
    booking.cause, booking.needs_window = cause.value, True
    looking.plan_next(db, booking, now=now)
    outbox.record(
        db, ReturnNeeded(at=now, visit_id=visit_id, cause=cause.value, **facts_of(booking))
    )


def _call_off_rest(db: Session, booking: Booking, *, now: datetime) -> list[int]:
    """Call off the visits that another one's failure makes vain, wherever their technicians are by now;
    return those for which somebody had set out."""
    in_vain = []
    for kept in promises.standing(db, booking):
        places.lock_days(db, {(local_date(kept.starts_at), booking.branch_id)}, now=now)
        visit = dispatch.fresh_visit(db, kept.visit_id)
        if visit.state in UNDER_WAY:
            in_vain.append(visit.id)
        if visit.state in UNDER_WAY - {VisitState.EN_ROUTE}:
            cause, ending = Trouble.MISSING_PART, Ending.UNFINISHED
            trouble.break_off(db, number=visit.number, cause=cause, by=SYSTEM, now=now)
        else:
            ending = Ending.MOVED
            withdrawals.cancel(db, visit_id=visit.id, cause=Trouble.MOVED, by=SYSTEM, now=now)
        goods.take_back(db, visit_id=visit.id, by=SYSTEM, now=now)
        promises.end(kept, ending, now=now)
    return in_vain


def _check_believable(db: Session, booking: Booking, kind: StrikeKind) -> None:
    """Refuse to call a home empty in which one of us is at work. Raises IllegalMove."""
    for kept in promises.standing(db, booking):
        state = dispatch.fresh_visit(db, kept.visit_id).state
        if kind is StrikeKind.NO_SHOW and state in (VisitState.IN_SERVICE, VisitState.PAUSED):
            raise IllegalMove(machine="visit", state=state.value, action="nobody")


def _errands(db: Session, booking: Booking, visit_ids: Sequence[int]) -> list[Draft]:
    """Return the postings of journeys made in vain (空跑费), each to him who made it."""
    rules = rule_queries.governing(db, booking)
    made = [dispatch.visit(db, visit_id) for visit_id in visit_ids]
    return [
        ledger.errand_draft(
            technician_id=visits.technician_of(visit), visit_number=visit.number, rules=rules
        )
        for visit in made
    ]


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
