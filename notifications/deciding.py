"""Deciding, of messages just claimed, whether a call is made now; who is not called waits, ends or goes
another way."""

import logging
from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import groupby

from sqlalchemy import update

from kernel import leases
from kernel.clock import wall_s
from kernel.db import Session
from kernel.words import msg
from members.merging import has_wechat
from notifications import channels, ending, life, reaching, settling
from notifications.calling import Attempt
from notifications.channels import OUT_OF_QUOTA, TOO_LATE, Channel
from notifications.models import Message
from notifications.reaching import Sender
from notifications.sending import Decision, is_too_late

log = logging.getLogger(__name__)

OVERTAKEN = msg("预约已变动，没有发出")
UNWANTED = msg("活动消息已关，没有发出")
AT_NIGHT = msg("夜间不打扰，早上再发")
AFTER_EARLIER = msg("等前面的消息先发")
PASSED_BY = msg("后面的消息已经先发，这条不再发")
# Of whom it is said that he waits for a time, or for another.
HELD = frozenset({AT_NIGHT, OUT_OF_QUOTA, AFTER_EARLIER})
# In the stead of a limit where there is none: such stand first.
ANY_NUMBER = -1
NO_WECHAT = msg("来电的顾客还没有微信")
IN_DOUBT = msg("可能已送达，不再自动重发")


def decide(db: Session, rows: Sequence[Message], sender: Sender, *, now: datetime) -> list[Attempt]:
    """Return the calls to be made of `rows`, no two of which are about the same, once it is written
    down that they are about to be, so that a death in one leaves the nine minutes known.

    None of a message whose lease has passed on: whoever slept through it must not call any more.
    """
    held = leases.still_held(db, rows)
    for row in rows:
        if row not in held:
            log.info("message %s has passed to another hand", row.id)
    if not held:
        return []
    earlier = reaching.earlier_ones(db, held)
    # Steps are of no consequence to anything read here: they are written together at the end.
    with db.no_autoflush:
        wanting = [row for row in held if _may_go(db, row, earlier[row.id], sender, now)]
        return _noted(db, _within_quota(db, wanting, sender, now))


def _may_go(
    db: Session, row: Message, earlier: Sequence[Message], sender: Sender, now: datetime
) -> bool:
    may_have_arrived = row.maybe_sent_s is not None
    if may_have_arrived and not _is_repeatable(row):
        _end_in_doubt(db, row, sender, now)
        return False
    useless = TOO_LATE if row.not_after is not None and now > row.not_after else ""
    useless = useless or (OVERTAKEN if reaching.is_overtaken(db, row) else "")
    useless = useless or (UNWANTED if reaching.is_unwanted(db, row) else "")
    if useless:
        state = "unknown" if may_have_arrived else "suppressed"
        life.end(db, row, state, state=state, now=now, words=useless)
        return False
    if row.outcome.startswith("failed") and row.channel == Channel.TEMPLATE:
        ending.pass_on_lost(db, row, sender, now, outcome=row.outcome)
        return False
    if row.channel in channels.IN_WECHAT and not has_wechat(row.openid):
        ending.pass_on(db, row, Decision("suppressed"), sender, now, words=NO_WECHAT, is_shut=True)
        return False
    return may_have_arrived or not _is_held_back(db, row, earlier, now)


def _is_repeatable(row: Message) -> bool:
    return row.channel in channels.REPEATABLE and not is_too_late(
        maybe_sent_s=row.maybe_sent_s, now_s=wall_s()
    )


def _end_in_doubt(db: Session, row: Message, sender: Sender, now: datetime) -> None:
    """End what may have arrived and cannot be repeated any more: WeChat's report tells, or nobody."""
    report = settling.report_of(db, row)
    if report is None:
        life.end(db, row, "unknown", state="unknown", now=now, words=row.error or IN_DOUBT)
    elif report.status.startswith("failed"):
        ending.pass_on_lost(db, row, sender, now, outcome=report.status)
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


def _is_held_back(db: Session, row: Message, earlier: Sequence[Message], now: datetime) -> bool:
    """Let the message wait for the morning, or for an earlier one about the same thing; what it does
    not wait for it overtakes."""
    morning = channels.rests_until(row.kind, now, not_after=row.not_after)
    if morning is not None:
        for_s = min((morning - now).total_seconds(), reaching.LOOK_S)
        life.hold_back(db, row, for_s=for_s, words=AT_NIGHT, now=now)
        return True
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


def _within_quota(
    db: Session, rows: Sequence[Message], sender: Sender, now: datetime
) -> Iterable[Message]:
    """Count the calls, and yield what may be called; without quota a message waits for midnight, an
    urgent one goes another way."""

    def place(row: Message) -> tuple[str, int]:
        way = Channel(row.channel)
        limit = channels.limit_of(way, row.kind, quota=sender.quotas.get(way))
        return way, ANY_NUMBER if limit is None else limit

    for (way, limit), alike in groupby(sorted(rows, key=place), key=place):
        group = list(alike)
        most = None if limit == ANY_NUMBER else limit
        granted = life.count_calls(db, way, wanted=len(group), limit=most)
        yield from group[:granted]
        for row in group[granted:]:
            _wait_for_quota(db, row, sender, now)


def _wait_for_quota(db: Session, row: Message, sender: Sender, now: datetime) -> None:
    if row.maybe_sent_s is None and row.kind in channels.URGENT:
        ending.pass_on(db, row, Decision("dead"), sender, now, words=OUT_OF_QUOTA)
    else:
        life.hold_back(db, row, for_s=life.until_midnight_s(), words=OUT_OF_QUOTA, now=now)


def _noted(db: Session, rows: Iterable[Message]) -> list[Attempt]:
    """Write down that these are about to be called."""
    begins_s = wall_s()
    attempts = [
        Attempt(row, begins_s if row.maybe_sent_s is None else row.maybe_sent_s) for row in rows
    ]
    fresh = [one.row.id for one in attempts if not one.had_ambiguous]
    db.execute(
        update(Message)
        .where(Message.id.in_(fresh))
        .values(maybe_sent_s=begins_s)
        .execution_options(synchronize_session=False)
    )
    return attempts
