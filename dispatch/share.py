"""One technician's share of a day: what is frozen of it, and what may still move. Pure.

The frozen past of a technician is every visit he has set out for. What remains starts where that
leaves him and when it leaves him free.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from dispatch.areas import area_of
from dispatch.planner import judge, widening
from dispatch.planner.problem import (
    DAY_S,
    Break,
    Plan,
    Problem,
    Route,
    Stop,
    Timetable,
    Window,
    Worker,
)
from dispatch.states import STARTED, VisitState
from dispatch.tied import NOTHING_NEEDED, Needs
from gateways.maps.travel import TravelTimes
from kernel.geo import Point


@dataclass(frozen=True, slots=True, kw_only=True)
class VisitFacts:
    """What planning needs of a visit; actual times are seconds of the day, None when not yet."""

    id: int
    point: Point
    work_s: int
    window: Window
    skill: str
    level: int
    state: VisitState
    estate: str = ""
    barred: frozenset[int] = frozenset()
    wish: int | None = None
    # With whom a hand wants it to stay.
    pinned: int | None = None
    # Whom the member was told of.
    told_id: int | None = None
    # What ties ask of it.
    needs: Needs = NOTHING_NEEDED
    departed_s: int | None = None
    arrived_s: int | None = None
    started_s: int | None = None
    finished_s: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TechnicianFacts:
    """One technician's day: his shift, and his route row as it stands."""

    id: int
    home: Point
    skills: Mapping[str, int]
    shift_open_s: int
    shift_shut_s: int
    breaks: tuple[Break, ...]
    # Visit ids in order, with the planned breaks' (start_s, end_s) and the row's version.
    order: tuple[int, ...]
    planned_breaks: tuple[tuple[int, int], ...]
    route_version: int
    # None for a row that is not written yet.
    route_id: int | None = None
    # What he may not use on that day any more, where he goes (None: everywhere), and how.
    expired: frozenset[str] = frozenset()
    areas: frozenset[str] | None = None
    pace: float = 1.0
    overtime_s: int = 0
    is_standby: bool = False
    # What his van holds; None for no limit.
    van_room: int | None = None


@dataclass(frozen=True, slots=True)
class EstateFacts:
    """A 小区: nobody works there within the `closed` spans; the way to a door takes `access_s`."""

    closed: tuple[tuple[int, int], ...]
    access_s: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """What a branch's visits demand by place and service; `pace` is that of its slowest technician,
    `loads` are what each brings and takes along."""

    estates: Mapping[str, EstateFacts] = field(default_factory=dict)
    has_areas: bool = False
    pace: float = 1.0
    loads: Mapping[str, tuple[int, int]] = field(default_factory=dict)

    def stood_on(self, stop: Stop, *, estate: str, point: Point, service: str) -> Stop:
        """Return the stop with what the rules of its place and service ask."""
        facts = self.estates.get(estate)
        load = self.loads.get(service)
        return replace(
            stop,
            down=load[:1] if load else (),
            up=load[1:] if load else (),
            estate=estate or None,
            area=area_of(point, estate, self.estates) if self.has_areas else None,
            setup_s=facts.access_s if facts else 0,
            closed=self._closed(facts, self.longest_s(stop.work_s, estate)) if facts else (),
        )

    def longest_s(self, work_s: int, estate: str) -> int:
        """Return what the slowest technician takes for such work, the way to the door with it."""
        facts = self.estates.get(estate)
        return math.ceil(work_s * self.pace) + (facts.access_s if facts else 0)

    def _closed(self, facts: EstateFacts, busy_s: int) -> tuple[Window, ...]:
        """Return when no work may begin: whatever began would not be over when the hours begin."""
        spans: list[Window] = []
        for from_s, to_s in facts.closed:
            span = Window(max(0, from_s - busy_s + 1), to_s - 1)
            if spans and span.open_s <= spans[-1].shut_s:
                span = Window(spans.pop().open_s, span.shut_s)
            spans.append(span)
        return tuple(spans)


GROUND = Ground()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Share:
    """What a technician's own rows say of his day, whatever the others' say.

    Its problem has his places alone, in the order of `points`: where he sets out, his home, and the
    doors ahead in the order of his route.
    """

    facts: TechnicianFacts
    visits: tuple[VisitFacts, ...]
    frozen: tuple[tuple[int, int, int, int], ...]
    taken_breaks: tuple[tuple[int, int], ...]
    points: tuple[Point, ...]
    problem: Problem
    route: Route
    timetable: Timetable
    # What his van holds from here on, whether his route keeps to it or not.
    room: tuple[int, ...]
    late: frozenset[int]
    # The visits of which the plan breaks a rule, the late ones among them.
    broken: frozenset[int]
    # What each visit that lies ahead adds to the route, seconds of driving.
    detours: tuple[int, ...]

    @property
    def worker(self) -> Worker:
        return self.problem.workers[0]

    def is_overfull_by(self, visit_id: int) -> bool:
        """Tell whether that visit is some of what his van does not hold."""
        strict = replace(self.problem, workers=(replace(self.worker, room=self.room),))
        lacks = [
            sum(widening.lacks(strict, Plan((route,))).values())
            for route in (self.route, self.route.without_stop(visit_id))
        ]
        return lacks[1] < lacks[0]


def share_of(
    facts: TechnicianFacts,
    visits: tuple[VisitFacts, ...],
    *,
    now_s: int,
    travel: TravelTimes,
    ground: Ground,
) -> Share:
    """Freeze his day as it stands at second `now_s` (0 for a day to come); `visits` are in its order,
    pinned to nobody who does not work that day."""
    start = _start(facts, visits, now_s, travel, ground.estates)
    ahead = [visit for visit in visits if visit.state not in STARTED]
    points = (start.point, facts.home, *(visit.point for visit in ahead))
    route = Route(facts.id, tuple(visit.id for visit in ahead))
    plan = Plan((route,))
    stops = tuple(_stop(visit, ground, place=2 + nth) for nth, visit in enumerate(ahead))
    room = _room(facts, visits, ground)
    strict = Problem(stops, (_worker(facts, start, room),), travel.matrix(points))
    problem, late = widening.widened(strict, plan)
    problem = widening.roomier(problem, plan)
    verdict = judge.judge(problem, plan)
    return Share(
        facts=facts,
        visits=visits,
        frozen=start.frozen,
        taken_breaks=start.taken_breaks,
        points=points,
        problem=problem,
        route=route,
        timetable=verdict.timetables[facts.id],
        room=room,
        late=late,
        broken=late
        | {breach.stop_id for breach in verdict.broken if breach.stop_id is not None}
        | _gave_way(strict, problem, route),
        detours=tuple(_detours(problem, route)),
    )


def _gave_way(strict: Problem, widened: Problem, route: Route) -> frozenset[int]:
    """Return for whom hours closed to work were opened, or the shift made longer."""
    opened = {stop.id for stop in widened.stops if stop.closed != strict.stop(stop.id).closed}
    is_longer = widened.workers[0].ends_s > strict.workers[0].ends_s
    return frozenset(opened | set(route.stop_ids[-1:] if is_longer else ()))


def _detours(problem: Problem, route: Route) -> list[int]:
    worker = problem.worker(route.worker_id)
    stops = [problem.stop(stop_id).place for stop_id in route.stop_ids]
    befores, afters = [worker.start_place, *stops], [*stops[1:], worker.end_place]
    return [
        problem.drive_s(before, here)
        + problem.drive_s(here, after)
        - problem.drive_s(before, after)
        for before, here, after in zip(befores, stops, afters, strict=False)
    ]


@dataclass(frozen=True, slots=True)
class _Start:
    """Where the frozen past leaves a technician, and when."""

    point: Point
    free_s: int
    frozen: tuple[tuple[int, int, int, int], ...]
    taken_breaks: tuple[tuple[int, int], ...]
    breaks_left: tuple[Break, ...]


def _start(
    technician: TechnicianFacts,
    visits: Sequence[VisitFacts],
    now_s: int,
    travel: TravelTimes,
    estates: Mapping[str, EstateFacts],
) -> _Start:
    point, free_s = technician.home, technician.shift_open_s
    frozen: list[tuple[int, int, int, int]] = []
    for visit in visits:
        if visit.state not in STARTED:
            continue
        drive_s = int(travel.matrix((point, visit.point))[0, 1])
        work_s = math.ceil(visit.work_s * technician.pace)
        if visit.started_s is None and visit.estate in estates:
            work_s += estates[visit.estate].access_s
        times = _actual(visit, drive_s=drive_s, now_s=now_s, work_s=work_s)
        frozen.append((visit.id, *times))
        point, free_s = visit.point, times[2]
    free_s = max(free_s, now_s)
    # A rest has begun when its time has come and no door kept him from it.
    taken = tuple(
        (start_s, end_s)
        for start_s, end_s in technician.planned_breaks
        if start_s < now_s and not any(at_s <= start_s < done_s for _, at_s, _, done_s in frozen)
    )
    # A rest under way must end before he drives on.
    free_s = min(max([free_s, *(end_s for _, end_s in taken)]), DAY_S)
    door_s = frozen[-1][3] if frozen else 0
    left = _breaks_left(technician.breaks, taken, door_s=door_s, free_s=free_s)
    return _Start(point, free_s, tuple(frozen), taken, left)


def _breaks_left(
    breaks: Sequence[Break], taken: Sequence[tuple[int, int]], *, door_s: int, free_s: int
) -> tuple[Break, ...]:
    """Return the breaks still owed to one who left his last door at `door_s`."""
    left = list(breaks)
    for start_s, end_s in taken:
        fitting = [b for b in left if b.open_s <= start_s and b.work_s == end_s - start_s]
        in_time = [b for b in fitting if start_s <= b.shut_s]
        for had in (in_time or fitting[-1:])[:1]:
            left.remove(had)
    # A rest whose last moment passed at a door is owed at once; one that passed while he had
    # nothing to do cannot bind the rest of the day.
    return tuple(
        replace(rest, shut_s=max(rest.shut_s, min(free_s, DAY_S)))
        for rest in left
        if rest.shut_s >= free_s or rest.shut_s < door_s
    )


def _actual(visit: VisitFacts, *, drive_s: int, now_s: int, work_s: int) -> tuple[int, int, int]:
    """Return (arrive, start, depart) in seconds: as it was, and where not yet known as it will be."""
    arrive_s = visit.arrived_s
    if arrive_s is None:
        arrive_s = max((visit.departed_s or now_s) + drive_s, now_s)
    start_s = visit.started_s
    if start_s is None:
        start_s = max(arrive_s, visit.window.open_s, now_s)
    depart_s = visit.finished_s
    if depart_s is None:
        depart_s = max(start_s + work_s, now_s)
    return arrive_s, start_s, depart_s


def _room(
    technician: TechnicianFacts, visits: Sequence[VisitFacts], ground: Ground
) -> tuple[int, ...]:
    """Return what his van holds, less what he has taken along; nothing where that is not limited."""
    if technician.van_room is None:
        return ()
    made = (visit.needs.service for visit in visits if visit.state in STARTED)
    return (max(0, technician.van_room - sum(ground.loads.get(s, (0, 0))[1] for s in made)),)


def _worker(technician: TechnicianFacts, start: _Start, room: tuple[int, ...]) -> Worker:
    return Worker(
        id=technician.id,
        start_place=0,
        end_place=1,
        shift_open_s=start.free_s,
        shift_shut_s=technician.shift_shut_s,
        breaks=start.breaks_left,
        skills=technician.skills,
        expired=technician.expired,
        areas=technician.areas,
        pace=technician.pace,
        overtime_s=technician.overtime_s,
        is_standby=technician.is_standby,
        room=room,
    )


def _stop(visit: VisitFacts, ground: Ground, *, place: int) -> Stop:
    stop = Stop(
        id=visit.id,
        place=place,
        work_s=visit.work_s,
        windows=(visit.window,),
        skill=visit.skill,
        level=visit.level,
        worker_id=visit.pinned,
        barred=visit.barred,
        prefers=frozenset() if visit.wish is None else frozenset({visit.wish}),
        told_id=visit.told_id,
    )
    return ground.stood_on(
        stop, estate=visit.estate, point=visit.point, service=visit.needs.service
    )
