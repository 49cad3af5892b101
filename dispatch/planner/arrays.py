"""A day and its routes as plain arrays, as the kernel reads and writes them.

Stops and technicians go by their index in the problem, places by their row of its travel matrix.
Times are whole seconds from midnight, both ends of every span included.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from dispatch.planner import constraints
from dispatch.planner.constraints import Weight
from dispatch.planner.problem import Plan, Problem, Seconds, Stop, Window, Worker

Ints: TypeAlias = NDArray[np.int64]
Indices: TypeAlias = NDArray[np.int32]
Flags: TypeAlias = NDArray[np.bool_]

# Beyond every second of a day, and small enough that three of them still add up.
FAR = 1 << 40
NOWHERE = -1


class Day(NamedTuple):
    """What does not change while a day is planned."""

    travel: Seconds  # place x place
    place: Ints  # by stop
    work: Ints  # technician x stop
    setup: Ints  # by stop: on top of the work of one who drives there
    has_setups: bool
    windows: Ints  # by stop: how many
    opens: Ints  # stop x window
    shuts: Ints  # stop x window
    down: Ints  # stop x dimension: loaded at the start, left at the door
    up: Ints  # stop x dimension: taken at the door, brought to the end
    able: Flags  # technician x stop
    room: Ints  # technician x dimension
    start: Ints  # by technician: place
    end: Ints  # by technician: place, or NOWHERE
    begins: Ints  # by technician
    ends: Ints  # by technician
    rests: Ints  # by technician: how many breaks
    rest_open: Ints  # technician x break
    rest_shut: Ints
    rest_work: Ints
    # With so many breaks taken at the last door: the latest leaving but for the drive home and
    # whatever the drive, and the longest drive that still lets the breaks owed start.
    last_by: Ints  # technician x break
    last_cap: Ints
    last_drive: Ints
    # What a route costs beside its driving, in seconds of driving.
    taste: Ints  # technician x stop
    called: Ints  # by technician: to have him come at all
    estate: Ints  # by stop: a number of its own for each, NOWHERE for none
    paid_from: Ints  # by technician: the end of his shift, after which each second costs more
    price: Ints  # by technician: what the search adds for each visit, and no plan pays


class Routes(NamedTuple):
    """The routes of a day as they stand, with their labels.

    Row r lies between stop r - 1 (or the start) and stop r (or the end). `free` is when he can
    leave the stop before, `due` when he must reach the stop after, each by the number of breaks
    taken so far; what cannot be is FAR, or -FAR. On a day without set-ups `near` is not written.
    """

    visits: Indices  # technician x position
    length: Ints
    free: Ints  # technician x row x breaks taken
    due: Ints  # technician x row x breaks taken
    near: Ints  # as `due`, for one who is at that door already and has no set-up there
    leg: Ints  # technician x row
    before: Ints  # technician x row x dimension: most load on the leg and on any before it
    after: Ints  # technician x row x dimension: most load on the leg and on any after it
    drive: Ints  # by technician
    soft: Ints  # by technician: what it costs beside
    kept: Flags  # by technician: whether the route keeps its times and its room


class Newcomer(NamedTuple):
    """A visit that is on no route, wherever it may lie."""

    to: Seconds  # by place: the drive from there to it
    onward: Seconds  # by place: the drive from it to there
    work: Ints  # by technician
    setup: int
    down: Ints
    up: Ints
    able: Flags  # by technician
    opens: Ints  # by window asked for
    shuts: Ints


def day_of(problem: Problem) -> Day:
    """Lay a problem out as arrays."""
    stops, workers = problem.stops, problem.workers
    loads = [*(stop.down for stop in stops), *(stop.up for stop in stops)]
    kinds = max(map(len, [*loads, *(worker.room for worker in workers)]), default=0)
    windows = [stop.open_windows for stop in stops]
    wide = max(1, *map(len, windows)) if windows else 1
    estates = sorted({stop.estate for stop in stops if stop.estate is not None})
    rests = max((len(worker.breaks) for worker in workers), default=0)
    by_worker = [lasts(worker) for worker in workers]
    return Day(
        travel=problem.travel_s,
        place=_column([stop.place for stop in stops]),
        work=_services(workers, stops),
        setup=_column([stop.setup_s for stop in stops]),
        has_setups=any(stop.setup_s for stop in stops),
        windows=_column([len(some) for some in windows]),
        opens=_grid([[w.open_s for w in some] for some in windows], wide, FAR),
        shuts=_grid([[w.shut_s for w in some] for some in windows], wide, -FAR),
        down=_grid([stop.down for stop in stops], kinds, 0),
        up=_grid([stop.up for stop in stops], kinds, 0),
        able=_able(workers, stops),
        room=_grid([worker.room for worker in workers], kinds, FAR),
        start=_column([worker.start_place for worker in workers]),
        end=_column([NOWHERE if w.end_place is None else w.end_place for w in workers]),
        begins=_column([worker.shift_open_s for worker in workers]),
        ends=_column([worker.ends_s for worker in workers]),
        rests=_column([len(worker.breaks) for worker in workers]),
        rest_open=_grid([[rest.open_s for rest in w.breaks] for w in workers], rests, FAR),
        rest_shut=_grid([[rest.shut_s for rest in w.breaks] for w in workers], rests, -FAR),
        rest_work=_grid([[rest.work_s for rest in w.breaks] for w in workers], rests, 0),
        last_by=_grid([[last[0] for last in some] for some in by_worker], rests, -FAR),
        last_cap=_grid([[last[1] for last in some] for some in by_worker], rests, -FAR),
        last_drive=_grid([[last[2] for last in some] for some in by_worker], rests, -FAR),
        taste=_tastes(workers, stops),
        called=_column(
            [w.fixed_s + w.is_standby * constraints.seconds(Weight.STANDBY) for w in workers]
        ),
        estate=_column([NOWHERE if s.estate is None else estates.index(s.estate) for s in stops]),
        paid_from=_column([worker.shift_shut_s for worker in workers]),
        price=np.zeros(len(workers), np.int64),
    )


def longest(day: Day) -> int:
    """Return how many stops a route can have at most, by its shift and by what its van holds.

    Routes laid out for no more lie close together, which is what the search's pace hangs on.
    """
    spans = (day.ends - day.begins)[:, None]
    most = int((np.sort(day.work, axis=1).cumsum(axis=1) <= spans).sum(axis=1).max(initial=0))
    for d in range(day.room.shape[1]):
        room = day.room[:, d].max(initial=0)
        for loads in (day.down[:, d], day.up[:, d]):
            most = min(most, int((np.sort(loads).cumsum() <= room).sum()))
    return most


def routes_of(problem: Problem, plan: Plan, day: Day, *, length_max: int) -> Routes:
    """Lay a plan out as arrays, its labels yet to be written. Raises KeyError for unknown ids."""
    workers, kinds = len(problem.workers), day.room.shape[1]
    rows, labels = length_max + 1, day.rest_open.shape[1] + 1
    index = {stop.id: nth for nth, stop in enumerate(problem.stops)}
    visits = np.zeros((workers, length_max), np.int32)
    length = np.zeros(workers, np.int64)
    nth_of = {worker.id: nth for nth, worker in enumerate(problem.workers)}
    for route in plan.routes:
        nth = nth_of[route.worker_id]
        length[nth] = len(route.stop_ids)
        visits[nth, : length[nth]] = [index[stop_id] for stop_id in route.stop_ids]
    return Routes(
        visits=visits,
        length=length,
        free=np.full((workers, rows, labels), FAR, np.int64),
        due=np.full((workers, rows, labels), -FAR, np.int64),
        near=np.full((workers, rows, labels) if day.has_setups else (0, 0, 0), -FAR, np.int64),
        leg=np.zeros((workers, rows), np.int64),
        before=np.zeros((workers, rows, kinds), np.int64),
        after=np.zeros((workers, rows, kinds), np.int64),
        drive=np.zeros(workers, np.int64),
        soft=np.zeros(workers, np.int64),
        kept=np.zeros(workers, np.bool_),
    )


def newcomer_of(
    day: Day,
    stop: Stop,
    *,
    workers: Sequence[Worker],
    to_s: Seconds,
    from_s: Seconds,
    windows: Sequence[Window],
) -> Newcomer:
    """Lay out a visit; its place is read from the two drives alone."""
    kinds = day.room.shape[1]
    return Newcomer(
        to=np.ascontiguousarray(to_s, np.int32),
        onward=np.ascontiguousarray(from_s, np.int32),
        work=_column([worker.service_s(stop) for worker in workers]),
        setup=stop.setup_s,
        down=_grid([stop.down[:kinds]], kinds, 0)[0],
        up=_grid([stop.up[:kinds]], kinds, 0)[0],
        able=np.array([constraints.may_serve(worker, stop) for worker in workers], np.bool_),
        opens=_column([window.open_s for window in windows]),
        shuts=_column([window.shut_s for window in windows]),
    )


def _able(workers: Sequence[Worker], stops: Sequence[Stop]) -> Flags:
    able = np.zeros((len(workers), len(stops)), np.bool_)
    for some in _alike(stops):
        column = [constraints.may_serve(worker, stops[some[0]]) for worker in workers]
        able[:, some] = np.array(column, np.bool_)[:, None]
    return able


def _tastes(workers: Sequence[Worker], stops: Sequence[Stop]) -> Ints:
    tastes = np.zeros((len(workers), len(stops)), np.int64)
    for some in _alike(stops):
        column = [constraints.taste_s(worker, stops[some[0]]) for worker in workers]
        tastes[:, some] = _column(column)[:, None]
    return tastes


def _alike(stops: Sequence[Stop]) -> Iterable[list[int]]:
    """Return the stops that are alike to the rules about pairs, which so are asked once for all."""
    alike: dict[tuple[object, ...], list[int]] = {}
    for nth, stop in enumerate(stops):
        key = (stop.skill, stop.level, stop.worker_id, stop.barred, stop.area)
        alike.setdefault((*key, stop.prefers, stop.told_id), []).append(nth)
    return alike.values()


def _services(workers: Sequence[Worker], stops: Sequence[Stop]) -> Ints:
    rows = {
        pace: [workers[nth].service_s(stop) for stop in stops]
        for nth, pace in enumerate(worker.pace for worker in workers)
    }
    return _grid([rows[worker.pace] for worker in workers], len(stops), 0)


def lasts(worker: Worker) -> list[tuple[int, int, int]]:
    """Return `last_by`, `last_cap` and `last_drive` by the number of breaks taken."""
    by_s = worker.ends_s
    cap_s = drive_max_s = FAR
    found: list[tuple[int, int, int]] = []
    for rest in reversed(worker.breaks):
        by_s -= rest.work_s
        cap_s = min(rest.shut_s, cap_s - rest.work_s)
        drive_max_s = min(drive_max_s, by_s - rest.open_s)
        if cap_s < rest.open_s:
            drive_max_s = -FAR
        found.append((by_s, cap_s, drive_max_s))
    return found[::-1]


def _column(values: Sequence[int]) -> Ints:
    return np.array(values, np.int64)


def _grid(rows: Sequence[Sequence[int]], wide: int, blank: int) -> Ints:
    """Return rows as one array, filled up to the same width."""
    return np.array([[*row, *[blank] * (wide - len(row))] for row in rows], np.int64).reshape(
        len(rows), wide
    )


class Hunt(NamedTuple):
    """What the search keeps beside the routes."""

    penalty: Ints  # by stop: what leaving it out costs, in seconds of driving
    kind: Ints  # by technician: equal for those who are alike while they have no visit
    near: Indices  # stop x neighbours, nearest first
    close: Indices  # stop x neighbours whose routes are asked for a place
    fits: Flags  # stop x technician: whether he may serve it
    orders: Ints  # order x stop: keys by which loose stops are put back, least first
    holder: Ints  # by stop: the technician, -1 for none
    # By technician: changes with what is in the route, so that what it says can be remembered.
    stamp: Ints
    best_stamp: Ints  # by technician: what his route in the best plan had
    # Stop x technician x (for which stamp, what the stop costs there, in which row): together, as
    # they are read together and are too many for the processor's cache.
    memo: Indices
    # Space to work in.
    is_changed: Flags  # by technician
    aside: Routes  # as they were before this step, in the order in which they changed
    aside_of: Ints  # whose they are
    loose: Indices
    placed: Indices
    asked: Ints  # by technician; the last is the number of the question
    asked_kind: Ints  # by kind, as `asked`
    idle: Ints  # technicians without visits, one of each kind
    blink: Ints  # one number: after how many places one is overlooked


class Pool(NamedTuple):
    """Routes met on the way, end to end; `table` finds them by what they hold."""

    visits: Indices
    begin: Ints  # by route: where its visits begin; one more at the end
    kind: Ints  # by route
    cost: Ints  # by route: seconds of driving, with what it costs beside
    table: Indices
    size: Ints  # one number: how many routes there are
