"""Reads of the message log."""

from collections.abc import Sequence
from datetime import date, timedelta

from sqlalchemy import ColumnElement, func, or_, select

from booking import queries as bookings
from dispatch import queries as visits
from kernel.actor import Actor
from kernel.clock import midnight
from kernel.db import Session
from notifications.models import Message


def messages_about(db: Session, about: str) -> Sequence[Message]:
    """Return what was said about `about` (such as booking:B…), oldest first."""
    return db.scalars(select(Message).where(Message.about == about).order_by(Message.id)).all()


def log(
    db: Session,
    *,
    by: Actor,
    state: str = "",
    kind: str = "",
    number: str = "",
    day: date | None = None,
    limit: int = 50,
    offset: int = 0,
) -> tuple[Sequence[Message], int]:
    """Return a page of the message log, newest first, and how many there are.

    `number` is that of the thing a message is about, `day` the one on which it was made.
    Whose scope is some branches sees what was said about their bookings and visits.
    """
    where: list[ColumnElement[bool]] = []
    if not by.sees_branch(0):
        where.append(
            or_(Message.about.in_(bookings.abouts(by)), Message.about.in_(visits.abouts(by)))
        )
    if state:
        where.append(Message.state == state)
    if kind:
        where.append(Message.kind == kind)
    if number:
        where.append(Message.about.endswith(f":{number.upper()}", autoescape=True))
    if day is not None:
        start = midnight(day)
        where.append((Message.made_at >= start) & (Message.made_at < start + timedelta(days=1)))
    total = db.scalar(select(func.count()).select_from(Message).where(*where)) or 0
    page = select(Message).where(*where).order_by(Message.id.desc()).limit(limit).offset(offset)
    return db.scalars(page).all(), total
