"""What one person was sent: told to him, and forgotten."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import cast

from sqlalchemy import String, Table, delete, select, update

from kernel import leases, retention
from kernel.db import Session
from kernel.erasing import Ids, Typed
from members import merge_queries
from notifications.models import Grant, Message, StrayReport

_FENCE = cast(Table, Message.__table__).c.fence

Told = Mapping[str, Sequence[Mapping[str, object]]]


def told(db: Session, openid: str) -> Told:
    """Return what he was sent, by what it is."""
    found = select(Message).where(Message.openid == openid).order_by(Message.id)
    return {
        "messages": [
            {"at": row.made_at, "kind": row.kind, "state": row.state}
            | {"text": " · ".join(map(str, row.fields.values()))}
            for row in db.scalars(found)
        ]
    }


def forget(db: Session, openid: str, *, erased: str) -> None:
    """Forget what that person was sent, who is called `erased` from now on: what still waits is not
    sent. His grants go once no member is known by that openid."""
    his = update(Message).where(Message.openid == openid)
    ended = leases.ended(_FENCE, state="suppressed")
    db.execute(his.where(Message.state == leases.PENDING).values(error="erased", **ended))
    db.execute(his.values(openid=erased, fields={}))
    db.execute(update(StrayReport).where(StrayReport.openid == openid).values(openid=erased))
    db.execute(delete(Grant).where(Grant.openid == openid))


def typed(ids: Ids) -> tuple[Typed, ...]:
    """Return what those members were told, but for what still waits."""
    his = Message.openid.in_(merge_queries.openids(ids))
    return (Typed(Message.fields, his & (Message.state != leases.PENDING), mark={}),)


def drop_old_fields(db: Session, before: datetime, limit: int) -> int:
    """Drop what messages of before then said, but for those that still wait."""
    over = [
        Message.made_at < before,
        Message.state != leases.PENDING,
        Message.fields.cast(String) != "{}",
    ]
    return retention.blank(db, Message, where=over, values={"fields": {}}, limit=limit)
