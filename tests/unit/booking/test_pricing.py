"""The price card."""

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from booking.pricing import BadOption, Quote, quote
from kernel.money import Money

CARD = [
    {
        "code": "pipe",
        "name": "加长铜管",
        "kind": "count",
        "most": 10,
        "price_fen": 80_00,
        "work_s": 600,
    },
    {
        "code": "high",
        "name": "高空作业",
        "kind": "switch",
        "most": 1,
        "price_fen": 150_00,
        "work_s": 0,
    },
    {
        "code": "wall",
        "name": "挂机",
        "kind": "choice",
        "group": "form",
        "most": 1,
        "price_fen": 0,
        "work_s": 0,
    },
    {
        "code": "floor",
        "name": "柜机",
        "kind": "choice",
        "group": "form",
        "most": 1,
        "price_fen": 60_00,
        "work_s": 1800,
    },
]


def priced(choices: Mapping[str, int]) -> Quote:
    return quote(price=Money(180_00), work_s=3600, card=CARD, choices=choices)


class TestQuote:
    def test_of_the_bare_service_is_its_price(self) -> None:
        assert priced({}) == Quote(Money(180_00), 3600, ())

    def test_adds_each_option_as_often_as_it_was_chosen(self) -> None:
        found = priced({"pipe": 3, "high": 1})

        assert (found.price, found.work_s) == (Money(570_00), 5400)
        assert found.lines == (("加长铜管", 3, Money(240_00)), ("高空作业", 1, Money(150_00)))

    def test_takes_nothing_for_what_was_not_chosen(self) -> None:
        assert priced({"pipe": 0, "high": 0}) == priced({})

    def test_takes_as_many_as_the_card_has_and_no_more(self) -> None:
        assert priced({"pipe": 10}).price == Money(980_00)
        with pytest.raises(BadOption) as refusal:
            priced({"pipe": 11})
        assert refusal.value.field == "pipe"

    @pytest.mark.parametrize(
        "choices",
        [
            pytest.param({"gold": 1}, id="an_unknown_option"),
            pytest.param({"gold": 0}, id="an_unknown_option_not_chosen"),
            pytest.param({"pipe": -1}, id="fewer_than_none"),
            pytest.param({"high": 2}, id="a_switch_twice"),
            pytest.param({"wall": 1, "floor": 1}, id="two_of_one_group"),
        ],
    )
    def test_refuses_what_is_not_on_the_card(self, choices: dict[str, int]) -> None:
        with pytest.raises(BadOption):
            priced(choices)

    def test_lets_one_of_a_group_be_unchosen_beside_another(self) -> None:
        assert priced({"wall": 0, "floor": 1}).price == Money(240_00)

    @given(pipes=st.integers(0, 10), high=st.integers(0, 1))
    def test_is_the_price_and_its_lines(self, pipes: int, high: int) -> None:
        found = priced({"pipe": pipes, "high": high})

        assert found.price == sum((line[2] for line in found.lines), start=Money(180_00))
