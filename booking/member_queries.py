"""Reads about many members at once."""

from collections.abc import Collection, Mapping, Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import aliased

from booking.models import Booking
from booking.states import SERVED
from kernel.db import Session


def branches_of_members(db: Session, member_ids: Collection[int]) -> Mapping[int, int | None]:
    """Return the branch that served or will serve each of them last; who never booked is not there."""
    last = select(func.max(Booking.id)).where(Booking.member_id.in_(member_ids))
    found = select(Booking.member_id, Booking.branch_id)
    rows = db.execute(found.where(Booking.id.in_(last.group_by(Booking.member_id))))
    return dict(rows.all())


def served_at_his_door(db: Session, member_id: int, others: Collection[int]) -> Sequence[int]:
    """Return the ids of those of the others who were served behind a door where he was served, too."""
    his, theirs = aliased(Booking), aliased(Booking)
    found = (
        select(theirs.member_id)
        .join(his, (his.compound == theirs.compound) & (his.door == theirs.door))
        .where(his.member_id == member_id, his.state.in_(SERVED), his.door != "")
        .where(theirs.member_id.in_(others), theirs.state.in_(SERVED))
    )
    return db.scalars(found.distinct().order_by(theirs.member_id)).all()
