"""Reads of the message log."""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, func, or_, select

from booking import queries as bookings
from dispatch import queries as visits
from kernel.actor import Actor
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
    limit: int = 50,
    offset: int = 0,
) -> tuple[Sequence[Message], int]:
    """Return a page of the message log, newest first, and how many there are.

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
    total = db.scalar(select(func.count()).select_from(Message).where(*where)) or 0
    page = select(Message).where(*where).order_by(Message.id.desc()).limit(limit).offset(offset)
    return db.scalars(page).all(), total
