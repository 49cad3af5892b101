"""Whatever happened in ninety days, the score stays a score."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from booking.score import FULL, Arrival, Fix, Records, Score, score
from members.rule_text import RULES

OPENS = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
SHUTS = OPENS + timedelta(hours=2)

ratings = st.lists(st.integers(1, 5), max_size=40)
arrivals = st.lists(
    st.one_of(st.none(), st.integers(-7200, 14400)).map(
        lambda s: Arrival(OPENS, SHUTS, None if s is None else OPENS + timedelta(seconds=s))
    ),
    max_size=40,
)
fixes = st.lists(st.builds(Fix, st.integers(1, 3), st.booleans()), max_size=40)
records = st.lists(
    st.integers(0, 4).flatmap(lambda due: st.builds(Records, st.integers(0, due), st.just(due))),
    max_size=40,
)


@given(ratings, arrivals, fixes, records)
def test_it_is_the_weighed_sum_of_its_parts_and_within_bounds(
    ratings: list[int], arrivals: list[Arrival], fixes: list[Fix], records: list[Records]
) -> None:
    told = score(
        ratings=ratings, arrivals=arrivals, fixes=fixes, records=records, formula=RULES.score
    )

    assert sum(part.weight_percent for part in told.parts) == 100
    assert all(0 <= part.stars <= FULL for part in told.parts)
    assert 0 < told.stars <= FULL
    assert abs(told.stars - sum(p.stars * p.weight_percent for p in told.parts) / 100) < 1e-9


@given(ratings, arrivals, fixes, records)
def test_a_good_day_never_lowers_it_and_a_bad_one_never_raises_it(
    ratings: list[int], arrivals: list[Arrival], fixes: list[Fix], records: list[Records]
) -> None:
    def of(stars: list[int], came: list[Arrival], fixed: list[Fix], kept: list[Records]) -> Score:
        return score(
            ratings=ratings + stars,
            arrivals=arrivals + came,
            fixes=fixes + fixed,
            records=records + kept,
            formula=RULES.score,
        )

    before = of([], [], [], [])
    good = of([5], [Arrival(OPENS, SHUTS, OPENS)], [Fix(1)], [Records(1, 1)])
    bad = of([1], [Arrival(OPENS, SHUTS, None)], [Fix(2)], [Records(0, 1)])

    assert bad.stars <= before.stars + 1e-9
    assert good.stars >= before.stars - 1e-9
