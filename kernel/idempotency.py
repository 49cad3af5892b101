"""Requests that may come twice: which key was used for what, and what was answered.

The key is claimed in the transaction of the effect itself, so that no crash leaves a request half
known: either both are there or neither. Times are true time, so the demo clock loses no key.
"""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import JSON, Select, String, delete, insert, select, update
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import Mapped, mapped_column

from kernel.clock import Clock
from kernel.db import Base, Instant, Session, transaction
from kernel.errors import Invalid
from kernel.words import msg

KEEP = timedelta(days=3)
SWEEP_BATCH_MAX = 5_000


class KeyRequired(Invalid):
    """An unsafe call came without a key."""

    code = "key_required"
    says = msg("这次请求缺少编号，请刷新页面后再试。")


class BadKey(Invalid):
    """The key is no UUID."""

    code = "bad_key"
    says = msg("这次请求的编号不对，请刷新页面后再试。")


class KeyReused(Invalid):
    """The key was used before for something else."""

    code = "key_reused"
    says = msg("这一步已经提交过，内容却和这次不同。请刷新页面看看结果。")


class UsedKey(Base):
    """One key that took effect; `status` and `answer` are empty when the answer is drawn anew."""

    __tablename__ = "kernel_idempotency"

    # Who asked for what: "member:7 consumer.commit".
    scope: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    content_hash: Mapped[str]
    status: Mapped[int | None]
    answer: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    at: Mapped[datetime] = mapped_column(Instant, index=True)


@dataclass(frozen=True, slots=True)
class Answer:
    """What was answered: a status with the plain values that make the answer again.

    Status 0 stands for an answer that was not kept: whoever asks again sees things as they are.
    """

    status: int = 0
    body: Mapping[str, Any] | None = None


def checked_key(text: str) -> str:
    """Return the key in its one spelling. Raises KeyRequired, BadKey."""
    if not text:
        raise KeyRequired
    try:
        return str(uuid.UUID(text))
    except ValueError as error:
        raise BadKey from error


def claim(db: Session, *, scope: str, key: str, content_hash: str, now: datetime) -> Answer | None:
    """Take the key for this transaction; return None when it is fresh, else what was answered.

    A rival with the same key is waited for by PostgreSQL here; SQLite has one writer, and refuses the
    first write of who has read what a rival changed since. Raises KeyReused.
    """
    if db.get_bind().dialect.name != "sqlite":
        fresh = postgresql.insert(UsedKey).values(
            scope=scope, key=key, content_hash=content_hash, status=None, answer=None, at=now
        )
        once = fresh.on_conflict_do_nothing(index_elements=["scope", "key"]).returning(UsedKey.key)
        if db.scalar(once) is not None:
            return None
    found = select(UsedKey).where(UsedKey.scope == scope, UsedKey.key == key)
    known = db.scalars(found.execution_options(populate_existing=True)).one_or_none()
    if known is None:
        return None
    if known.content_hash != content_hash:
        raise KeyReused
    return Answer(known.status or 0, known.answer)


def settle(
    db: Session, *, scope: str, key: str, content_hash: str, answer: Answer, now: datetime
) -> None:
    """Keep the answer beside the effect, in the same transaction."""
    kept = {"status": answer.status, "answer": answer.body}
    if db.get_bind().dialect.name == "sqlite":
        db.execute(
            insert(UsedKey).values(scope=scope, key=key, content_hash=content_hash, at=now, **kept)
        )
        return
    db.execute(
        update(UsedKey)
        .where(UsedKey.scope == scope, UsedKey.key == key)
        .values(kept)
        .execution_options(synchronize_session=False)
    )


def forget_answers(db: Session, numbers: Select[str]) -> None:
    """Keep no answer any more that another program was given about the things of those numbers: who asks
    again with its key gets none, and no second effect."""
    found = numbers.subquery()
    is_about = UsedKey.answer.cast(String).contains(found.c.number)
    of_api = UsedKey.scope.contains(" api.") & UsedKey.answer.is_not(None)
    change = update(UsedKey).where(of_api, select(found).where(is_about).exists())
    kept = {"status": None, "answer": None}
    db.execute(change.values(kept).execution_options(synchronize_session=False))


def sweep(clock: Clock) -> int:
    """Forget keys older than KEEP, SWEEP_BATCH_MAX at most; return how many. Safe to repeat."""
    with transaction() as db:
        old = (
            select(UsedKey.scope, UsedKey.key)
            .where(UsedKey.at < clock.now() - KEEP)
            .limit(SWEEP_BATCH_MAX)
        )
        gone = [(scope, key) for scope, key in db.execute(old)]
        for scope, key in gone:
            db.execute(delete(UsedKey).where(UsedKey.scope == scope, UsedKey.key == key))
    return len(gone)
