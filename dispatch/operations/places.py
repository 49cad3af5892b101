"""Places in the live plan: hold, commit, release. Each proven under the branch-day's lock."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from dispatch import daybook, live, openings
from dispatch.daybook import DayPlan
from dispatch.live import CANDIDATE_ID, VisitShape
from dispatch.models import BarredPair, RouteRow, Visit
from dispatch.openings import Opening
from dispatch.operations import plan as plans
from dispatch.operations.plan import LockedDay
from dispatch.operations.steps import move
from dispatch.planner import judge
from dispatch.planner.insertion import Witness
from dispatch.planner.problem import Route, Stop, Timetable, Window
from dispatch.states import VisitAction, VisitState
from dispatch.tied import Needs
from kernel.actor import Actor
from kernel.db import Session
from kernel.errors import Conflict
from kernel.geo import Point
from kernel.numbers import new_number, new_service_code
from kernel.words import msg

# Why a technician is barred from the visit that replaces one he declined.
DECLINED_BEFORE = "declined before"


class PlaceGone(Conflict):
    """The visit fits into no route of that day within that window any more."""

    code = "slot_full"
    says = msg("这个时段刚刚被约走了，您填的内容都还在。")


@dataclass(frozen=True, slots=True)
class Proof:
    """Where a visit that is to be held fits into a plan, if anywhere, and what that writes: the times
    of the route, and the row of it if it has one."""

    plan: DayPlan
    witness: Witness | None = None
    timetable: Timetable | None = None
    row: RouteRow | None = None

    def timetable_for(self, visit_id: int) -> Timetable:
        """Return the route's times with the visit by the number that it has got."""
        assert self.timetable is not None
        visits = self.timetable.visits
        named = (replace(v, stop_id=visit_id) if v.stop_id == CANDIDATE_ID else v for v in visits)
        return replace(self.timetable, visits=tuple(named))


def hold_place(
    db: Session,
    *,
    branch_id: int,
    day: date,
    window: Window,
    shape: VisitShape,
    label: str,
    until: datetime,
    by: Actor,
    now: datetime,
    first_try: int | None = None,
    opening: Opening | None = None,
    only: int | None = None,
    foreseen: Proof | None = None,
    after_id: int | None = None,
) -> Visit:
    """Put the visit into the live plan until `until`; it stays there when committed.

    `first_try` is the technician of the offer's witness: only his route is proven when it still
    fits; otherwise every route of the day is tried under the lock, so that a refusal means that no
    place is left and not that somebody else was a moment earlier. Where none is left, `opening` may
    make room, while its routes are as they were. With `only`, no other technician's route will do.
    `foreseen` is the proof of the same on the plan before its lock: it is the proof still when the plan
    has not moved. `after_id` is the visit of that day that must be over before. Raises PlaceGone.
    """
    locked = plans.lock_day(db, branch_id=branch_id, day=day, now=now)
    proof = foreseen
    if proof is None or proof.plan is not locked.plan:
        proof = prove(db, locked.plan, shape=shape, window=window, first_try=first_try, only=only)
    is_made = opening is not None and openings.still_holds(locked.plan, opening)
    if proof.witness is None and not is_made:
        raise PlaceGone

    told = {"label": label, "held_until": until, "after_id": after_id}
    visit = _new_visit(db, locked, proof.witness, window=window, shape=shape, told=told, now=now)
    if proof.witness is not None:
        row = plans.put_order(
            db,
            locked,
            technician_id=proof.witness.worker_id,
            timetable=proof.timetable_for(visit.id),
            row=proof.row,
        )
        visit.route_id = row.id
    elif opening is not None:
        _rearrange(db, locked, visit, opening, shape.barred)
    move(db, visit, None, by=by, now=now)

    plans.changed(db, locked.row, now=now)
    return visit


def _new_visit(
    db: Session,
    locked: LockedDay,
    witness: Witness | None,
    *,
    window: Window,
    shape: VisitShape,
    told: Mapping[str, Any],
    now: datetime,
) -> Visit:
    """Write down the visit and what is `told` of it, in the route where it was proven to fit, if there
    is one."""
    plan = locked.plan
    visit = Visit(
        number=new_number("V"),
        branch_id=plan.branch_id,
        day=plan.day,
        route_id=plan.shares[witness.worker_id].facts.route_id if witness is not None else None,
        opens_s=window.open_s,
        shuts_s=window.shut_s,
        work_s=shape.work_s,
        skill=shape.skill,
        level=shape.level,
        service=shape.service,
        estate=shape.estate,
        card_s=shape.card_s,
        learned_from=shape.learned_from,
        wish_id=shape.wish,
        lat=shape.point.lat,
        lon=shape.point.lon,
        service_code=new_service_code(),
        state=VisitState.HELD,
        state_since=now,
        **told,
    )
    db.add(visit)
    db.flush()
    for technician_id in sorted(shape.barred):
        db.add(
            BarredPair(
                visit_id=visit.id, technician_id=technician_id, reason=DECLINED_BEFORE, at=now
            )
        )
    return visit


def lock_days(
    db: Session, days: Iterable[tuple[date, int]], *, now: datetime
) -> dict[tuple[date, int], DayPlan]:
    """Lock several (day, branch id) at once, in the order of the house; return their plans."""
    return {
        (day, branch_id): plans.lock_day(db, branch_id=branch_id, day=day, now=now).plan
        for day, branch_id in sorted(days)
    }


def commit_place(db: Session, *, visit_id: int, by: Actor, now: datetime) -> Visit:
    """Turn the hold into a promise, proven again under the lock.

    A hold that ran out but was not yet released is proven like any other. Raises PlaceGone when it
    was released or its route no longer keeps the window, IllegalMove when it is no hold.
    """
    known = plans.visit_row(db, visit_id)
    locked = plans.lock_day(db, branch_id=known.branch_id, day=known.day, now=now)
    visit = plans.visit_row(db, visit_id)
    if visit.state is VisitState.CANCELLED or visit_id in locked.plan.late:
        raise PlaceGone
    if locked.plan.is_too_many(visit_id):
        raise PlaceGone
    visit.held_until = None
    move(db, visit, VisitAction.COMMIT, by=by, now=now)
    if not locked.plan.problem.has_stop(visit_id):
        raise PlaceGone

    plans.changed(db, locked.row, now=now)
    return visit


def keep_until(db: Session, *, visit_id: int, until: datetime, now: datetime) -> None:
    """Hold a place for longer; no plan changes."""
    known = plans.visit_row(db, visit_id)
    plans.lock_day(db, branch_id=known.branch_id, day=known.day, now=now)
    plans.visit_row(db, visit_id).held_until = until


def release_place(db: Session, *, visit_id: int, by: Actor, now: datetime) -> Visit:
    """Take a held visit out of the plan; its place is free for others. Raises IllegalMove."""
    known = plans.visit_row(db, visit_id)
    plans.lock_day(db, branch_id=known.branch_id, day=known.day, now=now)
    visit = plans.visit_row(db, visit_id)
    move(db, visit, VisitAction.RELEASE, by=by, now=now)

    plans.take_out(db, visit, now=now)
    return visit


def prove(
    db: Session,
    plan: DayPlan,
    *,
    shape: VisitShape,
    window: Window,
    first_try: int | None = None,
    only: int | None = None,
) -> Proof:
    """Look for a place in the plan as `hold_place` does, and work out all that it is to write."""
    witness = _witness(plan, shape, window, first_try, only)
    if witness is None:
        return Proof(plan)
    stop = replace(live.candidate(shape, plan), windows=(window,))
    route_id = plan.shares[witness.worker_id].facts.route_id
    return Proof(
        plan,
        witness,
        _timetable(plan, stop, shape.point, witness),
        None if route_id is None else plans.row_by_id(db, route_id),
    )


def _timetable(plan: DayPlan, stop: Stop, point: Point, witness: Witness) -> Timetable:
    his = daybook.alone(plan, witness.worker_id)
    route = his.route.with_stop(stop.id, position=witness.position)
    return judge.timetable(live.with_place(his, stop, point), route)


def _witness(
    plan: DayPlan, shape: VisitShape, window: Window, first_try: int | None, only: int | None
) -> Witness | None:
    if only is not None:
        return live.prove(plan, shape, window, only)
    if first_try is not None and plan.problem.has_worker(first_try):
        found = live.prove(plan, shape, window, first_try)
        if found is not None:
            return found
    offers = live.offers_of(plan, shape, [window])
    return offers[0].witness if offers else None


def insert(
    db: Session,
    locked: LockedDay,
    visit: Visit,
    witness: Witness,
    barred: frozenset[int],
) -> None:
    """Write a proven visit into its route; the caller raises the day's version."""
    stop = live.stop_of(locked.plan, visit, barred=barred)
    timetable = _timetable(locked.plan, stop, visit.point, witness)
    row = plans.put_order(db, locked, technician_id=witness.worker_id, timetable=timetable)
    visit.route_id = row.id


def _rearrange(
    db: Session, locked: LockedDay, visit: Visit, opening: Opening, barred: frozenset[int]
) -> None:
    """Write the opening's routes with the visit in one of them. Raises PlaceGone when the judge does
    not let it."""
    plan = locked.plan
    routes = [
        Route(r.worker_id, tuple(visit.id if i == opening.newcomer_id else i for i in r.stop_ids))
        for r in opening.room.routes
    ]
    ties = plan.ties_with(visit.id, Needs(visit.service, visit.after_id))
    problem = live.with_place(plan, live.stop_of(plan, visit, barred=barred), visit.point, ties)
    timetables = openings.proven(problem, plan.plan, routes, newcomer_id=visit.id)
    if timetables is None:
        raise PlaceGone
    for route in routes:
        row = plans.put_order(
            db,
            locked,
            technician_id=route.worker_id,
            timetable=timetables[route.worker_id],
        )
        for visit_id in sorted(openings.movers(plan, [route])):
            mover = visit if visit_id == visit.id else plans.visit_row(db, visit_id)
            mover.route_id = row.id
