"""Writing down what happened to a message: its steps, its end, and the calls of a day."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, cast

from sqlalchemy import Table, case, select, update
from sqlalchemy.dialects import postgresql, sqlite

from kernel import leases
from kernel.actor import SYSTEM, Actor
from kernel.clock import local_date, midnight, wall_s
from kernel.db import Session
from notifications.models import CallCount, Message, MessageStep

BELL = "messages"
DAY_S = 86_400
_FENCE = cast(Table, Message.__table__).c.fence


def note(
    db: Session,
    row: Message,
    what: str,
    *,
    now: datetime,
    words: str = "",
    by: Actor = SYSTEM,
    channel: str = "",
) -> None:
    """Add a step to the message's life, by the way on which it is or by `channel`."""
    step = MessageStep(
        message_id=row.id,
        channel=channel or row.channel,
        what=what,
        words=words,
        actor_role=by.role,
        actor_id=by.id,
        at=now,
    )
    db.add(step)


def end(
    db: Session, row: Message, what: str, *, state: str, now: datetime, words: str = "", **more: Any
) -> bool:
    """Record an outcome and its step; False, and nothing changed, when the lease has passed on."""
    done = leases.finish(db, row, state=state, error=words, **more)
    if done:
        note(db, row, what, now=now, words=words)
    return done


def end_sent(db: Session, msgids: Mapping[Message, str], *, now: datetime) -> None:
    """Record of messages that they were sent, with WeChat's ids; nothing of those whose lease has
    passed on."""
    if not msgids:
        return
    told = case({row.id: msgid for row, msgid in msgids.items()}, value=Message.id)
    ended = leases.finish_all(db, msgids, state="sent", error="", msgid=told, sent_at=now)
    for row in msgids:
        if row.id in ended:
            note(db, row, "sent", now=now)


def hold_back(db: Session, row: Message, *, for_s: float, words: str, now: datetime) -> None:
    """Let a message wait without counting it as an attempt; the same reason makes one step."""
    kept = leases.finish(
        db,
        row,
        state=leases.PENDING,
        retry_in_s=for_s,
        attempts=row.attempts - 1,
        error=words or row.error,
    )
    if kept and words and row.error != words:
        note(db, row, "held", now=now, words=words)


def supersede(db: Session, row: Message, *, now: datetime, words: str) -> bool:
    """End a message that waits, in the stead of which later news is told; False when a hand has it."""
    # Not waiting for a hand that is at it: each of two could be waiting for the other.
    waits = select(Message.id).where(
        Message.id == row.id,
        Message.fence == row.fence,
        Message.state == leases.PENDING,
        Message.lease_until_s <= wall_s(),
        Message.maybe_sent_s.is_(None),
    )
    if db.scalar(waits.with_for_update(skip_locked=True)) is None:
        return False
    db.execute(
        update(Message)
        .where(Message.id == row.id)
        .values(error=words, **leases.ended(_FENCE, state="suppressed"))
        .execution_options(synchronize_session=False)
    )
    note(db, row, "suppressed", now=now, words=words)
    return True


def count_calls(db: Session, channel: str, *, wanted: int, limit: int | None) -> int:
    """Count up to `wanted` more calls of today by this way; return how many stay within `limit`."""
    day = _today()
    own = (CallCount.day == day) & (CallCount.channel == channel)
    lay = sqlite.insert if db.get_bind().dialect.name == "sqlite" else postgresql.insert
    db.execute(lay(CallCount).values(day=day, channel=channel, used=0).on_conflict_do_nothing())
    used = db.scalars(select(CallCount.used).where(own).with_for_update()).one()
    granted = wanted if limit is None else max(0, min(wanted, limit - used))
    db.execute(update(CallCount).where(own).values(used=used + granted))
    return granted


def count_at_least(db: Session, channel: str, used: int) -> None:
    """Reckon with `used` calls of today by this way at least: others may send for this account too."""
    count_calls(db, channel, wanted=0, limit=None)
    own = (CallCount.day == _today()) & (CallCount.channel == channel)
    db.execute(update(CallCount).where(own, CallCount.used < used).values(used=used))


def forget_calls(db: Session, channels: Iterable[str]) -> None:
    """Begin the counts of today by these ways anew."""
    own = (CallCount.day == _today()) & CallCount.channel.in_(list(channels))
    db.execute(update(CallCount).where(own).values(used=0))


def until_midnight_s() -> float:
    """Return the seconds until WeChat gives the next day's quota."""
    return midnight(_today()).timestamp() + DAY_S - wall_s()


def _today() -> Any:
    return local_date(datetime.fromtimestamp(wall_s(), UTC))
