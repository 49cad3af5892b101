"""What can be done when a day breaks: the planner's options for the live plan of this moment."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from sqlalchemy import select

from dispatch import live, queries, tied, travel
from dispatch.causes import Cause
from dispatch.daybook import DayPlan
from dispatch.models import Visit
from dispatch.planner import repair
from dispatch.planner.problem import Problem, Window
from dispatch.planner.repair import Option
from dispatch.states import OWED
from dispatch.tied import Needs
from kernel.clock import second_of_day
from kernel.db import Session

HOMELESS_MAX = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Broken:
    """A day that broke, as read: what it takes to look for a way on without the database.

    `day` has the promised visits that stand in nobody's route, too; `visits` are by id.
    """

    day: DayPlan
    cause: Cause
    visits: Mapping[int, Visit]
    windows: tuple[Window, ...]

    def cause_of(self, option: Option) -> Cause:
        """Return the cause with how it is to go on."""
        return replace(self.cause, way=option.way.value, overtime_s=option.overtime_s)


def read(db: Session, *, branch_id: int, day: date, cause: Cause, now: datetime) -> Broken:
    """Return the day with what broke it."""
    plan = live.day_plan(db, branch_id=branch_id, day=day, now=now)
    lost = homeless(db, plan)
    visits = queries.visits_in_routes(db, branch_id=branch_id, day=day)
    soonest_s = second_of_day(now, day) + live.LEAD_S
    windows = [Window(a, b) for a, b in queries.branch(db, branch_id).windows if a >= soonest_s]
    return Broken(
        day=with_homeless(db, plan, lost),
        cause=cause,
        visits={**visits, **{visit.id: visit for visit in lost}},
        windows=tuple(windows),
    )


def options(broken: Broken) -> tuple[Option, ...]:
    """Search for the ways to go on; takes up to a second or two, outside any transaction."""
    return repair.options(
        broken.day.problem,
        broken.day.plan,
        broken.cause.happening,
        shuts_s={
            stop.id: broken.visits[stop.id].shuts_s
            for stop in broken.day.problem.stops
            if stop.id in broken.visits
        },
        windows=broken.windows,
    )


def homeless(db: Session, plan: DayPlan) -> Sequence[Visit]:
    """Return the promised visits of that day which nobody who works it has in his route, by window."""
    found = select(Visit).where(
        Visit.branch_id == plan.branch_id, Visit.day == plan.day, Visit.state.in_(OWED)
    )
    rows = db.scalars(found.order_by(Visit.opens_s, Visit.id))
    return [visit for visit in rows if not plan.problem.has_stop(visit.id)][:HOMELESS_MAX]


def with_homeless(db: Session, plan: DayPlan, lost: Sequence[Visit]) -> DayPlan:
    """Return the day with those visits among its stops, in no route."""
    if not lost:
        return plan
    barred = queries.barred_from(db, [visit.id for visit in lost])
    points = (*plan.points, *(visit.point for visit in lost))
    stops = tuple(
        replace(
            live.stop_of(plan, visit, barred=barred.get(visit.id, frozenset())),
            place=len(plan.points) + nth,
        )
        for nth, visit in enumerate(lost)
    )
    ties = plan.problem.ties
    for visit in lost:
        ties = tied.joined(plan.tied, ties, visit.id, Needs(visit.service))
    matrix = travel.current().matrix(points)
    problem = Problem((*plan.problem.stops, *stops), plan.problem.workers, matrix, ties)
    return replace(plan, problem=problem, points=points)
