"""Lots: points that were credited together and expire together, the soonest spent first. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from kernel.clock import local_date, midnight

# What is given back can be spent for at least so long, however soon its lot would have expired.
GRACE = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Part:
    """So many points of one lot."""

    lot_id: int
    amount: int


def taken(parts: Iterable[Part], amount: int) -> list[Part]:
    """Return `amount` out of the parts, the first used up first; what they do not have is missing from
    the answer."""
    cut = []
    for part in parts:
        size = min(part.amount, amount)
        if size > 0:
            cut.append(Part(part.lot_id, size))
            amount -= size
    return cut


def end_of_life(earned_at: datetime, *, months: int) -> datetime:
    """Return when points earned then expire: at the end of the month that comes `months` later."""
    day = local_date(earned_at)
    first = day.year * 12 + day.month - 1 + months + 1
    return midnight(day.replace(year=first // 12, month=first % 12 + 1, day=1))


def end_of_life_given_back(drawn: Iterable[datetime], *, at: datetime) -> datetime:
    """Return when points expire that are given back at `at`: as the last of the lots from which they
    had come, and GRACE later than now at least."""
    return max([*drawn, at + GRACE])
