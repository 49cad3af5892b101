"""Scores any plan, whoever made it: solver, dispatcher's drag or test.

Strict and exact: a route is found to keep its times if and only if some choice of where
to rest keeps them. A break may fall before, during or after the drive it interrupts; one
drive to a stop is interrupted once at most, and what is left is taken after the last
service, before the drive home.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import TypeVar

from dispatch.planner import across, breaches, constraints, measures
from dispatch.planner.breaches import Breach
from dispatch.planner.constraints import Rule, Weight
from dispatch.planner.measures import Entry, Load, Pair, Rest, Tour, Visit, Whole
from dispatch.planner.problem import (
    Break,
    Plan,
    Problem,
    Route,
    Stop,
    Timed,
    Timetable,
    Worker,
)

__all__ = ["Breach", "Verdict", "broken", "judge", "timetable", "torn"]

T = TypeVar("T")

# Ties may raise each other's times; those of a day that can be kept settle far sooner.
ROUNDS_MAX = 100
WEIGHTS = {rule.name: rule.weight for rule in constraints.RULES}


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the judge says of a plan.

    `cost` is in seconds of driving, soft rules only: what `paid` has in their units, by name.
    """

    broken: tuple[Breach, ...]
    timetables: Mapping[int, Timetable]
    travel_s: int
    wait_s: int
    unserved: tuple[int, ...]
    paid: Mapping[str, int]
    cost: int

    @property
    def is_feasible(self) -> bool:
        return not self.broken

    @property
    def rank(self) -> tuple[int, int]:
        """Order plans by this, the least first: broken rules, then cost."""
        return len(self.broken), self.cost


def judge(problem: Problem, plan: Plan) -> Verdict:
    """Hold a plan against every rule. Never raises, whatever ids the plan names.

    A route that cannot keep its times is still timed, late where it must be; an entry
    unknown or already seen is named and left out of the timetable.
    """
    broken: list[Breach] = []
    served: set[int] = set()
    routes = _timed_together(problem, list(_known(problem, plan, served, broken)))
    for route in routes:
        broken += route.broken()
    broken += breaches.across(problem.ties, _whole(routes)) if problem.ties else ()
    unserved = tuple(stop for stop in problem.stops if stop.id not in served)
    paid = _paid(problem, routes, unserved)
    tables = {route.worker.id: route.timetable for route in routes}
    hundredths = sum(units * WEIGHTS[name] for name, units in paid.items())
    return Verdict(
        broken=tuple(broken),
        timetables=tables,
        travel_s=sum(table.travel_s for table in tables.values()),
        wait_s=sum(table.wait_s for table in tables.values()),
        unserved=tuple(stop.id for stop in unserved),
        paid=paid,
        cost=hundredths // Weight.DRIVING,
    )


def timetable(problem: Problem, route: Route) -> Timetable:
    """Time one route at its earliest. Raises KeyError for ids the problem does not know."""
    stops = tuple(map(problem.stop, route.stop_ids))
    return _Route(problem, problem.worker(route.worker_id), stops, {}).timetable


def broken(problem: Problem, route: Route) -> tuple[Breach, ...]:
    """Return what one route breaks by itself. Raises KeyError for ids the problem does not know."""
    stops = tuple(map(problem.stop, route.stop_ids))
    return tuple(_Route(problem, problem.worker(route.worker_id), stops, {}).broken())


def torn(problem: Problem, plan: Plan) -> tuple[Breach, ...]:
    """Return what a plan breaks across its routes. Raises KeyError for ids the problem does not know."""
    ties = problem.ties
    if ties.groups:
        known = [
            (problem.worker(r.worker_id), tuple(map(problem.stop, r.stop_ids))) for r in plan.routes
        ]
        return tuple(breaches.across(ties, _whole(_timed_together(problem, known))))
    return tuple(breaches.across(ties, breaches.untimed(plan)))


def _timed_together(
    problem: Problem, known: list[tuple[Worker, tuple[Stop, ...]]]
) -> list["_Route"]:
    """Time every route at its earliest that keeps the ties between routes, if any does.

    A break lies where it lets its own route end soonest.
    """
    released: dict[int, int] = {}
    routes = [_Route(problem, worker, stops, released) for worker, stops in known]
    if not problem.ties.groups:
        return routes
    nth_of = {stop.id: nth for nth, route in enumerate(routes) for stop in route.stops}
    for _ in range(ROUNDS_MAX):
        times = {
            visit.stop_id: (visit.start_s, visit.depart_s)
            for route in routes
            for visit in route.timetable.visits
        }
        found = dict(across.releases(problem.ties, times, released))
        if not found:
            break
        released |= found
        for nth in {nth_of[stop_id] for stop_id in found}:
            routes[nth] = _Route(problem, routes[nth].worker, routes[nth].stops, released)
    return routes


def _whole(routes: list["_Route"]) -> Whole:
    return Whole(
        {v.stop_id: (route.worker.id, v) for route in routes for v in route.timetable.visits}
    )


def _paid(problem: Problem, routes: list["_Route"], unserved: tuple[Stop, ...]) -> dict[str, int]:
    """Return how many units of each soft rule the plan takes; rules of which none is are left out."""
    paid: Counter[str] = Counter()
    for route in routes:
        paid.update(_units(constraints.TOUR_RULES, route.tour))
        for stop in route.stops:
            paid.update(_units(constraints.TASTE_RULES, Pair(route.worker, stop)))
    for stop in unserved:
        paid.update(_units(constraints.STOP_RULES, stop))
    if problem.ties.is_fair:
        today_s = {route.worker.id: route.worked_s for route in routes}
        hours = [worker.worked_s + today_s.get(worker.id, 0) for worker in problem.workers]
        paid.update(_units(constraints.TEAM_RULES, hours))
    return dict(paid)


def _known(
    problem: Problem, plan: Plan, served: set[int], broken: list[Breach]
) -> Iterator[tuple[Worker, tuple[Stop, ...]]]:
    """Yield each route's known, new parts; name the others and count what is served."""
    seen: set[int] = set()
    for route in plan.routes:
        stops: list[Stop] = []
        who = Entry(problem.has_worker(route.worker_id), int(route.worker_id in seen))
        strange = list(breaches.found(constraints.ENTRY_RULES, who, route.worker_id, None))
        broken += strange
        seen.add(route.worker_id)
        if strange:
            continue
        for stop_id in route.stop_ids:
            what = Entry(problem.has_stop(stop_id), int(stop_id in served))
            strange = list(breaches.found(constraints.ENTRY_RULES, what, route.worker_id, stop_id))
            broken += strange
            if not strange:
                served.add(stop_id)
                stops.append(problem.stop(stop_id))
        yield problem.worker(route.worker_id), tuple(stops)


@dataclass(frozen=True, slots=True)
class _Trail:
    """The last thing done on a way through the day, and all that came before it."""

    before: "_Trail | None"
    visit: Timed | None = None
    rest: Rest | None = None


@dataclass(frozen=True, slots=True)
class _Label:
    """The least excess, then the earliest second, at which he can be free, and how."""

    excess_s: int
    free_s: int
    trail: _Trail | None

    def is_before(self, other: "_Label | None") -> bool:
        return other is None or (self.excess_s, self.free_s) < (other.excess_s, other.free_s)


class _Route:
    """Times one route by labels: one for each number of breaks taken so far.

    Breaks come in order, so the label needs to know only how many are behind him. With
    no excess a label is the earliest possible, later never helps, and so the route can
    be kept if and only if the last label has no excess.
    """

    def __init__(
        self,
        problem: Problem,
        worker: Worker,
        stops: tuple[Stop, ...],
        released: Mapping[int, int],
    ) -> None:
        """`released` are the visits that may not start before a second."""
        self.problem = problem
        self.worker = worker
        self.stops = stops
        self.released = released
        self.timetable = self._timed()

    @property
    def tour(self) -> Tour:
        return Tour(self.worker, self.timetable, self.stops)

    @property
    def worked_s(self) -> int:
        """Return the seconds he serves and drives."""
        visits = self.timetable.visits
        return self.timetable.travel_s + sum(v.depart_s - v.start_s for v in visits)

    def broken(self) -> Iterator[Breach]:
        worker = self.worker
        for stop in self.stops:
            pair = Pair(worker, stop)
            yield from breaches.found(constraints.PAIR_RULES, pair, worker.id, stop.id)
        for stop, timed in zip(self.stops, self.timetable.visits, strict=True):
            visit = Visit(stop, timed.start_s)
            yield from breaches.found(constraints.VISIT_RULES, visit, worker.id, stop.id)
        if not self.stops:
            return
        for due, (start_s, _) in zip(worker.breaks, self.timetable.breaks, strict=True):
            yield from breaches.found(constraints.REST_RULES, Rest(due, start_s), worker.id, None)
        load = Load(worker, self._most_loaded())
        yield from breaches.found(constraints.LOAD_RULES, load, worker.id, None)
        yield from breaches.found(constraints.TOUR_RULES, self.tour, worker.id, None)

    def _most_loaded(self) -> tuple[int, ...]:
        """Return what the van holds at most: all deliveries at the start, all returns at the end."""
        most = []
        for kind in range(len(self.worker.room)):
            downs = [stop.down[kind] if kind < len(stop.down) else 0 for stop in self.stops]
            ups = [stop.up[kind] if kind < len(stop.up) else 0 for stop in self.stops]
            on_board = accumulate((up - down for up, down in zip(ups, downs, strict=True)))
            most.append(sum(downs) + max(0, *on_board))
        return tuple(most)

    def _timed(self) -> Timetable:
        worker = self.worker
        if not self.stops:
            return Timetable(worker.id, (), (), worker.shift_open_s, 0, 0)
        labels: list[_Label | None] = [_Label(0, worker.shift_open_s, None)]
        labels += [None] * len(worker.breaks)
        place = worker.start_place
        for stop in self.stops:
            labels = self._after(labels, stop, self.problem.drive_s(place, stop.place))
            place = stop.place
        return self._told(_rested(labels, worker.breaks))

    def _after(self, labels: list[_Label | None], stop: Stop, drive_s: int) -> list[_Label | None]:
        """Return the labels once a stop is served that lies a drive away."""
        after: list[_Label | None] = [
            label and self._served(label, stop, label.free_s + drive_s, drive_s) for label in labels
        ]
        for taken, due in enumerate(self.worker.breaks):
            label = labels[taken]
            if label is None:
                continue
            # Drive until the break opens, rest, drive on: or wait for it, already there.
            arrive_s = max(label.free_s + drive_s, due.open_s) + due.work_s
            other = self._served(_resting(label, due), stop, arrive_s, drive_s)
            if other.is_before(after[taken + 1]):
                after[taken + 1] = other
        return after

    def _served(self, label: _Label, stop: Stop, arrive_s: int, drive_s: int) -> _Label:
        """Serve a stop at its earliest; one who was at the door has no set-up."""
        begun_s = stop.start_after(max(arrive_s, self.released.get(stop.id, 0)))
        visit = Visit(stop, begun_s)
        late_s = sum(rule.excess(visit) for rule in constraints.VISIT_RULES)
        work_s = self.worker.service_s(stop) + (stop.setup_s if drive_s else 0)
        timed = Timed(stop.id, arrive_s, begun_s, begun_s + work_s)
        return _Label(label.excess_s + late_s, timed.depart_s, _Trail(label.trail, visit=timed))

    def _told(self, label: _Label) -> Timetable:
        """Read a timetable off the trail of the last label."""
        visits: list[Timed] = []
        breaks: list[tuple[int, int]] = []
        trail = label.trail
        while trail is not None:
            if trail.visit is not None:
                visits.append(trail.visit)
            if trail.rest is not None:
                end_s = trail.rest.start_s + trail.rest.due.work_s
                breaks.append((trail.rest.start_s, end_s))
            trail = trail.before
        visits.reverse()
        breaks.reverse()
        return self._totalled(visits, breaks, label.free_s)

    def _totalled(
        self, visits: list[Timed], breaks: list[tuple[int, int]], free_s: int
    ) -> Timetable:
        places = [self.worker.start_place, *(stop.place for stop in self.stops)]
        home_s = self.problem.drive_s(places[-1], self.worker.end_place)
        legs_s = [self.problem.drive_s(a, b) for a, b in pairwise(places)]
        travel_s = sum(legs_s) + home_s
        finish_s = free_s + home_s
        began_s = visits[0].start_s
        busy_s = travel_s - legs_s[0] + sum(visit.depart_s - visit.start_s for visit in visits)
        busy_s += sum(end_s - start_s for start_s, end_s in breaks if start_s >= began_s)
        return Timetable(
            worker_id=self.worker.id,
            visits=tuple(visits),
            breaks=tuple(breaks),
            finish_s=finish_s,
            travel_s=travel_s,
            wait_s=finish_s - began_s - busy_s,
        )


def _resting(label: _Label, due: Break) -> _Label:
    rest = Rest(due, max(label.free_s, due.open_s))
    late_s = measures.seconds_of_late_rest(rest)
    return _Label(
        label.excess_s + late_s, rest.start_s + due.work_s, _Trail(label.trail, rest=rest)
    )


def _rested(labels: list[_Label | None], breaks: tuple[Break, ...]) -> _Label:
    """Return the label after the last service with all breaks that were left taken there."""
    best = labels[0]
    for taken, due in enumerate(breaks):
        rested = best and _resting(best, due)
        kept = labels[taken + 1]
        best = kept if kept and kept.is_before(rested) else rested
    assert best is not None  # The label of no breaks always leads on.
    return best


def _units(rules: tuple[Rule[T], ...], thing: T) -> dict[str, int]:
    """Return what the soft rules measure on a thing, but for nothing."""
    found = ((rule.name, rule.excess(thing)) for rule in rules if not rule.is_hard)
    return {name: units for name, units in found if units}
