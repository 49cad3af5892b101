"""Writing down what came of calls, and what follows: another try, another way, or an end."""

import logging
from collections.abc import Sequence
from datetime import datetime

from gateways.wechat.errors import Category, Retry, WeChatError
from kernel import leases
from kernel.db import Session
from kernel.words import msg
from notifications import channels, life, reaching
from notifications.calling import Attempt, Outcome
from notifications.channels import Channel
from notifications.granting import Deed, Happened
from notifications.models import Message
from notifications.operations import record_grants
from notifications.reaching import Sender
from notifications.sending import Decision, after_failure

log = logging.getLogger(__name__)

NOT_GRANTED = msg("没有订阅授权")


def end(db: Session, outcomes: Sequence[Outcome], sender: Sender, *, now: datetime) -> None:
    """Write down what came of these calls; nothing of one whose lease has passed on."""
    msgids = {one.attempt.row: one.msgid for one in outcomes if one.error is None}
    # Steps are of no consequence to anything read here: they are written together at the end.
    with db.no_autoflush:
        life.end_sent(db, msgids, now=now)
        for one in outcomes:
            if one.error is not None:
                _end_failed(db, one.attempt, one.error, sender, now)


def _end_failed(
    db: Session, attempt: Attempt, error: WeChatError, sender: Sender, now: datetime
) -> None:
    row = attempt.row
    decision = after_failure(
        error,
        attempts=row.attempts,
        had_ambiguous=attempt.had_ambiguous,
        midnight_in_s=life.until_midnight_s(),
    )
    _note_refusal(db, row, error, sender, now)
    surely_unsent = error.retry is not Retry.AMBIGUOUS and not attempt.had_ambiguous
    if surely_unsent and row.kind in channels.URGENT and error.needs_operator:
        decision = Decision("dead")  # Nobody at the door waits for a repair.
    if not surely_unsent and decision.state == leases.PENDING:
        decision = decision if row.channel in channels.REPEATABLE else Decision("unknown")
    if surely_unsent and decision.state in ("suppressed", "dead"):
        is_shut = error.category is Category.BLOCKED
        pass_on(db, row, decision, sender, now, words=str(error), is_shut=is_shut)
        return
    state = decision.state
    life.end(
        db,
        row,
        "tried" if state == leases.PENDING else state,
        state=state,
        now=now,
        words=str(error),
        retry_in_s=decision.retry_in_s,
        maybe_sent_s=None if surely_unsent else attempt.first_s,
        sent_at=now if state == "sent" else None,
    )


def _note_refusal(
    db: Session, row: Message, error: WeChatError, sender: Sender, now: datetime
) -> None:
    """Remember whose grants are used up, and raise an alarm where an operator must act."""
    if error.category is Category.CONSENT and row.channel == Channel.SUBSCRIPTION:
        lost = Happened(
            key=f"43101:{row.id}:{row.fence}",
            openid=row.openid,
            template_id=sender.subscription_ids[row.kind],
            what=Deed.LOST,
            at=now,
        )
        record_grants(db, [lost])
    if error.needs_operator and reaching.is_news(db, row, error.code):
        log.error("WeChat sends nothing until an operator acts: %s", error)


def pass_on(
    db: Session,
    row: Message,
    decision: Decision,
    sender: Sender,
    now: datetime,
    *,
    words: str,
    is_shut: bool = False,
) -> None:
    """Give a message that surely did not arrive to the next way; after the last it ends as decided."""
    way = reaching.next_way(db, row, sender, now=now, is_shut=is_shut)
    if way is None:
        state = decision.state
        life.end(db, row, state, state=state, now=now, words=words, maybe_sent_s=None)
        return
    state = "call" if way is Channel.CALL else leases.PENDING
    is_passed = life.end(
        db,
        row,
        "passed",
        state=state,
        now=now,
        words=words,
        channel=way.value,
        outcome="",
        attempts=0,
        maybe_sent_s=None,
    )
    is_skipped = row.channel == Channel.TEMPLATE and way is not Channel.SUBSCRIPTION
    if is_passed and is_skipped and not is_shut and row.kind in sender.subscription_ids:
        life.note(db, row, "skipped", now=now, words=NOT_GRANTED, channel=Channel.SUBSCRIPTION)


def pass_on_lost(db: Session, row: Message, sender: Sender, now: datetime, *, outcome: str) -> None:
    """Give a message to the next way that WeChat took and reported later as not arrived."""
    is_shut = "user" in outcome
    decision = Decision("suppressed" if is_shut else "dead")
    pass_on(db, row, decision, sender, now, words=outcome, is_shut=is_shut)
