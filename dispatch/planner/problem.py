"""A day to be planned, and a plan for it: frozen values in whole seconds from midnight.

Windows, shifts and breaks include both their ends. A place is a row and column of
the travel matrix; the planner knows no map.
"""

import hashlib
import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from itertools import pairwise
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from dispatch.planner.across import UNTIED, Ties
from dispatch.planner.values import DAY_S, BadProblem

__all__ = [
    "DAY_S",
    "BadProblem",
    "Break",
    "Plan",
    "Problem",
    "Route",
    "Seconds",
    "Skill",
    "Stop",
    "Ties",
    "Timed",
    "Timetable",
    "Window",
    "Worker",
]

STOPS_MAX = 5_000
WORKERS_MAX = 1_000
BREAKS_MAX = 8
PACE_MAX = 10.0
FIXED_MAX_S = 1_000_000

Skill: TypeAlias = str
Seconds: TypeAlias = NDArray[np.int32]


@dataclass(frozen=True, slots=True, order=True)
class Window:
    """The seconds at which a service may start, both ends included."""

    open_s: int
    shut_s: int

    def __post_init__(self) -> None:
        _check_span("window", (f"{self.open_s}-{self.shut_s}",), self.open_s, self.shut_s)

    def without(self, spans: Iterable["Window"]) -> tuple["Window", ...]:
        """Return what is left of the window beside spans that are in time order and apart."""
        parts, open_s = [], self.open_s
        for span in spans:
            if open_s <= span.shut_s and span.open_s <= self.shut_s:
                if open_s < span.open_s:
                    parts.append(Window(open_s, span.open_s - 1))
                open_s = span.shut_s + 1
        if open_s <= self.shut_s:
            parts.append(Window(open_s, self.shut_s))
        return tuple(parts)


@dataclass(frozen=True, slots=True, order=True)
class Break:
    """A rest of `work_s` that starts within [open_s, shut_s]; floating when they differ."""

    open_s: int
    shut_s: int
    work_s: int

    def __post_init__(self) -> None:
        _check_span("break", (f"{self.open_s}-{self.shut_s}",), self.open_s, self.shut_s)
        if self.work_s < 0:
            raise BadProblem("break.work_s", (self.open_s,), "must not be negative")


@dataclass(frozen=True, slots=True)
class Stop:
    """One visit to be made: `work_s` of service that starts within one of its windows.

    `worker_id` pins it to a technician; `barred` are those who must never come. Windows and
    `closed` spans (the hours a compound allows no work, a hold for the weather) are in time order
    and apart. `down` is what is brought from the start, `up` what is taken along to the end, in
    as many units of its own as the van has kinds of room. `setup_s` comes on top for one who
    drives there, once for all he does at one door. `area` is where it lies, for those who serve
    some areas only; `estate` the compound. `prefers` are the technicians the member would like
    best, `told_id` is the one he was told of. `spread_s` is the standard deviation of `work_s`.
    """

    id: int
    place: int
    work_s: int
    windows: tuple[Window, ...]
    skill: Skill | None = None
    level: int = 1
    priority: int = 1
    worker_id: int | None = None
    barred: frozenset[int] = frozenset()
    down: tuple[int, ...] = ()
    up: tuple[int, ...] = ()
    setup_s: int = 0
    closed: tuple[Window, ...] = ()
    area: str | None = None
    estate: str | None = None
    prefers: frozenset[int] = frozenset()
    told_id: int | None = None
    spread_s: int = 0

    def __post_init__(self) -> None:
        for name in ("work_s", "level", "priority", "setup_s", "spread_s"):
            if getattr(self, name) < 0:
                raise BadProblem(f"stop.{name}", (self.id,), "must not be negative")
        if min((0, *self.down, *self.up)) < 0:
            raise BadProblem("stop.load", (self.id,), "must not be negative")
        if not self.windows:
            raise BadProblem("stop.windows", (self.id,), "needs at least one window")
        for name in ("windows", "closed"):
            for one, following in pairwise(getattr(self, name)):
                if following.open_s <= one.shut_s:
                    raise BadProblem(f"stop.{name}", (self.id,), "must be in time order and apart")

    @property
    def open_windows(self) -> tuple[Window, ...]:
        """Return the windows without the closed spans; there may be none."""
        if not self.closed:
            return self.windows
        return tuple(part for window in self.windows for part in window.without(self.closed))

    def start_after(self, arrive_s: int) -> int:
        """Return the earliest start for one who arrives then.

        Too late for what is open, he starts in closed hours; too late for every window, at once.
        """
        for window in (*self.open_windows, *self.windows):
            if arrive_s <= window.shut_s:
                return max(arrive_s, window.open_s)
        return arrive_s


@dataclass(frozen=True, slots=True)
class Worker:
    """A technician's day: where he starts and when, what he can do, when he rests.

    One who is already under way starts where he is, when he is free, without the breaks
    he has had. Without `end_place` his shift ends with his last service. He takes his
    breaks in the order given, each once, on any day that has a visit. `room` is what his
    van holds, by kind; what is not named has no limit. `skills` he may use today; those in
    `expired` he had a certificate for. `areas` are those he serves, None for all. `pace` is his
    service time over the standard one. He may be asked for `overtime_s` after his shift; one on
    standby is better left at home, and one who comes costs `fixed_s`, in seconds of driving.
    `worked_s` is what he worked earlier in the month.
    """

    id: int
    start_place: int
    end_place: int | None
    shift_open_s: int
    shift_shut_s: int
    breaks: tuple[Break, ...] = ()
    skills: Mapping[Skill, int] = field(default_factory=dict, hash=False)
    room: tuple[int, ...] = ()
    expired: frozenset[Skill] = frozenset()
    areas: frozenset[str] | None = None
    pace: float = 1.0
    overtime_s: int = 0
    is_standby: bool = False
    fixed_s: int = 0
    worked_s: int = 0

    def __post_init__(self) -> None:
        for name in ("shift_open_s", "shift_shut_s", "overtime_s"):
            # The first two may cross: one who runs late is free only after his shift.
            if not 0 <= getattr(self, name) <= DAY_S:
                raise BadProblem(f"worker.{name}", (self.id,), "must lie within the day")
        if not 0 <= self.fixed_s <= FIXED_MAX_S:
            raise BadProblem("worker.fixed_s", (self.id,), f"must lie within 0 and {FIXED_MAX_S}")
        if not 0 < self.pace <= PACE_MAX:
            raise BadProblem("worker.pace", (self.id,), f"must be above 0, {PACE_MAX} at most")
        if len(self.breaks) > BREAKS_MAX:
            raise BadProblem("worker.breaks", (self.id,), f"may be {BREAKS_MAX} at most")
        for one, following in pairwise(self.breaks):
            if following.open_s < one.open_s or following.shut_s < one.shut_s:
                raise BadProblem("worker.breaks", (self.id,), "must be in time order")

    @property
    def ends_s(self) -> int:
        """Return the last second he may be asked for."""
        return min(DAY_S, self.shift_shut_s + self.overtime_s)

    def service_s(self, stop: Stop) -> int:
        """Return how long he serves a visit, without its set-up: whole seconds, rounded up."""
        return stop.work_s if self.pace == 1.0 else math.ceil(stop.work_s * self.pace)


@dataclass(frozen=True, slots=True)
class Route:
    """The visits of one technician, in the order he makes them."""

    worker_id: int
    stop_ids: tuple[int, ...] = ()

    def with_stop(self, stop_id: int, *, position: int) -> "Route":
        """Return the route with a stop put in before the one now at `position`."""
        if not 0 <= position <= len(self.stop_ids):
            raise IndexError(f"no position {position} among {len(self.stop_ids)} stops")
        return Route(
            self.worker_id, (*self.stop_ids[:position], stop_id, *self.stop_ids[position:])
        )

    def without_stop(self, stop_id: int) -> "Route":
        """Return the route without a stop; the same route when it is not on it."""
        return Route(self.worker_id, tuple(i for i in self.stop_ids if i != stop_id))


@dataclass(frozen=True, slots=True)
class Plan:
    """Who goes where in which order; a technician without a route stays at home."""

    routes: tuple[Route, ...] = ()

    def route_of(self, worker_id: int) -> Route:
        """Return the route of a technician, empty when the plan gives him none."""
        for route in self.routes:
            if route.worker_id == worker_id:
                return route
        return Route(worker_id)

    def served(self) -> frozenset[int]:
        """Return the ids of all stops on some route."""
        return frozenset(i for route in self.routes for i in route.stop_ids)

    def unserved(self, problem: "Problem") -> tuple[int, ...]:
        """Return the ids of the problem's stops on no route, in the problem's order."""
        served = self.served()
        return tuple(stop.id for stop in problem.stops if stop.id not in served)

    def with_route(self, route: Route) -> "Plan":
        """Return the plan with this route in the stead of its technician's present one."""
        if all(kept.worker_id != route.worker_id for kept in self.routes):
            return Plan((*self.routes, route))
        return Plan(
            tuple(route if kept.worker_id == route.worker_id else kept for kept in self.routes)
        )


@dataclass(frozen=True, slots=True)
class Timed:
    """One visit as planned: at the door, begun (after any wait), done."""

    stop_id: int
    arrive_s: int
    start_s: int
    depart_s: int


@dataclass(frozen=True, slots=True)
class Timetable:
    """The times of one route: each visit and break at its earliest.

    `breaks` are (start, end) pairs. `wait_s` counts idle seconds from the first service
    on: before that he may simply leave home later.
    """

    worker_id: int
    visits: tuple[Timed, ...]
    breaks: tuple[tuple[int, int], ...]
    finish_s: int
    travel_s: int
    wait_s: int


@dataclass(frozen=True, slots=True, eq=False)
class Problem:
    """A branch's day: its stops, its technicians and the seconds from place to place.

    `travel_s` is a square int32 matrix, kept as a read-only copy; `ties` are what crosses routes.
    Raises BadProblem.
    """

    stops: tuple[Stop, ...]
    workers: tuple[Worker, ...]
    travel_s: Seconds
    ties: Ties = UNTIED
    _stops: dict[int, Stop] = field(init=False, repr=False)
    _workers: dict[int, Worker] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "stops", tuple(self.stops))
        object.__setattr__(self, "workers", tuple(self.workers))
        object.__setattr__(self, "travel_s", _checked_matrix(self.travel_s))
        object.__setattr__(self, "_stops", {stop.id: stop for stop in self.stops})
        object.__setattr__(self, "_workers", {worker.id: worker for worker in self.workers})
        _check_ids("stops", [stop.id for stop in self.stops], STOPS_MAX)
        _check_ids("workers", [worker.id for worker in self.workers], WORKERS_MAX)
        self._check_places()
        self._check_references()
        self.ties.check(frozenset(self._stops), frozenset(self._workers))

    def stop(self, stop_id: int) -> Stop:
        """Return a stop by id. Raises KeyError."""
        return self._stops[stop_id]

    def worker(self, worker_id: int) -> Worker:
        """Return a technician by id. Raises KeyError."""
        return self._workers[worker_id]

    def has_stop(self, stop_id: int) -> bool:
        return stop_id in self._stops

    def has_worker(self, worker_id: int) -> bool:
        return worker_id in self._workers

    def drive_s(self, origin: int, target: int | None) -> int:
        """Return the seconds between two places; none to a place that is not there."""
        return 0 if target is None else int(self.travel_s[origin, target])

    def travel_of(self, place: int) -> tuple[Seconds, Seconds]:
        """Return the seconds from every place to this one, and from this one to every place."""
        return np.ascontiguousarray(self.travel_s[:, place]), self.travel_s[place]

    def fingerprint(self) -> str:
        """Return a SHA-256 in hex that is equal for equal content, in whatever order it was given."""
        content = {
            "stops": sorted(self.stops, key=lambda stop: stop.id),
            "workers": sorted(self.workers, key=lambda worker: worker.id),
            "places": len(self.travel_s),
            "ties": self.ties,
        }
        text = json.dumps(content, separators=(",", ":"), sort_keys=True, default=_canonical)
        digest = hashlib.sha256(text.encode())
        digest.update(self.travel_s.astype("<i4").tobytes())
        return digest.hexdigest()

    def _check_places(self) -> None:
        places = len(self.travel_s)
        bad_stops = [stop.id for stop in self.stops if not 0 <= stop.place < places]
        if bad_stops:
            raise BadProblem("stop.place", bad_stops, f"is not one of {places} places")
        for worker in self.workers:
            ends = [worker.start_place] + ([] if worker.end_place is None else [worker.end_place])
            if not all(0 <= place < places for place in ends):
                raise BadProblem("worker.place", (worker.id,), f"is not one of {places} places")

    def _check_references(self) -> None:
        strays = [
            stop.id
            for stop in self.stops
            if stop.worker_id is not None and stop.worker_id in stop.barred
        ]
        if strays:
            raise BadProblem("stop.worker_id", strays, "is pinned to a technician who is barred")


def _check_span(name: str, ids: tuple[object, ...], open_s: int, shut_s: int) -> None:
    if not 0 <= open_s <= shut_s <= DAY_S:
        raise BadProblem(name, ids, "must open before it shuts, within the day")


def _check_ids(name: str, ids: list[int], limit: int) -> None:
    if len(ids) > limit:
        raise BadProblem(name, (len(ids),), f"may be {limit} at most")
    repeated = sorted({i for i in ids if ids.count(i) > 1}) if len(set(ids)) < len(ids) else []
    if repeated:
        raise BadProblem(f"{name}.id", repeated, "is used twice")


def _checked_matrix(travel_s: Seconds) -> Seconds:
    matrix = np.array(travel_s)
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1]:
        raise BadProblem("travel_s", matrix.shape, "must be a square matrix")
    if not np.issubdtype(matrix.dtype, np.integer) and matrix.size:
        raise BadProblem("travel_s", (matrix.dtype,), "must be whole seconds")
    if matrix.size and (matrix.min() < 0 or matrix.max() > DAY_S):
        raise BadProblem("travel_s", (matrix.min(), matrix.max()), "must lie within a day")
    matrix = np.ascontiguousarray(matrix, dtype=np.int32)
    matrix.setflags(write=False)
    return matrix


def _canonical(value: Any) -> Any:
    """Return a value as JSON that is equal for equal content."""
    if isinstance(value, frozenset):
        return sorted(value)
    if isinstance(value, Mapping):
        return dict(value)
    return {each.name: getattr(value, each.name) for each in fields(value)}
