"""Money is whole fen, whatever is done to it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.money import ZERO, Money


class TestArithmetic:
    def test_adds_subtracts_and_multiplies_in_fen(self) -> None:
        assert Money(180_00) + Money(80_50) - Money(50) == Money(260_00)
        assert Money(80_00) * 3 == Money(240_00)
        assert -Money(1) == Money(-1)

    def test_is_ordered_by_its_fen(self) -> None:
        assert sorted([Money(2), Money(-1), ZERO]) == [Money(-1), ZERO, Money(2)]


class TestPercent:
    @pytest.mark.parametrize(
        ("fen", "share", "left"),
        [
            pytest.param(200_00, 50, 100_00, id="half"),
            pytest.param(1, 50, 0, id="half_a_fen_is_dropped"),
            pytest.param(99, 100, 99, id="all_of_it"),
            pytest.param(99, 0, 0, id="nothing"),
            pytest.param(-1, 50, -1, id="what_is_owed_is_rounded_down_too"),
        ],
    )
    def test_is_rounded_down_to_the_fen(self, fen: int, share: int, left: int) -> None:
        assert Money(fen).percent(share) == Money(left)

    @given(fen=st.integers(0, 10**9), share=st.integers(0, 100))
    def test_and_the_rest_of_it_never_exceed_the_whole(self, fen: int, share: int) -> None:
        parts = Money(fen).percent(share) + Money(fen).percent(100 - share)

        assert Money(fen - 1) <= parts <= Money(fen)


class TestWholeYuan:
    @pytest.mark.parametrize(("fen", "yuan"), [(0, 0), (99, 0), (100, 1), (199, 1), (18_000, 180)])
    def test_drops_the_fen(self, fen: int, yuan: int) -> None:
        assert Money(fen).whole_yuan == yuan


class TestText:
    @pytest.mark.parametrize(
        ("fen", "text"),
        [
            (0, "¥0.00"),
            (5, "¥0.05"),
            (18_000, "¥180.00"),
            (123_456_789, "¥1,234,567.89"),
            (-5, "−¥0.05"),
        ],
    )
    def test_has_two_places_and_parts_the_thousands(self, fen: int, text: str) -> None:
        assert str(Money(fen)) == text
