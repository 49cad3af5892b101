"""Reads of what people did in the chat."""

from sqlalchemy import select

from conversations import answers
from conversations.models import InboxRow
from kernel.db import Session


def said_place(db: Session, openid: str) -> str:
    """Return the place that he named last in the chat: a location's 小区, a voice's district."""
    row = db.scalars(
        select(InboxRow)
        .where(InboxRow.openid == openid, InboxRow.kind.in_(["locationsent", "voicesent"]))
        .order_by(InboxRow.at.desc(), InboxRow.id.desc())
    ).first()
    if row is None:
        return ""
    return row.text if row.kind == "locationsent" else answers.wish_of(db, row.text).district
