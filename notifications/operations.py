"""What WeChat reports of messages already sent."""

from sqlalchemy import update

from kernel.db import Session
from notifications.models import Message


def record_outcome(db: Session, *, msgid: str, outcome: str) -> None:
    """Keep WeChat's report on a message; unknown ids are ignored, repetition changes nothing."""
    db.execute(update(Message).where(Message.msgid == msgid).values(outcome=outcome))
