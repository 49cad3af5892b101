"""The demo's technicians look at every point of a check list."""

from datetime import datetime

from booking import check_queries
from booking.operations import checks
from dispatch import queries
from kernel.actor import Actor
from kernel.db import Session


def tick_all(db: Session, *, number: str, by: Actor, now: datetime) -> None:
    """Tick what the visit's service wants checked."""
    points = check_queries.points_of_visit(db, queries.visit_by_number(db, number).id)
    checks.tick(db, number=number, points=points, by=by, now=now)
