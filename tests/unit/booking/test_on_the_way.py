"""Which windows are on somebody's way, and what they earn."""

import pytest

from booking.on_the_way import Mark, mark, usual_s

MINUTE = 60
PLENTY = 1_000


class TestUsual:
    def test_is_the_median_of_what_visits_add(self) -> None:
        assert usual_s([60, 60, 60, 600, 900, 900, 900, 900]) == 750

    def test_is_not_known_of_seven(self) -> None:
        assert usual_s([900] * 7) == 0
        assert usual_s([900] * 8) == 900


class TestMark:
    @pytest.mark.parametrize(
        ("extra_s", "points"),
        [
            pytest.param(10 * MINUTE, Mark(20), id="half_of_what_is_usual"),
            pytest.param(10 * MINUTE + 1, None, id="a_second_more"),
            pytest.param(6 * MINUTE, Mark(20), id="fourteen_minutes_saved"),
            pytest.param(5 * MINUTE, Mark(30), id="fifteen_minutes_saved"),
            pytest.param(0, Mark(40), id="none"),
            pytest.param(-20 * MINUTE, Mark(50), id="never_more_than_the_most"),
        ],
    )
    def test_earns_by_the_minutes_saved(self, extra_s: int, points: Mark | None) -> None:
        assert mark(extra_s=extra_s, usual=20 * MINUTE, left=PLENTY) == points

    @pytest.mark.parametrize(("left", "points"), [(40, 40), (39, 30), (9, 0), (0, 0), (-5, 0)])
    def test_earns_no_more_than_is_left_of_the_budget(self, left: int, points: int) -> None:
        assert mark(extra_s=0, usual=20 * MINUTE, left=left) == Mark(points)

    def test_is_none_where_nothing_is_usual(self) -> None:
        assert mark(extra_s=0, usual=0, left=PLENTY) is None

    def test_is_none_for_what_saves_too_little_to_earn(self) -> None:
        assert mark(extra_s=0, usual=5 * MINUTE - 1, left=PLENTY) is None
