"""The planner beside every plan there is, on days of seven visits and three technicians."""

import pytest

from scripts.bench import optimum

DAYS = 100
BATCH = 25


@pytest.mark.parametrize("first", range(0, DAYS, BATCH))
def test_reaches_the_least_cost_of_all_plans(first: int) -> None:
    served = 0
    for seed in range(first, first + BATCH):
        ours_s, least_s, made = optimum.planned(seed)
        assert ours_s == least_s, f"day {seed}"
        served += made

    # They are days on which something can be done, and not everything.
    assert BATCH < served < 6 * BATCH
