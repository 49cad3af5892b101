"""Taking an accepted proposal back: the routes as they were, as long as nothing has happened on them."""

from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

from dispatch import queries
from dispatch import repairs as reads
from dispatch.causes import Cause, CauseKind
from dispatch.daybook import DayPlan
from dispatch.merging import Merged
from dispatch.models import Visit
from dispatch.operations import plan as plans
from dispatch.operations import rehousing, ties, withdrawals
from dispatch.operations.plan import LockedDay
from dispatch.planner import judge
from dispatch.planner.problem import Problem, Route
from dispatch.states import MOVABLE
from kernel.actor import Actor
from kernel.db import Session
from kernel.errors import Conflict
from kernel.words import msg


class MovedSince(Conflict):
    """Something has happened on a route that the proposal changed."""

    code = "stale"
    says = msg("撤销不了：接受之后，这些路线上又有了变动。")


class TooLate(Conflict):
    """The routes as they were cannot be kept any more."""

    code = "too_late"
    says = msg("撤销不了：照原来的路线，现在已经赶不上承诺的时段。")


@dataclass(frozen=True, slots=True, kw_only=True)
class Before:
    """What accepting changes, as it was: orders and versions of routes by technician, shifts as
    [end, why absent], the goods' [visit, second]. `late` are the technicians who ran late already;
    `crews` has when each was to meet."""

    branch_id: int
    day: str
    orders: dict[str, list[int]]
    shifts: dict[str, list[Any]]
    goods: list[int | None]
    late: list[int]
    crews: dict[str, int | None]


def before_of(db: Session, locked: LockedDay, merged: Merged, cause: Cause | None) -> Before:
    """Note how things are just before a proposal is accepted."""
    plan = locked.plan
    away = [cause.technician_id] if cause and cause.kind is CauseKind.ILL else []
    touched = [*merged.replaced, *away]
    held = [*away, *(cause.overtime_s if cause else ())]
    shifts = {t: withdrawals.shift_of(db, t, plan.day) for t in held}
    goods: list[int | None] = []
    if cause and cause.kind is CauseKind.GOODS:
        goods = [cause.visit_id, plans.visit_row(db, cause.visit_id).not_before_s]
    return Before(
        branch_id=plan.branch_id,
        day=plan.day.isoformat(),
        orders={str(t): list(plan.plan.route_of(t).stop_ids) for t in touched},
        shifts={str(t): [shift.shuts_s, shift.absent] for t, shift in shifts.items()},
        goods=goods,
        late=sorted(r.worker_id for r in plan.plan.routes if plan.late & set(r.stop_ids)),
        crews=ties.meetings(db, branch_id=plan.branch_id, visit_ids=merged.plan.served()),
    )


def written(db: Session, before: Before) -> dict[str, Any]:
    """Return what `lay_back` needs, with the versions in which accepting has left the routes."""
    db.flush()
    rows = queries.routes_by_technician(db, [int(t) for t in before.orders], day=before.day)
    return {**asdict(before), "versions": {str(t): row.version for t, row in rows.items()}}


def is_untouched(db: Session, undo: dict[str, Any] | None) -> bool:
    """Tell whether nothing has happened since on the routes that accepting changed.

    What was accepted before there was any undoing cannot be undone.
    """
    if not undo:
        return False
    rows = queries.routes_by_technician(db, [int(t) for t in undo["orders"]], day=undo["day"])
    versions = {str(t): row.version for t, row in rows.items()}
    return versions == dict(undo["versions"])


def lay_back(
    db: Session, locked: LockedDay, undo: dict[str, Any], *, by: Actor, now: datetime
) -> None:
    """Lay the routes as they were, shifts and goods with them; the caller publishes.

    What stood in no route then stands in none again. Raises MovedSince, TooLate.
    """
    if not is_untouched(db, undo):
        raise MovedSince
    _give_back(db, locked, undo)
    db.flush()
    plans.changed(db, locked.row, now=now)
    fresh = plans.lock_day(db, branch_id=locked.row.branch_id, day=locked.row.day, now=now)
    day, leaving = _as_it_was(db, fresh.plan, undo)
    verdict = judge.judge(day.problem, day.plan)
    if any(breach.worker_id not in undo["late"] for breach in verdict.broken):
        raise TooLate

    for name in undo["orders"]:
        timetable = verdict.timetables.get(int(name))
        plans.put_order(
            db, LockedDay(locked.row, day), technician_id=int(name), timetable=timetable
        )
    for visit in leaving:
        withdrawals.unassign(db, visit, cause="undone", by=by, now=now)
    rehousing.follow(db, fresh.plan, day.plan)
    plans.changed(db, locked.row, now=now)


def _give_back(db: Session, locked: LockedDay, undo: dict[str, Any]) -> None:
    """Give back the hours and the goods' time that accepting wrote."""
    for name, (shuts_s, absent) in undo["shifts"].items():
        shift = withdrawals.any_shift_of(db, int(name), locked.row.day)
        shift.shuts_s, shift.absent = shuts_s, absent
    ties.lay_back(db, undo.get("crews", {}))
    if undo["goods"]:
        visit_id, not_before_s = undo["goods"]
        plans.visit_row(db, visit_id).not_before_s = not_before_s


def _as_it_was(db: Session, plan: DayPlan, undo: dict[str, Any]) -> tuple[DayPlan, list[Visit]]:
    """Return the day with its routes as they were, and the visits that then stood in none."""
    lost = reads.homeless(db, plan)
    whole = reads.with_homeless(db, plan, lost)
    orders = {int(t): ids for t, ids in undo["orders"].items()}
    were = whole.plan
    for technician_id, ids in orders.items():
        known = tuple(i for i in ids if whole.problem.has_stop(i))
        were = were.with_route(Route(technician_id, known))
    now_in = {i for t in orders for i in plan.plan.route_of(t).stop_ids}
    gone = sorted(now_in - were.served())
    leaving = [visit for visit in queries.visits_by_id(db, gone).values() if visit.state in MOVABLE]
    kept = tuple(stop for stop in whole.problem.stops if stop.id in were.served())
    problem = Problem(kept, whole.problem.workers, whole.problem.travel_s)
    return replace(whole, problem=problem, plan=were), leaving
