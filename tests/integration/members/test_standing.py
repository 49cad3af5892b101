"""Where members stand, what their statement says, and who finds whom."""

from datetime import timedelta

import pytest
from flask import Flask

from kernel.actor import SYSTEM, Actor, Role
from kernel.db import transaction
from kernel.money import ZERO, Money
from members import queries, strike_queries
from members.ledger import CANCEL_FEE, completion_draft, fee_draft, rating_draft
from members.operations import following, postings
from members.operations.following import PhoneChanged
from members.policy import MemberMissing
from members.risk import Standing, StrikeKind
from members.rule_text import RULES
from tests.house import MONDAY_NINE, a_member
from tests.integration.members.cases import (
    DAY,
    MEMBER,
    STRANGER,
    SUN,
    TECHNICIAN,
    a_posted_strike,
    a_strike,
    an_appeal,
    decided,
    three_strikes,
)

PHONE = "13800002046"
PRICE = Money(180_00)


@pytest.fixture(autouse=True)
def _member(app: Flask) -> None:
    with transaction() as db:
        a_member(db)
        following.name_member(db, member_id=1, name="林女士", phone=PHONE)


def standing(at: timedelta = timedelta(0)) -> Standing:
    with transaction(reads_only=True) as db:
        return queries.standing_of(db, 1, now=MONDAY_NINE + at)


def known_and_reliable(*, paid: Money = PRICE) -> None:
    with transaction() as db:
        following.confirm_phone(db, member_id=1, phone=PHONE, now=MONDAY_NINE)
        draft = completion_draft(member_id=1, booking_number="B0", price=paid, rules=RULES)
        postings.post(db, draft, now=MONDAY_NINE)


class TestStandingOf:
    def test_begins_on_tier_1(self) -> None:
        assert standing().tier == 1

    @pytest.mark.parametrize("paid", [PRICE, ZERO])
    def test_falls_to_0_with_a_booking_completed_and_a_phone_confirmed(self, paid: Money) -> None:
        known_and_reliable(paid=paid)

        assert standing().tier == 0

    def test_is_the_ledgers_and_not_that_of_what_waits(self) -> None:
        known_and_reliable()
        a_strike()

        assert standing().tier == 0
        with transaction(reads_only=True) as db:
            assert queries.standing_if_posted(db, 1, now=MONDAY_NINE).tier == 1

    def test_knows_the_debt(self) -> None:
        with transaction() as db:
            fee = fee_draft(
                member_id=1, booking_number="B1", kind=CANCEL_FEE, points=101, rules=RULES
            )
            postings.post(db, fee, now=MONDAY_NINE)

        assert standing().tier == 2

    def test_knows_when_a_strike_fades(self) -> None:
        known_and_reliable()
        a_posted_strike()
        # Its points are gone, but 20 for the rating are not needed: 180 - 200 is no tier.
        assert (standing(180 * DAY - timedelta(seconds=1)).tier, standing(180 * DAY).tier) == (1, 0)

    def test_knows_a_reversal(self) -> None:
        known_and_reliable()
        strike = a_posted_strike()
        decided(an_appeal(strike, at=MONDAY_NINE + 2 * DAY), upheld=True, at=MONDAY_NINE + 3 * DAY)

        assert [standing(2 * DAY).tier, standing(3 * DAY).tier] == [1, 0]

    def test_knows_the_blacklist(self) -> None:
        three_strikes()

        assert standing(4 * DAY).blacklisted_until == MONDAY_NINE + 94 * DAY


class TestConfirmPhone:
    def confirmed(self) -> bool:
        with transaction(reads_only=True) as db:
            return queries.member(db, 1).phone_confirmed_at is not None

    def test_holds_until_the_phone_changes(self) -> None:
        known_and_reliable()
        with transaction() as db:
            following.name_member(db, member_id=1, name="林先生", phone=PHONE)
        assert self.confirmed()

        with transaction() as db:
            following.name_member(db, member_id=1, name="林先生", phone="13900002046")

        assert not self.confirmed()

    def test_of_another_phone_than_we_keep_is_refused(self) -> None:
        with transaction() as db, pytest.raises(PhoneChanged):
            following.confirm_phone(db, member_id=1, phone="13900002046", now=MONDAY_NINE)

        assert not self.confirmed()


class TestAStatement:
    def test_shows_what_waits_above_what_stands(self) -> None:
        known_and_reliable()
        waiting = a_strike("B1")
        contested = a_strike("B2", kind=StrikeKind.LATE_CANCEL)
        an_appeal(contested)

        with transaction(reads_only=True) as db:
            said = strike_queries.statement(db, member_id=1)

        assert said.balance == 180
        assert {(p.strike_number, p.points, p.is_contested) for p in said.pending} == {
            (waiting.number, -200, False),
            (contested.number, -50, True),
        }
        assert said.pending[0].posts_at == MONDAY_NINE + DAY
        assert [line.amount for line in said.lines] == [180]

    def test_goes_on_page_by_page(self) -> None:
        known_and_reliable()
        a_strike()
        with transaction() as db:
            for place in range(1, 5):
                draft = rating_draft(member_id=1, booking_number=f"B{place}", rules=RULES)
                postings.post(db, draft, now=MONDAY_NINE)

        with transaction(reads_only=True) as db:
            first = strike_queries.statement(db, member_id=1, limit=3)
            second = strike_queries.statement(db, member_id=1, limit=3, before=first.before)

        assert [len(first.lines), len(second.lines)] == [3, 2]
        assert (first.before, second.before) == (first.lines[-1].place, None)
        # What waits stands on the first page alone.
        assert [len(first.pending), len(second.pending)] == [1, 0]


class TestSearch:
    @pytest.fixture(autouse=True)
    def _more_members(self, _member: None) -> None:
        with transaction() as db:
            for place in (2, 3, 4):
                other = following.follow(
                    db,
                    openid=f"oOther{place:022d}",
                    scene=f"st_{place}",
                    now=MONDAY_NINE + place * DAY,
                )
                following.name_member(
                    db, member_id=other.id, name=f"王{place}", phone=f"1390000{place:04d}"
                )

    def found(self, text: str = "", by: Actor = SUN, **changes: object) -> list[str]:
        with transaction(reads_only=True) as db:
            rows, total = queries.search(db, by=by, text=text, **changes)  # type: ignore[arg-type]  # each case changes one thing
        assert "limit" in changes or total == len(rows)
        return [row.name for row in rows]

    def test_shows_all_the_newest_first_page_by_page(self) -> None:
        assert self.found() == ["王4", "王3", "王2", "林女士"]
        assert self.found(limit=2, offset=2) == ["王2", "林女士"]

    @pytest.mark.parametrize("text", ["林", "2046", PHONE, " 林女士 "])
    def test_knows_names_and_the_ends_of_phones(self, text: str) -> None:
        assert self.found(text) == ["林女士"]

    def test_knows_numbers_however_they_are_typed(self) -> None:
        with transaction(reads_only=True) as db:
            number = queries.member(db, 1).number

        assert self.found(number.lower()) == ["林女士"]

    @pytest.mark.parametrize("text", ["%", "_", "1380000204_", "\\"])
    def test_takes_signs_of_the_database_as_they_are(self, text: str) -> None:
        assert self.found(text) == []

    @pytest.mark.parametrize(
        ("by", "names"),
        [
            pytest.param(MEMBER, ["林女士"], id="himself"),
            pytest.param(TECHNICIAN, [], id="a_technician"),
            pytest.param(STRANGER, ["王4", "王3", "王2", "林女士"], id="any_dispatcher"),
            pytest.param(Actor(9, Role.AUDITOR), ["王4", "王3", "王2", "林女士"], id="an_auditor"),
            pytest.param(Actor(9, Role.STORE), [], id="a_store_without_scenes"),
            pytest.param(SYSTEM, ["王4", "王3", "王2", "林女士"], id="the_house"),
        ],
    )
    def test_shows_whom_the_actor_may_see(self, by: Actor, names: list[str]) -> None:
        assert self.found(by=by) == names

    def test_shows_a_store_its_own_followers(self) -> None:
        store = Actor(9, Role.STORE)

        assert self.found(by=store, scenes=["st_2", "st_3"]) == ["王3", "王2"]

    def test_tells_one_member_to_those_who_may_see_him(self) -> None:
        with transaction(reads_only=True) as db:
            number = queries.member(db, 1).number
            assert queries.member_by_number(db, number=number, by=SUN).id == 1
            with pytest.raises(MemberMissing):
                queries.member_by_number(db, number=number, by=Actor(2, Role.MEMBER))
