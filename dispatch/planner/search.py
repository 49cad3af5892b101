"""Proposes plans by ruin and recreate, on the same labels that prove an offer.

The kernel takes the steps. Every route of a plan about as cheap as the best goes into a pool, out
of which the solver chooses.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from dispatch.planner import arrays, compiling, constraints
from dispatch.planner.arrays import Day, Flags, Hunt, Indices, Ints, Pool
from dispatch.planner.compiling import kernel
from dispatch.planner.problem import Plan, Problem, Route

# By the share of the way: what the search may lose in one step, in drives between neighbours. It
# goes from each to the next by the same factor a second.
Cooling: TypeAlias = tuple[tuple[float, float], ...]
COLD_DRIVES = 0.06
QUICKLY: Cooling = ((0.0, 3.6), (1.0, COLD_DRIVES))
# With time enough it goes slowly where plans set: hotter than one drive they melt, and below a
# quarter they hardly change.
SLOWLY: Cooling = ((0.0, 3.6), (0.12, 1.0), (0.75, 0.25), (1.0, COLD_DRIVES))
# Where it cools several times the first begins with so much, as it is short, and the others with less.
HOT_FIRST_DRIVES = 1.8
WARM_DRIVES = 0.6
# It has cooled at so much of the way: the rest is OR-Tools'.
SEARCHED_SHARE = 0.94
BEAT_S = 0.2
CHUNK_S = 0.02
STEPS_FIRST = 20
# To lose what the first plan serves costs so many times its penalty: it must never pay.
PROMISED_FACTOR = 10
UNSERVED_S = constraints.Weight.UNSERVED // constraints.Weight.DRIVING
NEIGHBOURS_MAX = 500
# How far apart neighbours are is told by so many of the nearest.
NEIGHBOURS_FEW = 5
# The routes of so many neighbours are asked for a place; on a day of so many stops, where what is known
# of their routes lies out of the processor's cache, of fewer, as far as whoever has them may serve it.
CLOSE_MAX, CLOSE_FEW = 40, 14
STOPS_MANY = 800
WAIT_SHARE = 0.2
POOL_MAX = 20_000
POOL_VISITS_MAX = 400_000
# A plan's routes go into the pool when it costs at most so many such drives more than the best.
NEAR_BEST_DRIVES = 7.0
# By how much a visit gets dearer for each that is over a quota.
PRICE_DRIVES = 0.6


@dataclass(frozen=True, slots=True, eq=False)
class Columns:
    """Routes to choose from, end to end: route n has `visits[begin[n]:begin[n + 1]]`."""

    visits: Ints
    begin: Ints
    kind: Ints
    cost: Ints  # seconds of driving, with what a route costs beside
    busy: Ints  # seconds driven and served

    def __len__(self) -> int:
        return len(self.kind)

    def visits_of(self, nth: int) -> Ints:
        return self.visits[self.begin[nth] : self.begin[nth + 1]]


class Search:
    """One search over one day, from a plan whose every route keeps its rules.

    `best` is the cheapest plan met, by all that hangs on one route alone and on what is left out. Needs at least one stop and one
    technician. `taken` are the steps that searches before it tried.
    """

    def __init__(
        self,
        problem: Problem,
        start: Plan,
        *,
        seed: int,
        cooling: Cooling = QUICKLY,
        taken: int = 0,
    ) -> None:
        compiling.load()
        self.problem = problem
        self.shares, heats = zip(*cooling, strict=True)
        self.heats = np.log(heats)
        self.penalty_s = penalties(problem, start)
        self.day = arrays.day_of(problem)
        given = max((len(route.stop_ids) for route in start.routes), default=0)
        self.length_max = max(arrays.longest(self.day), given) + 1
        self.hunt = _hunt(problem, self.day, self.penalty_s, self.length_max)
        self.pool = _pool()
        self.drive_s = _between_neighbours_s(self.day)
        self.rng = np.array([_mixed(seed)], np.uint64)
        self.book = np.zeros(kernel().BOOK_SIZE, np.int64)
        self.next_beat = time.monotonic() + BEAT_S
        self.steps = STEPS_FIRST
        self.book[kernel().BEST] = arrays.FAR
        self.book[kernel().STEPS] = taken
        self.adopt(start)

    def adopt(self, plan: Plan) -> None:
        """Go on from another plan."""
        core, longest = kernel(), self.length_max
        self.routes = arrays.routes_of(self.problem, plan, self.day, length_max=longest)
        self.hunt.holder[:] = -1
        for nth, length in enumerate(self.routes.length):
            self.hunt.holder[self.routes.visits[nth, :length]] = nth
            core.label(self.day, self.routes, nth)
            self.book[core.STAMP] += 1
            self.hunt.stamp[nth] = self.book[core.STAMP]
        absent = self.hunt.holder < 0
        self.book[core.ABSENT] = absent.sum()
        self.book[core.USED] = (self.routes.length > 0).sum()
        self.book[core.IDLE] = core.UNKNOWN
        costs = self.routes.drive + self.routes.soft
        cost_s = int(costs.sum() + self.hunt.penalty[absent].sum())
        self.book[core.COST] = cost_s
        for nth, length in enumerate(self.routes.length):
            if length:
                core.remember(self.day, self.hunt, self.routes, self.pool, nth)
        if cost_s < self.book[core.BEST]:
            self.book[core.BEST] = cost_s
            self.kept = arrays.routes_of(self.problem, plan, self.day, length_max=longest)
            self.kept.drive[:] = costs - self.day.price * self.routes.length
            self.hunt.best_stamp[:] = self.hunt.stamp

    @property
    def best_s(self) -> int:
        """The cost of the best plan, in seconds of driving."""
        return int(self.book[kernel().BEST])

    @property
    def taken(self) -> int:
        """How many steps were tried."""
        return int(self.book[kernel().STEPS])

    @property
    def best(self) -> Plan:
        stops = self.problem.stops
        return Plan(
            tuple(
                Route(worker.id, tuple(stops[i].id for i in self.kept.visits[nth, :length]))
                for nth, (worker, length) in enumerate(
                    zip(self.problem.workers, self.kept.length, strict=True)
                )
            )
        )

    def price(self) -> None:
        """Make the visits of those dearer who have more than their quota, cheaper again of others.

        The price is in no plan's cost: it only leads the search to where OR-Tools can choose.
        """
        step_s = PRICE_DRIVES * self.drive_s
        for quota in self.problem.ties.quotas:
            his = [n for n, w in enumerate(self.problem.workers) if w.id in quota.worker_ids]
            over = int(self.kept.length[his].sum()) - quota.visits_max
            self.day.price[his] = np.maximum(0, self.day.price[his] + int(step_s * over))
            self.book[kernel().BEST] = arrays.FAR

    def take(self, steps: int, *, heat_s: float) -> None:
        """Take some steps, none of which may lose more than the heat allows."""
        kernel().search(
            self.day,
            self.hunt,
            self.routes,
            self.pool,
            self.book,
            self.rng,
            self.kept,
            steps,
            heat_s,
            int(NEAR_BEST_DRIVES * self.drive_s),
        )

    def run(
        self, share: Callable[[], float], *, until: float, steps: int | None = None
    ) -> Iterator[None]:
        """Search until `share` of the whole way is gone, cooling as it goes; yield at every beat.

        It looks up after a fiftieth of a second, or after so many steps as are given.
        """
        while (gone := share()) < until:
            began = time.monotonic()
            self.take(steps or self.steps, heat_s=self._heat_s(gone))
            now = time.monotonic()
            self.steps = max(1, int(self.steps * min(4.0, CHUNK_S / max(now - began, 1e-4))))
            if now >= self.next_beat:
                self.next_beat = now + BEAT_S
                yield

    def pooled(self) -> Columns:
        """Return the routes of the best plan, by technician, then those met with plans as good.

        A route is there once for each kind of technician, whoever of them had it.
        """
        best = [nth for nth, length in enumerate(self.kept.length) if length]
        count, pool = int(self.pool.size[0]), self.pool
        lengths = np.concatenate([self.kept.length[best], np.diff(pool.begin[: count + 1])])
        own = [self.kept.visits[nth, : self.kept.length[nth]] for nth in best]
        visits = np.concatenate([*own, pool.visits[: pool.begin[count]]]).astype(np.int64)
        kind = np.concatenate([self.hunt.kind[best], pool.kind[:count]])
        cost = np.concatenate([self.kept.drive[best], pool.cost[:count]])
        who = np.unique(self.hunt.kind, return_index=True)[1][kind]
        served = self.day.work[who.repeat(lengths), visits]
        begin = np.concatenate([[0], lengths.cumsum()])
        total = np.concatenate([[0], served.cumsum()])
        return Columns(
            visits=visits,
            begin=begin,
            kind=kind,
            cost=cost,
            busy=cost + total[begin[1:]] - total[begin[:-1]],
        )

    def plan_of(self, columns: Columns, chosen: list[int]) -> Plan:
        """Return a choice of routes as a plan, whoever has a route of it by the best plan keeping it."""
        held = {
            (int(self.hunt.kind[nth]), tuple(self.kept.visits[nth, :length].tolist())): nth
            for nth, length in enumerate(self.kept.length)
        }
        routes: dict[int, Ints] = {}
        others = []
        for column in chosen:
            key = int(columns.kind[column]), tuple(columns.visits_of(column).tolist())
            if key in held:
                routes[held[key]] = columns.visits_of(column)
            else:
                others.append(column)
        for column in others:
            free = (n for n, kind in enumerate(self.hunt.kind) if kind == columns.kind[column])
            routes[next(nth for nth in free if nth not in routes)] = columns.visits_of(column)
        stops, workers = self.problem.stops, self.problem.workers
        return Plan(
            tuple(
                Route(workers[nth].id, tuple(stops[i].id for i in routes[nth]))
                for nth in sorted(routes)
            )
        )

    def _heat_s(self, share: float) -> float:
        return self.drive_s * float(
            np.exp(np.interp(share / SEARCHED_SHARE, self.shares, self.heats))
        )


def rounds(times: int) -> Cooling:
    """Return how to cool so many times in turn."""
    heats = [HOT_FIRST_DRIVES, *[WARM_DRIVES] * (times - 1)]
    return tuple(
        point
        for nth, hot in enumerate(heats)
        for point in ((nth / times, hot), ((nth + 1) / times, COLD_DRIVES))
    )


def penalties(problem: Problem, start: Plan) -> list[int]:
    """Return the seconds of driving it costs to leave each stop out."""
    served = start.served()
    return [
        stop.priority * UNSERVED_S * (PROMISED_FACTOR if stop.id in served else 1)
        for stop in problem.stops
    ]


def _hunt(problem: Problem, day: Day, penalty_s: list[int], length_max: int) -> Hunt:
    stops, workers = len(problem.stops), len(problem.workers)
    kind = _kinds(problem, day.able, day.taste)
    near = _nearest(day)
    return Hunt(
        penalty=np.array(penalty_s, np.int64),
        kind=kind,
        near=near,
        orders=_orders(day),
        holder=np.full(stops, -1, np.int64),
        stamp=np.zeros(workers, np.int64),
        close=_close(day),
        fits=np.ascontiguousarray(day.able.T),
        best_stamp=np.full(workers, -1, np.int64),
        # Four for three: none lies across two lines of the cache.
        memo=np.full((stops, workers, 4), -1, np.int32),
        is_changed=np.zeros(workers, np.bool_),
        aside=arrays.routes_of(problem, Plan(), day, length_max=length_max),
        aside_of=np.zeros(workers, np.int64),
        loose=np.zeros(stops, np.int32),
        placed=np.zeros(stops, np.int32),
        asked=np.zeros(workers + 1, np.int64),
        asked_kind=np.zeros(workers + 1, np.int64),
        idle=np.zeros(workers, np.int64),
        blink=np.ones(1, np.int64),
    )


def _pool() -> Pool:
    return Pool(
        visits=np.zeros(POOL_VISITS_MAX, np.int32),
        begin=np.zeros(POOL_MAX + 1, np.int64),
        kind=np.zeros(POOL_MAX, np.int64),
        cost=np.zeros(POOL_MAX, np.int64),
        table=np.full(4 * POOL_MAX + 1, -1, np.int32),
        size=np.zeros(1, np.int64),
    )


def _kinds(problem: Problem, able: Flags, taste: Ints) -> Ints:
    """Number the technicians so that those who may take each other's routes share one."""
    numbers: dict[tuple[object, ...], int] = {}
    kinds = [
        numbers.setdefault(
            (
                worker.start_place,
                worker.end_place,
                worker.shift_open_s,
                worker.shift_shut_s,
                worker.breaks,
                worker.room,
                worker.pace,
                worker.overtime_s,
                worker.is_standby,
                worker.fixed_s,
                worker.worked_s if problem.ties.is_fair else 0,
                *(worker.id in quota.worker_ids for quota in problem.ties.quotas),
                able[nth].tobytes(),
                taste[nth].tobytes(),
            ),
            len(numbers),
        )
        for nth, worker in enumerate(problem.workers)
    ]
    return np.array(kinds, np.int64)


def _between_neighbours_s(day: Day) -> float:
    """Return the mean drive from a stop to the fifth of the other places nearest to it.

    Unlike the mean drive of a plan it does not grow with the way to where all the stops are, which
    no step can save.
    """
    drives = day.travel[np.ix_(day.place, day.place)].astype(np.float64)
    drives[drives <= 0] = np.inf
    nearest = np.sort(drives, axis=1)[:, :NEIGHBOURS_FEW]
    far = np.where(np.isfinite(nearest), nearest, 0.0).max(axis=1)
    return max(1.0, float(far.mean()))


def _nearest(day: Day) -> Indices:
    """Return for every stop the stops by the drive to them."""
    drives = day.travel[np.ix_(day.place, day.place)]
    nearest = drives.argsort(axis=1, kind="stable")[:, :NEIGHBOURS_MAX]
    return np.ascontiguousarray(nearest, np.int32)


def _close(day: Day) -> Indices:
    """Return for every stop those that may well stand beside it in a route, the likeliest first.

    By the drive, with a share of the waiting and all of the lateness that one after the other must
    bring; after Vidal et al., "A hybrid genetic algorithm with adaptive diversity management for a
    large class of vehicle routing problems with time-windows", Computers & OR 40(1), 2013.
    """
    drives = day.travel[np.ix_(day.place, day.place)].astype(np.float64)
    opens, shuts, work = day.opens[:, 0], day.shuts.max(axis=1), day.work.min(axis=0)
    wait = np.maximum(0, opens[None, :] - (shuts + work)[:, None] - drives)
    late = np.maximum(0, (opens + work)[:, None] + drives - shuts[None, :])
    after = drives + WAIT_SHARE * wait + late
    beside = np.minimum(after, after.T)
    few = int(CLOSE_FEW / max(0.1, day.able.mean())) if len(day.place) >= STOPS_MANY else CLOSE_MAX
    count = min(CLOSE_MAX, few)
    return np.ascontiguousarray(beside.argsort(axis=1, kind="stable")[:, :count], np.int32)


def _orders(day: Day) -> Ints:
    """Return the orders in which loose stops may be put back, as often as each is to come.

    Zeros leave them shuffled; the others put first what is hardest to place. After the paper's
    random, demand, far and close; windows stand in for demand where nothing is carried.
    """
    blank = np.zeros(len(day.place), np.int64)
    ends_shut = day.shuts.max(axis=1)
    room = ends_shut - day.opens[:, 0]
    far = -day.travel[np.ix_(day.start, day.place)].min(axis=0).astype(np.int64)
    able = day.able.sum(axis=0)
    heavy = -day.down.sum(axis=1) - day.up.sum(axis=1)
    scarce = heavy if heavy.any() else able
    keys = [blank] * 4 + [scarce] * 4 + [far] * 2 + [-far] + [room] * 2
    keys += [day.opens[:, 0]] * 2 + [-ends_shut] * 2
    return np.array(keys, np.int64)


def _mixed(seed: int) -> int:
    """Return a state that is never zero and unlike for seeds that are near (SplitMix64)."""
    mixed = (seed + 0x9E3779B97F4A7C15) % (1 << 64)
    mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9 % (1 << 64)
    mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EB % (1 << 64)
    return (mixed ^ (mixed >> 31)) or 1
