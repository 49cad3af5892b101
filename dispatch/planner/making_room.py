"""Makes room for a visit that fits into no route as it stands, by letting a few others change hands.

An ejection chain: the newcomer takes the place of one visit, or of two that follow one another;
those find room in other routes, or take the place of others there in their turn. All routes with
somebody left out are weighed at once, each as a technician of its own. A route changes once, but
for what comes back into it, so that every step is proven by insertion alone.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from dispatch.planner import constraints, insertion, judge
from dispatch.planner.insertion import Witness
from dispatch.planner.problem import WORKERS_MAX, Plan, Problem, Route, Stop, Window

# So often may one who was moved take the place of others.
DEPTH_MAX = 2
# So many places are tried for each who takes the place of others, least driving first.
BREADTH_MAX = 32
# And so many of the routes that can take him without that.
HOMES_MAX = 8

Orders: TypeAlias = Mapping[int, tuple[int, ...]]
Stopper: TypeAlias = Callable[[], bool]
Keeper: TypeAlias = Callable[[Sequence[Route]], bool]


@dataclass(frozen=True, slots=True)
class Room:
    """The routes that change, the newcomer in one of them, and all that this costs in driving.

    The witness's slack is not known: it is what is left to the whole day's arrangement.
    """

    routes: tuple[Route, ...]
    witness: Witness


def make_room(
    problem: Problem,
    plan: Plan,
    *,
    newcomer_id: int,
    windows: Sequence[Window],
    fixed: Collection[int],
    is_over: Stopper,
    keeps: Keeper | None = None,
) -> dict[Window, Room]:
    """Return how the newcomer, a stop of the problem that the plan leaves out, can be served within
    each of these windows; windows for which nothing was found before `is_over` are left out.

    The stops in `fixed` stay in their routes, which may be entered but not left by them. Whatever
    the plan serves stays served, within its windows. `keeps` tells of routes that change whether what
    crosses routes lets them.
    """
    search = _Search(problem, plan, newcomer_id, fixed, is_over)
    search.keeps = keeps or search.keeps
    found: dict[Window, Room] = {}
    for depth in range(DEPTH_MAX + 1):
        for window in windows:
            if window not in found and not is_over():
                room = search.room(window, depth)
                if room is not None:
                    found[window] = room
    return found


@dataclass(frozen=True, slots=True)
class _Entry:
    """A place in a route for one who comes, in the stead of those who go."""

    worker_id: int
    order: tuple[int, ...]
    out: tuple[int, ...]


class _Search:
    def __init__(
        self,
        problem: Problem,
        plan: Plan,
        newcomer_id: int,
        fixed: Collection[int],
        is_over: Stopper,
    ) -> None:
        self.problem = problem
        self.plan = plan
        self.newcomer = problem.stop(newcomer_id)
        self.is_over = is_over
        self.keeps: Keeper = lambda _: True
        self.prepared = insertion.prepare_day(problem, plan)
        self.lighter = list(_lighter(plan, set(fixed)))[:WORKERS_MAX]
        workers = tuple(
            replace(problem.worker(route.worker_id), id=nth)
            for nth, (route, _) in enumerate(self.lighter)
        )
        self.light = insertion.prepare_day(
            Problem(problem.stops, workers, problem.travel_s),
            Plan(tuple(Route(nth, route.stop_ids) for nth, (route, _) in enumerate(self.lighter))),
        )
        self.known_entries: dict[tuple[int, Window], list[_Entry]] = {}
        self.known_homes: dict[int, list[_Entry]] = {}

    def room(self, window: Window, depth: int) -> Room | None:
        """Return the first arrangement found in which the newcomer starts within the window, those it
        moves taking the place of others `depth` times at most."""
        for entry in self.entries(self.newcomer, window):
            orders = self.settled(entry.out, {entry.worker_id: entry.order}, window, depth)
            if orders is not None and self.keeps(_routes(orders)):
                return self.told(orders, window)
            if self.is_over():
                break
        return None

    def settled(
        self, homeless: tuple[int, ...], orders: Orders, window: Window, depth: int
    ) -> Orders | None:
        """Find a route for everyone who lost his; None when there is none, or no time."""
        if not homeless:
            return orders
        stop = self.problem.stop(homeless[0])
        for entry in self.ways(stop, orders, window, depth):
            if self.is_over():
                return None
            left = depth - bool(entry.out)
            rest = (*homeless[1:], *entry.out)
            found = self.settled(rest, {**orders, entry.worker_id: entry.order}, window, left)
            if found is not None:
                return found
        return None

    def ways(self, stop: Stop, orders: Orders, window: Window, depth: int) -> Iterator[_Entry]:
        """Yield the places for one who lost his: free ones, those in routes that changed already, and
        those of others."""
        yield from (home for home in self.homes(stop) if home.worker_id not in orders)
        yield from self.returns(stop, orders, window)
        if depth:
            for window_of_his in stop.windows:
                for entry in self.entries(stop, window_of_his):
                    if entry.worker_id not in orders:
                        yield entry

    def homes(self, stop: Stop) -> list[_Entry]:
        """Return where he fits in other routes as they stand, least driving first."""
        if stop.id not in self.known_homes:
            to_s, from_s = self.problem.travel_of(stop.place)
            found = insertion.find(
                self.prepared,
                stop=stop,
                to_s=to_s,
                from_s=from_s,
                windows=stop.windows,
                few=HOMES_MAX,
            )
            self.known_homes[stop.id] = [
                self._entered(stop, self.plan.route_of(witness.worker_id), witness)
                for witness in _cheapest(found)
                if stop.id not in self.plan.route_of(witness.worker_id).stop_ids
            ]
        return self.known_homes[stop.id]

    def entries(self, stop: Stop, window: Window) -> list[_Entry]:
        """Return where he fits once somebody else is left out, least driving first."""
        key = (stop.id, window)
        if key not in self.known_entries:
            to_s, from_s = self.problem.travel_of(stop.place)
            # Who may serve him is asked of the technicians themselves.
            free = replace(stop, worker_id=None, barred=frozenset())
            found = insertion.find(
                self.light,
                stop=free,
                to_s=to_s,
                from_s=from_s,
                windows=[window],
                few=BREADTH_MAX,
            )
            self.known_entries[key] = [
                self._entered(stop, route, witness, out)
                for witness in found[window]
                for route, out in [self.lighter[witness.worker_id]]
                if constraints.may_serve(self.problem.worker(route.worker_id), stop)
            ]
        return self.known_entries[key]

    def returns(self, stop: Stop, orders: Orders, window: Window) -> list[_Entry]:
        """Return where he fits in the routes that have changed."""
        plan = Plan(tuple(Route(worker_id, order) for worker_id, order in orders.items()))
        held = replace(self.newcomer, windows=(window,))
        stops = [self.problem.stop(i) for i in plan.served() if i != held.id]
        part = Problem(
            (*stops, held),
            tuple(self.problem.worker(worker_id) for worker_id in orders),
            self.problem.travel_s,
        )
        to_s, from_s = self.problem.travel_of(stop.place)
        found = insertion.find(
            insertion.prepare_day(part, plan),
            stop=stop,
            to_s=to_s,
            from_s=from_s,
            windows=stop.windows,
        )
        return [self._entered(stop, plan.route_of(w.worker_id), w) for w in _cheapest(found)]

    def told(self, orders: Orders, window: Window) -> Room:
        """Return the arrangement with its times and what it costs."""
        routes = _routes(orders)
        held = replace(self.newcomer, windows=(window,))
        problem = Problem(
            tuple(held if stop.id == held.id else stop for stop in self.problem.stops),
            self.problem.workers,
            self.problem.travel_s,
        )
        extra_s = 0
        witnesses = []
        for route in routes:
            after = judge.timetable(problem, route)
            extra_s += after.travel_s
            extra_s -= judge.timetable(problem, self.plan.route_of(route.worker_id)).travel_s
            witnesses += [
                Witness(route.worker_id, position, window, timed.arrive_s, timed.start_s, 0, 0)
                for position, timed in enumerate(after.visits)
                if timed.stop_id == held.id
            ]
        [witness] = witnesses
        return Room(routes, replace(witness, extra_s=extra_s))

    def _entered(
        self, stop: Stop, route: Route, witness: Witness, out: tuple[int, ...] = ()
    ) -> _Entry:
        longer = route.with_stop(stop.id, position=witness.position)
        return _Entry(route.worker_id, longer.stop_ids, out)


def _routes(orders: Orders) -> tuple[Route, ...]:
    return tuple(Route(worker_id, order) for worker_id, order in sorted(orders.items()))


def _lighter(plan: Plan, fixed: set[int]) -> Iterator[tuple[Route, tuple[int, ...]]]:
    """Yield every route with one visit left out, then with two that follow one another."""
    for many in (1, 2):
        for route in plan.routes:
            ids = route.stop_ids
            for first in range(len(ids) - many + 1):
                out = ids[first : first + many]
                if not fixed & set(out):
                    yield Route(route.worker_id, ids[:first] + ids[first + many :]), out


def _cheapest(found: Mapping[Window, list[Witness]]) -> list[Witness]:
    every = [witness for witnesses in found.values() for witness in witnesses]
    return sorted(every, key=lambda witness: witness.extra_s)
