"""How every part of the house forgets a member: by his own hand, or by two of us for him."""

from datetime import datetime

import booking.personal
import conversations.personal
import notifications.personal
from booking.operations import waiting
from kernel.db import Session
from members import merge_queries, personal
from members.operations.following import lock_member


def forget(db: Session, member_id: int, *, now: datetime) -> None:
    """Have every part of the house forget the member: those below first, who may refuse.

    Raises StillBooked, StillToCome.
    """
    lock_member(db, member_id)
    for member in merge_queries.rows_of(db, member_id):
        openid = member.openid
        waiting.leave_all(db, member_id=member.id, now=now)
        booking.personal.forget(db, member.id)
        personal.forget(db, member, now=now)
        conversations.personal.forget(db, openid, erased=member.openid)
        notifications.personal.forget(db, openid, erased=member.openid)
