"""Sending: claim one message, send it outside any transaction, write down what came of it."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import select, update

from gateways.wechat.client import WeChat
from gateways.wechat.errors import Retry, WeChatError
from kernel import leases
from kernel.clock import Clock, wall_s
from kernel.db import transaction
from kernel.words import msg
from notifications.messages import CHAT
from notifications.models import Message
from notifications.sending import Decision, after_failure, client_msg_id, is_too_late

log = logging.getLogger(__name__)

# More than connect and read timeout together, twice (a token refresh), plus ten.
LEASE_S = 35.0
SENDS_MAX = 200
TOO_LATE = msg("已经过时，没有发出")


@dataclass(frozen=True, slots=True)
class Sender:
    """What sending needs: the account, its template ids by kind, and the address of our pages."""

    wechat: WeChat
    template_ids: Mapping[str, str]
    public_base: str


def messages_due() -> bool:
    """Tell whether a message waits to be sent."""
    with transaction(reads_only=True) as db:
        return db.scalar(select(Message.id).where(leases.due(Message)).limit(1)) is not None


def send_messages(sender: Sender, clock: Clock) -> int:
    """Send what is due, SENDS_MAX messages at most; return how many were tried.

    Safe to run twice or side by side, and to be killed at any step: a message whose fate is not
    known is repeated under the same client_msg_id for nine minutes, then left to a person.
    """
    tried = 0
    while tried < SENDS_MAX:
        with transaction() as db:
            rows = leases.claim(db, Message, lease_s=LEASE_S, limit=1)
        if not rows:
            break
        _send(rows[0], sender, clock)
        tried += 1
    return tried


def _send(row: Message, sender: Sender, clock: Clock) -> None:
    had_ambiguous = row.maybe_sent_s is not None
    # A customer message has no client_msg_id: said twice it would arrive twice.
    if (had_ambiguous and row.kind == CHAT) or is_too_late(
        maybe_sent_s=row.maybe_sent_s, now_s=wall_s()
    ):
        _write(row, Decision("unknown"), clock, maybe_sent_s=row.maybe_sent_s)
        return
    if row.not_after is not None and clock.now() > row.not_after:
        state = "unknown" if had_ambiguous else "suppressed"
        _write(row, Decision(state), clock, maybe_sent_s=row.maybe_sent_s, error=TOO_LATE)
        return
    first_s = row.maybe_sent_s if had_ambiguous else wall_s()
    if not _note_attempt(row, first_s):
        log.info("message %s has passed to another hand", row.id)
        return
    try:
        msgid = _call(row, sender)
    except WeChatError as error:
        log.warning("message %s was not sent: %s", row.id, error)
        decision = after_failure(error, attempts=row.attempts, had_ambiguous=had_ambiguous)
        surely_unsent = error.retry is not Retry.AMBIGUOUS and not had_ambiguous
        _write(
            row,
            decision,
            clock,
            maybe_sent_s=None if surely_unsent else first_s,
            error=str(error),
        )
        return
    _write(row, Decision("sent"), clock, maybe_sent_s=first_s, msgid=msgid)


def _call(row: Message, sender: Sender) -> str:
    if row.kind == CHAT:
        sender.wechat.send_text(openid=row.openid, text=row.fields["text"])
        return ""
    return sender.wechat.send_template(
        openid=row.openid,
        template_id=sender.template_ids.get(row.kind, row.kind),
        data=row.fields,
        url=sender.public_base + row.path,
        client_msg_id=client_msg_id(row.dedupe_key),
    )


def _note_attempt(row: Message, first_s: float | None) -> bool:
    """Write down that a call is about to be made, so that a death in it leaves the nine minutes known.

    False when the lease has passed on: whoever slept through it must not call any more.
    """
    with transaction() as db:
        noted = db.execute(
            update(Message)
            .where(
                Message.id == row.id, Message.fence == row.fence, Message.state == leases.PENDING
            )
            .values(maybe_sent_s=first_s)
        )
        return bool(noted.rowcount)  # type: ignore[attr-defined]  # an UPDATE's result has it


def _write(
    row: Message,
    decision: Decision,
    clock: Clock,
    *,
    maybe_sent_s: float | None,
    msgid: str = "",
    error: str = "",
) -> None:
    with transaction() as db:
        leases.finish(
            db,
            row,
            state=decision.state,
            retry_in_s=decision.retry_in_s,
            maybe_sent_s=maybe_sent_s,
            msgid=msgid,
            error=error,
            sent_at=clock.now() if decision.state == "sent" else None,
        )
