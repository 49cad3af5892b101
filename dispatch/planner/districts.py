"""A large day cut into districts of routes that lie together, to be improved one by one and cut anew.

The planner knows no map: a route lies where its middle visit does, and cuts go across the longest
drive between routes, each time from another route.
"""

from collections.abc import Sequence

import numpy as np

from dispatch.planner import constraints
from dispatch.planner.mending import Part
from dispatch.planner.problem import Plan, Problem, Route

# A day of more visits is cut, into parts of so many at most: fewer than that are searched as well
# whole, as each stretch of the search keeps to one neighbourhood.
VISITS_MAX = 1_000


def cut(problem: Problem, plan: Plan, *, turn: int) -> list[Part]:
    """Return the day in parts of at most VISITS_MAX visits, other ones at every turn.

    Each part has whole routes, the technicians without any that start near them, and the visits
    left out that somebody of the part may make; what it does not have stands in `fixed`.
    """
    routes = [plan.route_of(worker.id) for worker in problem.workers]
    places = [_middle(problem, route) for route in routes]
    between = problem.travel_s[np.ix_(places, places)].astype(np.int64)
    between = between + between.T
    groups = _halved(between, [len(route.stop_ids) for route in routes], turn)
    left_out = _dealt(problem, plan, routes, places, groups)
    return [
        _part(problem, plan, [routes[nth] for nth in group], extra)
        for group, extra in zip(groups, left_out, strict=True)
    ]


def pairs(problem: Problem, plan: Plan) -> list[tuple[int, int]]:
    """Return the technicians with a route, each with the one whose route lies nearest."""
    routes = [route for route in plan.routes if route.stop_ids]
    if len(routes) < 2:
        return []
    places = [_middle(problem, route) for route in routes]
    drives = problem.travel_s[np.ix_(places, places)].astype(np.int64)
    np.fill_diagonal(drives, 1 << 40)
    nearest = drives.argmin(axis=1)
    return [
        (route.worker_id, routes[other].worker_id)
        for route, other in zip(routes, map(int, nearest), strict=True)
    ]


def _middle(problem: Problem, route: Route) -> int:
    """Return the place from which a route's others are nearest together; its start for none."""
    if not route.stop_ids:
        return problem.worker(route.worker_id).start_place
    places = [problem.stop(stop_id).place for stop_id in route.stop_ids]
    drives = problem.travel_s[np.ix_(places, places)]
    return places[int(drives.sum(axis=1).argmin())]


def _halved(between: np.ndarray, sizes: Sequence[int], turn: int) -> list[list[int]]:
    """Cut the routes in two across the longest drive, and again, until each part is small enough."""
    groups, open_groups = [], [list(range(len(sizes)))]
    while open_groups:
        group = open_groups.pop()
        total = sum(sizes[nth] for nth in group)
        if total <= VISITS_MAX or len(group) < 2:
            groups.append(group)
            continue
        one = max(group, key=lambda nth: between[group[turn % len(group)], nth])
        other = max(group, key=lambda nth: between[one, nth])
        lean = sorted(group, key=lambda nth: between[one, nth] - between[other, nth])
        held = np.cumsum([sizes[nth] for nth in lean])
        at = min(len(lean) - 1, max(1, int(np.searchsorted(held, total / 2)) + 1))
        open_groups += [lean[:at], lean[at:]]
    return groups


def _dealt(
    problem: Problem,
    plan: Plan,
    routes: Sequence[Route],
    places: Sequence[int],
    groups: Sequence[list[int]],
) -> list[list[int]]:
    """Give each visit left out to the part with the nearest route of one who may make it."""
    extra: list[list[int]] = [[] for _ in groups]
    for stop_id in plan.unserved(problem):
        stop = problem.stop(stop_id)
        drives = [
            min(
                (
                    problem.drive_s(places[nth], stop.place)
                    for nth in group
                    if constraints.may_serve(problem.worker(routes[nth].worker_id), stop)
                ),
                default=1 << 40,
            )
            for group in groups
        ]
        extra[int(np.argmin(drives))].append(stop_id)
    return extra


def _part(problem: Problem, plan: Plan, routes: Sequence[Route], extra: Sequence[int]) -> Part:
    whose = {route.worker_id for route in routes}
    ids = {stop_id for route in routes for stop_id in route.stop_ids} | set(extra)
    inner = Problem(
        tuple(stop for stop in problem.stops if stop.id in ids),
        tuple(worker for worker in problem.workers if worker.id in whose),
        problem.travel_s,
    )
    fixed = tuple(route for route in plan.routes if route.worker_id not in whose)
    return Part(inner, Plan(tuple(routes)), fixed)
