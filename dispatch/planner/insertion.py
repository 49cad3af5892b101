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
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from dispatch.planner import constraints, labels
from dispatch.planner.labels import FAR, NOWHERE, Rows, Times
from dispatch.planner.problem import Plan, Problem, Route, Seconds, Stop, Window, Worker

Mask: TypeAlias = NDArray[np.bool_]

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
    """One route made ready for proofs; `is_kept` when it keeps its times as it stands."""

    worker: Worker
    stop_ids: tuple[int, ...]
    rows: Rows
    is_kept: bool

    @property
    def travel_s(self) -> int:
        return int(self.rows.leg_s.sum())


def prepare(problem: Problem, route: Route) -> Prepared:
    """Make a route ready for proofs. Raises KeyError for ids the problem does not know."""
    worker = problem.worker(route.worker_id)
    rows, is_kept = labels.label(problem, worker, [problem.stop(i) for i in route.stop_ids])
    return Prepared(worker, route.stop_ids, rows, is_kept)


@dataclass(frozen=True, slots=True, eq=False)
class PreparedDay:
    """All routes of a day, their rows stacked and filled up to one shape."""

    routes: tuple[Prepared, ...]
    rows: Rows

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
    arrays = {
        name: _stacked([getattr(route.rows, name) for route in routes], blank)
        for name, blank in labels.BLANK.items()
    }
    return PreparedDay(routes, Rows(**arrays))


def _stacked(arrays: Sequence[Times], blank: int) -> Times:
    shapes = [array.shape for array in arrays] or [(0, 0)]
    stacked: Times = np.full((len(arrays), *map(max, zip(*shapes, strict=True))), blank)
    for index, array in enumerate(arrays):
        filled: tuple[int | slice, ...] = (index, *map(slice, array.shape))
        stacked[filled] = array
    return stacked


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


def gauge(rows: Rows, *, to_s: Seconds, from_s: Seconds) -> Gauge:
    """Weigh a newcomer at every position of a route or a day by its drives.

    `to_s` leads from every place of the problem to it, `from_s` from it to every place.
    Both may carry axes in front, one newcomer each; the answer then has them too.
    """
    there_s = to_s[..., rows.before].astype(np.int64)
    onward_s = np.where(rows.after == NOWHERE, 0, from_s[..., rows.after].astype(np.int64))
    return weigh(rows, there_s=there_s, onward_s=onward_s)


def weigh(rows: Rows, *, there_s: Times, onward_s: Times) -> Gauge:
    """Weigh a newcomer, given for each position the drive to it and the drive on from it."""
    extra_s = there_s + onward_s - rows.leg_s
    there_s, onward_s = there_s[..., None], onward_s[..., None]
    arrive_s = rows.free_s + there_s
    leave_by_s = rows.due_s - onward_s
    if rows.rested_s.shape[-1]:
        rested_s = np.maximum(rows.rested_s + there_s, rows.rest_end_s)
        np.minimum(arrive_s[..., 1:], rested_s, out=arrive_s[..., 1:])
        rest_by_s = np.minimum(rows.rest_by_s - onward_s, rows.rest_cap_s)
        rest_by_s[onward_s > rows.rest_drive_max_s] = -FAR
        np.maximum(leave_by_s[..., :-1], rest_by_s, out=leave_by_s[..., :-1])
    return Gauge(arrive_s, leave_by_s, extra_s)


def some(fits: Mask) -> Mask:
    """Say for each position whether some label fits."""
    # A loop over the few labels: `any` along so short an axis takes fifteen times as long.
    found = fits[..., 0]
    for nth in range(1, fits.shape[-1]):
        found = found | fits[..., nth]
    return found


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
    proof = _Proof(day, stop, gauge(day.rows, to_s=to_s, from_s=from_s))
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
    proof = _Proof(day, stop, gauge(day.rows, to_s=to_s, from_s=from_s))
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
        extra_s = np.where(some(self._fits(window)), self.extra_s, FAR)
        positions = extra_s.argmin(axis=-1)
        least_s = extra_s[np.arange(len(positions)), positions]
        order = [int(w) for w in least_s.argsort(kind="stable")[:few] if least_s[w] < FAR]
        return [self._witness(window, worker, int(positions[worker])) for worker in order]

    def all(self, window: Window) -> list[Witness]:
        found = np.argwhere(some(self._fits(window)))
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
