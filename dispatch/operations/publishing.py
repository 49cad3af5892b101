"""Publishing: the plan's technicians become the ones people are told about."""

from collections.abc import Mapping
from datetime import date, datetime

from dispatch import queries
from dispatch.events import VisitAssigned, VisitTaken
from dispatch.models import RouteRow, Visit
from dispatch.operations import plan as plans
from dispatch.operations.plan import LockedDay
from dispatch.operations.steps import facts_of, move
from dispatch.states import MOVABLE, VisitAction, VisitState
from kernel import outbox
from kernel.actor import Actor
from kernel.db import Session


def publish_day(db: Session, *, branch_id: int, day: date, by: Actor, now: datetime) -> int:
    """Assign every promised visit to the technician in whose route it stands; return how many.

    Safe to repeat: a visit that already has its technician is left alone.
    """
    locked = plans.lock_day(db, branch_id=branch_id, day=day, now=now)
    return publish(db, locked, by=by, now=now)


def publish(db: Session, locked: LockedDay, *, by: Actor, now: datetime) -> int:
    """The same under a lock that is already held."""
    plan = locked.plan
    visits = queries.visits_in_routes(db, branch_id=plan.branch_id, day=plan.day)
    rows = queries.routes(db, branch_id=plan.branch_id, day=plan.day)
    assigned = 0
    for technician_id, visit in _newly_due(rows, visits):
        assign(db, visit, technician_id, by=by, now=now)
        assigned += 1
    locked.row.published_at = now
    if assigned:
        plans.changed(db, locked.row, now=now)
    return assigned


def _newly_due(
    rows: Mapping[int, RouteRow], visits: Mapping[int, Visit]
) -> list[tuple[int, Visit]]:
    return [
        (row.technician_id, visits[stop[0]])
        for row in rows.values()
        for stop in row.stops
        if visits[stop[0]].state in MOVABLE - {VisitState.HELD}
        and visits[stop[0]].technician_id != row.technician_id
    ]


def assign(
    db: Session, visit: Visit, technician_id: int, *, by: Actor, now: datetime, cause: str = ""
) -> None:
    """Give a visit to the technician in whose route it stands, and tell him who lost it."""
    if visit.technician_id is not None:
        outbox.record(db, VisitTaken(at=now, **facts_of(visit)))
    visit.technician_id = technician_id
    move(db, visit, VisitAction.ASSIGN, by=by, now=now, cause=cause)
    outbox.record(db, VisitAssigned(at=now, **facts_of(visit)))
