"""A day handed to OR-Tools' routing library: the check on the search, and what remains without it."""

import random
import time
from collections.abc import Callable, Iterable, Mapping
from itertools import combinations, pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray
from ortools.constraint_solver import pywrapcp, routing_enums_pb2

from dispatch.planner import constraints
from dispatch.planner.arrays import NOWHERE
from dispatch.planner.constraints import Rule
from dispatch.planner.measures import Pair
from dispatch.planner.mending import Part
from dispatch.planner.problem import DAY_S, Plan, Problem, Route
from dispatch.planner.search import penalties
from dispatch.planner.trial import Trial

COMPLETION_MS = 2_000
BEAT_S = 0.2
ROOM_MAX = 1 << 40
CALLS_A_LOOK = 20_000
# Longer than any gap that a day can have.
AGES_S = 10 * DAY_S


def improve(run: Trial, part: Part, *, seed: int, end: float) -> None:
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
        drives_s = _matrix(problem)
        drives = self.routing.RegisterTransitMatrix(drives_s.tolist())
        self.routing.SetArcCostEvaluatorOfAllVehicles(drives)
        for nth, worker in enumerate(problem.workers):
            self.routing.SetFixedCostOfVehicle(worker.fixed_s, nth)
        # By technician and node. That one door needs one set-up it cannot be told.
        self.work_s = [
            [worker.service_s(stop) + stop.setup_s for stop in problem.stops] + [0] * (2 * workers)
            for worker in problem.workers
        ]
        self.routing.AddDimensionWithVehicleTransits(
            self._steps(drives_s), DAY_S, DAY_S, False, "time"
        )
        self.time = self.routing.GetDimensionOrDie("time")
        for encode in dict.fromkeys(ENCODERS.values()):
            encode(self)
        for index, penalty_s in enumerate(penalties(problem, start)):
            self.routing.AddDisjunction([index], penalty_s)

    def _steps(self, drives_s: NDArray[np.int64]) -> list[int]:
        """Return for each technician the library's number of his drives with the work before."""
        numbers: dict[tuple[int, ...], int] = {}
        for work_s in map(tuple, self.work_s):
            if work_s not in numbers:
                steps_s = drives_s + np.array(work_s, np.int64)[:, None]
                numbers[work_s] = self.routing.RegisterTransitMatrix(steps_s.tolist())
        return [numbers[tuple(work_s)] for work_s in self.work_s]

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

    def index_of(self, stop_id: int) -> int:
        # Stops come first among the nodes, so the library numbers them as the problem does.
        return next(i for i, stop in enumerate(self.problem.stops) if stop.id == stop_id)

    def served_s(self, stop_id: int, index: int) -> Any:
        """Return how long the visit takes whoever makes it."""
        stop = self.problem.stop(stop_id)
        times_s = [worker.service_s(stop) for worker in self.problem.workers]
        if len(set(times_s)) == 1:
            return times_s[0] + stop.setup_s
        # One place more, for the visit left out, whose technician is -1.
        return stop.setup_s + self.routing.solver().Element(
            [0, *times_s], self.routing.VehicleVar(index) + 1
        )

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


def _matrix(problem: Problem) -> NDArray[np.int64]:
    """Return the drives between all nodes; to be NOWHERE takes no drive."""
    places = [stop.place for stop in problem.stops]
    places += [worker.start_place for worker in problem.workers]
    places += [NOWHERE if w.end_place is None else w.end_place for w in problem.workers]
    padded = np.pad(problem.travel_s.astype(np.int64), (0, 1))
    return padded[np.ix_(places, places)]


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
        start_s, windows = model.time.CumulVar(index), stop.open_windows
        if not windows:
            model.forbid(index, range(len(model.problem.workers)))
            continue
        start_s.SetRange(windows[0].open_s, windows[-1].shut_s)
        for one, following in pairwise(windows):
            start_s.RemoveInterval(one.shut_s + 1, following.open_s - 1)


def _end_in_shifts(model: _Model) -> None:
    for vehicle, worker in enumerate(model.problem.workers):
        if worker.shift_open_s > worker.ends_s:
            model.stay_home(vehicle)
            continue
        model.time.CumulVar(model.routing.Start(vehicle)).SetValue(worker.shift_open_s)
        model.time.CumulVar(model.routing.End(vehicle)).SetMax(worker.ends_s)


def _rest_in_time(model: _Model) -> None:
    """Ask for every break as an interval of its own, within both its bounds and the shift.

    The library would let a break lie before the shift or after the end of the route.
    """
    solver = model.routing.solver()
    nodes = [model.manager.IndexToNode(index) for index in range(model.routing.Size())]
    for vehicle, worker in enumerate(model.problem.workers):
        spans = [
            (
                max(rest.open_s, worker.shift_open_s),
                min(rest.shut_s, worker.ends_s - rest.work_s),
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
            work_s = [model.work_s[vehicle][node] for node in nodes]
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


def _in_order(model: _Model) -> None:
    """Ask that a second visit waits for its first, and for nothing where one is left out."""
    routing, solver = model.routing, model.routing.solver()
    for after in model.problem.ties.after:
        first, second = model.index_of(after.first), model.index_of(after.second)
        is_made = routing.ActiveVar(second)
        solver.Add(is_made <= routing.ActiveVar(first))
        began_s, then_s = model.time.CumulVar(first), model.time.CumulVar(second)
        gap_s = then_s - began_s - model.served_s(after.first, first)
        solver.Add(gap_s >= after.min_gap_s - AGES_S * (1 - is_made))
        solver.Add(gap_s <= after.max_gap_s + AGES_S * (1 - is_made))
        if after.same_worker:
            who, other = routing.VehicleVar(first), routing.VehicleVar(second)
            solver.Add((other - who) * is_made == 0)


def _all_at_once(model: _Model) -> None:
    routing, solver = model.routing, model.routing.solver()
    for crew in model.problem.ties.together:
        first, *others = map(model.index_of, crew.stop_ids)
        is_made = routing.ActiveVar(first)
        for other in others:
            solver.Add(routing.ActiveVar(other) == is_made)
            apart_s = model.time.CumulVar(other) - model.time.CumulVar(first)
            solver.Add(apart_s * is_made == 0)
        for one, other in combinations((first, *others), 2):
            # Those left out all have -1.
            differ = solver.IsDifferentVar(routing.VehicleVar(one), routing.VehicleVar(other))
            solver.Add(differ >= is_made)


def _within_quotas(model: _Model) -> None:
    solver = model.routing.solver()
    for quota in model.problem.ties.quotas:
        vehicles = [v for v, w in enumerate(model.problem.workers) if w.id in quota.worker_ids]
        given = [
            solver.IsMemberVar(model.routing.VehicleVar(index), vehicles)
            for index in range(len(model.problem.stops))
        ]
        if vehicles and given:
            solver.Add(solver.Sum(given) <= quota.visits_max)


def _with_tools(model: _Model) -> None:
    solver = model.routing.solver()
    for tool in model.problem.ties.tools:
        needs = [model.routing.VehicleVar(model.index_of(stop_id)) for stop_id in tool.stop_ids]
        takes = [
            solver.Max([solver.IsEqualCstVar(who, v) for who in needs]).Var()
            for v in range(len(model.problem.workers))
        ]
        if needs and takes:
            solver.Add(solver.Sum(takes) <= tool.count)


def _of(loads: tuple[int, ...], kind: int, blank: int = 0) -> int:
    return loads[kind] if kind < len(loads) else blank


# How the routing library is told to keep each hard rule. The search and its pool need no
# such table: every route in them was proven by insertion.
ENCODERS: Mapping[str, Callable[[_Model], None]] = {
    "ids_unknown": _is_held_by_construction,
    "ids_repeated": _is_held_by_construction,
    **{rule.name: _forbid_pairs(rule) for rule in constraints.PAIR_RULES},
    "seconds_late": _start_in_windows,
    "seconds_of_closed_hours": _start_in_windows,
    "seconds_of_late_rest": _rest_in_time,
    "units_overloaded": _within_room,
    "seconds_of_overtime": _end_in_shifts,
    "seconds_off_the_gap": _in_order,
    "visits_without_their_first": _in_order,
    "visits_of_another_hand": _in_order,
    "hands_missing": _all_at_once,
    "seconds_apart": _all_at_once,
    "visits_over_quota": _within_quotas,
    "tools_missing": _with_tools,
}
