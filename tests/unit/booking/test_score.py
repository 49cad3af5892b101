"""The technician's score, part by part."""

from datetime import UTC, datetime, timedelta

import pytest

from booking.score import Arrival, Fix, Records, is_on_time, rating_mean, score
from members.rule_text import RULES
from members.rules import Measure

OPENS = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
SHUTS = OPENS + timedelta(hours=2)
SECOND = timedelta(seconds=1)
GRACE = timedelta(minutes=15)


def arrival(at: datetime | None) -> Arrival:
    return Arrival(OPENS, SHUTS, at)


class TestRatingMean:
    @pytest.mark.parametrize(
        ("ratings", "mean"),
        [
            pytest.param([], 4.5, id="who_was_never_rated_has_the_prior"),
            pytest.param([1] * 10, 2.75, id="ten_ratings_weigh_as_much_as_the_prior"),
            pytest.param([5], (45 + 5) / 11, id="one_moves_it_a_little"),
        ],
    )
    def test_is_bayesian(self, ratings: list[int], mean: float) -> None:
        assert rating_mean(ratings, formula=RULES.score) == pytest.approx(mean)


class TestOnTime:
    @pytest.mark.parametrize(
        ("at", "is_in_time"),
        [
            pytest.param(OPENS - GRACE - SECOND, False, id="too_early"),
            pytest.param(OPENS - GRACE, True, id="as_early_as_may_be"),
            pytest.param(SHUTS, True, id="at_the_end_of_the_promise"),
            pytest.param(SHUTS + SECOND, False, id="one_second_late"),
            pytest.param(None, False, id="nobody_came"),
        ],
    )
    def test_is_within_the_promise_or_a_little_before(
        self, at: datetime | None, is_in_time: bool
    ) -> None:
        assert is_on_time(arrival(at), formula=RULES.score) is is_in_time


class TestScore:
    def test_of_a_newcomer_trusts_him(self) -> None:
        newcomer = score(ratings=[], arrivals=[], fixes=[], records=[], formula=RULES.score)

        assert newcomer.stars == pytest.approx(0.5 * 4.5 + 0.5 * 5)
        assert [part.count for part in newcomer.parts] == [0, 0, 0, 0]

    def test_weighs_its_parts(self) -> None:
        told = score(
            ratings=[5] * 10,
            arrivals=[arrival(OPENS), arrival(None)],
            fixes=[Fix(1), Fix(2), Fix(1, is_revisited=True), Fix(1)],
            records=[Records(kept=3, due=3), Records(kept=0, due=1)],
            formula=RULES.score,
        )

        assert [(p.measure, p.weight_percent, p.stars, p.good, p.count) for p in told.parts] == [
            (Measure.RATING, 50, 4.75, 50, 10),
            (Measure.ON_TIME, 20, 2.5, 1, 2),
            (Measure.FIRST_TIME_FIX, 20, 2.5, 2, 4),
            (Measure.RECORDS, 10, 3.75, 3, 4),
        ]
        assert told.stars == pytest.approx(0.5 * 4.75 + 0.2 * 2.5 + 0.2 * 2.5 + 0.1 * 3.75)
