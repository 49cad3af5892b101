"""Settling what nobody knew: WeChat's report of a message whose answer was lost.

A template message that may have arrived ends as `unknown`, without the msgid by which a report would
find it. Its report names the person: where he has one message in doubt and there is one report that
belongs to no other message, the two are one.
"""

from datetime import datetime

from sqlalchemy import ColumnElement, delete, exists, select, update

from kernel import leases
from kernel.clock import wall_s
from kernel.db import Session, insert_once, ring_after_commit
from kernel.words import msg
from notifications import life
from notifications.channels import Channel
from notifications.models import Message, StrayReport

# WeChat reports within moments; a repetition may be sent for nine minutes.
BEFORE_S, KEPT_S = 60.0, 86_400.0
SETTLED = msg("微信的送达回执对上了")


def keep_report(db: Session, *, msgid: str, openid: str, status: str, now: datetime) -> bool:
    """Keep a report that no message has an id for; tell whether it has settled one that was unknown.

    The same report again changes nothing.
    """
    db.execute(delete(StrayReport).where(StrayReport.came_s < wall_s() - KEPT_S))
    row = {"msgid": msgid, "openid": openid, "status": status, "came_s": wall_s()}
    insert_once(db, StrayReport.__table__, [row], by="msgid")
    doubtful = db.scalars(select(Message).where(_in_doubt(openid)).with_for_update().limit(2)).all()
    if len(doubtful) != 1 or doubtful[0].state != "unknown":
        return False
    report = report_of(db, doubtful[0])
    if report is None:
        return False
    _settle(db, doubtful[0], report, now)
    return True


def report_of(db: Session, message: Message) -> StrayReport | None:
    """Return the report that can only be of this message; None where another may be meant, too."""
    if message.channel != Channel.TEMPLATE or message.maybe_sent_s is None:
        return None
    others = select(Message.id).where(_in_doubt(message.openid), Message.id != message.id)
    if db.scalar(others.limit(1)) is not None:
        return None
    stray = select(StrayReport).where(
        StrayReport.openid == message.openid,
        StrayReport.came_s >= message.maybe_sent_s - BEFORE_S,
        ~exists().where(Message.msgid == StrayReport.msgid),
    )
    found = db.scalars(stray.limit(2)).all()
    return found[0] if len(found) == 1 else None


def _in_doubt(openid: str) -> ColumnElement[bool]:
    """The condition for his messages of which a report without a message may be."""
    is_open = (Message.state == "unknown") | (
        (Message.state == leases.PENDING) & Message.maybe_sent_s.is_not(None)
    )
    return (
        (Message.openid == openid)
        & (Message.channel == Channel.TEMPLATE.value)
        & (Message.msgid == "")
        & is_open
    )


def _settle(db: Session, row: Message, report: StrayReport, now: datetime) -> None:
    """Give an unknown message its report: it has arrived, or goes on by the next way."""
    is_lost = report.status.startswith("failed")
    values = (
        {"maybe_sent_s": None, **leases.anew(_FENCE)}
        if is_lost
        else {"sent_at": now, **leases.ended(_FENCE, state="sent")}
    )
    db.execute(
        update(Message)
        .where(Message.id == row.id)
        .values(msgid=report.msgid, outcome=report.status, error="", **values)
        .execution_options(synchronize_session=False)
    )
    life.note(db, row, "settled", now=now, words=SETTLED)
    if is_lost:
        ring_after_commit(db, life.BELL)


_FENCE = Message.__table__.c.fence
