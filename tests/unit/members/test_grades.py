"""Which grade so many points bring, and what it gives."""

from itertools import pairwise

import pytest

from members.grades import GRADES, held, price_for


@pytest.mark.parametrize(
    ("earned", "place", "missing"),
    [
        pytest.param(-20, 0, 520, id="less_than_nothing"),
        pytest.param(499, 0, 1, id="one_short"),
        pytest.param(500, 1, 1_500, id="at_the_edge"),
        pytest.param(5_000, 3, None, id="at_the_top"),
    ],
)
def test_grade_of_what_was_earned(earned: int, place: int, missing: int | None) -> None:
    found = held(earned)

    assert (found.place, found.missing) == (place, missing)


def test_each_grade_asks_for_more_and_gives_more() -> None:
    for lower, higher in pairwise(GRADES):
        assert lower.least < higher.least
        assert lower.shop_percent_off < higher.shop_percent_off
        assert lower.pays_percent < higher.pays_percent


def test_the_shop_rounds_up() -> None:
    silver = GRADES[1]

    assert (price_for(silver, 300), price_for(silver, 1)) == (285, 1)
