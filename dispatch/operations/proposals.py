"""Proposals: ask for a better plan, keep what the solver found, accept it route by route."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select

from dispatch import merging, queries
from dispatch.daybook import DayPlan
from dispatch.models import Proposal
from dispatch.operations import plan as plans
from dispatch.operations import publishing
from dispatch.planner.judge import Verdict
from dispatch.planner.problem import Plan, Route
from dispatch.scope import ProposalMissing
from dispatch.states import PROPOSAL_MACHINE, ProposalAction, ProposalState
from kernel import db as kernel_db
from kernel import leases
from kernel.actor import Actor
from kernel.db import Session
from kernel.errors import Conflict
from kernel.numbers import new_number
from kernel.words import msg

BELL = "plans"
SOLVE_S = 10
READY, ACCEPTED, DISCARDED, FAILED, OUTDATED = (
    ProposalState.READY.value,
    ProposalState.ACCEPTED.value,
    ProposalState.DISCARDED.value,
    ProposalState.FAILED.value,
    ProposalState.OUTDATED.value,
)


class NotReady(Conflict):
    """The proposal is still being solved, or was decided before."""

    code = "bad_state"
    says = msg("这份排班建议已经处理过，或还没有算完。")


class Outdated(Conflict):
    """The plan moved so far meanwhile that the proposal no longer fits."""

    code = "stale"
    says = msg("排班期间变化太大，这份建议已经放不进去，请重新优化。")


@dataclass(frozen=True, slots=True)
class Accepted:
    """What accepting did: visits newly assigned, and routes kept because they had moved."""

    assigned: int
    routes_replaced: int
    routes_kept: int


def ask(
    db: Session, *, branch_id: int, day: date, by: Actor, now: datetime, seconds: int = SOLVE_S
) -> Proposal:
    """Ask a worker for a better plan; while one is being solved for that day, return that one."""
    plans.lock_day(db, branch_id=branch_id, day=day, now=now)
    waiting = db.scalars(
        select(Proposal).where(
            Proposal.branch_id == branch_id, Proposal.day == day, Proposal.state == leases.PENDING
        )
    ).first()
    if waiting is not None:
        return waiting
    proposal = Proposal(
        number=new_number("S"),
        branch_id=branch_id,
        day=day,
        asked_by=by.id,
        asked_at=now,
        seconds=seconds,
        seed=int(day.strftime("%d")),
    )
    db.add(proposal)
    db.flush()
    kernel_db.ring_after_commit(db, BELL)
    return proposal


def proposal_by_number(db: Session, number: str) -> Proposal:
    """Return the proposal. Raises ProposalMissing."""
    found = db.scalars(select(Proposal).where(Proposal.number == number)).one_or_none()
    if found is None:
        raise ProposalMissing
    return found


def accept(db: Session, *, number: str, by: Actor, now: datetime) -> Accepted:
    """Make the proposal the live plan and publish it.

    Routes untouched since the problem was frozen are replaced; those that moved stay, and visits
    that came meanwhile are inserted anew. Raises NotReady, Outdated.
    """
    known = proposal_by_number(db, number)
    locked = plans.lock_day(db, branch_id=known.branch_id, day=known.day, now=now)
    db.refresh(known, with_for_update=True)
    if known.state != READY:
        raise NotReady
    after = {int(t): tuple(ids) for t, ids in known.after.items()}
    versions = {int(t): v for t, v in known.route_versions.items()}
    merged = merging.merge(locked.plan, after=after, versions=versions)
    if merged is None:
        raise Outdated

    for technician_id in merged.replaced:
        timetable = merged.verdict.timetables.get(technician_id)
        plans.put_order(db, locked, technician_id=technician_id, timetable=timetable)
    _rehouse(db, locked.plan, merged.plan)
    known.advance(ProposalAction.ACCEPT)
    _outdate_others(db, known)
    plans.changed(db, locked, now=now)
    assigned = publishing.publish(db, locked, by=by, now=now)
    return Accepted(assigned, len(merged.replaced), len(merged.kept))


def discard(db: Session, *, number: str) -> None:
    """Drop a proposal that nobody wants; the plan stays as it is. Raises NotReady."""
    proposal = proposal_by_number(db, number)
    db.refresh(proposal, with_for_update=True)
    if not PROPOSAL_MACHINE.allows(ProposalState(proposal.state), ProposalAction.DISCARD):
        raise NotReady
    proposal.advance(ProposalAction.DISCARD)


def ask_to_stop(db: Session, *, number: str) -> None:
    """Let the solver stop at the next moment and keep the best it has."""
    proposal_by_number(db, number).stop_asked = True


def _outdate_others(db: Session, accepted: Proposal) -> None:
    """The day's other proposals were made for a plan that is no more."""
    others = select(Proposal).where(
        Proposal.branch_id == accepted.branch_id,
        Proposal.day == accepted.day,
        Proposal.state == READY,
        Proposal.id != accepted.id,
    )
    fresh = others.with_for_update().execution_options(populate_existing=True)
    for other in db.scalars(fresh):
        other.advance(ProposalAction.OUTDATE)


def _rehouse(db: Session, before: DayPlan, after: Plan) -> None:
    """Point every visit that changed hands at its new route row."""
    rows = queries.routes(db, branch_id=before.branch_id, day=before.day)
    for route in after.routes:
        old = set(before.plan.route_of(route.worker_id).stop_ids)
        for visit_id in set(route.stop_ids) - old:
            plans.visit_row(db, visit_id).route_id = rows[route.worker_id].id


def order_of(plan: Plan) -> dict[str, list[int]]:
    """Return a plan as JSON: technician id to visit ids in order."""
    return {str(r.worker_id): list(r.stop_ids) for r in plan.routes}


def plan_of(order: dict[str, list[int]]) -> Plan:
    """Return the plan that `order_of` wrote."""
    return Plan(tuple(Route(int(t), tuple(ids)) for t, ids in order.items()))


def totals_of(before: Verdict, after: Verdict) -> dict[str, list[int]]:
    """Return what a dispatcher compares: each figure before and after, seconds or counts."""
    return {
        "travel_s": [before.travel_s, after.travel_s],
        "wait_s": [before.wait_s, after.wait_s],
        "unserved": [len(before.unserved), len(after.unserved)],
        "cost": [before.cost, after.cost],
        "finish_s": [_latest(before), _latest(after)],
    }


def _latest(verdict: Verdict) -> int:
    return max((t.finish_s for t in verdict.timetables.values() if t.visits), default=0)
