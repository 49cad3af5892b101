"""How every part of the house forgets a member: by his own hand, or by two of us for him."""

from collections.abc import Iterator
from datetime import datetime

import booking.personal
import conversations.personal
import notifications.personal
from booking.operations import waiting
from kernel import erasing
from kernel.db import Session
from kernel.erasing import Ids, Typed
from members import merge_queries, personal
from members.operations import sign_ins
from members.operations.following import lock_member


def forget(db: Session, member_id: int, *, now: datetime) -> None:
    """Have every part of the house forget the member: those below first, who may refuse.

    Who is forgotten already stays as he is. Raises StillBooked, StillToCome.
    """
    sign_ins.end_member_sessions(db, member_id=member_id)
    if lock_member(db, member_id).erased_at is not None:
        return
    for member in merge_queries.rows_of(db, member_id):
        openid = member.openid
        waiting.leave_all(db, member_id=member.id, now=now)
        booking.personal.forget(db, member.id)
        personal.forget(db, member, now=now)
        conversations.personal.forget(db, openid, erased=member.openid)
        notifications.personal.forget(db, openid, erased=member.openid)
    erasing.take_out(db, _typed(merge_queries.ids_of(member_id)))


def take_out_later_words(db: Session, before: datetime, limit: int) -> int:
    """Take out what was typed about members after they were forgotten, and what people did before then
    whom nobody knows; return in how many rows."""
    gone = conversations.personal.drop_of_strangers(db, before, limit)
    return gone + erasing.take_out(db, _typed(merge_queries.ids_of_erased()))


def _typed(ids: Ids) -> Iterator[Typed]:
    for part in (personal, booking.personal, conversations.personal, notifications.personal):
        yield from part.typed(ids)
