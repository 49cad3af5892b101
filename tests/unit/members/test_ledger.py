"""Ledger arithmetic: balanced drafts, their content, their chain."""

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.money import Money
from members.ledger import (
    COMPLETION,
    HOUSE_POINTS,
    POINTS,
    Draft,
    chained,
    completion_draft,
    points_earned,
)


def a_draft(**changes: object) -> Draft:
    facts: dict[str, object] = {
        "key": "completion:B1",
        "kind": COMPLETION,
        "unit": POINTS,
        "legs": {HOUSE_POINTS: -180, "member:7": 180},
        "evidence": "booking:B1",
    }
    return Draft(**(facts | changes))  # type: ignore[arg-type]  # each test changes one of them


class TestDraft:
    @pytest.mark.parametrize(
        "legs",
        [
            pytest.param({}, id="no_legs"),
            pytest.param({"member:7": 0}, id="one_leg_of_nothing"),
            pytest.param({"member:7": 180}, id="one_leg"),
            pytest.param({HOUSE_POINTS: -180, "member:7": 179}, id="one_point_vanishes"),
            pytest.param({HOUSE_POINTS: 0, "member:7": 0}, id="two_legs_of_nothing"),
            pytest.param({HOUSE_POINTS: -1, "member:7": 1, "member:8": 0}, id="an_idle_leg"),
        ],
    )
    def test_that_does_not_balance_cannot_be_made(self, legs: Mapping[str, int]) -> None:
        with pytest.raises(ValueError, match="unbalanced"):
            a_draft(legs=legs)

    @given(amounts=st.lists(st.integers(-(10**12), 10**12).filter(bool), min_size=1, max_size=8))
    def test_takes_any_number_of_legs_that_sum_to_nothing(self, amounts: list[int]) -> None:
        rest = -sum(amounts)
        legs = {f"member:{n}": amount for n, amount in enumerate(amounts)} | {HOUSE_POINTS: rest}

        if rest:
            assert sum(a_draft(legs=legs).legs.values()) == 0
        else:
            with pytest.raises(ValueError, match="unbalanced"):
                a_draft(legs=legs)


class TestContentHash:
    def test_does_not_care_in_which_order_the_legs_came(self) -> None:
        turned = a_draft(legs={"member:7": 180, HOUSE_POINTS: -180})

        assert a_draft().content_hash == turned.content_hash

    @pytest.mark.parametrize(
        "changes",
        [
            {"kind": "rating"},
            {"unit": "fen"},
            {"legs": {HOUSE_POINTS: -181, "member:7": 181}},
            {"legs": {HOUSE_POINTS: -180, "member:8": 180}},
            {"evidence": "booking:B2"},
        ],
        ids=["kind", "unit", "amount", "owner", "evidence"],
    )
    def test_differs_with_everything_a_posting_says(self, changes: dict[str, object]) -> None:
        assert a_draft(**changes).content_hash != a_draft().content_hash

    def test_is_not_of_the_key_which_it_is_held_against(self) -> None:
        assert a_draft(key="another").content_hash == a_draft().content_hash


class TestChained:
    FACTS: Mapping[str, object] = {
        "head": "h",
        "posting_key": "k",
        "content_hash": "c",
        "at": "2026-11-23T01:00:00+00:00",
        "seq": 2,
        "amount": 180,
        "balance": 360,
    }

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("head", "i"),
            ("posting_key", "l"),
            ("content_hash", "d"),
            ("at", "2026-11-23T01:00:01+00:00"),
            ("seq", 3),
            ("amount", 181),
            ("balance", 361),
        ],
    )
    def test_covers_every_part_of_an_entry(self, name: str, value: object) -> None:
        before = chained(**self.FACTS)  # type: ignore[arg-type]  # a table of facts

        assert chained(**(dict(self.FACTS) | {name: value})) != before  # type: ignore[arg-type]  # as above


class TestCompletion:
    @pytest.mark.parametrize(
        ("fen", "points"),
        [
            pytest.param(180_00, 180, id="one_for_each_yuan"),
            pytest.param(180_99, 180, id="fen_earn_nothing"),
            pytest.param(1_00, 1, id="one_yuan"),
        ],
    )
    def test_earns_whole_yuan(self, fen: int, points: int) -> None:
        draft = completion_draft(member_id=7, booking_number="B1", price=Money(fen))

        assert points_earned(Money(fen)) == points
        assert draft is not None
        assert dict(draft.legs) == {HOUSE_POINTS: -points, "member:7": points}
        assert (draft.key, draft.evidence) == ("completion:B1", "booking:B1")

    @pytest.mark.parametrize("fen", [0, 99])
    def test_of_less_than_a_yuan_earns_nothing(self, fen: int) -> None:
        assert completion_draft(member_id=7, booking_number="B1", price=Money(fen)) is None
