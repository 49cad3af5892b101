"""Lines: which windows somebody would take, and who stands before him."""

import pytest

from booking.waiting import do_meet, is_too_near, is_wanted, position
from dispatch.planner.problem import Window

EIGHT, TEN, ONE = [28_800, 36_000], [36_000, 43_200], [46_800, 54_000]


class TestIsWanted:
    def test_any_window_for_who_names_none(self) -> None:
        assert is_wanted(Window(*TEN), [])

    def test_only_those_he_named(self) -> None:
        assert is_wanted(Window(*TEN), [EIGHT, TEN])
        assert not is_wanted(Window(*ONE), [EIGHT, TEN])


class TestPosition:
    @pytest.mark.parametrize(
        ("wanted", "before", "place"),
        [
            pytest.param([], [], 1, id="alone"),
            pytest.param([], [[EIGHT], [ONE]], 3, id="who_takes_any_stands_behind_all"),
            pytest.param([TEN], [[EIGHT], [ONE]], 1, id="nobody_before_wants_the_same"),
            pytest.param([TEN], [[EIGHT, TEN], [ONE], []], 3, id="two_before_could_take_his"),
        ],
    )
    def test_counts_those_who_could_want_the_same(
        self, wanted: list[list[int]], before: list[list[list[int]]], place: int
    ) -> None:
        assert position(wanted, before) == place

    def test_meeting_is_mutual(self) -> None:
        assert do_meet([TEN], [TEN, ONE])
        assert do_meet([TEN, ONE], [TEN])
        assert not do_meet([EIGHT], [ONE])


class TestIsTooNear:
    @pytest.mark.parametrize(
        ("wanted", "soonest_s", "is_over"),
        [
            ([TEN], TEN[0], False),
            ([TEN], TEN[0] + 1, True),
            ([EIGHT, TEN], TEN[0], False),
            ([], ONE[0], False),
            ([], ONE[0] + 1, True),
        ],
    )
    def test_when_no_window_that_he_would_take_is_on_sale(
        self, wanted: list[list[int]], soonest_s: int, is_over: bool
    ) -> None:
        assert is_too_near(wanted, sold=[EIGHT, TEN, ONE], soonest_s=soonest_s) is is_over
