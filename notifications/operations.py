"""What WeChat reports of messages already sent, and what a person does about those that are not."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from operator import attrgetter
from typing import cast

from sqlalchemy import Table, bindparam, select, update
from sqlalchemy.dialects import postgresql, sqlite

from kernel import leases
from kernel.actor import Actor
from kernel.db import Session, insert_once, ring_after_commit
from kernel.errors import Conflict, Missing
from kernel.words import msg
from notifications import life, queries
from notifications.channels import Channel, first_way
from notifications.granting import Happened
from notifications.messages import CHAT
from notifications.models import Grant, Message, QuotaRow

QUOTA_BELL = "quotas"
_MESSAGES = cast(Table, Message.__table__)
_TOLD = _MESSAGES.c.msgid.in_(bindparam("told", expanding=True)) & (
    _MESSAGES.c.channel == Channel.TEMPLATE.value
)
_SETTLE = (
    update(_MESSAGES).where(_TOLD).values(outcome=bindparam("outcome")).returning(_MESSAGES.c.msgid)
)
# The hand that takes it up sees what was reported, and lets it go by the next way.
_LOST = (
    update(_MESSAGES)
    .where(_TOLD, _MESSAGES.c.state == "sent")
    .values(maybe_sent_s=None, sent_at=None, **leases.anew(_MESSAGES.c.fence))
)


def record_outcomes(db: Session, outcomes: Mapping[str, str]) -> set[str]:
    """Keep WeChat's reports, by msgid; return the ids that messages have. Repetition changes nothing.

    A template message that did not arrive goes on by the next way.

    No message may have an id yet: the report can overtake our own writing it down.
    """
    # Every message that is not sent yet has an empty one.
    by_outcome: dict[str, list[str]] = {}
    for msgid in sorted(filter(None, outcomes)):
        by_outcome.setdefault(outcomes[msgid], []).append(msgid)
    known: set[str] = set()
    for outcome, told in sorted(by_outcome.items()):
        found = db.connection().execute(_SETTLE, {"told": told, "outcome": outcome})
        known |= set(found.scalars())
        if outcome.startswith("failed"):
            db.connection().execute(_LOST, {"told": told})
            ring_after_commit(db, life.BELL)
    others = [msgid for told in by_outcome.values() for msgid in told if msgid not in known]
    if others:
        # Those went on by another way.
        known |= set(db.scalars(select(_MESSAGES.c.msgid).where(_MESSAGES.c.msgid.in_(others))))
    return known


def record_grants(db: Session, told: Sequence[Happened]) -> None:
    """Write into the ledger what happened to grants of notices; the same once."""
    rows = [
        {
            "dedupe_key": one.key,
            "openid": one.openid,
            "template_id": one.template_id,
            "what": one.what,
            "at": one.at,
        }
        for one in sorted(told, key=attrgetter("key"))
    ]
    insert_once(db, Grant.__table__, rows, by="dedupe_key")


class MessageMissing(Missing):
    """There is no such message, or it is about another branch's business."""

    code = "message_missing"
    says = msg("没有这条消息。")


class NotToBeSent(Conflict):
    """A message that was sent, waits to be sent, or is of no use any more."""

    code = "not_to_be_sent"
    says = msg("这条消息不需要再发。")


class NobodyToCall(Conflict):
    """The message does not wait for a call."""

    code = "nobody_to_call"
    says = msg("这条消息不在待打电话里。")


# What a person may send again: it came to an end that is none.
RESENDABLE = ("suppressed", "unknown", "dead", "call")


def resend(db: Session, *, message_id: int, by: Actor, now: datetime) -> Message:
    """Let a message go once more from its first way, because a person says so.

    Of one that may have arrived the person decides that twice is better than never; within WeChat's
    ten minutes even that arrives once. Raises MessageMissing, NotToBeSent.
    """
    row = _locked(db, message_id, by)
    if row.state not in RESENDABLE or (row.not_after is not None and now > row.not_after):
        raise NotToBeSent
    _send_anew(db, row, first_way(row.kind), by=by, now=now)
    return row


def note_called(db: Session, *, message_id: int, by: Actor, now: datetime) -> Message:
    """Write down that a person told it by telephone. Raises MessageMissing, NobodyToCall."""
    row = _locked(db, message_id, by)
    if row.state != "call":
        raise NobodyToCall
    row.state, row.sent_at = "sent", now
    life.note(db, row, "called", now=now, by=by)
    return row


def resend_line(
    db: Session, *, line: str, way: Channel, not_after: datetime, by: Actor, now: datetime
) -> None:
    """Let what one of us wrote in a chat go once more, by `way` and until `not_after`.

    Also what went as a notice, which holds its beginning only. Raises MessageMissing, NotToBeSent.
    """
    row = _line(db, line)
    is_notice = row.state == "sent" and row.channel == Channel.SUBSCRIPTION != way
    if row.state not in RESENDABLE and not is_notice:
        raise NotToBeSent
    row.not_after = not_after
    _send_anew(db, row, way, by=by, now=now)


def note_line_called(db: Session, *, line: str, by: Actor, now: datetime) -> None:
    """Write down that what one of us wrote in a chat was told by telephone.

    Raises MessageMissing, NobodyToCall.
    """
    row = _line(db, line)
    if row.state not in RESENDABLE:
        raise NobodyToCall
    row.state, row.channel, row.sent_at = "sent", Channel.CALL.value, now
    life.note(db, row, "called", now=now, by=by)


def _line(db: Session, line: str) -> Message:
    found = select(Message).where(Message.dedupe_key == f"{CHAT}:{line}").with_for_update()
    row = db.scalar(found.execution_options(populate_existing=True))
    if row is None:
        raise MessageMissing
    return row


def _send_anew(db: Session, row: Message, way: Channel, *, by: Actor, now: datetime) -> None:
    row.state, row.channel = leases.PENDING, way.value
    row.error, row.outcome, row.sent_at = "", "", None
    row.due_s, row.lease_until_s, row.attempts, row.maybe_sent_s = 0.0, 0.0, 0, None
    row.fence += 1  # Whoever slept in a call of before writes nothing any more.
    life.note(db, row, "resent", now=now, by=by)
    ring_after_commit(db, life.BELL)


def ask_to_clear_quotas(db: Session) -> None:
    """Have WeChat begin the day's counts anew, which it allows ten times a month."""
    lay_quota_row(db)
    db.execute(
        update(QuotaRow)
        .values(clear_wanted=True, due_s=0.0)
        .execution_options(synchronize_session=False)
    )
    ring_after_commit(db, QUOTA_BELL)


def lay_quota_row(db: Session) -> None:
    """Make sure that the one row is there; two hands may do so at once."""
    insert = sqlite.insert if db.get_bind().dialect.name == "sqlite" else postgresql.insert
    row = {"id": 1, "state": leases.PENDING, "due_s": 0.0, "lease_until_s": 0.0, "fence": 0}
    row |= {"attempts": 0, "limits": {}, "clear_wanted": False, "error": ""}
    db.execute(insert(QuotaRow).values(row).on_conflict_do_nothing())


def _locked(db: Session, message_id: int, by: Actor) -> Message:
    found = select(Message).where(Message.id == message_id, *queries.visible_to(by))
    row = db.scalar(found.with_for_update().execution_options(populate_existing=True))
    if row is None:
        raise MessageMissing
    return row
