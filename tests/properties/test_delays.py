"""Whatever way a plan goes to and fro, nobody is told of the same delay twice."""

import itertools

from hypothesis import example, given
from hypothesis import strategies as st

from dispatch.policy import DELAY_STEP_S, is_news

NOON_S = 12 * 3600
# When the plan reaches the visit, look by look; None while it keeps the promise.
LOOKS = st.lists(st.none() | st.integers(NOON_S + 1, NOON_S + 4 * DELAY_STEP_S), max_size=60)


def told(looks: list[int | None]) -> list[int]:
    """Return the arrivals that were told, one after the other."""
    said: list[int] = []
    for eta_s in looks:
        if eta_s is not None and is_news(eta_s, told_s=said[-1] if said else None):
            said.append(eta_s)
    return said


@given(LOOKS)
@example([NOON_S + 60, None] * 20)
def test_each_that_is_told_is_a_step_worse_than_the_one_before(looks: list[int | None]) -> None:
    said = told(looks)

    assert all(later >= before + DELAY_STEP_S for before, later in itertools.pairwise(said))
    # A plan within four steps has four of them to tell at most, however often it goes to and fro.
    assert len(said) <= 4


@given(LOOKS)
def test_what_was_told_is_never_a_step_behind_the_truth(looks: list[int | None]) -> None:
    for place, eta_s in enumerate(looks, start=1):
        if eta_s is not None:
            assert eta_s < told(looks[:place])[-1] + DELAY_STEP_S
