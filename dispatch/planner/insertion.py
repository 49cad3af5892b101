"""Proves where one more visit fits, without touching the rest of any route.

Every leg of a route carries two kinds of labels, one for each number of breaks taken so far: the
earliest second he can leave the stop before, and the latest second he must reach the stop after.
Between them a newcomer is weighed by its two drives alone. What is found here is what the judge
accepts, no more and no less.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from dispatch.planner import arrays
from dispatch.planner.arrays import Day, Routes
from dispatch.planner.compiling import kernel
from dispatch.planner.problem import Plan, Problem, Route, Seconds, Stop, Window

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
class PreparedDay:
    """All routes of a day, ready for proofs."""

    problem: Problem
    plan: Plan
    day: Day
    routes: Routes


def prepare_day(problem: Problem, plan: Plan) -> PreparedDay:
    """Make every technician's route ready, an empty one for him the plan leaves at home.

    Raises KeyError for ids the problem does not know.
    """
    day = arrays.day_of(problem)
    longest = max((len(route.stop_ids) for route in plan.routes), default=0)
    routes = arrays.routes_of(problem, plan, day, length_max=longest)
    core = kernel()
    for nth in range(len(problem.workers)):
        core.label(day, routes, nth)
    return PreparedDay(problem, plan, day, routes)


def keeps(problem: Problem, route: Route) -> bool:
    """Tell whether a route keeps its times and its room. Raises KeyError for unknown ids."""
    worker = problem.worker(route.worker_id)
    stops = tuple(problem.stop(stop_id) for stop_id in route.stop_ids)
    alone = prepare_day(Problem(stops, (worker,), problem.travel_s), Plan((route,)))
    return bool(alone.routes.kept[0])


def find(
    prepared: PreparedDay,
    *,
    stop: Stop,
    to_s: Seconds,
    from_s: Seconds,
    windows: Sequence[Window],
    few: int = WITNESSES_MAX,
) -> dict[Window, list[Witness]]:
    """Find where a newcomer fits, for every window at once; least driving first.

    The windows stand in for the stop's own; its place is read from the drives to it from every
    place of the problem, and from it, alone. Every window is a key, its list empty when nothing
    fits; a technician is named once a window at most, at his best position.
    """
    workers = prepared.problem.workers
    # Hours closed to work may part a window, or leave nothing of it.
    parts = [window.without(stop.closed) for window in windows]
    asked = [part for some in parts for part in some]
    who = arrays.newcomer_of(
        prepared.day, stop, workers=workers, to_s=to_s, from_s=from_s, windows=asked
    )
    shape = len(workers), len(asked)
    extra, at = np.empty(shape, np.int64), np.zeros(shape, np.int64)
    core = kernel()
    core.find(prepared.day, prepared.routes, who, extra, at)

    found: dict[Window, list[Witness]] = {window: [] for window in windows}
    first = 0
    for window, some in zip(windows, parts, strict=True):
        columns = extra[:, first : first + len(some)]
        if not some:
            continue
        least = columns.min(axis=1)
        for w in map(int, least.argsort(kind="stable")[:few]):
            if least[w] >= arrays.FAR:
                break
            k = first + int(columns[w].argmin())
            row = int(at[w, k])
            arrive_s, start_s, last_s = core.starts(prepared.day, prepared.routes, who, w, row, k)
            found[window].append(
                Witness(
                    worker_id=workers[w].id,
                    position=row,
                    window=window,
                    arrive_s=int(arrive_s),
                    start_s=int(start_s),
                    slack_s=int(last_s) - int(start_s),
                    extra_s=int(extra[w, k]),
                )
            )
        first += len(some)
    return found
