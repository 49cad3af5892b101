"""Proves where one more visit fits, without touching the rest of any route.

Every position between two stops of a route carries two kinds of labels, one for each
number of breaks taken so far: the earliest second he can leave the stop before, and the
latest second he may arrive at the stop after. Between them a newcomer is weighed by its
two drives alone, for all positions of a day in one sweep of array operations. Labels of
arrivals stay exact with several windows (see `Stop.start_before`), so what is found here
is what the judge accepts, no more and no less.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from dispatch.planner import constraints
from dispatch.planner.problem import Plan, Problem, Route, Seconds, Stop, Window, Worker

Times: TypeAlias = NDArray[np.int64]
Mask: TypeAlias = NDArray[np.bool_]

# Beyond every second of a day, and small enough that three of them still add up.
FAR = 1 << 40
NOWHERE = -1
WITNESSES_MAX = 3


@dataclass(frozen=True, slots=True)
class Witness:
    """A place in a route where a visit was proven to fit, and when it could start there.

    `position` counts the stops before it. `slack_s` is how much later than `start_s` it
    could start with the route still kept. `extra_s` is the driving it adds.
    """

    worker_id: int
    position: int
    window: Window
    arrive_s: int
    start_s: int
    slack_s: int
    extra_s: int


@dataclass(frozen=True, slots=True, eq=False)
class Prepared:
    """One route made ready: a row for each position, a column for each label.

    A row r lies between stop r - 1 (or the start) and stop r (or the end). Beside the
    labels stand what they give when the next break is taken on the very leg: `rested_s`
    is the earliest arrival but for the drive, `rest_by_s` the latest leaving but for the
    drive, `rest_cap_s` the latest leaving whatever the drive, and `rest_drive_max_s` the
    longest drive that still lets it start.
    """

    worker: Worker
    stop_ids: tuple[int, ...]
    before: NDArray[np.intp]
    after: NDArray[np.intp]
    leg_s: Times
    free_s: Times
    rested_s: Times
    due_s: Times
    rest_by_s: Times
    rest_cap_s: Times
    rest_drive_max_s: Times

    @property
    def positions(self) -> int:
        return len(self.stop_ids) + 1

    @property
    def is_kept(self) -> bool:
        """Say whether the route as it stands keeps its times."""
        return bool((self.free_s[0] <= self._leave_by()).any()) or not self.stop_ids

    def _leave_by(self) -> Times:
        drive_s = self.leg_s[0]
        latest: Times = self.due_s[0] - drive_s
        rested = np.minimum(self.rest_by_s[0] - drive_s, self.rest_cap_s[0])
        latest[:-1] = np.maximum(latest[:-1], rested)
        return latest


def prepare(problem: Problem, route: Route) -> Prepared:
    """Make a route ready for proofs. Raises KeyError for ids the problem does not know."""
    worker = problem.worker(route.worker_id)
    stops = tuple(map(problem.stop, route.stop_ids))
    end = NOWHERE if worker.end_place is None else worker.end_place
    places = [worker.start_place, *(stop.place for stop in stops), end]
    legs_s = [problem.drive_s(a, b) for a, b in pairwise(places)]
    if end == NOWHERE or not stops:
        legs_s[-1] = 0  # He who visits nobody drives nowhere.

    free = _forward(worker, stops, legs_s)
    due = _backward(worker, stops, legs_s)
    breaks = worker.breaks
    rests = [_rests(worker, due_row) for due_row in due[:-1]] + [_last_rests(worker)]
    shape = (len(free), len(breaks))
    return Prepared(
        worker=worker,
        stop_ids=route.stop_ids,
        before=np.array(places[:-1], dtype=np.intp),
        after=np.array(places[1:], dtype=np.intp),
        leg_s=np.array(legs_s, dtype=np.int64),
        free_s=np.array(free, dtype=np.int64),
        rested_s=np.array([_rested(worker, row) for row in free], np.int64).reshape(shape),
        due_s=np.array(due, dtype=np.int64),
        rest_by_s=np.array([row[0] for row in rests], np.int64).reshape(shape),
        rest_cap_s=np.array([row[1] for row in rests], np.int64).reshape(shape),
        rest_drive_max_s=np.array([row[2] for row in rests], np.int64).reshape(shape),
    )


def _forward(worker: Worker, stops: Sequence[Stop], legs_s: Sequence[int]) -> list[list[int]]:
    """Return, before each position, the earliest second he is free with so many breaks taken."""
    free = [worker.shift_open_s] + [FAR] * len(worker.breaks)
    rows = [free]
    for stop, drive_s in zip(stops, legs_s, strict=False):
        arrive = [second + drive_s for second in free]
        for taken, due in enumerate(worker.breaks):
            if free[taken] <= due.shut_s:
                rested_s = max(free[taken] + drive_s, due.open_s) + due.work_s
                arrive[taken + 1] = min(arrive[taken + 1], rested_s)
        starts = [stop.start_after(second) for second in arrive]
        free = [FAR if start is None else start + stop.work_s for start in starts]
        rows.append(free)
    return rows


def _backward(worker: Worker, stops: Sequence[Stop], legs_s: Sequence[int]) -> list[list[int]]:
    """Return, after each position, the latest arrival that still keeps the rest of the route.

    The last row bounds the end of the drive home and so needs all breaks taken.
    """
    due = [-FAR] * len(worker.breaks) + [worker.shift_shut_s]
    rows = [due]
    leave_by = _last_leave_by(worker, legs_s[-1])
    for stop, drive_s in zip(reversed(stops), reversed(legs_s[:-1]), strict=True):
        starts = [stop.start_before(second - stop.work_s) for second in leave_by]
        due = [-FAR if start is None else start for start in starts]
        rows.append(due)
        leave_by = [second - drive_s for second in due]
        for taken, rest in enumerate(worker.breaks):
            if due[taken + 1] - rest.work_s >= rest.open_s:
                rest_by_s = min(rest.shut_s, due[taken + 1] - rest.work_s - drive_s)
                leave_by[taken] = max(leave_by[taken], rest_by_s)
    return rows[::-1]


def _last_leave_by(worker: Worker, drive_s: int) -> list[int]:
    """Return the latest end of the last service: breaks still owed come before the drive home."""
    by_s = worker.shift_shut_s - drive_s
    leave_by = [by_s]
    for rest in reversed(worker.breaks):
        by_s = min(rest.shut_s, by_s - rest.work_s)
        if by_s < rest.open_s:
            by_s = -FAR
        leave_by.append(by_s)
    return leave_by[::-1]


def _rested(worker: Worker, free: Sequence[int]) -> list[int]:
    return [
        second + rest.work_s if second <= rest.shut_s else FAR
        for second, rest in zip(free, worker.breaks, strict=False)
    ]


def _rests(worker: Worker, due: Sequence[int]) -> tuple[list[int], list[int], list[int]]:
    by_s = [
        second - rest.work_s if second - rest.work_s >= rest.open_s else -FAR
        for second, rest in zip(due[1:], worker.breaks, strict=True)
    ]
    return by_s, [rest.shut_s for rest in worker.breaks], [FAR] * len(by_s)


def _last_rests(worker: Worker) -> tuple[list[int], list[int], list[int]]:
    """Return what `_last_leave_by` says, as functions of the drive home still unknown."""
    by_s = worker.shift_shut_s
    cap_s = drive_max_s = FAR
    rows: list[tuple[int, int, int]] = []
    for rest in reversed(worker.breaks):
        by_s -= rest.work_s
        cap_s = min(rest.shut_s, cap_s - rest.work_s)
        drive_max_s = min(drive_max_s, by_s - rest.open_s)
        if cap_s < rest.open_s:
            drive_max_s = -FAR
        rows.append((by_s, cap_s, drive_max_s))
    rows.reverse()
    return [row[0] for row in rows], [row[1] for row in rows], [row[2] for row in rows]


@dataclass(frozen=True, slots=True, eq=False)
class PreparedDay:
    """All routes of a day, stacked: workers × positions × labels, the rest filled up.

    Rows and labels that a route has not are filled so that nothing ever fits there.
    """

    routes: tuple[Prepared, ...]
    before: NDArray[np.intp]
    after: NDArray[np.intp]
    leg_s: Times
    free_s: Times
    rested_s: Times
    rest_end_s: Times
    due_s: Times
    rest_by_s: Times
    rest_cap_s: Times
    rest_drive_max_s: Times

    def with_route(self, route: Prepared) -> "PreparedDay":
        """Return the day with this route in the stead of its technician's present one.

        Raises KeyError when the day has no such technician.
        """
        for index, kept in enumerate(self.routes):
            if kept.worker.id == route.worker.id:
                return stack((*self.routes[:index], route, *self.routes[index + 1 :]))
        raise KeyError(route.worker.id)

    def route_of(self, worker_id: int) -> Prepared:
        """Return the route of a technician. Raises KeyError."""
        for route in self.routes:
            if route.worker.id == worker_id:
                return route
        raise KeyError(worker_id)

    def plan(self) -> Plan:
        return Plan(tuple(Route(route.worker.id, route.stop_ids) for route in self.routes))


def prepare_day(problem: Problem, plan: Plan) -> PreparedDay:
    """Make every technician's route ready, an empty one for him the plan leaves at home.

    Raises KeyError for ids the problem does not know.
    """
    routes = {route.worker_id: route for route in plan.routes}
    for worker_id in routes:
        problem.worker(worker_id)
    return stack(
        prepare(problem, routes.get(worker.id, Route(worker.id))) for worker in problem.workers
    )


def stack(prepared: Iterable[Prepared]) -> PreparedDay:
    """Lay prepared routes over one another as one day."""
    routes = tuple(prepared)
    rows = max((route.positions for route in routes), default=1)
    rests = max((len(route.worker.breaks) for route in routes), default=0)
    by_position, by_label, by_rest = (
        (len(routes), rows),
        (len(routes), rows, rests + 1),
        (len(routes), rows, rests),
    )
    day = PreparedDay(
        routes=routes,
        before=np.zeros(by_position, dtype=np.intp),
        after=np.full(by_position, NOWHERE, dtype=np.intp),
        leg_s=np.zeros(by_position, dtype=np.int64),
        free_s=np.full(by_label, FAR, dtype=np.int64),
        rested_s=np.full(by_rest, FAR, dtype=np.int64),
        rest_end_s=np.full((len(routes), 1, rests), FAR, dtype=np.int64),
        due_s=np.full(by_label, -FAR, dtype=np.int64),
        rest_by_s=np.full(by_rest, -FAR, dtype=np.int64),
        rest_cap_s=np.full(by_rest, -FAR, dtype=np.int64),
        rest_drive_max_s=np.full(by_rest, -FAR, dtype=np.int64),
    )
    for index, route in enumerate(routes):
        _lay(day, index, route)
    return day


def _lay(day: PreparedDay, index: int, route: Prepared) -> None:
    rows, rests = route.positions, len(route.worker.breaks)
    day.before[index, :rows] = route.before
    day.after[index, :rows] = route.after
    day.leg_s[index, :rows] = route.leg_s
    day.free_s[index, :rows, : rests + 1] = route.free_s
    day.due_s[index, :rows, : rests + 1] = route.due_s
    day.rested_s[index, :rows, :rests] = route.rested_s
    day.rest_by_s[index, :rows, :rests] = route.rest_by_s
    day.rest_cap_s[index, :rows, :rests] = route.rest_cap_s
    day.rest_drive_max_s[index, :rows, :rests] = route.rest_drive_max_s
    day.rest_end_s[index, 0, :rests] = [r.open_s + r.work_s for r in route.worker.breaks]


@dataclass(frozen=True, slots=True, eq=False)
class Gauge:
    """A newcomer weighed at every position, whatever its windows.

    By label: when he would arrive at it at the earliest, and when he must leave it at the
    latest. By position: the driving it adds. Labels stand last; those that cannot be are
    FAR apart.
    """

    arrive_s: Times
    leave_by_s: Times
    extra_s: Times


def gauge(day: PreparedDay, *, to_s: Seconds, from_s: Seconds) -> Gauge:
    """Weigh a newcomer at every position of a day by its drives.

    `to_s` leads from every place of the problem to it, `from_s` from it to every place.
    Both may carry axes in front, one newcomer each; the answer then has them too.
    """
    there_s = to_s[..., day.before].astype(np.int64)
    onward_s = np.where(day.after == NOWHERE, 0, from_s[..., day.after].astype(np.int64))
    extra_s = there_s + onward_s - day.leg_s
    there_s, onward_s = there_s[..., None], onward_s[..., None]

    arrive_s = day.free_s + there_s
    leave_by_s = day.due_s - onward_s
    if day.rested_s.shape[-1]:
        rested_s = np.maximum(day.rested_s + there_s, day.rest_end_s)
        np.minimum(arrive_s[..., 1:], rested_s, out=arrive_s[..., 1:])
        rest_by_s = np.minimum(day.rest_by_s - onward_s, day.rest_cap_s)
        rest_by_s[onward_s > day.rest_drive_max_s] = -FAR
        np.maximum(leave_by_s[..., :-1], rest_by_s, out=leave_by_s[..., :-1])
    return Gauge(arrive_s, leave_by_s, extra_s)


def find(
    day: PreparedDay,
    *,
    stop: Stop,
    to_s: Seconds,
    from_s: Seconds,
    windows: Sequence[Window],
    few: int = WITNESSES_MAX,
) -> dict[Window, list[Witness]]:
    """Find where a newcomer fits, for every window at once; least driving first.

    The windows stand in for the stop's own; its place is read from `to_s` and `from_s`
    alone (as `gauge` takes them). Every window is a key, its list empty when nothing
    fits; a technician is named once a window at most, at his best position.
    """
    proof = _Proof(day, stop, gauge(day, to_s=to_s, from_s=from_s))
    return {window: proof.best(window, few) for window in windows}


def prove(
    route: Prepared, *, stop: Stop, to_s: Seconds, from_s: Seconds, window: Window
) -> Witness | None:
    """Prove that a newcomer fits one route in one window, where it adds the least driving."""
    found = find(stack([route]), stop=stop, to_s=to_s, from_s=from_s, windows=[window], few=1)
    return found[window][0] if found[window] else None


def everywhere(
    day: PreparedDay, *, stop: Stop, to_s: Seconds, from_s: Seconds, window: Window
) -> list[Witness]:
    """Find every position that takes a newcomer, by technician and position."""
    proof = _Proof(day, stop, gauge(day, to_s=to_s, from_s=from_s))
    return proof.all(window)


class _Proof:
    """One newcomer weighed on one day, to be held against window after window."""

    def __init__(self, day: PreparedDay, stop: Stop, weighed: Gauge) -> None:
        self.day = day
        self.arrive_s = weighed.arrive_s
        self.start_by_s = weighed.leave_by_s - stop.work_s
        self.extra_s = weighed.extra_s
        self.may_serve = np.array(
            [constraints.may_serve(route.worker, stop) for route in day.routes], dtype=np.bool_
        )

    def best(self, window: Window, few: int) -> list[Witness]:
        if not self.day.routes:
            return []
        extra_s = np.where(self._fits(window).any(axis=-1), self.extra_s, FAR)
        positions = extra_s.argmin(axis=-1)
        least_s = extra_s[np.arange(len(positions)), positions]
        order = [int(w) for w in least_s.argsort(kind="stable")[:few] if least_s[w] < FAR]
        return [self._witness(window, worker, int(positions[worker])) for worker in order]

    def all(self, window: Window) -> list[Witness]:
        found = np.argwhere(self._fits(window).any(axis=-1))
        return [self._witness(window, int(worker), int(position)) for worker, position in found]

    def _fits(self, window: Window) -> Mask:
        """Say for each label whether the newcomer can start within the window."""
        starts_s = np.maximum(self.arrive_s, window.open_s)
        fits: Mask = starts_s <= np.minimum(self.start_by_s, window.shut_s)
        return fits & self.may_serve[:, None, None]

    def _witness(self, window: Window, worker: int, position: int) -> Witness:
        arrive_s = self.arrive_s[worker, position]
        start_by_s = np.minimum(self.start_by_s[worker, position], window.shut_s)
        fits = np.maximum(arrive_s, window.open_s) <= start_by_s
        earliest_s = int(arrive_s[fits].min())
        start_s = max(earliest_s, window.open_s)
        return Witness(
            worker_id=self.day.routes[worker].worker.id,
            position=position,
            window=window,
            arrive_s=earliest_s,
            start_s=start_s,
            slack_s=int(start_by_s[fits].max()) - start_s,
            extra_s=int(self.extra_s[worker, position]),
        )
