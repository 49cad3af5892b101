"""The live plan: read it, and find the windows into which a visit really fits.

No table stores remaining capacity. What is cached here is re-derived from the plan rows whenever
their version moved, and may be forgotten at any moment.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from threading import Lock

import numpy as np

from dispatch import daybook, keeping, queries, rows, travel
from dispatch.daybook import DayPlan, build
from dispatch.models import Visit
from dispatch.planner import insertion
from dispatch.planner.across import UNTIED
from dispatch.planner.insertion import PreparedDay, Witness
from dispatch.planner.problem import DAY_S, Plan, Problem, Route, Stop, Ties, Window
from dispatch.rows import DayRows
from dispatch.tied import Needs
from kernel.clock import local_date, second_of_day
from kernel.db import Session
from kernel.geo import Point

HORIZON_DAYS = 14
# A visit cannot be sold for a window that opens sooner than this: somebody must get there.
LEAD_S = 3_600
CACHE_DAYS_MAX = 256
_MINUTE_S = 60
# A candidate's id among the stops; visit ids are positive.
CANDIDATE_ID, SECOND_CANDIDATE_ID = 0, -1


@dataclass(frozen=True, slots=True, kw_only=True)
class VisitShape:
    """What a visit needs: where, how long, and the skill."""

    point: Point
    work_s: int
    skill: str
    level: int = 1
    # Technicians who must never be given it.
    barred: frozenset[int] = frozenset()
    # The technician whom the member would like to come; no promise.
    wish: int | None = None
    # The service's code and the 小区.
    service: str = ""
    estate: str = ""
    # What the price card says it takes, and from how many visits `work_s` was learned.
    card_s: int | None = None
    learned_from: int = 0
    is_kept_for: bool = False  # what the branch keeps for some is open to it


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """A window proven insertable on that day, with the witness of the proof."""

    branch_id: int
    day: date
    window: Window
    witness: Witness
    plan_version: int
    # The delivery that comes first in the same booking; none for a service that comes alone.
    delivery: "Offer | None" = None
    # Others must change hands for it; the witness's driving is what all of this costs.
    is_opening: bool = False
    # The best place with the technician whom the member would like to come; none when he has none.
    wished: Witness | None = None


@dataclass(frozen=True, slots=True)
class _Known:
    """What was read of a day, and the plan made of it."""

    rows: DayRows
    plan: DayPlan | None


_NOTHING = _Known(rows.NOTHING_READ, None)
_cache: dict[tuple[str, int, date], _Known] = {}
_cache_lock = Lock()


def forget() -> None:
    """Drop every cached plan; nothing but time is lost."""
    with _cache_lock:
        _cache.clear()


def find(
    db: Session,
    *,
    branch_id: int,
    shape: VisitShape,
    now: datetime,
    days: int = HORIZON_DAYS,
    day: date | None = None,
) -> list[Offer]:
    """Return every window of the next `days` days, today included, into which the visit fits, by day and
    time, each with its best witness. With `day`, of that day alone, if it is one of them."""
    sold = dict(
        on_sale(db, branch_id=branch_id, now=now, days=days, day=day, is_kept_for=shape.is_kept_for)
    )
    plans = day_plans(db, branch_id=branch_id, days=list(sold), now=now)
    return [offer for plan in plans for offer in offers_of(plan, shape, sold[plan.day])]


def on_sale(
    db: Session,
    *,
    branch_id: int,
    now: datetime,
    days: int = HORIZON_DAYS,
    day: date | None = None,
    is_kept_for: bool = False,
) -> list[tuple[date, list[Window]]]:
    """Return the windows that may be sold now, by day, if there are any; `is_kept_for`: the kept, too."""
    branch, first = queries.branch(db, branch_id), local_date(now)
    kept = None if is_kept_for else branch.keeping
    found = []
    for each in (first + timedelta(days=n) for n in range(days)):
        free = keeping.free(branch.windows, kept, now_s=second_of_day(now, each), lead_s=LEAD_S)
        if free and day in (None, each):
            found.append((each, free))
    return found


def detours(db: Session, *, branch_id: int, now: datetime) -> list[int]:
    """Return the driving that each visit in the plans of the days on sale adds to its route."""
    days = [day for day, _ in on_sale(db, branch_id=branch_id, now=now)]
    driven = queries.days_in_routes(db, branch_id=branch_id, days=days)
    plans = day_plans(db, branch_id=branch_id, days=driven, now=now)
    return [detour_s for plan in plans for detour_s in plan.detours]


def offers_of(plan: DayPlan, shape: VisitShape, windows: Sequence[Window]) -> list[Offer]:
    """Return the proven windows among `windows` of one day's plan."""
    # Those who come when needed only are called when nobody else has room.
    idle = {
        worker.id
        for worker in plan.problem.workers
        if worker.is_standby
        and not plan.frozen.get(worker.id)
        and not plan.plan.route_of(worker.id).stop_ids
    }
    few = len(plan.problem.workers) if idle else insertion.WITNESSES_MAX
    found = _places(plan, shape, windows, prepared=plan.prepared, points=plan.points, few=few)
    first = {
        window: min(places, key=lambda place: place.worker_id in idle)
        for window, places in found.items()
        if places
    }
    his = _places_with(plan, shape, windows, shape.wish) if shape.wish is not None else {}
    return [
        Offer(
            branch_id=plan.branch_id,
            day=plan.day,
            window=window,
            witness=first[window],
            plan_version=plan.version,
            wished=his.get(window),
        )
        for window in windows
        if window in first
    ]


def offers_after(
    plan: DayPlan,
    first: Offer,
    *,
    first_shape: VisitShape,
    shape: VisitShape,
    windows: Sequence[Window],
) -> list[Offer]:
    """Return the windows into which a second visit fits once the first stands where it was offered."""
    route = plan.plan.route_of(first.witness.worker_id)
    longer = route.with_stop(CANDIDATE_ID, position=first.witness.position)
    both = standing(plan, first_shape, first.window, [longer])
    return [replace(offer, delivery=first) for offer in offers_of(both, shape, windows)]


def standing(plan: DayPlan, shape: VisitShape, window: Window, routes: Sequence[Route]) -> DayPlan:
    """Return the day as it would be with these routes, in which that visit stands as CANDIDATE_ID."""
    stop = replace(candidate(shape, plan), windows=(window,))
    problem = with_place(plan, stop, shape.point, plan.ties_with(stop.id, Needs(shape.service)))
    after = plan.plan
    for route in routes:
        after = after.with_route(route)
    return replace(
        plan,
        problem=problem,
        plan=after,
        points=(*plan.points, shape.point),
    )


def prove(plan: DayPlan, shape: VisitShape, window: Window, technician_id: int) -> Witness | None:
    """Prove that the visit fits into that technician's route; None when it does not."""
    return _places_with(plan, shape, [window], technician_id).get(window)


def _places_with(
    plan: DayPlan, shape: VisitShape, windows: Sequence[Window], technician_id: int
) -> dict[Window, Witness]:
    """Return the best place in that technician's route for every window into which the visit fits."""
    if not plan.problem.has_worker(technician_id):
        return {}
    his = daybook.alone(plan, technician_id, of=plan.held)
    prepared = insertion.prepare_day(his.problem, Plan((his.route,)))
    found = _places(plan, shape, windows, prepared=prepared, points=his.points, few=1)
    return {window: places[0] for window, places in found.items() if places}


def takers(plan: DayPlan, shape: VisitShape, window: Window) -> list[Witness]:
    """Return every technician's best proven place for the visit in that window, least driving first."""
    few, prepared = len(plan.problem.workers), plan.prepared
    return _places(plan, shape, [window], prepared=prepared, points=plan.points, few=few)[window]


def _places(
    plan: DayPlan,
    shape: VisitShape,
    windows: Sequence[Window],
    *,
    prepared: PreparedDay,
    points: Sequence[Point],
    few: int,
) -> dict[Window, list[Witness]]:
    """Return where the visit fits, in windows and routes of the plan, with those to whom no tie closes it."""
    stop = candidate(shape, plan)
    to_s, from_s = travel.current().to_from(points, shape.point)
    return insertion.find(
        prepared,
        stop=replace(stop, barred=stop.barred | plan.closed_to(shape.service)),
        to_s=to_s,
        from_s=from_s,
        windows=windows,
        few=few,
    )


def candidate(shape: VisitShape, plan: DayPlan) -> Stop:
    """Return the shape as a stop that is on no route of the plan yet, free in time: the windows are
    asked apart. Where one stands already it is the second."""
    is_second = plan.problem.has_stop(CANDIDATE_ID)
    stop = Stop(
        id=SECOND_CANDIDATE_ID if is_second else CANDIDATE_ID,
        place=0,
        work_s=shape.work_s,
        windows=(Window(0, DAY_S),),
        skill=shape.skill,
        level=shape.level,
        barred=shape.barred,
    )
    return plan.ground.stood_on(stop, estate=shape.estate, point=shape.point, service=shape.service)


def stop_of(plan: DayPlan, visit: Visit, *, barred: frozenset[int]) -> Stop:
    """Return a visit that the plan does not know as a stop of it, its place to be set."""
    stop = candidate(shape_of(visit, barred=barred), plan)
    return replace(stop, id=visit.id, windows=(Window(visit.opens_s, visit.shuts_s),))


def with_place(
    plan: DayPlan | daybook.Alone, stop: Stop, point: Point, ties: Ties = UNTIED
) -> Problem:
    """Return the problem of a day, or of one route, with one more stop at a place of its own, its ties
    as they are then."""
    to_s, from_s = travel.current().to_from(plan.points, point)
    known = plan.problem.travel_s
    wider = np.zeros((len(known) + 1, len(known) + 1), dtype=np.int32)
    wider[:-1, :-1], wider[:-1, -1], wider[-1, :-1] = known, to_s, from_s
    stop = replace(stop, place=len(known))
    return Problem((*plan.problem.stops, stop), plan.problem.workers, wider, ties)


def day_plans(db: Session, *, branch_id: int, days: Sequence[date], now: datetime) -> list[DayPlan]:
    """Return the live plans of several days, whose versions are asked for together."""
    versions = queries.day_versions(db, branch_id=branch_id, days=days)
    return [
        day_plan(db, branch_id=branch_id, day=day, now=now, version=versions.get(day, 0))
        for day in days
    ]


def day_plan(
    db: Session, *, branch_id: int, day: date, now: datetime, version: int | None = None
) -> DayPlan:
    """Return the live plan of that branch and day as it stands in this transaction.

    `version` is the day's, where the caller has just read it. A plan that is known is brought forward
    to it by the rows that changed; for today also by the minute, since the past freezes as it goes.
    Nobody is sent before the present minute has ended, so that all through it every hand proves the
    same.
    """
    if version is None:
        version = queries.day_version(db, branch_id=branch_id, day=day)
    now_s = _now_s(now, day)
    key = _key(db, branch_id, day)
    known = _cache.get(key, _NOTHING)
    is_changed = _has_changed(db, branch_id=branch_id, day=day)
    if known.plan is None or known.plan.version != version or is_changed:
        found = rows.read(db, branch_id=branch_id, day=day, known=known.rows)
    elif known.plan.now_s == now_s:
        return known.plan
    else:
        found = known.rows
    plan = build(
        branch_id=branch_id,
        day=day,
        version=version,
        now_s=now_s,
        technicians=found.technicians,
        visits=found.visits,
        travel=travel.current(),
        ground=found.ground,
        ties=found.ties,
        before=known.plan,
    )
    # What this transaction wrote may yet be rolled back, and what it reads may be of yesterday.
    is_settled = not is_changed and not rows.has_written(db)
    if is_settled and (known.plan is None or known.plan.version <= version):
        with _cache_lock:
            if len(_cache) >= CACHE_DAYS_MAX:
                _cache.clear()
            _cache[key] = _Known(found, plan)
    return plan


def foreseen(db: Session, *, branch_id: int, day: date, now: datetime) -> DayPlan | None:
    """Return the day's plan for who does not hold its lock yet, if it is known as it stands; nothing
    is read of it, as rows read one after the other may be of different moments."""
    version = queries.day_version(db, branch_id=branch_id, day=day)
    plan = _cache.get(_key(db, branch_id, day), _NOTHING).plan
    is_now = plan is not None and (plan.version, plan.now_s) == (version, _now_s(now, day))
    return plan if is_now and not _has_changed(db, branch_id=branch_id, day=day) else None


def plan_without(db: Session, visit: Visit, *, now: datetime) -> DayPlan:
    """Return the live plan as taking that visit out of its route would leave it; not cached.

    What it would no longer make late is held to its promise again, see `DayPlan.late`.
    """
    plan = day_plan(db, branch_id=visit.branch_id, day=visit.day, now=now)
    if not plan.problem.has_stop(visit.id):
        return plan
    facts = [share.facts for share in plan.shares.values()]
    without = [replace(t, order=tuple(i for i in t.order if i != visit.id)) for t in facts]
    visits = {each.id: each for share in plan.shares.values() for each in share.visits}
    return build(
        branch_id=plan.branch_id,
        day=plan.day,
        version=plan.version,
        now_s=plan.now_s,
        technicians=without,
        visits=visits,
        travel=travel.current(),
        ground=plan.ground,
        ties=plan.tied,
        before=plan,
    )


def mark_changed(db: Session, *, branch_id: int, day: date) -> None:
    """Say that this transaction has changed the day's plan, so that it is read past the cache."""
    db.info.setdefault("changed_days", set()).add((branch_id, day))


def _has_changed(db: Session, *, branch_id: int, day: date) -> bool:
    """Tell whether this transaction has changed the day's plan."""
    return (branch_id, day) in db.info.get("changed_days", ())


def _key(db: Session, branch_id: int, day: date) -> tuple[str, int, date]:
    return (str(db.get_bind().engine.url), branch_id, day)


def _now_s(now: datetime, day: date) -> int:
    """Return the end of the present minute; 0 for a day to come."""
    return max(0, -(-second_of_day(now, day) // _MINUTE_S)) * _MINUTE_S


def shape_of(visit: Visit, *, barred: frozenset[int] = frozenset()) -> VisitShape:
    """Return what the visit needs; `barred` are the technicians who declined it."""
    return VisitShape(
        point=visit.point,
        work_s=visit.work_s,
        skill=visit.skill,
        level=visit.level,
        barred=barred,
        wish=visit.wish_id,
        service=visit.service,
        estate=visit.estate,
        card_s=visit.card_s,
        learned_from=visit.learned_from,
    )
