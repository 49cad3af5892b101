"""Membership grades (会员等级): where what a member earned in a year has brought him, and what it gives. Pure."""

from dataclasses import dataclass
from datetime import timedelta

from kernel.words import msg
from members.ledger import COMPLETION, ON_THE_WAY, RATING, SCAN

# What was earned so lately counts, less what of it was taken back.
COUNTS_FOR = timedelta(days=365)
EARNING = (COMPLETION, RATING, ON_THE_WAY, SCAN)


@dataclass(frozen=True, slots=True)
class Grade:
    """One grade: from how many points earned on, how many per cent less the shop asks for, and up to
    which share of a booking's price points pay."""

    name: str
    least: int
    shop_percent_off: int
    pays_percent: int


GRADES = (
    Grade(msg("普通会员"), 0, 0, 50),
    Grade(msg("银卡会员"), 500, 5, 60),
    Grade(msg("金卡会员"), 2_000, 10, 70),
    Grade(msg("黑金会员"), 5_000, 15, 80),
)


@dataclass(frozen=True, slots=True)
class Held:
    """The grade that a member holds: its place from 0 on, what he earned for it, and how many points
    are missing to the next, None at the top."""

    place: int
    earned: int
    missing: int | None

    @property
    def grade(self) -> Grade:
        return GRADES[self.place]

    @property
    def next(self) -> Grade | None:
        return GRADES[self.place + 1] if self.missing is not None else None


def held(earned: int) -> Held:
    """Return the grade to which so many points earned within COUNTS_FOR bring."""
    place = max(n for n, grade in enumerate(GRADES) if earned >= grade.least or n == 0)
    above = GRADES[place + 1].least - earned if place + 1 < len(GRADES) else None
    return Held(place, earned, above)


def price_for(grade: Grade, points: int) -> int:
    """Return what the shop asks of that grade for an article of `points`, rounded up."""
    return -(-points * (100 - grade.shop_percent_off) // 100)
