"""What WeChat reports of messages already sent."""

from collections.abc import Mapping
from typing import cast

from sqlalchemy import Table, bindparam, select, update

from kernel.db import Session
from notifications.models import Message

_MESSAGES = cast(Table, Message.__table__)
_SETTLE = (
    update(_MESSAGES)
    .where(_MESSAGES.c.msgid == bindparam("told"))
    .values(outcome=bindparam("outcome"))
)


def record_outcomes(db: Session, outcomes: Mapping[str, str]) -> set[str]:
    """Keep WeChat's reports, by msgid; return the ids that messages have. Repetition changes nothing.

    No message may have an id yet: the report can overtake our own writing it down.
    """
    # Every message that is not sent yet has an empty one.
    asked = [msgid for msgid in outcomes if msgid]
    known = set(db.scalars(select(_MESSAGES.c.msgid).where(_MESSAGES.c.msgid.in_(asked))))
    if known:
        told = [{"told": msgid, "outcome": outcomes[msgid]} for msgid in sorted(known)]
        db.connection().execute(_SETTLE, told)
    return known
