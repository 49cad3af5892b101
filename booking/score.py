"""A technician's score (绩效), with its parts. Pure.

Score = the weighted sum of rating, on-time, first-time fix and completeness of records, by the formula
of the rules: 0.5, 0.2, 0.2 and 0.1 over ninety days in the standard. Ratings are stars from 1 to 5; a share counts as that part of FULL stars, so that the score
and its parts are read on one scale.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from members.rules import Measure, ScoreFormula

FULL = 5.0


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
    weight_percent: int


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
    formula: ScoreFormula,
) -> Score:
    """Return the score of what the formula's span brought; who has nothing to show yet is trusted."""
    in_time = sum(is_on_time(arrival, formula=formula) for arrival in arrivals)
    counted = {
        Measure.ON_TIME: (in_time, len(arrivals)),
        Measure.FIRST_TIME_FIX: (sum(map(is_first_time_fix, fixes)), len(fixes)),
        Measure.RECORDS: (sum(r.kept for r in records), sum(r.due for r in records)),
    }
    weights = formula.weights_percent
    stars = rating_mean(ratings, formula=formula)
    parts = (
        Part(Measure.RATING, stars, sum(ratings), len(ratings), weights[Measure.RATING]),
        *(_share(measure, *count, weights[measure]) for measure, count in counted.items()),
    )
    return Score(sum(part.stars * part.weight_percent for part in parts) / 100, parts)


def rating_mean(ratings: Sequence[int], *, formula: ScoreFormula) -> float:
    """Return the mean of the stars with the prior in it."""
    return (formula.prior_stars * formula.prior_count + sum(ratings)) / (
        formula.prior_count + len(ratings)
    )


def is_on_time(arrival: Arrival, *, formula: ScoreFormula) -> bool:
    """Tell whether he came within the promise, both ends included, or the grace before it."""
    if arrival.arrived_at is None:
        return False
    return arrival.starts_at - formula.early_grace <= arrival.arrived_at <= arrival.ends_at


def is_first_time_fix(fix: Fix) -> bool:
    """Tell whether one visit was enough."""
    return fix.attended == 1 and not fix.is_revisited


def _share(measure: Measure, good: int, count: int, weight_percent: int) -> Part:
    return Part(measure, FULL * good / count if count else FULL, good, count, weight_percent)
