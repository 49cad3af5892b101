"""Moves few visits of a plan that mostly stays: what lost its place is put back where it disturbs
least, at need by moving one other visit on."""

import random
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

from dispatch.planner import arrays, insertion, judge, keeping
from dispatch.planner.across import UNTIED, Ties
from dispatch.planner.compiling import kernel
from dispatch.planner.insertion import PreparedDay
from dispatch.planner.problem import Plan, Problem, Route, Stop, Timetable, Window

# A visit whose start moves by more than this has been moved, as far as people are concerned.
RETIMED_S = 15 * 60
# What it is worth, in seconds of driving, that one visit more stays where and when it was.
MOVED_PRICE_S = 3_600
MOVED_MAX = 100
# The best place, and what is lost when it is gone.
PLACES_MAX = 2
# A minute of overtime is worth so many of driving.
OVERTIME_FACTOR = 4


@dataclass(frozen=True, slots=True)
class Published:
    """What was planned before the day broke: by visit whose it was and when it would start; by
    technician when his shift ends."""

    holder: Mapping[int, int]
    starts_s: Mapping[int, int]
    ends_s: Mapping[int, int]


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A way to take a visit up: what it costs in seconds of driving, the order it makes, and how many
    visits beside it are moved."""

    price_s: int
    worker_id: int
    order: tuple[int, ...]
    moved: int


@dataclass(frozen=True, slots=True)
class _Timed:
    """One order of visits: when each starts, what it costs, how many of them are retimed."""

    starts_s: tuple[int, ...]
    price_s: int
    moved: int


class Desk:
    """The routes of a day while they are being repaired. Every route laid keeps its times.

    `shuts_s` is by visit the last second promised: nothing is put in later than that. Of the `ties`
    quotas and tools are kept, too.
    """

    def __init__(
        self,
        problem: Problem,
        plan: Plan,
        *,
        published: Published,
        shuts_s: Mapping[int, int],
        more: int,
        ties: Ties = UNTIED,
    ) -> None:
        self.problem = problem
        self.ties = ties
        self.published = published
        self.shuts_s = shuts_s
        self.orders = {worker.id: plan.route_of(worker.id).stop_ids for worker in problem.workers}
        longest = max((len(order) for order in self.orders.values()), default=0)
        day = arrays.day_of(problem)
        routes = arrays.routes_of(problem, plan, day, length_max=longest + more + 1)
        self._prepared = PreparedDay(problem, plan, day, routes)
        self._nth = {worker.id: nth for nth, worker in enumerate(problem.workers)}
        self._index = {stop.id: nth for nth, stop in enumerate(problem.stops)}
        self._known: dict[tuple[int, tuple[int, ...]], _Timed] = {}
        for nth in self._nth.values():
            kernel().label(day, routes, nth)

    @property
    def plan(self) -> Plan:
        return Plan(tuple(Route(worker_id, order) for worker_id, order in self.orders.items()))

    @property
    def total_s(self) -> int:
        """What the routes cost, and all that was handed over."""
        return sum(
            self.price(worker_id, order) + sum(self._handing_s(one, worker_id) for one in order)
            for worker_id, order in self.orders.items()
        )

    def lay(self, worker_id: int, order: tuple[int, ...]) -> None:
        """Give a technician this order of visits."""
        day, routes, nth = self._prepared.day, self._prepared.routes, self._nth[worker_id]
        self.orders[worker_id] = order
        routes.length[nth] = len(order)
        routes.visits[nth, : len(order)] = [self._index[stop_id] for stop_id in order]
        kernel().label(day, routes, nth)

    def lay_all(self, orders: Mapping[int, tuple[int, ...]]) -> None:
        """Go back, or on, to these orders."""
        for worker_id, order in orders.items():
            if self.orders[worker_id] != order:
                self.lay(worker_id, order)

    def places(
        self,
        stop_id: int,
        *,
        only: int | None = None,
        but: Collection[int] = (),
        most: int = MOVED_MAX,
    ) -> list[Place]:
        """Return the two technicians, at most, for whom it costs least to take the visit up within its
        promise, moving at most so many others."""
        best: list[Place] = []
        for extra_s, worker_id, position in self._openings(stop_id, only=only, but=but):
            # The driving alone is more than what is known to do.
            if len(best) == PLACES_MAX and extra_s >= best[-1].price_s:
                break
            order = self.orders[worker_id]
            longer = (*order[:position], stop_id, *order[position:])
            if not self._keeps(worker_id, longer):
                continue
            place = self._place(stop_id, worker_id, longer)
            in_time = self._route(worker_id, longer).starts_s[position] <= self.shuts_s[stop_id]
            if in_time and place.moved <= most:
                best = _better(best, place)
        return best

    def _place(self, stop_id: int, worker_id: int, longer: tuple[int, ...]) -> Place:
        known, present = self._route(worker_id, longer), self.orders[worker_id]
        handing_s = self._handing_s(stop_id, worker_id)
        before = self._route(worker_id, present)
        moved = known.moved - before.moved + bool(handing_s)
        return Place(known.price_s - before.price_s + handing_s, worker_id, longer, moved)

    def _handing_s(self, stop_id: int, worker_id: int) -> int:
        """Return what it is worth that a visit whose technician is still there stays with him."""
        holder = self.published.holder.get(stop_id, worker_id)
        return MOVED_PRICE_S if holder != worker_id and holder in self.orders else 0

    def _openings(
        self, stop_id: int, *, only: int | None, but: Collection[int]
    ) -> list[tuple[int, int, int]]:
        """Return what the times of the routes leave open: (driving added, technician, position)."""
        stop = self.problem.stop(stop_id)
        shut_s = min(stop.windows[-1].shut_s, self.shuts_s[stop_id])
        able = self._prepared.day.able[:, self._index[stop_id]]
        closed = keeping.barred(self.ties, self.orders, self.plan, stop_id) if self.ties else ()
        return sorted(
            (extra_s, worker_id, position)
            for worker_id in (self.orders if only is None else (only,))
            if worker_id not in but and worker_id not in closed and able[self._nth[worker_id]]
            for extra_s, position in self._positions(worker_id, stop, shut_s)
        )

    def _positions(self, worker_id: int, stop: Stop, shut_s: int) -> Iterator[tuple[int, int]]:
        """Yield where the stop could begin in time, and who follows still be reached in his window."""
        drive_s, order = self.problem.drive_s, self.orders[worker_id]
        worker, starts_s = self.problem.worker(worker_id), self._route(worker_id, order).starts_s
        place, free_s = worker.start_place, worker.shift_open_s
        for position in range(len(order) + 1):
            begun_s = stop.start_after(free_s + drive_s(place, stop.place))
            if begun_s > shut_s:
                return
            by_s, end = worker.ends_s, worker.end_place
            if position < len(order):
                following = self.problem.stop(order[position])
                by_s, end = following.windows[-1].shut_s, following.place
            on_s = drive_s(stop.place, end)
            if begun_s + stop.work_s + on_s <= by_s:
                yield drive_s(place, stop.place) + on_s - drive_s(place, end), position
            if position < len(order):
                place, free_s = following.place, starts_s[position] + following.work_s

    def fits(self, stop: Stop, window: Window) -> bool:
        """Tell whether the visit fits somewhere in another window than its own."""
        to_s, from_s = self.problem.travel_of(stop.place)
        found = insertion.find(
            self._prepared, stop=stop, to_s=to_s, from_s=from_s, windows=(window,), few=1
        )
        return bool(found[window])

    def price(self, worker_id: int, order: tuple[int, ...]) -> int:
        """Return what an order costs: its driving, what of it was moved, its overtime."""
        return self._route(worker_id, order).price_s

    def late(self, worker_id: int, order: tuple[int, ...]) -> list[int]:
        """Return the visits of an order that start after what was promised."""
        starts_s = self._route(worker_id, order).starts_s
        return [
            stop_id
            for stop_id, start_s in zip(order, starts_s, strict=True)
            if start_s > self.shuts_s[stop_id]
        ]

    def _route(self, worker_id: int, order: tuple[int, ...]) -> "_Timed":
        key = worker_id, order
        if key not in self._known:
            table = judge.timetable(self.problem, Route(worker_id, order))
            overtime_s = max(0, table.finish_s - self.published.ends_s[worker_id])
            moved = len(retimed(table, self.published))
            price_s = table.travel_s + MOVED_PRICE_S * moved
            price_s += OVERTIME_FACTOR * overtime_s if order else 0
            self._known[key] = _Timed(tuple(v.start_s for v in table.visits), price_s, moved)
        return self._known[key]

    def _keeps(self, worker_id: int, order: tuple[int, ...]) -> bool:
        """Prove an order of visits by its labels, and lay the technician's own again."""
        present, nth = self.orders[worker_id], self._nth[worker_id]
        self.lay(worker_id, order)
        kept = bool(self._prepared.routes.kept[nth])
        self.lay(worker_id, present)
        return kept

    def settle(
        self,
        loose: Iterable[int],
        *,
        rng: random.Random | None = None,
        but: Collection[int] = (),
        most: int = MOVED_MAX,
    ) -> list[int]:
        """Put visits into routes, the one that has most to lose first; return those that fit nowhere.

        With `rng` the losses are blurred, so that another try comes out otherwise.
        """
        waiting = {stop_id: self.places(stop_id, but=but, most=most) for stop_id in loose}
        stuck: list[int] = []
        while waiting:
            stop_id = max(waiting, key=lambda one: (_loss(waiting[one], rng), -one))
            places = waiting.pop(stop_id)
            if not places:
                stuck.append(stop_id)
                continue
            worker_id = places[0].worker_id
            self.lay(worker_id, places[0].order)
            for other, known in waiting.items():
                if any(place.worker_id == worker_id for place in known):
                    waiting[other] = self.places(other, but=but, most=most)
                else:
                    for place in self.places(other, only=worker_id, but=but, most=most):
                        waiting[other] = _better(known, place)
        return stuck

    def squeeze(self, stop_id: int, *, most: int = MOVED_MAX) -> bool:
        """Put a visit where another one goes, and that one elsewhere; say whether that could be done
        with at most so many moved."""
        able = self._prepared.day.able[:, self._index[stop_id]]
        best: tuple[int, Place, Place] | None = None
        for worker_id, order in list(self.orders.items()):
            if not able[self._nth[worker_id]]:
                continue
            for leaving in order:
                found = self._squeezed(stop_id, worker_id, leaving, most=most)
                if found is not None and (best is None or found < best):
                    best = found
            self.lay(worker_id, order)
        if best is None:
            return False
        for place in best[1:]:
            self.lay(place.worker_id, place.order)
        return True

    def _squeezed(
        self, stop_id: int, worker_id: int, leaving: int, *, most: int
    ) -> tuple[int, Place, Place] | None:
        """Return what it costs to have one visit make room for another, and both their places."""
        order = self.orders[worker_id]
        left = tuple(one for one in order if one != leaving)
        self.lay(worker_id, left)
        found = None
        for here in self.places(stop_id, only=worker_id):
            self.lay(worker_id, here.order)
            gone_s = self.price(worker_id, left) - self.price(worker_id, order)
            gone = self._route(worker_id, here.order).moved - self._route(worker_id, order).moved
            for there in self.places(leaving, but=(worker_id,), most=most - gone)[:1]:
                found = gone_s + here.price_s + there.price_s, here, there
        self.lay(worker_id, order)
        return found


def _better(best: list[Place], place: Place) -> list[Place]:
    """Return the best places with this one, each technician once."""
    found: list[Place] = []
    for one in sorted([*best, place]):
        if all(one.worker_id != other.worker_id for other in found):
            found.append(one)
    return found[:PLACES_MAX]


def retimed(table: Timetable, published: Published) -> list[int]:
    """Return the visits that stay with their technician and start at another time."""
    return [
        visit.stop_id
        for visit in table.visits
        if published.holder.get(visit.stop_id) == table.worker_id
        and abs(visit.start_s - published.starts_s[visit.stop_id]) > RETIMED_S
    ]


def _loss(places: list[Place], rng: random.Random | None) -> float:
    """Return what it costs to have a visit wait until its best place is taken."""
    if len(places) < 2:
        return float("inf")
    loss_s = places[1].price_s - places[0].price_s
    return loss_s * (rng.uniform(0.2, 1.8) if rng else 1.0)
