"""A technician's score (绩效), with its parts. Pure.

Score = 0.5 × rating + 0.2 × on-time + 0.2 × first-time fix + 0.1 × completeness of records, over
SPAN. Ratings are stars from 1 to 5; a share counts as that part of FULL stars, so that the score
and its parts are read on one scale.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

SPAN = timedelta(days=90)
FULL = 5.0
# As if every technician had begun with so many ratings of so many stars.
PRIOR_STARS, PRIOR_COUNT = 4.5, 10
EARLY_GRACE = timedelta(minutes=15)
# A visit to the same appliance so soon after means that the first did not mend it.
REVISIT_SPAN = timedelta(days=30)


class Measure(StrEnum):
    RATING = "rating"
    ON_TIME = "on_time"
    FIRST_TIME_FIX = "first_time_fix"
    RECORDS = "records"


WEIGHT_PERCENT = {
    Measure.RATING: 50,
    Measure.ON_TIME: 20,
    Measure.FIRST_TIME_FIX: 20,
    Measure.RECORDS: 10,
}


@dataclass(frozen=True, slots=True)
class Arrival:
    """A promise that he was to keep; `arrived_at` is None when he did not come at all."""

    starts_at: datetime
    ends_at: datetime
    arrived_at: datetime | None


@dataclass(frozen=True, slots=True)
class Fix:
    """A completed job: how often somebody worked at it, and whether the appliance needed us again."""

    attended: int
    is_revisited: bool = False


@dataclass(frozen=True, slots=True)
class Records:
    """What was recorded of one finished visit, of what should have been."""

    kept: int
    due: int


@dataclass(frozen=True, slots=True)
class Part:
    """One part of the score: `stars` of FULL, from `good` of `count`.

    Of the rating `good` is the sum of the stars and `count` how many rated.
    """

    measure: Measure
    stars: float
    good: int
    count: int

    @property
    def weight_percent(self) -> int:
        return WEIGHT_PERCENT[self.measure]


@dataclass(frozen=True, slots=True)
class Score:
    """The score, 0 to FULL, and its four parts in the order of Measure."""

    stars: float
    parts: tuple[Part, ...]


def score(
    *,
    ratings: Sequence[int],
    arrivals: Sequence[Arrival],
    fixes: Sequence[Fix],
    records: Sequence[Records],
) -> Score:
    """Return the score of what SPAN brought; who has nothing to show yet is trusted."""
    parts = (
        Part(Measure.RATING, rating_mean(ratings), sum(ratings), len(ratings)),
        _share(Measure.ON_TIME, sum(map(is_on_time, arrivals)), len(arrivals)),
        _share(Measure.FIRST_TIME_FIX, sum(map(is_first_time_fix, fixes)), len(fixes)),
        _share(Measure.RECORDS, sum(r.kept for r in records), sum(r.due for r in records)),
    )
    return Score(sum(part.stars * part.weight_percent for part in parts) / 100, parts)


def rating_mean(ratings: Sequence[int]) -> float:
    """Return the mean of the stars with the prior in it."""
    return (PRIOR_STARS * PRIOR_COUNT + sum(ratings)) / (PRIOR_COUNT + len(ratings))


def is_on_time(arrival: Arrival) -> bool:
    """Tell whether he came within the promise, both ends included, or EARLY_GRACE before it."""
    if arrival.arrived_at is None:
        return False
    return arrival.starts_at - EARLY_GRACE <= arrival.arrived_at <= arrival.ends_at


def is_first_time_fix(fix: Fix) -> bool:
    """Tell whether one visit was enough."""
    return fix.attended == 1 and not fix.is_revisited


def _share(measure: Measure, good: int, count: int) -> Part:
    return Part(measure, FULL * good / count if count else FULL, good, count)
