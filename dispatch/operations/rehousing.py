"""Finding another route for a visit that stands in none: each under the branch-day's lock."""

from datetime import datetime

from dispatch import live, queries
from dispatch.daybook import DayPlan
from dispatch.events import VisitTaken, VisitUnserved
from dispatch.models import Visit
from dispatch.operations import places, publishing
from dispatch.operations import plan as plans
from dispatch.operations.plan import LockedDay
from dispatch.operations.steps import facts_of
from dispatch.planner.problem import Plan, Window
from dispatch.states import OWED
from kernel import outbox
from kernel.actor import Actor
from kernel.db import Session


def give_back(db: Session, visit: Visit, *, cause: str, by: Actor, now: datetime) -> int | None:
    """Find a technician for a promised visit that stands in no route; return whose route takes it.

    Where none can take it within its window it stays out of every route, and the house is told: a
    named broken promise. On a day that was published the new technician is told at once.
    """
    locked = plans.lock_day(db, branch_id=visit.branch_id, day=visit.day, now=now)
    barred = queries.barred_from(db, [visit.id]).get(visit.id, frozenset())
    window = Window(visit.opens_s, visit.shuts_s)
    offers = live.offers_of(locked.plan, live.shape_of(visit, barred=barred), [window])
    if not offers:
        outbox.record(db, VisitUnserved(at=now, cause=cause, **facts_of(visit)))
        return None
    witness = offers[0].witness
    places.insert(db, locked, visit, witness, barred)
    plans.changed(db, locked.row, now=now)
    if locked.row.published_at is not None and visit.state in OWED:
        publishing.assign(db, visit, witness.worker_id, by=by, now=now)
    return witness.worker_id


def put_with(
    db: Session, locked: LockedDay, visit: Visit, *, technician_id: int, now: datetime
) -> bool:
    """Put a visit that stands in no route into that technician's; False when it does not fit."""
    barred = queries.barred_from(db, [visit.id]).get(visit.id, frozenset())
    if not locked.plan.problem.has_worker(technician_id):
        return False
    shape = live.shape_of(visit, barred=barred)
    window = Window(visit.opens_s, visit.shuts_s)
    witness = live.prove(locked.plan, shape, window, technician_id)
    if witness is None:
        return False
    places.insert(db, locked, visit, witness, barred)
    plans.changed(db, locked.row, now=now)
    return True


def follow(db: Session, before: DayPlan, after: Plan) -> None:
    """Point every visit that changed hands at its new route row, and have no other row name it."""
    rows = queries.routes(db, branch_id=before.branch_id, day=before.day)
    for route in after.routes:
        old = set(before.plan.route_of(route.worker_id).stop_ids)
        for visit_id in set(route.stop_ids) - old:
            plans.visit_row(db, visit_id).route_id = rows[route.worker_id].id
    served = {stop_id: route.worker_id for route in after.routes for stop_id in route.stop_ids}
    for technician_id, row in rows.items():
        if any(served.get(stop[0], technician_id) != technician_id for stop in row.stops):
            kept = [s for s in row.stops if served.get(s[0], technician_id) == technician_id]
            row.stops = kept


def take_from(db: Session, visit: Visit, *, now: datetime) -> None:
    """Tell the technician who was told of the visit that it is no longer his."""
    if visit.technician_id is not None:
        outbox.record(db, VisitTaken(at=now, **facts_of(visit)))
        visit.technician_id = None
