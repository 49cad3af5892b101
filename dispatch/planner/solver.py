"""Solves a day within a time budget: a search proposes routes, OR-Tools decides.

Two engines. CHOICE lets the search fill a pool of routes, of which CP-SAT picks one for
each technician. ROUTING hands the whole day to OR-Tools' routing library: the check on
the other, and what remains where the search cannot run. The judge has the last word on
both. For workers only: OR-Tools takes half a second and 100 MiB to import.
"""

import random
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from ortools.constraint_solver import pywrapcp, routing_enums_pb2

from dispatch.planner import constraints, master, mending
from dispatch.planner.arrays import NOWHERE
from dispatch.planner.constraints import Rule
from dispatch.planner.measures import Pair
from dispatch.planner.judge import Verdict
from dispatch.planner.mending import Part
from dispatch.planner.problem import DAY_S, Plan, Problem, Route
from dispatch.planner.search import Search, penalties
from dispatch.planner.trial import Progress, Stopper, Trial

# When OR-Tools chooses among what was found so far, as shares of the way; for a short one, once.
CHOICES = (0.6, 0.8, 0.93)
LAST_CHOICE = (0.93,)
SHORT_S = 3.0
CHOICE_SHARE = 0.07
CHOICE_S_MAX = 3.0
SECONDS_MAX = 600.0
COMPLETION_MS = 2_000
BEAT_S = 0.2
ROOM_MAX = 1 << 40
CALLS_A_LOOK = 20_000
STEPS_A_LOOK = 100


class Engine(StrEnum):
    """Who made a plan; START when nothing better was found than what was given."""

    START = "start"
    CHOICE = "choice"
    ROUTING = "routing"


@dataclass(frozen=True, slots=True)
class Solution:
    """A plan, what the judge says of it, who made it, and the cost by elapsed seconds."""

    plan: Plan
    verdict: Verdict
    curve: tuple[tuple[float, int], ...]
    engine: Engine


def solve(
    problem: Problem,
    start: Plan | None,
    *,
    seconds: float,
    seed: int,
    progress: Progress | None = None,
    stop: Stopper | None = None,
    engine: Engine = Engine.CHOICE,
    iterations: int | None = None,
) -> Solution:
    """Find a better plan within `seconds`, on one core.

    The plan returned ranks no worse than `start` before the judge and serves every stop
    that `start` served; when none such was found it is `start` itself. Where `start`
    breaks rules that cannot all be mended, the routes at fault stay as they are.
    `progress` is told elapsed seconds and the cost so far, a few times a second; the
    search ends early once `stop` answers True. With `iterations` the search takes so many
    steps, however long they take, and does the same for the same seed. Raises ValueError for a budget that is not
    above zero or is above SECONDS_MAX.
    """
    if not 0 < seconds <= SECONDS_MAX:
        raise ValueError(f"seconds must be above 0 and at most {SECONDS_MAX}, not {seconds}")
    run = Trial(problem, start or Plan(), seconds, progress, stop)
    for part, share in _parts(run):
        if run.best is run.start and part.problem.stops and part.problem.workers:
            end = run.began + share * seconds
            if engine is Engine.ROUTING:
                _routing(run, part, seed, end)
            else:
                _choice(run, part, seed, end, iterations)
    run.show(run.best)
    found = engine if run.best is not run.start else Engine.START
    return Solution(run.best, run.verdict, tuple(run.curve), found)


def _parts(run: Trial) -> list[tuple[Part, float]]:
    """Return what to try in turn, each with the share of the time at which it ends.

    A plan that breaks rules is mended first. Should that leave somebody out, all but the
    routes at fault is improved.
    """
    if run.verdict.is_feasible:
        return [(Part(run.problem, run.start), 1.0)]
    whole = mending.mended(run.problem, run.start)
    rest = mending.without_fault(run.problem, run.start, run.verdict.broken)
    return [(whole, 1.0)] if rest is None else [(whole, 0.5), (rest, 1.0)]


def _choice(run: Trial, part: Part, seed: int, end: float, iterations: int | None) -> None:
    """Search, let OR-Tools choose among all routes met, search on from there; it ends so, too."""
    search = Search(part.problem, part.start, seed=seed)
    begin = time.monotonic()
    seconds = None if iterations else min(CHOICE_S_MAX, CHOICE_SHARE * (end - begin))

    def gone() -> float:
        if iterations:
            return search.taken / iterations
        return (time.monotonic() - begin) / (end - begin)

    is_short = not iterations and end - begin < SHORT_S
    for share in LAST_CHOICE if is_short else CHOICES:
        steps = max(1, iterations // STEPS_A_LOOK) if iterations else None
        for _ in search.run(gone, until=share, steps=steps):
            run.show(part.whole(search.best))
            if run.is_over():
                break
        chosen = _chosen(search, seed, seconds)
        if chosen is not None:
            run.offer(part.whole(chosen))
            search.adopt(chosen)
        if run.is_over():
            return


def _chosen(search: Search, seed: int, seconds: float | None) -> Plan | None:
    """Return the cheapest choice of one route each that OR-Tools finds; None if none in time."""
    columns = search.pooled()
    chosen = master.choose(
        columns,
        technicians=np.bincount(search.hunt.kind),
        penalty_s=search.hunt.penalty,
        held=int((search.kept.length > 0).sum()),
        seconds=seconds,
        seed=seed,
    )
    return None if chosen is None else search.plan_of(columns, chosen)


def _routing(run: Trial, part: Part, seed: int, end: float) -> None:
    """Let OR-Tools' routing library improve the plan by guided local search."""
    model = _Model(_shuffled(part.problem, seed), part.start)
    routing = model.routing
    parameters = pywrapcp.DefaultRoutingSearchParameters()
    first = routing_enums_pb2.FirstSolutionStrategy
    parameters.first_solution_strategy = first.PARALLEL_CHEAPEST_INSERTION
    guided = routing_enums_pb2.LocalSearchMetaheuristic.GUIDED_LOCAL_SEARCH
    parameters.local_search_metaheuristic = guided
    parameters.time_limit.FromMilliseconds(max(1, int((end - time.monotonic()) * 1_000)))
    # It has to time the breaks of every solution anew; given the default tenth of a second
    # for that it refuses good days, even the one it starts from.
    parameters.lns_time_limit.FromMilliseconds(COMPLETION_MS)
    watch = _Watch(run, lambda: part.whole(model.plan(lambda i: routing.NextVar(i).Value())))
    routing.AddAtSolutionCallback(watch.at_solution)
    routing.AddSearchMonitor(routing.solver().CustomLimit(watch.is_over))
    routing.CloseModelWithParameters(parameters)
    warm = routing.ReadAssignmentFromRoutes(model.indices(part.start), True)
    found = warm and routing.SolveFromAssignmentWithParameters(warm, parameters)
    watch.raise_again()
    if found:
        run.offer(part.whole(model.plan(lambda i: found.Value(routing.NextVar(i)))))


class _Watch:
    """What OR-Tools calls back; it swallows what is raised there, so that is kept for later."""

    def __init__(self, run: Trial, current: Callable[[], Plan]) -> None:
        self.run = run
        self.current = current
        self.calls = 0
        self.next_beat = 0.0
        self.error: BaseException | None = None

    def at_solution(self) -> None:
        if self._is_due():
            self._kept(lambda: self.run.offer(self.current()))

    def is_over(self) -> bool:
        """Say whether to stop. Asked some hundred thousand times a second."""
        self.calls += 1
        if self.calls % CALLS_A_LOOK == 0:
            self._kept(lambda: self.run.show(self.run.best))
            return self.error is not None or self._kept(self.run.is_over) is True
        return self.error is not None

    def raise_again(self) -> None:
        if self.error is not None:
            raise self.error

    def _kept(self, call: Callable[[], bool | None]) -> bool | None:
        try:
            return call()
        except BaseException as error:  # noqa: BLE001 - raised again when OR-Tools is done
            self.error = error
            return None

    def _is_due(self) -> bool:
        now = time.monotonic()
        if now < self.next_beat:
            return False
        self.next_beat = now + BEAT_S
        return True


class _Model:
    """A day as OR-Tools' routing library sees it.

    Nodes are the stops, then every technician's start, then every technician's end.
    """

    def __init__(self, problem: Problem, start: Plan) -> None:
        self.problem = problem
        stops, workers = len(problem.stops), len(problem.workers)
        self.manager = pywrapcp.RoutingIndexManager(
            stops + 2 * workers,
            workers,
            list(range(stops, stops + workers)),
            list(range(stops + workers, stops + 2 * workers)),
        )
        self.routing = pywrapcp.RoutingModel(self.manager)
        drives_s, work_s = _matrix(problem)
        drives = self.routing.RegisterTransitMatrix(drives_s.tolist())
        self.routing.SetArcCostEvaluatorOfAllVehicles(drives)
        steps = self.routing.RegisterTransitMatrix((drives_s + work_s[:, None]).tolist())
        self.routing.AddDimension(steps, DAY_S, DAY_S, False, "time")
        self.time = self.routing.GetDimensionOrDie("time")
        self.work_s = work_s
        for encode in ENCODERS.values():
            encode(self)
        for index, penalty_s in enumerate(penalties(problem, start)):
            self.routing.AddDisjunction([index], penalty_s)

    def indices(self, plan: Plan) -> list[list[int]]:
        # Stops come first among the nodes, so the library numbers them as the problem does.
        index = {stop.id: i for i, stop in enumerate(self.problem.stops)}
        return [
            [index[i] for i in plan.route_of(worker.id).stop_ids] for worker in self.problem.workers
        ]

    def plan(self, following: Callable[[int], int]) -> Plan:
        """Read a plan off the index that follows each index."""
        routes = []
        for vehicle, worker in enumerate(self.problem.workers):
            stop_ids: list[int] = []
            index = following(self.routing.Start(vehicle))
            while not self.routing.IsEnd(index):
                stop_ids.append(self.problem.stops[index].id)
                index = following(index)
            routes.append(Route(worker.id, tuple(stop_ids)))
        return Plan(tuple(routes))

    def stay_home(self, vehicle: int) -> None:
        for index in range(len(self.problem.stops)):
            self.forbid(index, [vehicle])

    def forbid(self, index: int, vehicles: Iterable[int]) -> None:
        # SetAllowedVehiclesForIndex raises in this version of the wheel.
        self.routing.VehicleVar(index).RemoveValues(list(vehicles))


def _shuffled(problem: Problem, seed: int) -> Problem:
    """Return the problem with its stops in another order: the library takes no seed."""
    stops = list(problem.stops)
    random.Random(seed).shuffle(stops)
    return Problem(tuple(stops), problem.workers, problem.travel_s, problem.ties)


def _matrix(problem: Problem) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the drives between all nodes and the work at each; to be NOWHERE takes no drive."""
    places = [stop.place for stop in problem.stops]
    places += [worker.start_place for worker in problem.workers]
    places += [NOWHERE if w.end_place is None else w.end_place for w in problem.workers]
    work_s = [stop.work_s for stop in problem.stops] + [0] * (2 * len(problem.workers))
    padded = np.pad(problem.travel_s.astype(np.int64), (0, 1))
    return padded[np.ix_(places, places)], np.array(work_s, np.int64)


def _is_held_by_construction(model: _Model) -> None:
    """Nodes are the problem's own, and the library visits none twice."""


def _forbid_pairs(rule: Rule[Pair]) -> Callable[[_Model], None]:
    def encode(model: _Model) -> None:
        for index, stop in enumerate(model.problem.stops):
            pairs = (Pair(worker, stop) for worker in model.problem.workers)
            model.forbid(index, [v for v, pair in enumerate(pairs) if rule.excess(pair)])

    return encode


def _start_in_windows(model: _Model) -> None:
    for index, stop in enumerate(model.problem.stops):
        start_s = model.time.CumulVar(index)
        start_s.SetRange(stop.windows[0].open_s, stop.windows[-1].shut_s)
        for one, following in pairwise(stop.windows):
            start_s.RemoveInterval(one.shut_s + 1, following.open_s - 1)


def _end_in_shifts(model: _Model) -> None:
    for vehicle, worker in enumerate(model.problem.workers):
        if worker.shift_open_s > worker.shift_shut_s:
            model.stay_home(vehicle)
            continue
        model.time.CumulVar(model.routing.Start(vehicle)).SetValue(worker.shift_open_s)
        model.time.CumulVar(model.routing.End(vehicle)).SetMax(worker.shift_shut_s)


def _rest_in_time(model: _Model) -> None:
    """Ask for every break as an interval of its own, within both its bounds and the shift.

    The library would let a break lie before the shift or after the end of the route.
    """
    solver = model.routing.solver()
    work_s = [int(model.work_s[model.manager.IndexToNode(i)]) for i in range(model.routing.Size())]
    for vehicle, worker in enumerate(model.problem.workers):
        spans = [
            (
                max(rest.open_s, worker.shift_open_s),
                min(rest.shut_s, worker.shift_shut_s - rest.work_s),
            )
            for rest in worker.breaks
        ]
        if any(open_s > shut_s for open_s, shut_s in spans):
            model.stay_home(vehicle)
            continue
        intervals = [
            solver.FixedDurationIntervalVar(open_s, shut_s, rest.work_s, False, "break")
            for (open_s, shut_s), rest in zip(spans, worker.breaks, strict=True)
        ]
        if intervals:
            model.time.SetBreakIntervalsOfVehicle(intervals, vehicle, work_s)


def _within_room(model: _Model) -> None:
    """Follow each kind of load from what lies in the van at the start."""
    workers, stops = model.problem.workers, model.problem.stops
    for kind in range(max((len(worker.room) for worker in workers), default=0)):
        change = [_of(stop.up, kind) - _of(stop.down, kind) for stop in stops] + [0] * (
            2 * len(workers)
        )
        carries = model.routing.RegisterUnaryTransitVector(change)
        brought = model.routing.RegisterUnaryTransitVector(
            [_of(stop.down, kind) for stop in stops] + [0] * (2 * len(workers))
        )
        room = [_of(worker.room, kind, ROOM_MAX) for worker in workers]
        name = f"load {kind}"
        model.routing.AddDimensionWithVehicleCapacity(carries, 0, room, False, name)
        model.routing.AddDimensionWithVehicleCapacity(brought, 0, room, True, f"brought {kind}")
        load = model.routing.GetDimensionOrDie(name)
        bring = model.routing.GetDimensionOrDie(f"brought {kind}")
        for vehicle in range(len(workers)):
            start, end = model.routing.Start(vehicle), model.routing.End(vehicle)
            model.routing.solver().Add(load.CumulVar(start) == bring.CumulVar(end))


def _of(loads: tuple[int, ...], kind: int, blank: int = 0) -> int:
    return loads[kind] if kind < len(loads) else blank


# How the routing library is told to keep each hard rule. The search and its pool need no
# such table: every route in them was proven by insertion.
ENCODERS: Mapping[str, Callable[[_Model], None]] = {
    "ids_unknown": _is_held_by_construction,
    "ids_repeated": _is_held_by_construction,
    **{rule.name: _forbid_pairs(rule) for rule in constraints.PAIR_RULES},
    "seconds_late": _start_in_windows,
    "seconds_of_late_rest": _rest_in_time,
    "units_overloaded": _within_room,
    "seconds_of_overtime": _end_in_shifts,
}
