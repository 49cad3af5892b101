"""What is kept of people for how long: each rule drops what is over, some at a time, and counts it."""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import ColumnElement, Table, func, select, update
from sqlalchemy.orm import Mapped, mapped_column

from kernel.clock import Clock
from kernel.db import Base, Instant, Session, transaction
from kernel.geo import ROUGH_PARTS

log = logging.getLogger(__name__)

BATCH_MAX = 500
# So many batches of each rule in one run; the next run takes the rest.
BATCHES_MAX = 20

# Drops what is older than that instant, so many rows at most, and returns how many.
Drop = Callable[[Session, datetime, int], int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """`what` is kept for so long, and `why`: keys of the catalogue; then `drop` drops it."""

    name: str
    what: str
    why: str
    keeps: timedelta
    drop: Drop


class RetentionRun(Base):
    """One batch of a rule: what it dropped, and from before when. Only ever added to."""

    __tablename__ = "kernel_retention_run"

    id: Mapped[int] = mapped_column(primary_key=True)
    rule: Mapped[str] = mapped_column(index=True)
    before: Mapped[datetime] = mapped_column(Instant)
    dropped: Mapped[int]
    at: Mapped[datetime] = mapped_column(Instant)


def drop_what_is_over(rules: Sequence[Rule], clock: Clock) -> int:
    """Drop what each rule says is over; return how many rows.

    Each batch is a transaction with its count: killed in the middle, the next run goes on where it was.
    Safe to run side by side: what is dropped is found no more.
    """
    now, total = clock.now(), 0
    for rule in rules:
        before = now - rule.keeps
        for _ in range(BATCHES_MAX):
            with transaction() as db:
                dropped = rule.drop(db, before, BATCH_MAX)
                if dropped:
                    db.add(RetentionRun(rule=rule.name, before=before, dropped=dropped, at=now))
            total += dropped
            if dropped < BATCH_MAX:
                break
    if total:
        log.info("%s rows were dropped whose time is over", total)
    return total


def blank(
    db: Session,
    model: type[Base],
    *,
    where: Sequence[ColumnElement[bool]],
    values: Mapping[str, object],
    limit: int,
) -> int:
    """Write `values` over so many of the rows that `where` finds; return how many."""
    key: ColumnElement[int] = cast(Table, model.__table__).c.id
    ids = db.scalars(select(key).where(*where).order_by(key).limit(limit)).all()
    if ids:
        change: Any = update(model).where(key.in_(ids)).values(**values)
        db.execute(change.execution_options(synchronize_session=False))
    return len(ids)


@dataclass(frozen=True, slots=True)
class Dropped:
    """What a rule has dropped in all, and when it last did."""

    rows: int
    last_at: datetime | None


def report(db: Session) -> Mapping[str, Dropped]:
    """Return what each rule has dropped, by its name; a rule that dropped nothing is not there."""
    found = select(RetentionRun.rule, func.sum(RetentionRun.dropped), func.max(RetentionRun.at))
    rows = db.execute(found.group_by(RetentionRun.rule))
    return {rule: Dropped(int(dropped), at) for rule, dropped, at in rows}


def roughly(column: ColumnElement[float]) -> ColumnElement[Any]:
    """Return what `geo.roughly` makes of a coordinate, for the database to compute."""
    return func.round(column * ROUGH_PARTS) / ROUGH_PARTS
