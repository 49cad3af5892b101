"""What a visit's check list asks for, and what of it was ticked."""

from sqlalchemy import select

from booking import queries
from booking.models import CheckedPoint, Service
from kernel.db import Session


def service_of_visit(db: Session, visit_id: int) -> Service:
    """Return the service that the visit is made for."""
    return queries.services_by_id(db)[queries.promise_of_visit(db, visit_id).service_id]


def points_of_visit(db: Session, visit_id: int) -> list[str]:
    """Return the points of the visit's check list, in its order."""
    return list(service_of_visit(db, visit_id).checks or [])


def ticked(db: Session, visit_id: int) -> set[str]:
    """Return the points that were ticked."""
    found = select(CheckedPoint.point).where(CheckedPoint.visit_id == visit_id)
    return set(db.scalars(found))
