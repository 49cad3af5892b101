"""Proposes plans by ruin and recreate: strings of neighbouring visits out, best places in.

After slack induction by string removals (Christiaens and Vanden Berghe 2020), on the same
labels that prove an offer. Every route of a plan it accepted goes into a pool, out of
which the solver chooses. Kept small: a compiled kernel is to take its place.

Inside, stops and technicians go by their index in the problem.
"""

import math
import random
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from dispatch.planner import constraints, insertion
from dispatch.planner.insertion import Prepared
from dispatch.planner.labels import FAR, Places, Times
from dispatch.planner.problem import Plan, Problem, Route, Stop, Worker

Visits: TypeAlias = tuple[int, ...]

REMOVED_MEAN = 10
STRING_MAX = 10
# How often a string keeps some stops in its middle, and how often that middle then ends.
SPLIT_SHARE = 0.5
SPLIT_END_SHARE = 0.01
BLINK_SHARE = 0.01
# What the search may lose in one step, in mean drives of its best plan; it cools from one
# to the other by its deadline.
HOT_DRIVES = 2.0
COLD_DRIVES = 0.2
BEAT_S = 0.2
# To lose what the first plan serves costs so many times its penalty: it must never pay.
PROMISED_FACTOR = 10
PAGES_MAX = 20_000
POOL_MAX = 20_000
NEVER_S = 1 << 30
UNSERVED_S = constraints.Weight.UNSERVED // constraints.Weight.DRIVING


@dataclass(frozen=True, slots=True)
class Pooled:
    """A route met on the way: whose, which visits, its driving, whether the best plan has it."""

    worker: int
    visits: Visits
    travel_s: int
    is_best: bool

    def named(self, problem: Problem) -> Route:
        stop_ids = tuple(problem.stops[visit].id for visit in self.visits)
        return Route(problem.workers[self.worker].id, stop_ids)


@dataclass(frozen=True, slots=True, eq=False)
class _Page:
    """One route: its driving, and for every stop the least it would add there and where."""

    visits: Visits
    travel_s: int
    extra_s: NDArray[np.int32]
    position: NDArray[np.int16]


@dataclass(frozen=True, slots=True, eq=False)
class _Asked:
    """The stops that one technician may serve, as columns ready to be weighed."""

    stops: Places
    places: Places
    work_s: Times
    windows: tuple[tuple[Times, Times], ...]


class _Book:
    """Weighs routes, and remembers them: the search meets most of them many times over."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.pages: dict[tuple[int, Visits], _Page] = {}
        # One more row and column of zeros, so that a drive to NOWHERE takes no time.
        self.travel_s = np.pad(problem.travel_s.astype(np.int64), (0, 1))
        self.asked = [_asked(worker, problem.stops) for worker in problem.workers]

    def page(self, worker: int, visits: Visits) -> _Page:
        page = self.pages.get((worker, visits))
        if page is None:
            if len(self.pages) >= PAGES_MAX:
                self.pages.clear()
            page = self.pages[worker, visits] = self._written(worker, visits)
        return page

    def _written(self, worker: int, visits: Visits) -> _Page:
        stop_ids = tuple(self.problem.stops[visit].id for visit in visits)
        route = Route(self.problem.workers[worker].id, stop_ids)
        prepared = insertion.prepare(self.problem, route)
        asked = self.asked[worker]
        costs_s = self._costs(prepared, asked)

        extra_s = np.full(len(self.problem.stops), NEVER_S, np.int32)
        position = np.zeros(len(self.problem.stops), np.int16)
        position[asked.stops] = best = costs_s.argmin(axis=-1)
        extra_s[asked.stops] = costs_s[np.arange(len(best)), best]
        return _Page(visits, prepared.travel_s, extra_s, position)

    def _costs(self, prepared: Prepared, asked: _Asked) -> Times:
        """Return what each stop asked adds at each position, NEVER_S where it does not fit."""
        rows, places = prepared.rows, asked.places[:, None]
        weighed = insertion.weigh(
            rows,
            there_s=self.travel_s[rows.before, places],
            onward_s=self.travel_s[places, rows.after],
        )
        start_by_s = weighed.leave_by_s - asked.work_s
        fits = np.zeros(weighed.extra_s.shape, np.bool_)
        for opens_s, shuts_s in asked.windows:
            start_s = np.maximum(weighed.arrive_s, opens_s)
            fits |= insertion.some(start_s <= np.minimum(start_by_s, shuts_s))
        return np.where(fits, weighed.extra_s, NEVER_S)


def _asked(worker: Worker, stops: Sequence[Stop]) -> _Asked:
    asked = [(i, stop) for i, stop in enumerate(stops) if constraints.may_serve(worker, stop)]

    def column(values: Sequence[int]) -> Times:
        return np.array(values, np.int64)[:, None, None]

    wide = max((len(stop.windows) for _, stop in asked), default=0)
    spans = [
        [(w.open_s, w.shut_s) for w in stop.windows] + [(FAR, -FAR)] * (wide - len(stop.windows))
        for _, stop in asked
    ]
    return _Asked(
        stops=np.array([i for i, _ in asked], np.intp),
        places=np.array([stop.place for _, stop in asked], np.intp),
        work_s=column([stop.work_s for _, stop in asked]),
        windows=tuple(
            (column([span[nth][0] for span in spans]), column([span[nth][1] for span in spans]))
            for nth in range(wide)
        ),
    )


class Search:
    """One search over one day, from a plan whose every route keeps its rules.

    `best` is the cheapest plan met, by driving and penalties alone. Needs at least one
    stop and one technician.
    """

    def __init__(self, problem: Problem, start: Plan, *, seed: int) -> None:
        self.problem = problem
        self.rng = random.Random(seed)
        self.book = _Book(problem)
        self.pages: list[_Page] = []
        self.holder = [-1] * len(problem.stops)
        self.extra_s = np.full((len(problem.stops), len(problem.workers)), NEVER_S, np.int32)
        self.pool: dict[tuple[int, Visits], int] = {}
        self.best, self.best_s, self.mean_drive_s = start, FAR, 1.0
        self.next_beat = time.monotonic() + BEAT_S
        self.penalty_s = penalties(problem, start)
        self.near = _nearest(problem)
        self.orders = _orders(problem)
        self.adopt(start)

    def adopt(self, plan: Plan) -> None:
        """Go on from another plan."""
        index = {stop.id: i for i, stop in enumerate(self.problem.stops)}
        self.pages = []
        self.holder = [-1] * len(index)
        for nth, worker in enumerate(self.problem.workers):
            visits = tuple(index[i] for i in plan.route_of(worker.id).stop_ids)
            self.pages.append(self.book.page(nth, visits))
            self._lay(nth, self.pages[nth])
            for visit in visits:
                self.holder[visit] = nth
        self.absent = {visit for visit, holder in enumerate(self.holder) if holder < 0}
        self.cost_s = sum(page.travel_s for page in self.pages) + self._penalties(self.absent)
        self._note_best()

    def run(self, *, begin: float, end: float, until: float) -> Iterator[None]:
        """Search until a monotonic second, yielding at every beat.

        It cools as if its whole time lay between `begin` and `end`.
        """
        now = time.monotonic()
        while now < until:
            share = min(1.0, (now - begin) / (end - begin))
            drives = HOT_DRIVES * (COLD_DRIVES / HOT_DRIVES) ** share
            self._step(drives * self.mean_drive_s)
            now = time.monotonic()
            if now >= self.next_beat:
                self.next_beat = now + BEAT_S
                yield

    def pooled(self, limit: int) -> list[Pooled]:
        """Return the routes of the cheapest plans, those of the best plan before all others."""
        index = {stop.id: i for i, stop in enumerate(self.problem.stops)}
        best = {
            (nth, tuple(index[i] for i in self.best.route_of(worker.id).stop_ids))
            for nth, worker in enumerate(self.problem.workers)
        }
        cheapest = sorted(self.pool, key=self.pool.__getitem__)[:limit]
        return [
            Pooled(*key, self.book.page(*key).travel_s, key in best)
            for key in dict.fromkeys([*sorted(best), *cheapest])
            if key[1]
        ]

    def _step(self, heat_s: float) -> None:
        before: dict[int, _Page] = {}
        loose = set(self.absent)
        for worker, kept in self._ruined().items():
            before[worker] = self.pages[worker]
            loose.update(set(self.pages[worker].visits).difference(kept))
            self._lay(worker, self.book.page(worker, kept))
        placed, left = self._recreate(self._ordered(loose), before)

        change_s = self._penalties(left) - self._penalties(self.absent)
        change_s += sum(self.pages[w].travel_s - page.travel_s for w, page in before.items())
        if change_s < -heat_s * math.log(1.0 - self.rng.random()):
            self._accept(change_s, placed, left, before)
        else:
            for worker, page in before.items():
                self._lay(worker, page)

    def _ruined(self) -> dict[int, Visits]:
        """Choose neighbouring routes and what is left of each when a string is cut out."""
        lengths = [len(page.visits) for page in self.pages if page.visits]
        if not lengths:
            return {}
        longest = min(STRING_MAX, sum(lengths) / len(lengths))
        strings = int(self.rng.uniform(1, 4 * REMOVED_MEAN / (1 + longest)))
        ruined: dict[int, Visits] = {}
        for visit in self.near[self.rng.randrange(len(self.holder))]:
            worker = self.holder[visit]
            if worker >= 0 and worker not in ruined:
                visits = self.pages[worker].visits
                length = int(self.rng.uniform(1, min(len(visits), longest) + 1))
                ruined[worker] = self._cut(visits, visits.index(visit), length)
                if len(ruined) >= strings:
                    break
        return ruined

    def _cut(self, visits: Visits, at: int, length: int) -> Visits:
        """Cut `length` stops out around position `at`, now and then sparing some in between."""
        rng, spared = self.rng, 0
        if length < len(visits) and rng.random() < SPLIT_SHARE:
            spared = 1
            while length + spared < len(visits) and rng.random() > SPLIT_END_SHARE:
                spared += 1
        whole = length + spared
        first = rng.randint(max(0, at - whole + 1), min(at, len(visits) - whole))
        spare = first + rng.randint(0, length)
        return visits[:first] + visits[spare : spare + spared] + visits[first + whole :]

    def _ordered(self, loose: set[int]) -> list[int]:
        ordered = sorted(loose)
        self.rng.shuffle(ordered)
        key = self.rng.choice(self.orders)
        if key:
            ordered.sort(key=key.__getitem__)
        return ordered

    def _recreate(
        self, loose: list[int], before: dict[int, _Page]
    ) -> tuple[dict[int, int], set[int]]:
        """Put each stop where it adds least; return who got which, and who found no place."""
        placed: dict[int, int] = {}
        left: set[int] = set()
        for visit in loose:
            extra_s = self.extra_s[visit]
            if self.rng.random() < BLINK_SHARE * len(self.pages):
                extra_s = extra_s.copy()
                extra_s[self.rng.randrange(len(self.pages))] = NEVER_S
            worker = int(extra_s.argmin())
            if extra_s[worker] >= NEVER_S:
                left.add(visit)
                continue
            page = self.pages[worker]
            before.setdefault(worker, page)
            at = int(page.position[visit])
            self._lay(worker, self.book.page(worker, (*page.visits[:at], visit, *page.visits[at:])))
            placed[visit] = worker
        return placed, left

    def _accept(
        self, change_s: int, placed: dict[int, int], left: set[int], before: dict[int, _Page]
    ) -> None:
        for visit, worker in placed.items():
            self.holder[visit] = worker
        for visit in left:
            self.holder[visit] = -1
        self.absent = left
        self.cost_s += change_s
        self._note_best()
        for worker in before:
            key = worker, self.pages[worker].visits
            self.pool[key] = min(self.cost_s, self.pool.get(key, self.cost_s))
        if len(self.pool) > POOL_MAX:
            cheapest = sorted(self.pool, key=self.pool.__getitem__)[: POOL_MAX // 2]
            self.pool = {key: self.pool[key] for key in cheapest}

    def _note_best(self) -> None:
        if self.cost_s < self.best_s:
            self.best_s = self.cost_s
            self.best = self._plan()
            drives = max(1, len(self.holder) - len(self.absent))
            self.mean_drive_s = max(1.0, sum(page.travel_s for page in self.pages) / drives)

    def _lay(self, worker: int, page: _Page) -> None:
        self.pages[worker] = page
        self.extra_s[:, worker] = page.extra_s

    def _penalties(self, visits: set[int]) -> int:
        return sum(self.penalty_s[visit] for visit in visits)

    def _plan(self) -> Plan:
        stops = self.problem.stops
        return Plan(
            tuple(
                Route(worker.id, tuple(stops[visit].id for visit in page.visits))
                for worker, page in zip(self.problem.workers, self.pages, strict=True)
            )
        )


def penalties(problem: Problem, start: Plan) -> list[int]:
    """Return the seconds of driving it costs to leave each stop out."""
    served = start.served()
    return [
        stop.priority * UNSERVED_S * (PROMISED_FACTOR if stop.id in served else 1)
        for stop in problem.stops
    ]


def _nearest(problem: Problem) -> list[list[int]]:
    """Return for every stop all stops by the drive to them."""
    places = np.array([stop.place for stop in problem.stops], np.intp)
    drives_s = problem.travel_s[np.ix_(places, places)]
    nearest: list[list[int]] = drives_s.argsort(axis=1, kind="stable").tolist()
    return nearest


def _orders(problem: Problem) -> list[list[int] | None]:
    """Return the orders in which loose stops may be put back, as often as each is to come.

    None leaves them shuffled; the others put first what is hardest to place.
    """
    stops = problem.stops
    room_s = [sum(window.shut_s - window.open_s for window in stop.windows) for stop in stops]
    opens_s = [stop.windows[0].open_s for stop in stops]
    shuts_s = [-stop.windows[-1].shut_s for stop in stops]
    work_s = [-stop.work_s for stop in stops]
    able = [sum(constraints.may_serve(w, stop) for w in problem.workers) for stop in stops]
    return [None] * 4 + [room_s] * 2 + [opens_s] * 2 + [shuts_s, work_s, able]
