"""A few routes planned anew to the very best: all routes that can matter, and OR-Tools' choice of them.

Every set of visits a technician can make is reached one visit at a time; of two ways to make the
same set with the same last visit the one that is later and dearer is dropped, which can lose
nothing (Held and Karp 1962, with the labels of `judge`). What remains goes to CP-SAT.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from ortools.sat.python import cp_model

from dispatch.planner import constraints
from dispatch.planner.constraints import Weight, seconds
from dispatch.planner.judge import judge, timetable
from dispatch.planner.problem import DAY_S, Plan, Problem, Route, Stop, Worker

# More ways than these are not looked into: the neighbourhood is not small.
WAYS_MAX = 20_000
FAR = 1 << 40
NEVER_S = 1 << 30
# How many of a route's last visits are dealt out anew.
TAIL = 5
EFFORT_MAX = 1.0  # CP-SAT's own deterministic seconds

Free = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class _Way:
    """Visits made in an order: what they cost so far, and when he is free by breaks taken."""

    order: tuple[int, ...]
    cost: int
    free: Free

    def is_no_worse(self, other: "_Way") -> bool:
        return self.cost <= other.cost and all(
            a <= b for a, b in zip(self.free, other.free, strict=True)
        )


def best(
    problem: Problem, penalty_s: Sequence[int], *, seed: int, ways_max: int = WAYS_MAX
) -> Plan | None:
    """Return a plan of which none is cheaper by the rules of single routes; None when it is not
    a small day.

    `penalty_s` is what each stop costs that is left out. Vans that take returns are not known here,
    nor is what crosses routes.
    """
    if problem.ties or any(any(stop.up) for stop in problem.stops):
        return None
    walks = [_Walk(problem, worker, ways_max) for worker in problem.workers]
    routes = [walk.routes() for walk in walks]
    if any(found is None for found in routes):
        return None
    model = cp_model.CpModel()
    takes = {
        (nth, mask): model.new_bool_var("")
        for nth, found in enumerate(routes)
        for mask in found or ()
    }
    leaves = [model.new_bool_var("") for _ in problem.stops]
    for bit, leave in enumerate(leaves):
        holds = [take for (_, mask), take in takes.items() if mask & 1 << bit]
        model.add_exactly_one([leave, *holds])
    for nth in range(len(walks)):
        model.add_at_most_one([take for (who, _), take in takes.items() if who == nth])
    costs = [(routes[nth] or {})[mask].cost for nth, mask in takes]
    model.minimize(
        cp_model.LinearExpr.weighted_sum(list(takes.values()), costs)
        + cp_model.LinearExpr.weighted_sum(leaves, list(penalty_s))
    )
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    solver.parameters.random_seed = seed % (1 << 31)
    solver.parameters.max_deterministic_time = EFFORT_MAX
    if solver.solve(model) != cp_model.OPTIMAL:
        return None
    chosen = [key for key, take in takes.items() if solver.boolean_value(take)]
    return Plan(
        tuple(
            Route(
                problem.workers[nth].id,
                tuple(problem.stops[i].id for i in (routes[nth] or {})[mask].order),
            )
            for nth, mask in sorted(chosen)
        )
    )


def tails_improved(
    problem: Problem, plan: Plan, pair: tuple[int, int], *, seed: int
) -> Plan | None:
    """Return the plan with the last visits of two routes dealt out anew to the very best.

    What comes before stands as it is timed. None when nothing is better.
    """
    kept: dict[int, tuple[int, ...]] = {}
    workers, stops = [], []
    for worker_id in pair:
        order = plan.route_of(worker_id).stop_ids
        kept[worker_id] = order[:-TAIL] if len(order) > TAIL else ()
        workers.append(_under_way(problem, plan.route_of(worker_id), len(kept[worker_id])))
        stops += [problem.stop(stop_id) for stop_id in order[len(kept[worker_id]) :]]
    inner = Problem(tuple(stops), tuple(workers), problem.travel_s)
    found = best(inner, [NEVER_S] * len(stops), seed=seed)
    if found is None:
        return None
    better = plan
    for worker_id in pair:
        order = (*kept[worker_id], *found.route_of(worker_id).stop_ids)
        better = better.with_route(Route(worker_id, order))
    # Where the day was cut, a set-up or a way into a compound may be counted otherwise.
    day = _of(problem, pair, plan)
    before, after = (
        judge(day, Plan(tuple(some.route_of(i) for i in pair))).rank for some in (plan, better)
    )
    return better if after < before else None


def _of(problem: Problem, pair: tuple[int, int], plan: Plan) -> Problem:
    """Return what of the day these two technicians have."""
    stops = tuple(problem.stop(i) for worker_id in pair for i in plan.route_of(worker_id).stop_ids)
    return Problem(stops, tuple(map(problem.worker, pair)), problem.travel_s)


def _under_way(problem: Problem, route: Route, done: int) -> Worker:
    """Return the technician as he leaves his last visit of those done."""
    worker = problem.worker(route.worker_id)
    if not done:
        return worker
    table = timetable(problem, route)
    last = table.visits[done - 1]
    left = [
        rest
        for rest, (start_s, _) in zip(worker.breaks, table.breaks, strict=True)
        if start_s >= last.depart_s
    ]
    return replace(
        worker,
        start_place=problem.stop(last.stop_id).place,
        shift_open_s=last.depart_s,
        breaks=tuple(left),
        is_standby=False,
        fixed_s=0,
    )


class _Walk:
    """All that one technician may do that no better way makes needless."""

    def __init__(self, problem: Problem, worker: Worker, ways_max: int) -> None:
        self.problem, self.worker, self.ways_max = problem, worker, ways_max
        self.able = [
            nth
            for nth, stop in enumerate(problem.stops)
            if constraints.may_serve(worker, stop) and stop.open_windows
        ]

    def routes(self) -> dict[int, _Way] | None:
        """Return the cheapest route by the set of its visits, as bits; None when there are too many."""
        worker = self.worker
        begin = _Way((), 0, (worker.shift_open_s, *[FAR] * len(worker.breaks)))
        found: dict[int, _Way] = {}
        front, count = {(0, -1): [begin]}, 1
        while front and count <= self.ways_max:
            following: dict[tuple[int, int], list[_Way]] = {}
            for (mask, _), ways in front.items():
                for nth, longer in self._all_longer(mask, ways):
                    count += _keep(following.setdefault((mask | 1 << nth, nth), []), longer)
            front = following
            for (mask, _), ways in front.items():
                for way in self._home(ways):
                    if mask not in found or way.cost < found[mask].cost:
                        found[mask] = way
        return found if count <= self.ways_max else None

    def _all_longer(self, mask: int, ways: list[_Way]) -> Iterator[tuple[int, _Way]]:
        for way in ways:
            for nth in self.able:
                if not mask & 1 << nth and (longer := self._longer(way, nth)):
                    yield nth, longer

    def _longer(self, way: _Way, nth: int) -> _Way | None:
        stop, worker = self.problem.stops[nth], self.worker
        last = self.problem.stops[way.order[-1]] if way.order else None
        place = last.place if last else worker.start_place
        drive_s = self.problem.drive_s(place, stop.place)
        work_s = worker.service_s(stop) + (stop.setup_s if drive_s else 0)
        free = tuple(
            _done(stop, arrive_s, work_s) for arrive_s in self._arrivals(way.free, drive_s)
        )
        if min(free) >= FAR:
            return None
        cost = way.cost + drive_s + constraints.taste_s(worker, stop)
        if stop.estate is not None and (last is None or last.estate != stop.estate):
            cost += seconds(Weight.ESTATE)
        if last is None:
            cost += worker.fixed_s + worker.is_standby * seconds(Weight.STANDBY)
        return _Way((*way.order, nth), cost, free)

    def _arrivals(self, free: Free, drive_s: int) -> Iterator[int]:
        """Yield the first arrival after a drive by the breaks taken, one of them on the way at most."""
        for taken, free_s in enumerate(free):
            arrive_s = free_s + drive_s
            if taken and free[taken - 1] <= (rest := self.worker.breaks[taken - 1]).shut_s:
                arrive_s = min(arrive_s, max(free[taken - 1] + drive_s, rest.open_s) + rest.work_s)
            yield arrive_s

    def _home(self, ways: list[_Way]) -> Iterator[_Way]:
        """Yield the ways with what is left of them: breaks owed, the drive home, overtime."""
        worker = self.worker
        for way in ways:
            free_s = way.free[0]
            for taken, rest in enumerate(worker.breaks, start=1):
                rested_s = max(free_s, rest.open_s) + rest.work_s if free_s <= rest.shut_s else FAR
                free_s = min(rested_s, way.free[taken])
            home_s = self.problem.drive_s(self.problem.stops[way.order[-1]].place, worker.end_place)
            overtime_s = max(0, free_s + home_s - worker.shift_shut_s)
            if free_s + home_s <= worker.ends_s and self._has_room(way):
                paid_s = overtime_s * Weight.OVERTIME // Weight.DRIVING
                yield _Way(way.order, way.cost + home_s + paid_s, way.free)

    def _has_room(self, way: _Way) -> bool:
        for kind, room in enumerate(self.worker.room):
            downs = (self.problem.stops[nth].down for nth in way.order)
            if sum(down[kind] for down in downs if kind < len(down)) > room:
                return False
        return True


def _done(stop: Stop, arrive_s: int, work_s: int) -> int:
    for window in stop.open_windows if arrive_s <= DAY_S else ():
        if arrive_s <= window.shut_s:
            return max(arrive_s, window.open_s) + work_s
    return FAR


def _keep(ways: list[_Way], way: _Way) -> int:
    """Keep a way unless another is no worse, and drop those it is no worse than; count it if kept."""
    if any(kept.is_no_worse(way) for kept in ways):
        return 0
    ways[:] = [kept for kept in ways if not way.is_no_worse(kept)]
    ways.append(way)
    return 1
