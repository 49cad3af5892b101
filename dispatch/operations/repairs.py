"""Repairs of a day that broke: an option becomes a proposal, and what broke is written down with it."""

from collections.abc import Collection, Sequence
from datetime import datetime

from dispatch.causes import Cause, CauseKind
from dispatch.events import VisitUnserved
from dispatch.models import Proposal, Visit
from dispatch.operations import plan as plans
from dispatch.operations import withdrawals
from dispatch.operations.plan import LockedDay
from dispatch.operations.steps import facts_of
from dispatch.orders import order_of, totals_of
from dispatch.planner.repair import Option, Way
from dispatch.repairs import Broken
from dispatch.states import ProposalAction
from kernel import outbox
from kernel.actor import Actor
from kernel.db import Session
from kernel.errors import Conflict
from kernel.numbers import new_number
from kernel.words import msg


class NoSuchWay(Conflict):
    """The day has moved on: that option is no longer one."""

    code = "stale"
    says = msg("情况变了，这个方案已经不适用，请重新选一个。")


def propose(
    db: Session, broken: Broken, found: Sequence[Option], *, way: Way, by: Actor, now: datetime
) -> Proposal:
    """Keep one of the options found as a proposal, ready to be accepted. Raises NoSuchWay.

    To leave all as it is needs no proposal, but for late goods: that nobody sets out before.
    """
    chosen = next((option for option in found if option.way is way), None)
    if chosen is None or (way is Way.KEEP and broken.cause.kind is not CauseKind.GOODS):
        raise NoSuchWay
    kept = next(option for option in found if option.way is Way.KEEP)

    day = broken.day
    cause = broken.cause_of(chosen)
    proposal = Proposal(
        number=new_number("S"),
        branch_id=day.branch_id,
        day=day.day,
        asked_by=by.id,
        asked_at=now,
        seconds=0,
        seed=0,
        cause=cause.as_json(),
        base_version=day.version,
        route_versions={str(t): version for t, version in day.route_versions.items()},
        before=order_of(day.plan),
        after=order_of(chosen.plan),
        totals=totals_of(kept.verdict, chosen.verdict),
        fingerprint=day.problem.fingerprint()[:12],
    )
    db.add(proposal)
    db.flush()
    proposal.advance(ProposalAction.SOLVE)
    return proposal


def settle(
    db: Session, locked: LockedDay, cause: Cause, *, by: Actor, now: datetime
) -> list[Visit]:
    """Write down what broke the day: who is away, when goods come, who stays longer.

    Returns the visits that stand in no route by that. Raises NotOnShift.
    """
    for technician_id, seconds in cause.overtime_s.items():
        withdrawals.shift_of(db, technician_id, locked.row.day).shuts_s += seconds
    if cause.kind is CauseKind.GOODS:
        plans.visit_row(db, cause.visit_id).not_before_s = cause.from_s
    if cause.kind is not CauseKind.ILL:
        return []
    return withdrawals.take_off(
        db,
        technician_id=cause.technician_id,
        day=locked.row.day,
        reason=cause.reason,
        by=by,
        now=now,
    )


def name_unserved(
    db: Session, lost: Sequence[Visit], served: Collection[int], *, now: datetime
) -> None:
    """Tell the house of the visits that the repair, too, leaves without anybody."""
    for visit in lost:
        if visit.id not in served:
            outbox.record(db, VisitUnserved(at=now, cause="absent", **facts_of(visit)))
