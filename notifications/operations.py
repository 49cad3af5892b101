"""What WeChat reports of messages already sent."""

from sqlalchemy import update

from kernel.db import Session
from notifications.models import Message


def record_outcome(db: Session, *, msgid: str, outcome: str) -> bool:
    """Keep WeChat's report on a message; repetition changes nothing.

    False when no message has that id: the report may have overtaken our own writing it down.
    """
    if not msgid:
        # Every message that is not sent yet has this one.
        return False
    told = db.execute(update(Message).where(Message.msgid == msgid).values(outcome=outcome))
    return bool(told.rowcount)  # type: ignore[attr-defined]  # an UPDATE's result has it
