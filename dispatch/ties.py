"""What crosses the routes of a day, as the console has it, for plans to keep: partners' quotas, shared
tools, crews, what vans hold, and the hours of the month.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from sqlalchemy import select

from dispatch import queries, tied
from dispatch.daybook import DayPlan
from dispatch.models import Crew, Load, Partner, RouteRow, Tool, Visit
from dispatch.planner import keeping, widening
from dispatch.planner.across import Ties, Together
from dispatch.planner.problem import Plan, Route, Stop, Window, Worker
from dispatch.tied import Needs
from kernel.db import Session


@dataclass(frozen=True, slots=True)
class _Books:
    """A branch's rows beside its ties, and the visits of the day, also those that are made already."""

    visits: Mapping[int, Visit]
    meets: Mapping[int, int | None]
    worked_s: Mapping[int, int]
    is_fair: bool


@dataclass(frozen=True, slots=True)
class Used:
    """How far a day uses up what is shared: by name the visits of each partner, and who has each tool."""

    visits: Mapping[str, int]
    holders: Mapping[str, tuple[int, ...]]


def used(plan: DayPlan) -> Used:
    """Return what the day uses, by what is made already and what lies ahead."""
    ids = {share.facts.id: [visit.id for visit in share.visits] for share in plan.shares.values()}
    needs = {v.id: v.needs.service for share in plan.shares.values() for v in share.visits}
    return Used(
        visits={
            partner.name: sum(len(ids.get(t, ())) for t in partner.technician_ids)
            for partner in plan.tied.partners
        },
        holders={
            tool.name: tuple(
                t for t, his in ids.items() if any(needs[i] in tool.services for i in his)
            )
            for tool in plan.tied.tools
        },
    )


def for_solving(db: Session, plan: DayPlan) -> DayPlan:
    """Return the day with all of it, whether the plan as it stands keeps it or not."""
    books = _read(db, plan)
    needs = {i: Needs(visit.service, visit.after_id) for i, visit in books.visits.items()}
    has_stop = plan.problem.has_stop
    ties = tied.ties_of(
        plan.tied,
        ahead={i: each for i, each in needs.items() if has_stop(i)},
        made={i: each for i, each in needs.items() if not has_stop(i)},
        worker_ids=[worker.id for worker in plan.problem.workers],
        frozen=plan.frozen,
    )
    tools = tuple(tool for tool in ties.tools if tool.stop_ids)
    problem = replace(
        plan.problem,
        stops=tuple(_stop(stop, books) for stop in plan.problem.stops),
        workers=tuple(_worker(worker, books, plan) for worker in plan.problem.workers),
        ties=replace(ties, tools=tools, is_fair=books.is_fair),
    )
    return replace(plan, problem=problem)


def eased(plan: DayPlan) -> DayPlan:
    """Return the day with what its plan does not keep given way so far that it does."""
    return _given_way(plan, keeping.eased(plan.problem, plan.plan))


def for_deciding(db: Session, plan: DayPlan, after: Mapping[int, Sequence[int]]) -> DayPlan:
    """Return the day by which a proposal is accepted: nothing gets worse than it is, and the crews that
    the proposal has at their doors begin together.
    """
    whole = for_solving(db, plan)
    made = Plan(tuple(Route(t, tuple(ids)) for t, ids in after.items()))
    crews = tuple(crew for crew in whole.problem.ties.together if _is_manned(crew, made))
    return _given_way(whole, replace(keeping.eased(whole.problem, whole.plan), together=crews))


def crews(db: Session, *, branch_id: int, visit_ids: Collection[int]) -> list[Crew]:
    """Return the crews of which one of those visits is a part."""
    found = db.scalars(select(Crew).where(Crew.branch_id == branch_id))
    return [crew for crew in found if not set(visit_ids).isdisjoint(crew.visit_ids)]


def _read(db: Session, plan: DayPlan) -> _Books:
    branch_id = plan.branch_id
    branch = queries.branch(db, branch_id)
    ids = [stop.id for stop in plan.problem.stops]
    ids += [stop[0] for stops in plan.frozen.values() for stop in stops]
    return _Books(
        visits=queries.visits_by_id(db, ids),
        meets={
            visit_id: crew.meets_s
            for crew in crews(db, branch_id=branch_id, visit_ids=ids)
            if all(plan.problem.has_stop(visit_id) for visit_id in crew.visit_ids)
            for visit_id in crew.visit_ids
        },
        worked_s=_worked_s(db, plan) if branch.is_fair else {},
        is_fair=branch.is_fair,
    )


def _is_manned(crew: Together, plan: Plan) -> bool:
    """Tell whether each visit of a crew has a technician of its own."""
    hands = [r.worker_id for r in plan.routes for i in r.stop_ids if i in crew.stop_ids]
    return len(set(hands)) == len(hands) == len(crew.stop_ids)


def _stop(stop: Stop, books: _Books) -> Stop:
    """Return the stop; one of a crew is free again of when it was to meet."""
    visit = books.visits[stop.id]
    if visit.not_before_s is not None and books.meets.get(stop.id) == visit.not_before_s:
        first, *others = stop.windows
        opens_s = min(first.open_s, visit.opens_s)
        stop = replace(stop, windows=(Window(opens_s, first.shut_s), *others))
    return stop


def _worker(worker: Worker, books: _Books, plan: DayPlan) -> Worker:
    """Return the technician with his van as it is, and his hours."""
    worked_s = books.worked_s.get(worker.id, 0)
    return replace(worker, room=plan.shares[worker.id].room, worked_s=worked_s)


def _worked_s(db: Session, plan: DayPlan) -> dict[int, int]:
    """Return how long each has served and driven between doors in the month before that day."""
    found = select(RouteRow.technician_id, RouteRow.stops, RouteRow.breaks).where(
        RouteRow.technician_id.in_([worker.id for worker in plan.problem.workers]),
        RouteRow.day >= plan.day.replace(day=1),
        RouteRow.day < plan.day,
    )
    worked: dict[int, int] = {}
    for technician_id, stops, breaks in db.execute(found):
        left_s: int | None = None
        for _, arrive_s, start_s, depart_s in stops:
            way_s = 0 if left_s is None else arrive_s - left_s
            rested_s = sum(
                b - a for a, b in breaks if left_s is not None and left_s <= a < arrive_s
            )
            busy_s = depart_s - start_s + max(0, way_s - rested_s)
            worked[technician_id] = worked.get(technician_id, 0) + busy_s
            left_s = depart_s
    return worked


def _given_way(plan: DayPlan, ties: Ties) -> DayPlan:
    """Return the day with those ties, and vans that hold what the plan has in them."""
    problem = widening.roomier(plan.problem, plan.plan)
    return replace(plan, problem=replace(problem, ties=ties))


def loads(db: Session, *, branch_id: int) -> list[Load]:
    """Return what visits bring and take along, by service."""
    found = select(Load).where(Load.branch_id == branch_id).order_by(Load.service)
    return list(db.scalars(found))


def partners(db: Session, *, branch_id: int) -> list[Partner]:
    found = select(Partner).where(Partner.branch_id == branch_id).order_by(Partner.name)
    return list(db.scalars(found))


def tools(db: Session, *, branch_id: int) -> list[Tool]:
    return list(db.scalars(select(Tool).where(Tool.branch_id == branch_id).order_by(Tool.name)))


def crews_from(db: Session, *, branch_id: int, day: date) -> list[Crew]:
    """Return the crews of that day and of those after it."""
    found = select(Crew).where(Crew.branch_id == branch_id, Crew.day >= day)
    return list(db.scalars(found.order_by(Crew.day, Crew.id)))
