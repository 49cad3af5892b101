"""A price card as it is typed, row by row."""

import pytest

from booking import price_card, pricing
from booking.price_card import BadPrice, BadRow, Row, RowAlone
from kernel.money import Money


def row(
    name: str = "加长铜管",
    *,
    code: str = "",
    kind: str = "count",
    most: str = "10",
    price: str = "80",
    minutes: str = "10",
    group: str = "",
) -> Row:
    return Row(
        code=code, name=name, kind=kind, most=most, price=price, minutes=minutes, group=group
    )


PIPE = {
    "code": "pipe",
    "name": "加长铜管",
    "kind": "count",
    "most": 10,
    "price_fen": 80_00,
    "work_s": 600,
    "unit": "米",
}


class TestASumInYuan:
    @pytest.mark.parametrize(
        ("text", "fen"), [("80", 80_00), (" 80.5 ", 80_50), ("0.05", 5), ("100000", 100_000_00)]
    )
    def test_is_read_to_the_fen(self, text: str, fen: int) -> None:
        assert price_card.yuan(text) == Money(fen)

    @pytest.mark.parametrize("text", ["", "-1", "1.234", "八十", "1e3", "100001", "1,000"])
    def test_that_is_none_is_refused(self, text: str) -> None:
        with pytest.raises(BadPrice):
            price_card.yuan(text)

    @pytest.mark.parametrize("text", ["80", "80.50", "0.05"])
    def test_is_shown_as_it_is_typed(self, text: str) -> None:
        assert price_card.yuan_text(price_card.yuan(text).fen) == text


class TestACard:
    def test_typed_as_it_stands_stays_as_it_was(self) -> None:
        assert price_card.card_of(price_card.rows_of([PIPE]), before=[PIPE]) == [PIPE]

    def test_gives_a_new_row_a_code_of_its_own(self) -> None:
        card = price_card.card_of([row(code="pipe"), row("墙面打孔"), row("高空")], before=[PIPE])

        assert [option["code"] for option in card] == ["pipe", "option_1", "option_2"]

    def test_never_gives_a_dropped_options_code_to_another(self) -> None:
        before = [{**PIPE, "code": "option_1"}]

        assert price_card.card_of([row("墙面打孔")], before=before)[0]["code"] == "option_2"

    def test_leaves_empty_rows_out(self) -> None:
        assert price_card.card_of([row("", price="", most="1", minutes="")]) == []

    def test_can_be_priced(self) -> None:
        card = price_card.card_of([row(price="80.50")])

        quoted = pricing.quote(price=Money(0), work_s=0, card=card, choices={card[0]["code"]: 2})

        assert (quoted.price, quoted.work_s) == (Money(161_00), 1200)

    @pytest.mark.parametrize(
        "bad",
        [
            pytest.param(row(most="0"), id="none_of_it"),
            pytest.param(row(most="100"), id="too_many_of_it"),
            pytest.param(row(minutes="601"), id="over_ten_hours"),
            pytest.param(row(minutes="-1"), id="less_than_no_time"),
            pytest.param(row(price="x"), id="no_price"),
            pytest.param(row(kind="gift"), id="an_unknown_kind"),
            pytest.param(row("", price="80"), id="a_price_without_a_name"),
        ],
    )
    def test_names_the_row_at_fault(self, bad: Row) -> None:
        with pytest.raises(BadRow) as refused:
            price_card.card_of([row(), bad])

        assert refused.value.facts["row"] == 2

    @pytest.mark.parametrize("groups", [("", ""), ("墙", ""), ("墙", "楼")])
    def test_refuses_a_choice_with_nothing_to_choose_from(self, groups: tuple[str, str]) -> None:
        rows = [row(kind="choice", most="1", group=group) for group in groups]

        with pytest.raises(RowAlone):
            price_card.card_of(rows)
