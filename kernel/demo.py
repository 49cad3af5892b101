"""The demo clock: an offset in the database that every process reads through."""

import time
from datetime import datetime, timedelta

from sqlalchemy.orm import Mapped, mapped_column

from kernel.clock import SHANGHAI, OffsetClock, SystemClock
from kernel.db import Base, Session, transaction
from kernel.errors import Unavailable

# How stale the offset may be in a process; people press the clock's buttons and then look.
CACHE_S = 0.3
_ROW_ID = 1


class DemoClockRow(Base):
    """One row: how far business time runs ahead of true time."""

    __tablename__ = "kernel_demo_clock"

    id: Mapped[int] = mapped_column(primary_key=True)
    offset_s: Mapped[int]


def set_now(db: Session, *, to: datetime) -> None:
    """Move the demo clock so that business time is `to` (aware) at this moment."""
    offset_s = round((to - SystemClock().now()).total_seconds())
    row = db.get(DemoClockRow, _ROW_ID)
    if row is None:
        db.add(DemoClockRow(id=_ROW_ID, offset_s=offset_s))
    else:
        row.offset_s = offset_s


def now_in(db: Session) -> datetime:
    """Return the demo's business time, locked against other hands until the transaction ends."""
    row = db.get(DemoClockRow, _ROW_ID, with_for_update=True, populate_existing=True)
    return SystemClock().now() + timedelta(seconds=row.offset_s if row else 0)


def next_nine(now: datetime) -> datetime:
    """Return the next 09:00 in Asia/Shanghai after `now`."""
    local = now.astimezone(SHANGHAI)
    nine = local.replace(hour=9, minute=0, second=0, microsecond=0)
    return nine if nine > local else nine + timedelta(days=1)


def demo_clock() -> OffsetClock:
    """Return a clock that follows the offset in the database."""
    return OffsetClock(_CachedOffset())


class _CachedOffset:
    def __init__(self) -> None:
        self._offset = timedelta(0)
        self._read_at_s = -CACHE_S

    def __call__(self) -> timedelta:
        if time.monotonic() - self._read_at_s >= CACHE_S:
            self._offset = self._read()
            self._read_at_s = time.monotonic()
        return self._offset

    def _read(self) -> timedelta:
        try:
            with transaction(reads_only=True) as db:
                row = db.get(DemoClockRow, _ROW_ID)
        except Unavailable:
            # The page that says so needs the time, too.
            return self._offset
        return timedelta(seconds=row.offset_s if row else 0)
