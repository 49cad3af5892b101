"""A promise ends before the visit: cancelled by the member, or withdrawn by the house in two steps."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from booking import policy
from booking.events import BookingCancelled, PromiseBroken
from booking.models import Booking, Promise
from booking.operations import goods, looking, moving, promises, standbys
from booking.operations.moving import Quote
from booking.operations.steps import facts_of, locked, move
from booking.policy import Cause, Ending, Tariff
from booking.states import PROMISED, BookingAction
from dispatch import live
from dispatch import queries as dispatch
from dispatch.operations import places, withdrawals
from dispatch.planner.problem import Window
from dispatch.states import ACCEPTED, Trouble
from kernel import outbox
from kernel.actor import Actor
from kernel.clock import local_date
from kernel.db import Session
from kernel.errors import Conflict
from kernel.machine import IllegalMove
from kernel.money import Money
from kernel.words import msg
from members import ledger, ledger_queries, rule_queries
from members.ledger import Draft
from members.operations import postings, strikes
from members.risk import StrikeKind

_TROUBLE = {
    Cause.MEMBER: Trouble.MEMBER,
    Cause.AGENT: Trouble.MEMBER,
    Cause.UNANSWERED: Trouble.UNANSWERED,
    Cause.GOODS_LATE: Trouble.PROVIDER,
}


class StillServable(Conflict):
    """The promise can still be kept: somebody fits, so the house may not withdraw it."""

    code = "still_servable"
    says = msg("还有师傅排得下这一单，不能取消，请改派。")


class NotAsked(Conflict):
    """The first of the two steps has not been made."""

    code = "not_asked"
    says = msg("请先走第一步：确认派不出去。")


def quote(db: Session, booking: Booking, *, now: datetime) -> Quote:
    """Return what cancelling costs now: said before the member presses."""
    is_ours = moving.fails_him(db, booking)
    tariff = policy.cancel_tariff(
        starts_at=booking.starts_at,
        now=now,
        is_accepted=bool(_accepted(db, promises.standing(db, booking))),
        is_ours=is_ours,
        rules=rule_queries.governing(db, booking),
    )
    return Quote(tariff=tariff, is_ours=is_ours)


def cancel(
    db: Session, *, number: str, by: Actor, now: datetime, cause: Cause = Cause.MEMBER
) -> Booking:
    """Cancel a promise on the member's word, by the tariff that he was told.

    `cause` is MEMBER or AGENT for his own wish, UNANSWERED when the clock lets an unconfirmed
    booking go, GOODS_LATE when late goods made him give up: the last two cost nothing. Raises
    BookingMissing, IllegalMove once somebody is at the door.
    """
    standbys.lock_members(db, booking_number=number, now=now)
    booking = locked(db, number, by)
    standing = _locked_promises(db, booking, now=now)
    accepted = _accepted(db, standing)
    rules = rule_queries.governing(db, booking)
    tariff = policy.cancel_tariff(
        starts_at=booking.starts_at,
        now=now,
        is_accepted=bool(accepted),
        is_ours=cause in (Cause.UNANSWERED, Cause.GOODS_LATE) or moving.fails_him(db, booking),
        rules=rules,
    )
    move(db, booking, BookingAction.CANCEL, by=by, now=now, cause=cause.value)
    booking.cause, booking.needs_window = cause.value, False
    _end_all(db, standing, _TROUBLE[cause], Ending.CANCELLED, by=by, now=now)
    looking.plan_next(db, booking, now=now)
    standbys.take_over(db, booking, now=now)

    _charge(db, booking, tariff, accepted=accepted, now=now)
    told = BookingCancelled(at=now, cause=cause.value, points=tariff.points, **facts_of(booking))
    outbox.record(db, told)
    return booking


def ask_withdrawal(db: Session, *, number: str, by: Actor, now: datetime) -> Booking:
    """Make the first of two steps in which the house withdraws a promise: prove that nobody can keep it.

    Raises BookingMissing, StillServable, IllegalMove.
    """
    booking = locked(db, number, by)
    _check_unservable(db, booking, _locked_promises(db, booking, now=now), now=now)
    booking.withdrawal_asked_by, booking.withdrawal_asked_at = by.id, now
    return booking


def withdraw(db: Session, *, number: str, by: Actor, now: datetime) -> Booking:
    """Make the second step: the promise is withdrawn, the member compensated and told.

    That nobody can keep it is proven once more. Raises BookingMissing, NotAsked, StillServable,
    IllegalMove.
    """
    booking = locked(db, number, by)
    if booking.withdrawal_asked_at is None:
        raise NotAsked
    standing = _locked_promises(db, booking, now=now)
    _check_unservable(db, booking, standing, now=now)
    move(db, booking, BookingAction.CANCEL, by=by, now=now, cause=Cause.PROVIDER.value)
    booking.cause, booking.needs_window = Cause.PROVIDER.value, False
    _end_all(db, standing, Trouble.PROVIDER, Ending.WITHDRAWN, by=by, now=now)
    looking.plan_next(db, booking, now=now)

    outbox.record(
        db, BookingCancelled(at=now, cause=Cause.PROVIDER.value, points=0, **facts_of(booking))
    )
    promise_id = standing[0].id if standing else 0
    compensate(
        db,
        booking,
        promise_id=promise_id,
        cause=Cause.PROVIDER.value,
        amounts={"withdrawn": rule_queries.governing(db, booking).broken_fee},
        now=now,
    )
    return booking


def compensate(
    db: Session,
    booking: Booking,
    *,
    promise_id: int,
    cause: str,
    amounts: Mapping[str, Money],
    beside: Sequence[Draft] = (),
    now: datetime,
) -> None:
    """Post what we owe for a broken promise without being asked: each amount once for its name, and
    tell of what was posted together as one sum.

    `beside` is posted with it, since a transaction posts in one go.
    """
    rules = rule_queries.governing(db, booking)
    owed = {
        once: ledger.compensation_draft(
            member_id=booking.member_id,
            booking_number=booking.number,
            amount=amount,
            once=once,
            rules=rules,
        )
        for once, amount in amounts.items()
    }
    fresh = [once for once in owed if ledger_queries.posting_of(db, owed[once].key) is None]
    postings.post_all(db, [*beside, *(owed[once] for once in fresh)], now=now)
    if fresh:
        told = PromiseBroken(
            at=now,
            promise_id=promise_id,
            cause=cause,
            fen=sum(amounts[once].fen for once in fresh),
            **facts_of(booking),
        )
        outbox.record(db, told)


def _locked_promises(db: Session, booking: Booking, *, now: datetime) -> Sequence[Promise]:
    """Lock the days of what stands, so that nobody sets out or arrives meanwhile."""
    standing = promises.standing(db, booking)
    days = {(local_date(kept.starts_at), booking.branch_id) for kept in standing}
    places.lock_days(db, days, now=now)
    return standing


def _end_all(
    db: Session,
    standing: Sequence[Promise],
    trouble: Trouble,
    ending: Ending,
    *,
    by: Actor,
    now: datetime,
) -> None:
    for kept in standing:
        withdrawals.cancel(db, visit_id=kept.visit_id, cause=trouble, by=by, now=now)
        goods.take_back(db, visit_id=kept.visit_id, by=by, now=now)
        promises.end(kept, ending, now=now)


def _accepted(db: Session, standing: Sequence[Promise]) -> dict[str, int]:
    """Return the technicians who said yes, by the number of the visit: two may, for a coupled booking."""
    known = [dispatch.fresh_visit(db, kept.visit_id) for kept in standing]
    return {
        visit.number: visit.technician_id
        for visit in known
        if visit.state in ACCEPTED and visit.technician_id is not None
    }


def _check_unservable(
    db: Session, booking: Booking, standing: Sequence[Promise], *, now: datetime
) -> None:
    """Refuse to withdraw what somebody can still keep. Raises StillServable, IllegalMove."""
    if booking.state not in PROMISED:
        raise IllegalMove(machine="booking", state=booking.state.value, action="withdraw")
    for kept in standing:
        visit = dispatch.fresh_visit(db, kept.visit_id)
        plan = live.day_plan(db, branch_id=visit.branch_id, day=visit.day, now=now)
        barred = dispatch.barred_from(db, [visit.id]).get(visit.id, frozenset())
        window = Window(visit.opens_s, visit.shuts_s)
        keeps = visit.route_id is not None and visit.id not in plan.late
        if keeps or live.offers_of(plan, live.shape_of(visit, barred=barred), [window]):
            raise StillServable


def _charge(
    db: Session,
    booking: Booking,
    tariff: Tariff,
    *,
    accepted: Mapping[str, int],
    now: datetime,
) -> None:
    rules = rule_queries.governing(db, booking)
    drafts = []
    if tariff.points:
        drafts.append(
            ledger.fee_draft(
                member_id=booking.member_id,
                booking_number=booking.number,
                kind=ledger.CANCEL_FEE,
                points=tariff.points,
                rules=rules,
            )
        )
    if tariff.errand.fen:
        drafts += [
            ledger.errand_draft(technician_id=technician_id, visit_number=number, rules=rules)
            for number, technician_id in accepted.items()
        ]
    postings.post_all(db, drafts, now=now)
    if tariff.is_strike:
        strikes.open_strike(
            db,
            member_id=booking.member_id,
            kind=StrikeKind.LATE_CANCEL,
            booking_number=booking.number,
            branch_id=booking.branch_id,
            evidence={"cancelled_at": now.isoformat(), "starts_at": booking.starts_at.isoformat()},
            now=now,
        )
