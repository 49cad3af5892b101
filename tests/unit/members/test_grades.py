"""Which grade so many points bring, and what it gives."""

import pytest

from members.grades import held, price_for
from members.rule_text import RULES


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
    found = held(earned, rules=RULES)

    assert (found.place, found.missing) == (place, missing)


def test_the_shop_rounds_up() -> None:
    silver = RULES.tiers[1]

    assert (price_for(silver, 300), price_for(silver, 1)) == (285, 1)
