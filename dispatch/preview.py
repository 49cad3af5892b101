"""What accepting a proposal would do now: the same merge that accepting makes, compared with the plan."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from dispatch import causes, diff, live, merging, orders, queries, repairs
from dispatch.balance import Balance, balance
from dispatch.diff import Diff, Promise, Side
from dispatch.models import Proposal, Visit
from dispatch.states import VisitState
from kernel.db import Session


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """The changes against the live plan of this moment, and whose routes are kept since they moved;
    what the plan does to promises and people as it is, and as it would be.
    """

    diff: Diff
    kept: tuple[int, ...]
    before: Balance
    after: Balance


def of_proposal(db: Session, proposal: Proposal, *, now: datetime) -> Preview | None:
    """Return what accepting would do; None when the plan has moved so far that it no longer fits."""
    plan = live.day_plan(db, branch_id=proposal.branch_id, day=proposal.day, now=now)
    after = {int(t): tuple(ids) for t, ids in proposal.after.items()}
    cause = causes.of_json(proposal.cause)
    merged_into = plan
    lost: Sequence[Visit] = ()
    if cause is not None:
        lost = repairs.homeless(db, plan)
        plan = repairs.with_homeless(db, plan, lost)
        merged_into = causes.with_cause(plan, cause, wanted=orders.served(after))
    merged = merging.merge(
        merged_into,
        after=after,
        versions={int(t): version for t, version in proposal.route_versions.items()},
    )
    if merged is None:
        return None
    promises = _promises(db, lost, branch_id=proposal.branch_id, day=proposal.day)
    shifts = queries.shifts(db, branch_id=proposal.branch_id, day=proposal.day)
    shuts_s = {technician_id: shift.shuts_s for technician_id, shift in shifts.items()}
    found = diff.compare(
        plan.problem,
        before=Side(plan.plan, plan.timetables),
        after=Side(merged.plan, merged.verdict.timetables),
        promises=promises,
    )
    return Preview(
        diff=found,
        kept=merged.kept,
        before=balance(plan.timetables, promises=promises, shuts_s=shuts_s),
        after=balance(merged.verdict.timetables, promises=promises, shuts_s=shuts_s),
    )


def _promises(
    db: Session, lost: Sequence[Visit], *, branch_id: int, day: date
) -> dict[int, Promise]:
    visits = queries.visits_in_routes(db, branch_id=branch_id, day=day)
    return {
        visit.id: Promise(
            opens_s=visit.opens_s,
            shuts_s=visit.shuts_s,
            technician_id=visit.technician_id,
            is_held=visit.state is VisitState.HELD,
        )
        for visit in [*visits.values(), *lost]
    }
