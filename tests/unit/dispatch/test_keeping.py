"""Windows kept for some members, until so many hours before they open."""

import pytest

from dispatch.keeping import Keeping, free
from dispatch.planner.problem import Window
from kernel.clock import DAY_S

HOUR_S = 3_600
MORNING, EVENING = Window(8 * HOUR_S, 10 * HOUR_S), Window(18 * HOUR_S, 20 * HOUR_S)
PAIRS = [[8 * HOUR_S, 10 * HOUR_S], [18 * HOUR_S, 20 * HOUR_S]]
KEPT = Keeping(tag_id=1, windows=frozenset({EVENING}), hours=24)


@pytest.mark.parametrize(
    ("now_s", "sold"),
    [
        pytest.param(-DAY_S, [MORNING], id="two_days_before"),
        pytest.param(18 * HOUR_S - DAY_S - 1, [MORNING], id="a_second_before_it_is_free"),
        pytest.param(18 * HOUR_S - DAY_S, [MORNING, EVENING], id="at_the_hours_sharp"),
        pytest.param(9 * HOUR_S, [EVENING], id="on_the_day"),
    ],
)
def test_a_kept_window_is_free_so_many_hours_before_it_opens(
    now_s: int, sold: list[Window]
) -> None:
    assert free(PAIRS, KEPT, now_s=now_s, lead_s=HOUR_S) == sold


def test_to_whom_it_is_kept_for_it_is_free_at_once() -> None:
    assert free(PAIRS, None, now_s=-DAY_S, lead_s=HOUR_S) == [MORNING, EVENING]
