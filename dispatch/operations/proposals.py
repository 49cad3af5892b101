"""Proposals: ask for a better plan, keep what the solver found, accept it route by route."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select

from dispatch import causes, merging
from dispatch.causes import Cause
from dispatch.daybook import DayPlan
from dispatch.merging import Merged
from dispatch.models import Proposal
from dispatch.operations import plan as plans
from dispatch.operations import publishing, rehousing, repairs, undoing
from dispatch.operations.plan import LockedDay
from dispatch.orders import served
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
READY, ACCEPTED, DISCARDED, FAILED, OUTDATED, UNDONE = (
    ProposalState.READY.value,
    ProposalState.ACCEPTED.value,
    ProposalState.DISCARDED.value,
    ProposalState.FAILED.value,
    ProposalState.OUTDATED.value,
    ProposalState.UNDONE.value,
)


class NotReady(Conflict):
    """The proposal is still being solved, or was decided before."""

    code = "bad_state"
    says = msg("这份排班建议已经处理过，或还没有算完。")


class NotAlone(Conflict):
    """Those changes cannot be made without others of the proposal."""

    code = "not_alone"
    says = msg("只做这几项会打破别的承诺，或排不进去：请把相关的改动一起选上。")


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


def accept(
    db: Session, *, number: str, by: Actor, now: datetime, only: Collection[int] | None = None
) -> Accepted:
    """Make the proposal, or of it the changes of the visits `only`, the live plan and publish it.

    Routes untouched since the problem was frozen are replaced; those that moved stay, and visits
    that came meanwhile are inserted anew. What broke the day is written down with it. Raises
    NotReady, Outdated, NotAlone, NotOnShift.
    """
    known = proposal_by_number(db, number)
    locked = plans.lock_day(db, branch_id=known.branch_id, day=known.day, now=now)
    db.refresh(known, with_for_update=True)
    if known.state != READY:
        raise NotReady
    cause = causes.of_json(known.cause)
    day, merged = _merged(db, locked, known, cause, only)
    before = undoing.before_of(db, locked, merged, cause)

    lost = repairs.settle(db, locked, cause, by=by, now=now) if cause else []
    for technician_id in merged.replaced:
        timetable = merged.verdict.timetables.get(technician_id)
        plans.put_order(
            db, LockedDay(locked.row, day), technician_id=technician_id, timetable=timetable
        )
    rehousing.follow(db, day, merged.plan)
    known.advance(ProposalAction.ACCEPT)
    _outdate_others(db, known)
    plans.changed(db, locked, now=now)
    assigned = publishing.publish(db, locked, by=by, now=now)
    repairs.name_unserved(db, lost, merged.plan.served(), now=now)
    known.undo = undoing.written(db, before)
    return Accepted(assigned, len(merged.replaced), len(merged.kept))


def _merged(
    db: Session,
    locked: LockedDay,
    known: Proposal,
    cause: Cause | None,
    only: Collection[int] | None,
) -> tuple[DayPlan, Merged]:
    """Return the day as the cause leaves it, and what of the proposal fits into it now."""
    after = {int(t): tuple(ids) for t, ids in known.after.items()}
    versions = {int(t): v for t, v in known.route_versions.items()}
    day = repairs.day_of(db, locked.plan, cause, wanted=served(after))
    if only is not None:
        after = merging.only(day, after, only)
        day = repairs.day_of(db, locked.plan, cause, wanted=served(after))
    merged = merging.merge(day, after=after, versions=versions)
    if merged is None:
        raise Outdated if only is None else NotAlone
    moved = {t for t, version in day.route_versions.items() if version != versions.get(t, 0)}
    if only is not None and set(merged.kept) - moved:
        raise NotAlone
    return day, merged


def undo(db: Session, *, number: str, by: Actor, now: datetime) -> int:
    """Lay the routes as they were before the proposal was accepted; return how many visits are told anew.

    Who was told meanwhile hears of it again. Raises NotReady, and what `undoing.lay_back` raises.
    """
    known = proposal_by_number(db, number)
    locked = plans.lock_day(db, branch_id=known.branch_id, day=known.day, now=now)
    db.refresh(known, with_for_update=True)
    if known.state != ACCEPTED or not known.undo:
        raise NotReady

    undoing.lay_back(db, locked, known.undo, by=by, now=now)
    known.advance(ProposalAction.UNDO)
    return publishing.publish(db, locked, by=by, now=now)


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
