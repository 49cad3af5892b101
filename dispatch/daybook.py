"""From rows to a planner's problem: the shares of all technicians as one day. Pure."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property

import numpy as np

from dispatch import tied
from dispatch.planner import insertion, keeping
from dispatch.planner.insertion import PreparedDay
from dispatch.planner.problem import (
    Plan,
    Problem,
    Route,
    Seconds,
    Stop,
    Ties,
    Timetable,
    Window,
    Worker,
)
from dispatch.share import GROUND, Ground, Share, TechnicianFacts, VisitFacts, share_of
from dispatch.states import STARTED, TOLD
from dispatch.tied import NO_TIES, Needs, TieFacts
from gateways.maps.travel import TravelTimes
from kernel.geo import Point

__all__ = ["DayPlan", "TechnicianFacts", "VisitFacts", "build"]

# A visit that is only asked about.
NEWCOMER_ID = -2
# Where more places than these are new, all drives are worked out anew.
FRESH_MAX = 32


@dataclass(frozen=True, kw_only=True)
class DayPlan:
    """A branch's live plan as one value: what is frozen, and the problem that remains.

    `late` names the visits whose promise the present plan breaks already; in `problem` their
    windows are widened to the time predicted, so that nothing may get worse. `told` names those
    that have a technician people were told about. `ties` are what crosses the routes; in `problem`
    they have given way so far that the plan keeps them, and so have vans that are too full.
    """

    branch_id: int
    day: date
    version: int
    problem: Problem
    plan: Plan
    points: tuple[Point, ...]
    # By technician, and the second of the day at which all of it was frozen.
    shares: Mapping[int, Share]
    now_s: int
    frozen: Mapping[int, tuple[tuple[int, int, int, int], ...]]
    taken_breaks: Mapping[int, tuple[tuple[int, int], ...]]
    timetables: Mapping[int, Timetable]
    route_versions: Mapping[int, int]
    late: frozenset[int]
    told: frozenset[int]
    # Those that stand in the route of the technician whom their member would like.
    as_wished: frozenset[int]
    # What each visit that lies ahead adds to its route, seconds of driving.
    detours: tuple[int, ...]
    # The visits of which the plan breaks a rule, the late ones among them.
    broken: frozenset[int]
    ground: Ground
    tied: TieFacts
    ties: Ties

    @cached_property
    def held(self) -> Problem:
        """The problem in which each route by itself keeps what is tied in time."""
        return keeping.held(self.problem, self.plan)

    @cached_property
    def prepared(self) -> PreparedDay:
        """All routes ready for proofs; made when it is first asked for."""
        return insertion.prepare_day(self.held, self.plan)

    def ties_with(self, stop_id: int, needs: Needs) -> Ties:
        """Return the problem's ties with one visit more among its stops."""
        if needs.after_id is not None and not self.problem.has_stop(needs.after_id):
            needs = replace(needs, after_id=None)
        crews = tuple(
            crew
            for crew in self.tied.crews
            if stop_id in crew and all(i == stop_id or self.problem.has_stop(i) for i in crew)
        )
        return tied.joined(self.tied, self.problem.ties, stop_id, needs, crews)

    def closed_to(self, service: str) -> frozenset[int]:
        """Return who cannot be given one visit more for that service, as quotas and tools stand."""
        if not self.problem.ties:
            return frozenset()
        known = self._closed
        if service not in known:
            ties = self.ties_with(NEWCOMER_ID, Needs(service))
            people = [worker.id for worker in self.problem.workers]
            known[service] = keeping.barred(ties, people, self.plan, NEWCOMER_ID)
        return known[service]

    def is_too_many(self, visit_id: int) -> bool:
        """Tell whether the day would keep its ties better without the visit, or his van what it holds: a
        quota was lowered since it was held, a tool taken away, or room."""
        holder = next((r.worker_id for r in self.plan.routes if visit_id in r.stop_ids), None)
        if holder is not None and self.shares[holder].is_overfull_by(visit_id):
            return True
        if not (self.ties.quotas or self.ties.tools):
            return False
        people = [worker.id for worker in self.problem.workers]
        without = Plan(tuple(route.without_stop(visit_id) for route in self.plan.routes))
        return holder in keeping.barred(self.ties, people, without, visit_id)

    @cached_property
    def _closed(self) -> dict[str, frozenset[int]]:
        return {}

    def delays(self) -> dict[int, int]:
        """Return when the late visits are reached, seconds of the day."""
        expected = {v.stop_id: v.arrive_s for t in self.timetables.values() for v in t.visits}
        return {visit_id: expected[visit_id] for visit_id in self.late}

    def stops_of(self, technician_id: int, timetable: Timetable | None) -> list[list[int]]:
        """Return a route row's `stops`: the frozen ones, then those of `timetable`."""
        rest = timetable.visits if timetable else ()
        ahead = [[v.stop_id, v.arrive_s, v.start_s, v.depart_s] for v in rest]
        return [list(stop) for stop in self.frozen.get(technician_id, ())] + ahead

    def breaks_of(self, technician_id: int, timetable: Timetable | None) -> list[list[int]]:
        """Return a route row's `breaks`: those had, then those of `timetable`."""
        rest = timetable.breaks if timetable else ()
        return [list(span) for span in (*self.taken_breaks.get(technician_id, ()), *rest)]


def build(
    *,
    branch_id: int,
    day: date,
    version: int,
    now_s: int,
    technicians: Sequence[TechnicianFacts],
    visits: Mapping[int, VisitFacts],
    travel: TravelTimes,
    ground: Ground = GROUND,
    ties: TieFacts = NO_TIES,
    before: DayPlan | None = None,
) -> DayPlan:
    """Freeze the day as it stands at second `now_s` (0 for a day to come).

    What of an earlier plan of that day still holds is taken over from `before`; the plan is the same
    without it.
    """
    is_alike = before is not None and before.now_s == now_s and before.ground == ground
    known = before.shares if before is not None and is_alike else {}
    at_work = {facts.id for facts in technicians}
    shares = {}
    for facts in technicians:
        own = tuple(_loosed(visits[visit_id], at_work) for visit_id in facts.order)
        share = known.get(facts.id)
        if share is None or share.facts != facts or share.visits != own:
            share = share_of(facts, own, now_s=now_s, travel=travel, ground=ground)
        shares[facts.id] = share
    shares |= _waiting(shares, now_s=now_s, travel=travel, ground=ground)
    everybody = list(shares.values())
    problem, points = _laid_together(everybody, before, travel)
    plan = Plan(tuple(share.route for share in everybody))
    strict = _strict(ties, everybody)
    if strict:
        problem = replace(problem, ties=keeping.eased(replace(problem, ties=strict), plan))
    return DayPlan(
        branch_id=branch_id,
        day=day,
        version=version,
        problem=problem,
        plan=plan,
        points=points,
        shares=shares,
        now_s=now_s,
        frozen={t: share.frozen for t, share in shares.items()},
        taken_breaks={t: share.taken_breaks for t, share in shares.items()},
        timetables={t: share.timetable for t, share in shares.items()},
        route_versions={t: share.facts.route_version for t, share in shares.items()},
        late=frozenset(i for share in everybody for i in share.late),
        told=_told(everybody),
        as_wished=frozenset(
            visit.id for t, share in shares.items() for visit in share.visits if visit.wish == t
        ),
        detours=tuple(s for share in everybody for s in share.detours),
        broken=frozenset(i for share in everybody for i in share.broken),
        ground=ground,
        tied=ties,
        ties=strict,
    )


def _waiting(
    shares: Mapping[int, Share], *, now_s: int, travel: TravelTimes, ground: Ground
) -> dict[int, Share]:
    """Return the shares of who must wait for another's visit to be over: an installation whose delivery
    runs late begins no sooner, within its window."""
    ends = {stop[0]: stop[3] for share in shares.values() for stop in share.frozen}
    ends |= {v.stop_id: v.depart_s for s in shares.values() for v in s.timetable.visits}
    found = {}
    for technician_id, share in shares.items():
        visits = tuple(_begun_after(visit, ends) for visit in share.visits)
        if visits != share.visits:
            found[technician_id] = share_of(
                share.facts, visits, now_s=now_s, travel=travel, ground=ground
            )
    return found


def _begun_after(visit: VisitFacts, ends: Mapping[int, int]) -> VisitFacts:
    after_s = ends.get(visit.needs.after_id or 0, 0)
    if visit.state in STARTED or after_s <= visit.window.open_s:
        return visit
    shut_s = visit.window.shut_s
    return replace(visit, window=Window(min(after_s, shut_s), shut_s))


def _told(shares: Sequence[Share]) -> frozenset[int]:
    """Return the visits ahead that have a technician people were told about."""
    return frozenset(
        visit.id
        for share in shares
        for visit in share.visits
        if visit.state in TOLD and share.problem.has_stop(visit.id)
    )


def _strict(facts: TieFacts, shares: Sequence[Share]) -> Ties:
    """Return the day's ties, whether its plan keeps them or not."""
    needs = {visit.id: visit.needs for share in shares for visit in share.visits}
    ahead = {stop.id for share in shares for stop in share.problem.stops}
    return tied.ties_of(
        facts,
        ahead={visit_id: needs[visit_id] for visit_id in sorted(ahead)},
        made={visit_id: each for visit_id, each in needs.items() if visit_id not in ahead},
        worker_ids=[share.facts.id for share in shares],
        frozen={share.facts.id: share.frozen for share in shares},
    )


def _loosed(visit: VisitFacts, at_work: Collection[int]) -> VisitFacts:
    """Return the visit without its pin when he with whom it is to stay does not work that day."""
    is_loose = visit.pinned is not None and visit.pinned not in at_work
    return replace(visit, pinned=None) if is_loose else visit


def _laid_together(
    shares: Sequence[Share], before: DayPlan | None, travel: TravelTimes
) -> tuple[Problem, tuple[Point, ...]]:
    """Return the problem of all shares, and its places: starts, homes, doors.

    The doors go by their visits' numbers, so that one more at the end moves no other.
    """
    count = len(shares)
    doors = [
        (stop.id, stop, point, share)
        for share in shares
        for stop, point in zip(share.problem.stops, share.points[2:], strict=True)
    ]
    doors.sort(key=lambda door: door[0])
    points = (
        *(share.points[0] for share in shares),
        *(share.points[1] for share in shares),
        *(point for _, _, point, _ in doors),
    )
    if before is not None and len(before.shares) != count:
        before = None
    kept = _Kept(before)
    stops = tuple(
        kept.stop(stop, share, place)
        for place, (_, stop, _, share) in enumerate(doors, start=2 * count)
    )
    workers = tuple(kept.worker(share, n, count + n) for n, share in enumerate(shares))
    return Problem(stops, workers, _drives(points, stops, count, before, travel)), points


class _Kept:
    """What an earlier problem has already, at the same places."""

    def __init__(self, before: DayPlan | None) -> None:
        self._shares = before.shares if before is not None else {}
        self._problem = before.problem if before is not None else None

    def stop(self, stop: Stop, share: Share, place: int) -> Stop:
        if self._problem is not None and self._shares.get(share.facts.id) is share:
            known = self._problem.stop(stop.id)
            if known.place == place:
                return known
        return replace(stop, place=place)

    def worker(self, share: Share, start: int, home: int) -> Worker:
        if self._problem is not None and self._shares.get(share.facts.id) is share:
            known = self._problem.worker(share.facts.id)
            if (known.start_place, known.end_place) == (start, home):
                return known
        return replace(share.worker, start_place=start, end_place=home)


def _drives(
    points: Sequence[Point],
    stops: Sequence[Stop],
    count: int,
    before: DayPlan | None,
    travel: TravelTimes,
) -> Seconds:
    """Return the drives between all places; those that `before` has are not worked out again."""
    if before is None:
        return travel.matrix(points)
    old = before.problem
    origins = list(range(2 * count))
    origins += [old.stop(s.id).place if old.has_stop(s.id) else -1 for s in stops]
    fresh = [
        place
        for place, origin in enumerate(origins)
        if origin < 0 or before.points[origin] != points[place]
    ]
    if len(fresh) > FRESH_MAX:
        return travel.matrix(points)
    drives: Seconds = old.travel_s[np.ix_(origins, origins)]
    for place in fresh:
        drives[:, place], drives[place, :] = travel.to_from(points, points[place])
    return drives


@dataclass(frozen=True, slots=True)
class Alone:
    """One technician's route as a day of its own, for what concerns nobody else."""

    problem: Problem
    points: tuple[Point, ...]
    route: Route


def alone(plan: DayPlan, technician_id: int, *, of: Problem | None = None) -> Alone:
    """Return that technician's route of the plan, as a day without the others; `of` is the plan's problem
    or what it is held to."""
    of = of or plan.problem
    worker, route = of.worker(technician_id), plan.plan.route_of(technician_id)
    stops = [of.stop(stop_id) for stop_id in route.stop_ids]
    assert worker.end_place is not None
    places = [worker.start_place, worker.end_place, *(stop.place for stop in stops)]
    problem = Problem(
        tuple(replace(stop, place=nth) for nth, stop in enumerate(stops, start=2)),
        (replace(worker, start_place=0, end_place=1),),
        plan.problem.travel_s[np.ix_(places, places)],
    )
    return Alone(problem, tuple(plan.points[place] for place in places), route)
