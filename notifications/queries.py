"""Reads of the message log."""

from collections.abc import Sequence

from sqlalchemy import func, select

from kernel.db import Session
from notifications.models import Message


def messages_about(db: Session, about: str) -> Sequence[Message]:
    """Return what was said about `about` (such as booking:B…), oldest first."""
    return db.scalars(select(Message).where(Message.about == about).order_by(Message.id)).all()


def log(
    db: Session, *, state: str = "", kind: str = "", limit: int = 50, offset: int = 0
) -> tuple[Sequence[Message], int]:
    """Return a page of the message log, newest first, and how many there are."""
    where = []
    if state:
        where.append(Message.state == state)
    if kind:
        where.append(Message.kind == kind)
    total = db.scalar(select(func.count()).select_from(Message).where(*where)) or 0
    page = select(Message).where(*where).order_by(Message.id.desc()).limit(limit).offset(offset)
    return db.scalars(page).all(), total
