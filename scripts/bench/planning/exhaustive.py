"""Every way to plan a day so small that all can be tried: by rules written down a second time here.

No label and no dominance: a technician's day is followed through each order of visits and each
place where a break may lie.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from dispatch.planner.problem import Break, Problem, Stop, Window, Worker

STOPS, WORKERS = 7, 3
# All times are multiples of it. A whole day of waiting costs less than one of these of driving,
# so that what the search does not weigh cannot decide.
UNIT_S = 20
DAY_UNITS = 12
PLACES = 6
UNSERVED_S = 36_000
WISH_S, TOLD_S, LEVEL_S, ESTATE_S, STANDBY_S = 600, 900, 60, 120, 3_600
NEVER = 1 << 60


def a_day(seed: int) -> Problem:
    """Draw a day: seven visits, three technicians, every rule of one route now and then."""
    rng = random.Random(seed)
    drives = np.array(
        [
            [0 if a == b else rng.randint(0, 3) * UNIT_S for b in range(PLACES)]
            for a in range(PLACES)
        ],
        np.int32,
    )
    stops = tuple(_stop(rng, n) for n in range(1, STOPS + 1))
    return Problem(stops, tuple(_worker(rng, n) for n in range(1, WORKERS + 1)), drives)


def _stop(rng: random.Random, stop_id: int) -> Stop:
    cuts = sorted(rng.sample(range(DAY_UNITS + 1), rng.choice([2, 2, 2, 4])))
    closed = sorted(rng.sample(range(DAY_UNITS + 1), 2))
    return Stop(
        stop_id,
        rng.randrange(PLACES),
        work_s=rng.randint(0, 2) * UNIT_S,
        windows=tuple(
            Window(a * UNIT_S, b * UNIT_S) for a, b in zip(cuts[::2], cuts[1::2], strict=True)
        ),
        skill=rng.choice([None, None, "gas"]),
        level=rng.choice([1, 1, 2]),
        priority=rng.choice([1, 1, 3]),
        worker_id=rng.choice([None] * 6 + [1]),
        barred=rng.choice([frozenset[int](), frozenset[int](), frozenset({2})]),
        setup_s=rng.choice([0, 0, UNIT_S]),
        # It ends where the next unit begins.
        closed=rng.choice([(), (), (Window(closed[0] * UNIT_S, closed[1] * UNIT_S - 1),)]),
        area=rng.choice(["east", "west"]),
        estate=rng.choice([None, None, "lake", "hill"]),
        prefers=rng.choice([frozenset[int](), frozenset[int](), frozenset({1, 3})]),
        told_id=rng.choice([None, None, 2]),
    )


def _worker(rng: random.Random, worker_id: int) -> Worker:
    opens, shuts = sorted(rng.sample(range(DAY_UNITS + 1), 2))
    rest = sorted(rng.sample(range(DAY_UNITS + 1), 2))
    lunch = Break(rest[0] * UNIT_S, rest[1] * UNIT_S, UNIT_S)
    return Worker(
        worker_id,
        rng.randrange(PLACES),
        rng.choice([None, rng.randrange(PLACES)]),
        opens * UNIT_S,
        shuts * UNIT_S,
        breaks=rng.choice([(), (lunch,)]),
        skills=rng.choice([{}, {"gas": 1}, {"gas": 2}, {"gas": 3}]),
        areas=rng.choice([None, None, frozenset({"east"})]),
        pace=rng.choice([1.0, 1.0, 2.0]),
        overtime_s=rng.choice([0, 2 * UNIT_S]),
        is_standby=rng.choice([False, False, True]),
        fixed_s=rng.choice([0, 0, 900]),
    )


def least_s(problem: Problem) -> int:
    """Return the cost of the best plan, waiting aside, in seconds of driving."""
    full = 1 << len(problem.stops)
    priorities = [stop.priority for stop in problem.stops]
    left_out = [
        UNSERVED_S * sum(p for nth, p in enumerate(priorities) if not mask & 1 << nth)
        for mask in range(full)
    ]
    best = [NEVER] * full
    best[0] = 0
    for worker in problem.workers:
        routes = _Walk(problem, worker).costs()
        following = list(best)
        for held in range(full):
            if best[held] == NEVER:
                continue
            for mask, cost_s in routes.items():
                if not held & mask:
                    both = held | mask
                    following[both] = min(following[both], best[held] + cost_s)
        best = following
    return min(cost_s + left_out[mask] for mask, cost_s in enumerate(best) if cost_s < NEVER)


@dataclass(frozen=True, slots=True)
class _Walk:
    """All that one technician may do."""

    problem: Problem
    worker: Worker

    def costs(self) -> dict[int, int]:
        """Return the least cost by the set of visits, as bits, of every route that can be kept."""
        found: dict[int, int] = {}
        free = frozenset({(self.worker.shift_open_s, False)})
        able = [nth for nth, stop in enumerate(self.problem.stops) if self._may(stop)]
        self._extend(found, (), able, free)
        return found

    def _extend(
        self,
        found: dict[int, int],
        order: tuple[int, ...],
        able: list[int],
        free: frozenset[tuple[int, bool]],
    ) -> None:
        for nth in able:
            if nth in order:
                continue
            after = frozenset(self._after(order, self.problem.stops[nth], free))
            if not after:
                continue
            longer = (*order, nth)
            cost_s = self._cost_s(longer, after)
            if cost_s is not None:
                mask = sum(1 << each for each in longer)
                found[mask] = min(cost_s, found.get(mask, NEVER))
            self._extend(found, longer, able, after)

    def _after(
        self, order: tuple[int, ...], stop: Stop, free: frozenset[tuple[int, bool]]
    ) -> Iterator[tuple[int, bool]]:
        """Yield when he can be done with the stop, and whether he has rested."""
        last = self.problem.stops[order[-1]].place if order else self.worker.start_place
        drive_s = self.problem.drive_s(last, stop.place)
        work_s = round(stop.work_s * self.worker.pace) + (stop.setup_s if drive_s else 0)
        for free_s, has_rested in free:
            arrivals = [(free_s + drive_s, has_rested)]
            arrivals += [
                (max(free_s + drive_s, rest.open_s) + rest.work_s, True)
                for rest in self._due(free_s, has_rested=has_rested)
            ]
            for arrive_s, rested in arrivals:
                start_s = _first_open(stop, arrive_s)
                if start_s is not None:
                    yield start_s + work_s, rested

    def _cost_s(self, order: tuple[int, ...], free: frozenset[tuple[int, bool]]) -> int | None:
        stops = [self.problem.stops[nth] for nth in order]
        home_s = self.problem.drive_s(stops[-1].place, self.worker.end_place)
        ends = []
        for free_s, has_rested in free:
            ends += [
                max(free_s, rest.open_s) + rest.work_s + home_s
                for rest in self._due(free_s, has_rested=has_rested)
            ]
            if has_rested or not self.worker.breaks:
                ends.append(free_s + home_s)
        worker = self.worker
        in_time = [end_s for end_s in ends if end_s <= worker.shift_shut_s + worker.overtime_s]
        if not in_time:
            return None
        places = [worker.start_place, *(stop.place for stop in stops)]
        drive_s = sum(self.problem.drive_s(a, b) for a, b in pairwise(places)) + home_s
        overtime_s = max(0, min(in_time) - worker.shift_shut_s)
        estates = [None, *(stop.estate for stop in stops)]
        entered = sum(b is not None and a != b for a, b in pairwise(estates))
        return (
            drive_s
            + overtime_s * 3 // 2
            + entered * ESTATE_S
            + worker.is_standby * STANDBY_S
            + worker.fixed_s
            + sum(map(self._taste_s, stops))
        )

    def _due(self, free_s: int, *, has_rested: bool) -> list[Break]:
        """Return the breaks that may still begin."""
        breaks = () if has_rested else self.worker.breaks
        return [rest for rest in breaks if free_s <= rest.shut_s]

    def _taste_s(self, stop: Stop) -> int:
        level = self.worker.skills.get(stop.skill or "", 0)
        above = max(0, level - stop.level) if stop.skill else 0
        wish = bool(stop.prefers) and self.worker.id not in stop.prefers
        told = stop.told_id is not None and stop.told_id != self.worker.id
        return above * LEVEL_S + wish * WISH_S + told * TOLD_S

    def _may(self, stop: Stop) -> bool:
        worker = self.worker
        return (
            (stop.skill is None or worker.skills.get(stop.skill, 0) >= stop.level)
            and stop.worker_id in {None, worker.id}
            and worker.id not in stop.barred
            and (worker.areas is None or stop.area in worker.areas)
        )


def _first_open(stop: Stop, arrive_s: int) -> int | None:
    """Go through the seconds that count: nothing opens or shuts between two of them."""
    for second in range(arrive_s, DAY_UNITS * UNIT_S + 1):
        is_open = any(w.open_s <= second <= w.shut_s for w in stop.windows)
        if is_open and not any(w.open_s <= second <= w.shut_s for w in stop.closed):
            return second
    return None
