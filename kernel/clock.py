"""Time. The only module that may ask the computer what time it is.

Instants are aware datetimes in UTC. A *day* is a date in Asia/Shanghai, which has no summer time;
seconds of a day count from its midnight there.
"""

import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

SHANGHAI = ZoneInfo("Asia/Shanghai")
DAY_S = 86_400


class Clock(Protocol):
    """Whoever can say what the business time is."""

    def now(self) -> datetime:
        """Return the present instant, aware, in UTC."""
        ...


class SystemClock:
    """The computer's own clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)


class OffsetClock:
    """The computer's clock moved by an offset that is read anew each time (the demo clock)."""

    def __init__(self, offset: Callable[[], timedelta]) -> None:
        self._offset = offset

    def now(self) -> datetime:
        return datetime.now(UTC) + self._offset()


class FixedClock:
    """A clock that stands still until it is moved; for tests and simulations."""

    def __init__(self, at: datetime) -> None:
        self._at = at.astimezone(UTC)

    def now(self) -> datetime:
        return self._at

    def move_to(self, at: datetime) -> None:
        """Set the clock to `at` (aware)."""
        self._at = at.astimezone(UTC)


def wall_s() -> float:
    """Return the true time as seconds since 1970: for leases, signatures and tokens, never for business."""
    return time.time()


def local_date(instant: datetime) -> date:
    """Return the day in Asia/Shanghai on which `instant` falls."""
    return instant.astimezone(SHANGHAI).date()


def second_of_day(instant: datetime, day: date) -> int:
    """Return the whole seconds from `day`'s midnight to `instant`; negative before it, over DAY_S after it."""
    return int((instant - midnight(day)).total_seconds())


def midnight(day: date) -> datetime:
    """Return the instant at which `day` begins in Asia/Shanghai, in UTC."""
    return datetime(day.year, day.month, day.day, tzinfo=SHANGHAI).astimezone(UTC)


def instant_at(day: date, second: int) -> datetime:
    """Return the instant `second` seconds after `day`'s midnight, in UTC."""
    return midnight(day) + timedelta(seconds=second)
