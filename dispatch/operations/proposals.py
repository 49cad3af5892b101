"""Proposals: ask for a better plan, keep what the solver found, accept it route by route."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import select

from dispatch import causes, outcomes, preview
from dispatch.causes import Cause
from dispatch.merging import Merged
from dispatch.models import Proposal
from dispatch.operations import plan as plans
from dispatch.operations import publishing, rehousing, repairs, ties, undoing
from dispatch.operations.plan import LockedDay
from dispatch.preview import Preview
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


class LeftToNobody(Conflict):
    """Without what is not chosen nobody would come to some visits, and nobody has said yes to that."""

    code = "left_to_nobody"
    says = msg("没选的改动里，有几单会没有人去：请先确认。")


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
    db: Session,
    *,
    number: str,
    by: Actor,
    now: datetime,
    only: Collection[int] | None = None,
    sure: Collection[int] = (),
) -> Accepted:
    """Make the proposal, or of it the changes of the visits `only`, the live plan and publish it.

    Routes untouched since the problem was frozen are replaced; those that moved stay, and visits
    that came meanwhile are inserted anew. What broke the day is written down with it, and what was
    made of the proposal and what not. A part may leave visits to nobody that the whole does not:
    those must be among `sure`. Raises NotReady, Outdated, NotAlone, LeftToNobody, NotOnShift.
    """
    known = proposal_by_number(db, number)
    locked = plans.lock_day(db, branch_id=known.branch_id, day=known.day, now=now)
    db.refresh(known, with_for_update=True)
    if known.state != READY:
        raise NotReady
    whole, seen = _seen(db, locked, known, only, sure)
    day, merged = seen.day, seen.merged
    cause = causes.of_json(known.cause)
    if cause is not None and only is not None:
        cause = _narrowed(cause, merged)
    before = undoing.before_of(db, locked, merged, cause)

    lost = repairs.settle(db, locked, cause, by=by, now=now) if cause else []
    for technician_id in merged.replaced:
        timetable = merged.verdict.timetables.get(technician_id)
        plans.put_order(
            db, LockedDay(locked.row, day), technician_id=technician_id, timetable=timetable
        )
    rehousing.follow(db, day, merged.plan)
    ties.meet(db, day, merged.verdict)
    known.advance(ProposalAction.ACCEPT)
    known.accepted = _outcome(whole, seen, is_part=only is not None)
    _outdate_others(db, known)
    plans.changed(db, locked.row, now=now)
    assigned = publishing.publish(db, locked, by=by, now=now)
    repairs.name_unserved(db, lost, merged.plan.served(), now=now)
    known.undo = undoing.written(db, before)
    return Accepted(assigned, len(merged.replaced), len(merged.kept))


def _seen(
    db: Session,
    locked: LockedDay,
    known: Proposal,
    only: Collection[int] | None,
    sure: Collection[int],
) -> tuple[Preview, Preview]:
    """Return what the whole would do, and what the part that is to be made does."""
    whole = preview.of_plan(db, locked.plan, known)
    if whole is None:
        raise Outdated
    if only is None:
        return whole, whole
    part = whole.part(only)
    if part is None:
        raise NotAlone
    if not {change.visit_id for change in whole.unserved_by(part)} <= set(sure):
        raise LeftToNobody
    return whole, part


def _outcome(whole: Preview, part: Preview, *, is_part: bool) -> dict[str, Any]:
    left = whole.left(part)
    unmade = {change.visit_id for change in left}
    made = [change for change in part.diff.each if change.visit_id not in unmade]
    return outcomes.written(made, left, is_part=is_part)


def _narrowed(cause: Cause, merged: Merged) -> Cause:
    """Return the cause with the overtime of those alone whose routes change."""
    asked = {t: s for t, s in cause.overtime_s.items() if t in merged.replaced}
    return replace(cause, overtime_s=asked)


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
