"""How early and how late each step of a route can be, by the number of breaks taken.

Breaks come in order, so a label needs to know only how many are behind him. Row r of a
route lies between stop r - 1 (or the start) and stop r (or the end).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from dispatch.planner.problem import Problem, Stop, Worker

Times: TypeAlias = NDArray[np.int64]
Places: TypeAlias = NDArray[np.intp]

# Beyond every second of a day, and small enough that three of them still add up.
FAR = 1 << 40
NOWHERE = -1


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """All a proof reads of one route (rows × labels) or of many (routes in front).

    `free_s` is when he can leave the stop before, `due_s` when he must reach the stop
    after. Beside them stands what they give when the next break is taken on the very leg:
    `rested_s` is the earliest arrival but for the drive and `rest_end_s` whatever the
    drive, `rest_by_s` the latest leaving but for the drive and `rest_cap_s` whatever the
    drive, and `rest_drive_max_s` the longest drive that still lets the break start.
    """

    before: Places
    after: Places
    leg_s: Times
    free_s: Times
    due_s: Times
    rested_s: Times
    rest_end_s: Times
    rest_by_s: Times
    rest_cap_s: Times
    rest_drive_max_s: Times


# What to fill rows and labels with that a route has not: nothing ever fits there.
BLANK = {
    "before": 0,
    "after": NOWHERE,
    "leg_s": 0,
    "free_s": FAR,
    "due_s": -FAR,
    "rested_s": FAR,
    "rest_end_s": FAR,
    "rest_by_s": -FAR,
    "rest_cap_s": -FAR,
    "rest_drive_max_s": -FAR,
}


def label(problem: Problem, worker: Worker, stops: Sequence[Stop]) -> tuple[Rows, bool]:
    """Return the rows of a route, and whether the route as it stands keeps its times."""
    end = NOWHERE if worker.end_place is None else worker.end_place
    places = [worker.start_place, *(stop.place for stop in stops), end]
    legs_s = [problem.drive_s(a, b) for a, b in pairwise(places)]
    if end == NOWHERE or not stops:
        legs_s[-1] = 0  # He who visits nobody drives nowhere.

    free = _forward(worker, stops, legs_s)
    leave_by = _last_leave_by(worker, legs_s[-1])
    is_kept = not stops or any(a <= b for a, b in zip(free[-1], leave_by, strict=True))
    due = _backward(worker, stops, legs_s, leave_by)
    rests = [_rests(worker, row) for row in due[:-1]] + [_last_rests(worker)]
    shape = (len(free), len(worker.breaks))
    rows = Rows(
        before=np.array(places[:-1], np.intp),
        after=np.array(places[1:], np.intp),
        leg_s=np.array(legs_s, np.int64),
        free_s=np.array(free, np.int64),
        due_s=np.array(due, np.int64),
        rested_s=np.array([_rested(worker, row) for row in free], np.int64).reshape(shape),
        rest_end_s=np.array([[r.open_s + r.work_s for r in worker.breaks]], np.int64),
        rest_by_s=np.array([row[0] for row in rests], np.int64).reshape(shape),
        rest_cap_s=np.array([row[1] for row in rests], np.int64).reshape(shape),
        rest_drive_max_s=np.array([row[2] for row in rests], np.int64).reshape(shape),
    )
    return rows, is_kept


def _forward(worker: Worker, stops: Sequence[Stop], legs_s: Sequence[int]) -> list[list[int]]:
    """Return, before each row, the earliest second he is free with so many breaks taken."""
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


def _backward(
    worker: Worker, stops: Sequence[Stop], legs_s: Sequence[int], leave_by: list[int]
) -> list[list[int]]:
    """Return, after each row, the latest arrival that still keeps the rest of the route.

    `leave_by` bounds the end of the last service. The last row bounds the end of the
    drive home and so needs all breaks taken.
    """
    due = [-FAR] * len(worker.breaks) + [worker.shift_shut_s]
    rows = [due]
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


def _rested(worker: Worker, free: Sequence[int]) -> list[int]:
    return [
        second + rest.work_s if second <= rest.shut_s else FAR
        for second, rest in zip(free, worker.breaks, strict=False)
    ]


def _rests(worker: Worker, due: Sequence[int]) -> tuple[list[int], list[int], list[int]]:
    """Return `rest_by_s`, `rest_cap_s` and `rest_drive_max_s` of a row before some stop."""
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
