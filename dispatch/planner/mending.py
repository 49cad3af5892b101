"""Says which part of a day an engine may change, so that it can begin from rules kept."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from dispatch.planner import constraints, insertion
from dispatch.planner.judge import Breach
from dispatch.planner.problem import Plan, Problem, Route


@dataclass(frozen=True, slots=True)
class Part:
    """A problem to solve, a plan of it that keeps every rule, and the routes left alone."""

    problem: Problem
    start: Plan
    fixed: tuple[Route, ...] = ()

    def whole(self, plan: Plan) -> Plan:
        return Plan((*plan.routes, *self.fixed))


def mended(problem: Problem, plan: Plan) -> Part:
    """Return the whole day, what the plan's routes cannot keep taken out to be placed anew.

    Each route keeps its stops in order, but for those that are unknown, already seen, not
    for this technician or too much for what he has kept so far.
    """
    routes: dict[int, Route] = {}
    seen: set[int] = set()
    for route in plan.routes:
        if not problem.has_worker(route.worker_id) or route.worker_id in routes:
            continue
        kept = Route(route.worker_id)
        for stop_id in route.stop_ids:
            longer = kept.with_stop(stop_id, position=len(kept.stop_ids))
            if stop_id not in seen and _keeps_rules(problem, longer):
                kept = longer
                seen.add(stop_id)
        routes[route.worker_id] = kept
    return Part(problem, _across(problem, Plan(tuple(routes.values()))))


def _across(problem: Problem, plan: Plan) -> Plan:
    """Return the plan with visits handed over until quotas and shared tools are kept, or nobody is
    left to take one.
    """
    for quota in problem.ties.quotas:
        while sum(len(plan.route_of(t).stop_ids) for t in quota.worker_ids) > quota.visits_max:
            given = [i for t in sorted(quota.worker_ids) for i in plan.route_of(t).stop_ids]
            handed = _handed_over(problem, plan, given, quota.worker_ids)
            if handed is None:
                break
            plan = handed
    for tool in problem.ties.tools:
        uses = {
            route.worker_id: [i for i in route.stop_ids if i in tool.stop_ids]
            for route in plan.routes
        }
        holders = sorted((t for t in uses if uses[t]), key=lambda t: -len(uses[t]))
        others = frozenset(w.id for w in problem.workers) - set(holders[: tool.count])
        while left := [i for i in tool.stop_ids if i in _held(plan, others)]:
            handed = _handed_over(problem, plan, left, others)
            if handed is None:
                break
            plan = handed
    return plan


def _held(plan: Plan, worker_ids: Iterable[int]) -> frozenset[int]:
    return frozenset(i for t in worker_ids for i in plan.route_of(t).stop_ids)


def _handed_over(
    problem: Problem, plan: Plan, stop_ids: Iterable[int], barred: frozenset[int]
) -> Plan | None:
    """Return the plan with the one of those visits that costs least with somebody not barred."""
    day = insertion.prepare_day(problem, plan)
    least: tuple[int, int, int, int] | None = None
    for stop_id in stop_ids:
        stop = problem.stop(stop_id)
        to_s, from_s = problem.travel_of(stop.place)
        anew = replace(stop, barred=stop.barred | barred)
        found = insertion.find(
            day, stop=anew, to_s=to_s, from_s=from_s, windows=stop.windows, few=1
        )
        for place in (few[0] for few in found.values() if few):
            cost = place.extra_s, stop_id, place.worker_id, place.position
            least = cost if least is None else min(least, cost)
    if least is None:
        return None
    _, stop_id, worker_id, position = least
    without = Plan(tuple(route.without_stop(stop_id) for route in plan.routes))
    return without.with_route(without.route_of(worker_id).with_stop(stop_id, position=position))


def without_fault(problem: Problem, plan: Plan, broken: Iterable[Breach]) -> Part | None:
    """Return all but the routes that break a rule; None when the fault is not a route's own."""
    broken = tuple(broken)
    entries = {rule.name for rule in constraints.ENTRY_RULES}
    if any(breach.rule in entries or breach.worker_id is None for breach in broken):
        return None
    at_fault = {b.worker_id for b in broken if b.worker_id is not None}
    fixed = tuple(route for route in plan.routes if route.worker_id in at_fault)
    kept = tuple(route for route in plan.routes if route.worker_id not in at_fault)
    held = Plan(fixed).served()
    rest = Problem(
        tuple(stop for stop in problem.stops if stop.id not in held),
        tuple(worker for worker in problem.workers if worker.id not in at_fault),
        problem.travel_s,
        problem.ties.without(held, at_fault),
    )
    return Part(rest, Plan(kept), fixed)


def _keeps_rules(problem: Problem, route: Route) -> bool:
    """Say whether the last stop is known and fits, the others being known to."""
    stop_id = route.stop_ids[-1]
    return (
        problem.has_stop(stop_id)
        and constraints.may_serve(problem.worker(route.worker_id), problem.stop(stop_id))
        and insertion.keeps(problem, route)
    )
