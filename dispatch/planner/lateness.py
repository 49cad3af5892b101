"""How likely each visit of a route is reached too late, from how much the lengths of visits spread.

The plan keeps to its careful lengths and its one matrix; here alone lengths are drawn and the hour's
traffic counts. Lengths are lognormal around what was planned, the usual shape of service times:
never below nothing, and long overruns rarer than short ones. Each visit draws every quantile once,
in a shuffle of its own that is always the same, so that equal days have equal chances.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from dispatch.planner.problem import Break, Problem, Stop, Timetable

DRAWS = 500
HOUR_S = 3_600
# Beyond this the tail says nothing: he is as good as done.
OVERDUE_MAX = 0.999
# A length measured beyond these shares of the planned one was a slip of the thumb.
SHARE_MIN, SHARE_MAX = 0.1, 5.0

_Draws = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Spread:
    """How long visits take: half of them at most `median` of what was planned; `sigma` is the
    standard deviation of the logarithm."""

    median: float
    sigma: float


# What is believed before the house has measured.
PRIOR = Spread(0.95, 0.30)


@dataclass(frozen=True, slots=True, kw_only=True)
class Underway:
    """The visit that a technician is at: since when, as planned for how long, and what time it is."""

    began_s: int
    work_s: int
    now_s: int
    spread: Spread = PRIOR


@dataclass(frozen=True, slots=True, kw_only=True)
class Chance:
    """How likely one visit is late: `percent`; `slack_s` is what the visits before it, `before` in
    number, may take longer together before it is; negative when the plan itself is late."""

    percent: int
    slack_s: int
    before: int


def chances(
    problem: Problem,
    timetable: Timetable,
    *,
    shuts_s: Mapping[int, int],
    spreads: Mapping[int, Spread],
    under_way: Underway | None = None,
    traffic: Sequence[float] = (),
) -> dict[int, Chance]:
    """Return the chance of each visit of a route to be reached after second `shuts_s` of it, when the
    length of each spreads as `spreads` says.

    `traffic` are the 24 factors by which a drive that begins in that hour takes longer than the
    matrix says; without it none does. Raises KeyError for unknown ids.
    """
    worker = problem.worker(timetable.worker_id)
    free = _free(worker.shift_open_s, under_way)
    place = worker.start_place
    rests = list(zip(worker.breaks, timetable.breaks, strict=False))
    found: dict[int, Chance] = {}
    for nth, timed in enumerate(timetable.visits):
        stop = problem.stop(timed.stop_id)
        drive_s = problem.drive_s(place, stop.place)
        arrive = free + drive_s * _factor(free, traffic)
        while rests and rests[0][1][0] < timed.start_s:
            arrive = _rested(arrive, rests.pop(0)[0])
        shut_s = shuts_s[stop.id]
        found[stop.id] = Chance(
            percent=round(100 * float((arrive > shut_s).mean())),
            slack_s=shut_s - timed.arrive_s,
            before=nth + (under_way is not None),
        )
        free = _begun(arrive, stop) + stop.work_s * _lengths(nth, spreads[stop.id])
        # What the way from a gate takes is known.
        free += stop.setup_s if drive_s else 0
        place = stop.place
    return found


def _free(free_s: int, under_way: Underway | None) -> _Draws:
    """Return when he can leave: for one at work, by lengths that are not over yet."""
    if under_way is None:
        return np.full(DRAWS, float(free_s))
    spread = under_way.spread
    planned_s = max(1.0, under_way.work_s * spread.median)
    gone_s = under_way.now_s - under_way.began_s
    passed = 0.0
    if gone_s > 0 and spread.sigma > 0:
        passed = NormalDist().cdf(math.log(gone_s / planned_s) / spread.sigma)
    passed = min(passed, OVERDUE_MAX)
    shares = passed + (1 - passed) * _SHARES
    lengths = planned_s * np.exp(spread.sigma * np.interp(shares, _SHARES, _quantiles()))
    # A rest that he has begun, or a drive to that door, may hold him until later.
    planned_end_s = max(under_way.began_s + under_way.work_s, under_way.now_s)
    held_s = free_s if free_s > planned_end_s else under_way.now_s
    done: _Draws = np.maximum(under_way.began_s + lengths, held_s)
    return done


def _factor(free: _Draws, traffic: Sequence[float]) -> _Draws | float:
    if not traffic:
        return 1.0
    hours = np.clip(free // HOUR_S, 0, len(traffic) - 1).astype(np.int64)
    factors: _Draws = np.asarray(traffic, np.float64)[hours]
    return factors


def _rested(arrive: _Draws, rest: Break) -> _Draws:
    """Return when he arrives who rests on the way: once the break opens, or there while he waits."""
    return np.maximum(arrive, rest.open_s) + rest.work_s


def _begun(arrive: _Draws, stop: Stop) -> _Draws:
    """Return when the service starts; who comes after the last window starts at once."""
    begun = arrive.copy()
    for window in reversed(stop.open_windows):
        begun = np.where(arrive <= window.shut_s, np.maximum(arrive, window.open_s), begun)
    return begun


def _lengths(nth: int, spread: Spread) -> _Draws:
    """Return the lengths of the nth visit of a route, in shares of what was planned."""
    drawn: _Draws = spread.median * np.exp(spread.sigma * _shuffled(nth))
    return drawn


_SHARES: _Draws = (np.arange(DRAWS) + 0.5) / DRAWS


@cache
def _quantiles() -> _Draws:
    normal = NormalDist()
    return np.array([normal.inv_cdf(float(share)) for share in _SHARES])


@cache
def _shuffled(nth: int) -> _Draws:
    return np.random.default_rng(nth).permutation(_quantiles())
