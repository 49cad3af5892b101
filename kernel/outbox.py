"""The outbox: what outsiders must learn, committed with the change that caused it."""

from datetime import datetime
from typing import Any, cast

from sqlalchemy import JSON, Index, Table, insert, select
from sqlalchemy.orm import Mapped, mapped_column

from kernel import db as kernel_db
from kernel.db import Base, Instant, Session
from kernel.events import Event
from kernel.leases import Leased

BELL = "outbox"


class OutboxRow(Leased, Base):
    """One event told, to be delivered at least once; kept afterwards as the house's log of facts."""

    __tablename__ = "kernel_outbox"
    __table_args__ = (Index("ix_kernel_outbox_due", "state", "due_s"),)

    name: Mapped[str] = mapped_column(index=True)
    facts: Mapped[dict[str, Any]] = mapped_column(JSON)
    topics: Mapped[str] = mapped_column(default="")
    at: Mapped[datetime] = mapped_column(Instant)


_INSERT = insert(cast(Table, OutboxRow.__table__))


def record(db: Session, event: Event) -> None:
    """Write the event into the caller's transaction; the doorbell rings after its commit."""
    # Past the unit of work: almost every transaction tells something, and nothing else hangs on its row.
    db.connection().execute(
        _INSERT,
        {
            "name": type(event).__name__,
            "facts": event.facts(),
            "topics": " ".join(event.topics()),
            "at": event.at,
        },
    )
    kernel_db.ring_after_commit(db, BELL)


def latest_id(db: Session) -> int:
    """Return the id of the newest event, 0 when there is none."""
    return db.scalars(select(OutboxRow.id).order_by(OutboxRow.id.desc()).limit(1)).first() or 0


def topics_since(db: Session, *, after_id: int, limit: int = 500) -> list[tuple[int, set[str]]]:
    """Return (id, topics) of the events after `after_id`, oldest first, at most `limit`."""
    rows = db.execute(
        select(OutboxRow.id, OutboxRow.topics)
        .where(OutboxRow.id > after_id)
        .order_by(OutboxRow.id)
        .limit(limit)
    )
    return [(row_id, set(topics.split())) for row_id, topics in rows]
