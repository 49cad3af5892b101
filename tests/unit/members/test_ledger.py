"""Ledger arithmetic: balanced drafts, their content, their chain."""

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.money import Money
from members.deposits import deposit_draft
from members.ledger import (
    CANCEL_FEE,
    COMPENSATION,
    COMPLETION,
    COMPLETIONS,
    DEPOSIT_KEPT,
    DEPOSIT_PAID,
    DEPOSIT_RETURNED,
    DEPOSITS,
    EARNINGS,
    HOUSE_DEPOSITS,
    HOUSE_DEPOSITS_KEPT,
    HOUSE_POINTS,
    HOUSE_STRIKES,
    KIND_NAMES,
    MOVE_FEE,
    POINTS,
    STRIKES,
    UNITS,
    Draft,
    chained,
    compensation_draft,
    completion_draft,
    errand_draft,
    fee_draft,
    floor_of,
    points_earned,
    rating_draft,
    strike_drafts,
)
from members.risk import StrikeKind
from members.rule_text import RULES


def a_draft(**changes: object) -> Draft:
    facts: dict[str, object] = {
        "key": "completion:B1",
        "kind": COMPLETION,
        "unit": POINTS,
        "legs": {HOUSE_POINTS: -180, "member:7": 180},
        "evidence": "booking:B1",
    }
    return Draft(**(facts | changes))  # type: ignore[arg-type]  # each test changes one of them


def a_deposit(kind: str) -> Draft:
    return deposit_draft(
        member_id=7, booking_number="B1", kind=kind, amount=Money(30_00), rules=RULES
    )


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
            {"reverses_id": 1},
        ],
        ids=["kind", "unit", "amount", "owner", "evidence", "what_it_undoes"],
    )
    def test_differs_with_everything_a_posting_says(self, changes: dict[str, object]) -> None:
        assert a_draft(**changes).content_hash != a_draft().content_hash

    def test_is_what_it_was_before_postings_could_be_undone(self) -> None:
        # Rows of then carry it.
        assert a_draft().content_hash.startswith("6310cb7d5ff55f5ac1a6")

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
            ("rules_version", "2026-12-01-00000000"),
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
        draft = completion_draft(member_id=7, booking_number="B1", price=Money(fen), rules=RULES)

        assert points_earned(Money(fen), rules=RULES) == points
        assert (draft.unit, dict(draft.legs)) == (
            POINTS,
            {HOUSE_POINTS: -points, "member:7": points},
        )
        assert (draft.key, draft.evidence) == ("completion:B1", "booking:B1")

    @pytest.mark.parametrize("fen", [0, 99])
    def test_of_less_than_a_yuan_earns_nothing_and_is_still_one(self, fen: int) -> None:
        draft = completion_draft(member_id=7, booking_number="B1", price=Money(fen), rules=RULES)

        assert (draft.unit, draft.legs["member:7"]) == (COMPLETIONS, 1)
        assert (draft.key, draft.kind) == ("completion:B1", COMPLETION)


class TestWhatTheHousePosts:
    @pytest.mark.parametrize(
        ("draft", "key", "unit", "owner", "amount"),
        [
            pytest.param(
                rating_draft(member_id=7, booking_number="B1", rules=RULES),
                "rating:B1",
                POINTS,
                "member:7",
                20,
                id="rating",
            ),
            pytest.param(
                fee_draft(
                    member_id=7, booking_number="B1", kind=CANCEL_FEE, points=20, rules=RULES
                ),
                "cancel_fee:B1",
                POINTS,
                "member:7",
                -20,
                id="late_cancel",
            ),
            pytest.param(
                fee_draft(
                    member_id=7,
                    booking_number="B1",
                    kind=MOVE_FEE,
                    points=20,
                    once="P3",
                    rules=RULES,
                ),
                "move_fee:B1:P3",
                POINTS,
                "member:7",
                -20,
                id="late_move",
            ),
            pytest.param(
                compensation_draft(
                    member_id=7,
                    booking_number="B1",
                    amount=Money(30_00),
                    once="late:P3",
                    rules=RULES,
                ),
                "compensation:B1:late:P3",
                COMPENSATION,
                "member:7",
                30_00,
                id="compensation",
            ),
            pytest.param(
                errand_draft(technician_id=3, visit_number="V1", rules=RULES),
                "errand:V1",
                EARNINGS,
                "technician:3",
                25_00,
                id="errand",
            ),
            pytest.param(
                a_deposit(DEPOSIT_PAID), "deposit_paid:B1", DEPOSITS, "member:7", 30_00, id="paid"
            ),
            pytest.param(
                a_deposit(DEPOSIT_RETURNED),
                "deposit_returned:B1",
                DEPOSITS,
                "member:7",
                -30_00,
                id="returned",
            ),
            pytest.param(
                a_deposit(DEPOSIT_KEPT), "deposit_kept:B1", DEPOSITS, "member:7", -30_00, id="kept"
            ),
        ],
    )
    def test_is_keyed_by_what_may_happen_once(
        self, draft: Draft, key: str, unit: str, owner: str, amount: int
    ) -> None:
        assert (draft.key, draft.unit, draft.legs[owner]) == (key, unit, amount)
        assert draft.kind in KIND_NAMES

    def test_keeps_a_deposit_apart_from_those_that_go_back(self) -> None:
        assert a_deposit(DEPOSIT_KEPT).legs[HOUSE_DEPOSITS_KEPT] == 30_00
        assert a_deposit(DEPOSIT_RETURNED).legs[HOUSE_DEPOSITS] == 30_00

    @pytest.mark.parametrize(
        ("kind", "points"),
        [
            (StrikeKind.NO_SHOW, 200),
            (StrikeKind.REFUSED, 200),
            (StrikeKind.LATE_CANCEL, 50),
        ],
    )
    def test_for_a_strike_is_the_strike_and_its_points(self, kind: StrikeKind, points: int) -> None:
        strike, charge = strike_drafts(
            owner="member:7", number="S1", kind=kind, points=points, rules=RULES
        )

        assert (strike.unit, dict(strike.legs)) == (STRIKES, {HOUSE_STRIKES: -1, "member:7": 1})
        assert (charge.unit, charge.legs["member:7"], charge.kind) == (POINTS, -points, kind)
        assert (strike.key, charge.key) == ("strike:S1", "strike:S1:points")

    def test_for_a_technicians_strike_is_no_points(self) -> None:
        drafts = strike_drafts(
            owner="technician:3",
            number="S1",
            kind=StrikeKind.PROVIDER_NO_SHOW,
            points=0,
            rules=RULES,
        )

        assert [draft.unit for draft in drafts] == [STRIKES]


class TestFloorOf:
    @pytest.mark.parametrize(
        ("owner", "unit", "floor"),
        [
            pytest.param("member:7", POINTS, 0, id="what_is_owed_stands_beside"),
            pytest.param("debt:member:7", POINTS, None, id="a_debt_has_no_limit"),
            pytest.param("member:7", STRIKES, 0, id="nobody_owes_strikes"),
            pytest.param("member:7", COMPENSATION, 0, id="nor_vouchers"),
            pytest.param("member:7", DEPOSITS, 0, id="nor_deposits"),
            pytest.param("technician:3", EARNINGS, None, id="what_was_earned_may_be_taken_back"),
            pytest.param(HOUSE_POINTS, POINTS, None, id="the_house_has_no_limit"),
        ],
    )
    def test_is_the_lowest_balance(self, owner: str, unit: str, floor: int | None) -> None:
        assert floor_of(owner, unit) == floor

    def test_is_said_of_units_that_there_are(self) -> None:
        assert set(UNITS) == {POINTS, STRIKES, COMPLETIONS, COMPENSATION, EARNINGS, DEPOSITS}
