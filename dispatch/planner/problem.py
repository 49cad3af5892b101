"""A day to be planned, and a plan for it: frozen values in whole seconds from midnight.

Windows, shifts and breaks include both their ends. A place is a row and column of
the travel matrix; the planner knows no map.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

DAY_S = 86_400
STOPS_MAX = 5_000
WORKERS_MAX = 1_000
BREAKS_MAX = 8

Skill: TypeAlias = str
Seconds: TypeAlias = NDArray[np.int32]


class BadProblem(ValueError):
    """A problem or plan that cannot be meant; says the field and the ids at fault."""

    def __init__(self, field: str, ids: Iterable[object], why: str) -> None:
        self.field = field
        self.ids = tuple(ids)
        super().__init__(f"{field} of {', '.join(map(str, self.ids))}: {why}")


@dataclass(frozen=True, slots=True, order=True)
class Window:
    """The seconds at which a service may start, both ends included."""

    open_s: int
    shut_s: int

    def __post_init__(self) -> None:
        _check_span("window", (f"{self.open_s}-{self.shut_s}",), self.open_s, self.shut_s)


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

    `worker_id` pins it to a technician; `barred` are those who must never come.
    Windows are in time order and apart. `down` is what is brought from the start, `up` what
    is taken along to the end, in as many units of its own as the van has kinds of room.
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

    def __post_init__(self) -> None:
        for name in ("work_s", "level", "priority"):
            if getattr(self, name) < 0:
                raise BadProblem(f"stop.{name}", (self.id,), "must not be negative")
        if min((0, *self.down, *self.up)) < 0:
            raise BadProblem("stop.load", (self.id,), "must not be negative")
        if not self.windows:
            raise BadProblem("stop.windows", (self.id,), "needs at least one window")
        for one, following in pairwise(self.windows):
            if following.open_s <= one.shut_s:
                raise BadProblem("stop.windows", (self.id,), "must be in time order and apart")

    def start_after(self, arrive_s: int) -> int | None:
        """Return the earliest start for one who arrives then; None when all windows are shut."""
        for window in self.windows:
            if arrive_s <= window.shut_s:
                return max(arrive_s, window.open_s)
        return None

    def start_before(self, bound_s: int) -> int | None:
        """Return the latest start at or before `bound_s`; None when no window is open by then.

        As starts only ever grow with arrivals, arriving by this second is both needed
        and enough to start by `bound_s`, however many windows there are.
        """
        for window in reversed(self.windows):
            if window.open_s <= bound_s:
                return min(bound_s, window.shut_s)
        return None


@dataclass(frozen=True, slots=True)
class Worker:
    """A technician's day: where he starts and when, what he can do, when he rests.

    One who is already under way starts where he is, when he is free, without the breaks
    he has had. Without `end_place` his shift ends with his last service. He takes his
    breaks in the order given, each once, on any day that has a visit. `room` is what his
    van holds, by kind; what is not named has no limit.
    """

    id: int
    start_place: int
    end_place: int | None
    shift_open_s: int
    shift_shut_s: int
    breaks: tuple[Break, ...] = ()
    skills: Mapping[Skill, int] = field(default_factory=dict, hash=False)
    room: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        for name in ("shift_open_s", "shift_shut_s"):
            # The two may cross: one who runs late is free only after his shift.
            if not 0 <= getattr(self, name) <= DAY_S:
                raise BadProblem(f"worker.{name}", (self.id,), "must lie within the day")
        if len(self.breaks) > BREAKS_MAX:
            raise BadProblem("worker.breaks", (self.id,), f"may be {BREAKS_MAX} at most")
        for one, following in pairwise(self.breaks):
            if following.open_s < one.open_s or following.shut_s < one.shut_s:
                raise BadProblem("worker.breaks", (self.id,), "must be in time order")


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

    `travel_s` is a square int32 matrix, kept as a read-only copy. Raises BadProblem.
    """

    stops: tuple[Stop, ...]
    workers: tuple[Worker, ...]
    travel_s: Seconds
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
            "stops": sorted(map(_canonical_stop, self.stops)),
            "workers": sorted(map(_canonical_worker, self.workers)),
            "places": len(self.travel_s),
        }
        digest = hashlib.sha256(json.dumps(content, separators=(",", ":")).encode())
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


def _canonical_stop(stop: Stop) -> list[Any]:
    return [
        stop.id,
        stop.place,
        stop.work_s,
        [[window.open_s, window.shut_s] for window in stop.windows],
        stop.skill,
        stop.level,
        stop.priority,
        stop.worker_id,
        sorted(stop.barred),
        stop.down,
        stop.up,
    ]


def _canonical_worker(worker: Worker) -> list[Any]:
    return [
        worker.id,
        worker.start_place,
        worker.end_place,
        worker.shift_open_s,
        worker.shift_shut_s,
        [[rest.open_s, rest.shut_s, rest.work_s] for rest in worker.breaks],
        sorted(worker.skills.items()),
        worker.room,
    ]
