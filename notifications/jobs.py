"""Sending: claim one message, send it outside any transaction, write down what came of it."""

import logging
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import select, update

from dispatch.photos import photo_path
from gateways.wechat.errors import Category, Retry, WeChatError, unclear, unsent
from kernel import leases
from kernel.clock import Clock, wall_s
from kernel.db import Session, transaction
from kernel.words import msg
from members.operations import following
from notifications import channels, life, queries, reaching, settling
from notifications.channels import OUT_OF_QUOTA, TOO_LATE, Channel, SmsUnclear
from notifications.granting import Deed, Happened
from notifications.models import Message
from notifications.operations import record_grants
from notifications.reaching import Sender
from notifications.sending import Decision, after_failure, client_msg_id, is_too_late

log = logging.getLogger(__name__)

# More than connect and read timeout together, twice (a token refresh), plus ten.
LEASE_S = 35.0
SENDS_MAX = 200
OVERTAKEN = msg("预约已变动，没有发出")
AT_NIGHT = msg("夜间不打扰，早上再发")
AFTER_EARLIER = msg("等前面的消息先发")
PASSED_BY = msg("后面的消息已经先发，这条不再发")
# Of whom it is said that he waits for a time, or for another.
HELD = frozenset({AT_NIGHT, OUT_OF_QUOTA, AFTER_EARLIER})
NOT_GRANTED = msg("没有订阅授权")
IN_DOUBT = msg("可能已送达，不再自动重发")


def messages_due() -> bool:
    """Tell whether a message waits to be sent."""
    with transaction(reads_only=True) as db:
        return db.scalar(select(Message.id).where(leases.due(Message)).limit(1)) is not None


def send_messages(sender: Sender, clock: Clock) -> int:
    """Send what is due, SENDS_MAX messages at most; return how many were tried.

    Safe to run twice or side by side, and to be killed at any step: a message whose fate is not
    known is repeated under the same client_msg_id for nine minutes, then left to a person.
    """
    with transaction(reads_only=True) as db:
        told = queries.quota_told(db).limits
    sender = replace(sender, quotas={**sender.quotas, **told})
    tried = 0
    while tried < SENDS_MAX:
        with transaction() as db:
            # Of what may have arrived only nine minutes can tell: it passes what waits behind it.
            unclear_first = Message.maybe_sent_s.is_not(None)
            rows = leases.claim(db, Message, lease_s=LEASE_S, limit=1, first=unclear_first)
        if not rows:
            break
        _send(rows[0], sender, clock)
        tried += 1
    return tried


def _send(row: Message, sender: Sender, clock: Clock) -> None:
    """Send one claimed message by the way on which it is, unless it may not go now or any more."""
    had_ambiguous = row.maybe_sent_s is not None
    first_s = row.maybe_sent_s if row.maybe_sent_s is not None else wall_s()
    if not _may_go(row, sender, clock, first_s=first_s):
        return
    try:
        msgid = _call(row, sender)
    except WeChatError as error:
        log.warning("message %s was not sent: %s", row.id, error)
        _write_failure(row, error, sender, clock, first_s=first_s, had_ambiguous=had_ambiguous)
        return
    _write(row, Decision("sent"), clock, maybe_sent_s=first_s, msgid=msgid)


def _may_go(row: Message, sender: Sender, clock: Clock, *, first_s: float) -> bool:
    """Decide whether the call is made; if so, write down that it is about to be, so that a death in
    it leaves the nine minutes known.

    False, too, when the lease has passed on: whoever slept through it must not call any more.
    """
    now, may_have_arrived = clock.now(), row.maybe_sent_s is not None
    with transaction() as db:
        if may_have_arrived and not _is_repeatable(row):
            _end_in_doubt(db, row, sender, now)
            return False
        useless = TOO_LATE if row.not_after is not None and now > row.not_after else ""
        useless = useless or (OVERTAKEN if reaching.is_overtaken(db, row) else "")
        if useless:
            state = "unknown" if may_have_arrived else "suppressed"
            life.end(db, row, state, state=state, now=now, words=useless)
            return False
        if row.outcome.startswith("failed") and row.channel == Channel.TEMPLATE:
            _pass_on_lost(db, row, sender, now, outcome=row.outcome)
            return False
        if not may_have_arrived and _is_held_back(db, row, now):
            return False
        noted = db.execute(
            update(Message)
            .where(
                Message.id == row.id, Message.fence == row.fence, Message.state == leases.PENDING
            )
            .values(maybe_sent_s=first_s)
        )
        if not noted.rowcount:  # type: ignore[attr-defined]  # an UPDATE's result has it
            log.info("message %s has passed to another hand", row.id)
            return False
        return _has_quota(db, row, sender, now)


def _end_in_doubt(db: Session, row: Message, sender: Sender, now: datetime) -> None:
    """End what may have arrived and cannot be repeated any more: WeChat's report tells, or nobody."""
    report = settling.report_of(db, row)
    if report is None:
        life.end(db, row, "unknown", state="unknown", now=now, words=row.error or IN_DOUBT)
    elif report.status.startswith("failed"):
        _pass_on_lost(db, row, sender, now, outcome=report.status)
    else:
        life.end(
            db,
            row,
            "settled",
            state="sent",
            now=now,
            words=settling.SETTLED,
            msgid=report.msgid,
            outcome=report.status,
            sent_at=now,
        )


def _is_repeatable(row: Message) -> bool:
    return row.channel in channels.REPEATABLE and not is_too_late(
        maybe_sent_s=row.maybe_sent_s, now_s=wall_s()
    )


def _is_held_back(db: Session, row: Message, now: datetime) -> bool:
    """Let the message wait for the morning, or for an earlier one about the same thing; what it does
    not wait for it overtakes."""
    morning = channels.rests_until(row.kind, now, not_after=row.not_after)
    if morning is not None:
        for_s = min((morning - now).total_seconds(), reaching.LOOK_S)
        life.hold_back(db, row, for_s=for_s, words=AT_NIGHT, now=now)
        return True
    earlier = reaching.earlier_ones(db, row)
    wait_s = reaching.waits_s(row, earlier, now=now, held=HELD)
    if wait_s:
        words = AFTER_EARLIER if wait_s > reaching.WAITS_FOR_S else ""
        life.hold_back(db, row, for_s=wait_s, words=words, now=now)
        return True
    return not _overtake(db, row, earlier, now)


def _overtake(db: Session, row: Message, earlier: Sequence[Message], now: datetime) -> bool:
    """End the held news that is of no use after this; False when another hand has just taken it up."""
    for one in earlier:
        if one.kind not in channels.OF_THE_COURSE:
            continue
        if not life.supersede(db, one, now=now, words=PASSED_BY):
            life.hold_back(db, row, for_s=reaching.SHORTLY_S, words="", now=now)
            return False
    return True


def _pass_on_lost(
    db: Session, row: Message, sender: Sender, now: datetime, *, outcome: str
) -> None:
    """WeChat took it and reported later that it did not arrive."""
    is_shut = "user" in outcome
    decision = Decision("suppressed" if is_shut else "dead")
    _pass_on(db, row, decision, sender, now, words=outcome, is_shut=is_shut)


def _has_quota(db: Session, row: Message, sender: Sender, now: datetime) -> bool:
    """Count the call; without quota the message waits for midnight, an urgent one goes another way."""
    quota = sender.quotas.get(Channel(row.channel))
    limit = channels.limit_of(Channel(row.channel), row.kind, quota=quota)
    if life.count_call(db, row.channel, limit=limit):
        return True
    if row.maybe_sent_s is None and row.kind in channels.URGENT:
        _pass_on(db, row, Decision("dead"), sender, now, words=OUT_OF_QUOTA)
        return False
    # As it was before this call that is not made.
    db.execute(
        update(Message)
        .where(Message.id == row.id)
        .values(maybe_sent_s=row.maybe_sent_s)
        .execution_options(synchronize_session=False)
    )
    life.hold_back(db, row, for_s=life.until_midnight_s(), words=OUT_OF_QUOTA, now=now)
    return False


def _call(row: Message, sender: Sender) -> str:
    """Make the call and return WeChat's msgid, "" where the way has none. Raises WeChatError."""
    key = client_msg_id(row.dedupe_key)
    url = sender.public_base + row.path
    match Channel(row.channel):
        case Channel.SUBSCRIPTION:
            template_id = sender.subscription_ids[row.kind]
            sender.wechat.send_subscription(
                openid=row.openid,
                template_id=template_id,
                data=reaching.notice_of(row),
                url=url,
            )
        case Channel.CUSTOMER if row.fields.get("picture"):
            _show(row, sender)
        case Channel.CUSTOMER:
            text = reaching.words_of(row, sender.public_base)
            sender.wechat.send_text(openid=row.openid, text=text)
        case Channel.SMS:
            _text(row, sender, key)
        case _:
            return sender.wechat.send_template(
                openid=row.openid,
                template_id=sender.template_ids.get(row.kind, row.kind),
                data=row.fields,
                url=url,
                client_msg_id=key,
            )
    return ""


def _show(row: Message, sender: Sender) -> None:
    try:
        content = photo_path(sender.shelf, row.fields["picture"]).read_bytes()
        media_id = sender.wechat.media.upload(content)
    except OSError as error:
        raise unsent(f"the picture is away: {error.strerror}") from error
    except WeChatError as error:
        # An upload that nobody sends on is nothing: whatever became of it, it may be made again.
        raise unsent(str(error)) if error.retry is Retry.AMBIGUOUS else error from error
    sender.wechat.send_picture(openid=row.openid, media_id=media_id)


def _text(row: Message, sender: Sender, key: str) -> None:
    with transaction(reads_only=True) as db:
        phone = reaching.phone_of(db, row.about)
    if sender.sms is None or not phone:
        raise unsent("no texts, or no number")
    try:
        text = reaching.words_of(row, sender.public_base)
        sender.sms.send(phone=phone, text=text, key=key)
    except SmsUnclear as error:
        raise unclear(str(error)) from error
    except OSError as error:
        raise unsent(str(error)) from error


def _write_failure(
    row: Message,
    error: WeChatError,
    sender: Sender,
    clock: Clock,
    *,
    first_s: float,
    had_ambiguous: bool,
) -> None:
    decision = after_failure(
        error,
        attempts=row.attempts,
        had_ambiguous=had_ambiguous,
        midnight_in_s=life.until_midnight_s(),
    )
    _note_refusal(row, error, sender, clock)
    surely_unsent = error.retry is not Retry.AMBIGUOUS and not had_ambiguous
    if surely_unsent and row.kind in channels.URGENT and error.needs_operator:
        decision = Decision("dead")  # Nobody at the door waits for a repair.
    if not surely_unsent and decision.state == leases.PENDING:
        decision = decision if row.channel in channels.REPEATABLE else Decision("unknown")
    if surely_unsent and decision.state in ("suppressed", "dead"):
        with transaction() as db:
            is_shut = error.category is Category.BLOCKED
            _pass_on(db, row, decision, sender, clock.now(), words=str(error), is_shut=is_shut)
        return
    maybe_sent_s = None if surely_unsent else first_s
    _write(row, decision, clock, maybe_sent_s=maybe_sent_s, error=str(error))


def _note_refusal(row: Message, error: WeChatError, sender: Sender, clock: Clock) -> None:
    """Remember who does not follow any more and whose grants are used up, and raise an alarm where an
    operator must act."""
    if error.category is Category.FOLLOWER:
        with transaction() as db:
            following.unfollow(db, openid=row.openid)
    if error.category is Category.CONSENT and row.channel == Channel.SUBSCRIPTION:
        with transaction() as db:
            lost = Happened(
                key=f"43101:{row.id}:{row.fence}",
                openid=row.openid,
                template_id=sender.subscription_ids[row.kind],
                what=Deed.LOST,
                at=clock.now(),
            )
            record_grants(db, [lost])
    if error.needs_operator:
        with transaction(reads_only=True) as db:
            is_news = reaching.is_news(db, row, error.code)
        if is_news:
            log.error("WeChat sends nothing until an operator acts: %s", error)


def _pass_on(
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


def _write(
    row: Message,
    decision: Decision,
    clock: Clock,
    *,
    maybe_sent_s: float | None,
    msgid: str = "",
    error: str = "",
) -> None:
    now, state = clock.now(), decision.state
    with transaction() as db:
        life.end(
            db,
            row,
            "tried" if state == leases.PENDING else state,
            state=state,
            now=now,
            words=error,
            retry_in_s=decision.retry_in_s,
            maybe_sent_s=maybe_sent_s,
            msgid=msgid,
            sent_at=now if state == "sent" else None,
        )
