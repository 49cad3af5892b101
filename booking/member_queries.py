"""Reads about many members at once."""

from collections.abc import Collection, Mapping

from sqlalchemy import func, select

from booking.models import Booking
from kernel.db import Session


def branches_of_members(db: Session, member_ids: Collection[int]) -> Mapping[int, int | None]:
    """Return the branch that served or will serve each of them last; who never booked is not there."""
    last = select(func.max(Booking.id)).where(Booking.member_id.in_(member_ids))
    found = select(Booking.member_id, Booking.branch_id)
    rows = db.execute(found.where(Booking.id.in_(last.group_by(Booking.member_id))))
    return dict(rows.all())
