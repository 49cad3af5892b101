"""Merging a proposal into a plan that has moved since: route by route. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

from dispatch.daybook import DayPlan
from dispatch.planner import insertion, judge
from dispatch.planner.judge import Verdict
from dispatch.planner.problem import Plan, Route


@dataclass(frozen=True, slots=True)
class Merged:
    """The plan to be written, its judgement, and whose routes were replaced or kept."""

    plan: Plan
    verdict: Verdict
    replaced: tuple[int, ...]
    kept: tuple[int, ...]


def merge(
    live: DayPlan, *, after: Mapping[int, tuple[int, ...]], versions: Mapping[int, int]
) -> Merged | None:
    """Put the proposal `after` into the live plan; None when it no longer fits.

    Routes whose version moved since `versions` stay as they are; visits that are in neither are
    inserted where they cost least. The result serves all that the live plan serves and breaks no
    more than it does.
    """
    kept = tuple(
        w.id for w in live.problem.workers if live.route_versions[w.id] != versions.get(w.id, 0)
    )
    routes = {t: live.plan.route_of(t).stop_ids for t in kept}
    taken = {i for ids in routes.values() for i in ids}
    known = {stop.id for stop in live.problem.stops}
    for worker in live.problem.workers:
        if worker.id not in routes:
            order = tuple(i for i in after.get(worker.id, ()) if i in known and i not in taken)
            routes[worker.id] = order
            taken |= set(order)
    plan = _with_left_out(live, Plan(tuple(Route(t, ids) for t, ids in routes.items())))
    if plan is None:
        return None
    verdict = judge.judge(live.problem, plan)
    if verdict.broken or verdict.unserved:
        return None
    replaced = tuple(
        r.worker_id for r in plan.routes if r.stop_ids != live.plan.route_of(r.worker_id).stop_ids
    )
    return Merged(plan, verdict, replaced, kept)


def _with_left_out(live: DayPlan, plan: Plan) -> Plan | None:
    for stop_id in plan.unserved(live.problem):
        stop = live.problem.stop(stop_id)
        to_s, from_s = live.problem.travel_of(stop.place)
        day = insertion.prepare_day(live.problem, plan)
        [places] = insertion.find(
            day, stop=stop, to_s=to_s, from_s=from_s, windows=stop.windows
        ).values()
        if not places:
            return None
        route = plan.route_of(places[0].worker_id)
        plan = plan.with_route(route.with_stop(stop_id, position=places[0].position))
    return plan
