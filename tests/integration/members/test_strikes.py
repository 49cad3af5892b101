"""Strikes: once, after their time, with their points; or not at all."""

import pytest
from flask import Flask
from sqlalchemy import select

from kernel.actor import Actor
from kernel.db import transaction
from kernel.errors import Forbidden, Invalid
from kernel.machine import IllegalMove
from kernel.outbox import OutboxRow
from members import ledger_queries, queries, strike_queries
from members.ledger import POINTS, STRIKES
from members.ledger_proof import prove
from members.operations import strikes
from members.policy import StrikeMissing
from members.risk import StrikeKind
from members.states import StrikeState
from members.strike_models import Strike
from tests.house import MONDAY_NINE, a_member
from tests.integration.members.cases import (
    AUDITOR,
    BRANCH,
    DAY,
    HOUR,
    LI,
    MEMBER,
    NEIGHBOUR,
    SECOND,
    STRANGER,
    SUN,
    TECHNICIAN,
    VETOER,
    ZOU,
    a_posted_strike,
    a_strike,
    an_appeal,
    post_due,
    the_strike,
    told,
)


@pytest.fixture(autouse=True)
def _members(app: Flask) -> None:
    with transaction() as db:
        for place in (1, 2):
            a_member(db, openid=f"oTest{place:023d}")


def balances(owner: str = "member:1") -> tuple[int, int]:
    """Return the owner's points and strikes, the whole ledger audited."""
    with transaction(reads_only=True) as db:
        assert prove(db, now=MONDAY_NINE).bad is None
        return (
            ledger_queries.balance(db, owner=owner, unit=POINTS),
            ledger_queries.balance(db, owner=owner, unit=STRIKES),
        )


def steps(strike: Strike) -> list[tuple[str, str, int]]:
    with transaction(reads_only=True) as db:
        rows = strike_queries.strike_steps(db, strike.id)
        return [(row.action, row.state.value, row.actor_id) for row in rows]


def waived(strike: Strike, *, by: Actor = VETOER, reason: str = "师傅敲错了门") -> Strike:
    with transaction() as db:
        return strikes.waive_strike(
            db, number=strike.number, by=by, reason=reason, now=MONDAY_NINE + HOUR
        )


class TestOpenStrike:
    def test_takes_nothing_yet_and_says_when_it_would(self) -> None:
        strike = a_strike()

        assert strike.state is StrikeState.PENDING
        assert (strike.posts_at, strike.contest_until) == (MONDAY_NINE + DAY, MONDAY_NINE + 7 * DAY)
        assert balances() == (0, 0)
        assert told() == ["StrikeOpened"]
        assert steps(strike) == [("open", "pending", 0)]

    def test_again_for_the_booking_and_kind_is_the_same_strike(self) -> None:
        first = a_strike()

        again = a_strike(at=MONDAY_NINE + HOUR)

        assert (again.number, again.happened_at) == (first.number, MONDAY_NINE)
        assert told() == ["StrikeOpened"]

    def test_of_another_kind_or_booking_is_another(self) -> None:
        numbers = {
            a_strike("B1").number,
            a_strike("B2").number,
            a_strike("B1", kind=StrikeKind.LATE_CANCEL).number,
        }

        assert len(numbers) == 3

    def test_without_evidence_is_a_mistake(self) -> None:
        with transaction() as db, pytest.raises(AssertionError):
            strikes.open_strike(
                db,
                kind=StrikeKind.NO_SHOW,
                booking_number="B1",
                evidence={},
                member_id=1,
                now=MONDAY_NINE,
            )


class TestPostDueStrikes:
    @pytest.mark.parametrize(
        ("kind", "points"),
        [
            (StrikeKind.NO_SHOW, -200),
            (StrikeKind.REFUSED, -200),
            (StrikeKind.LATE_CANCEL, -50),
        ],
    )
    def test_takes_the_points_and_counts_one(self, kind: StrikeKind, points: int) -> None:
        strike = a_strike(kind=kind)

        assert post_due(MONDAY_NINE + DAY) == 1

        assert the_strike(strike.number).state is StrikeState.POSTED
        assert balances() == (points, 1)
        assert told() == ["StrikeOpened", "StrikePosted"]

    def test_waits_24_hours_to_the_second(self) -> None:
        strike = a_strike()

        assert post_due(MONDAY_NINE + DAY - SECOND) == 0
        assert the_strike(strike.number).state is StrikeState.PENDING
        assert post_due(MONDAY_NINE + DAY) == 1

    def test_posts_once(self) -> None:
        a_strike()

        assert [post_due(MONDAY_NINE + DAY), post_due(MONDAY_NINE + 2 * DAY)] == [1, 0]
        assert balances() == (-200, 1)

    def test_leaves_what_is_contested(self) -> None:
        strike = a_strike()
        an_appeal(strike, at=MONDAY_NINE + HOUR)

        assert post_due(MONDAY_NINE + 30 * DAY) == 0
        assert the_strike(strike.number).state is StrikeState.CONTESTED
        assert balances() == (0, 0)

    def test_goes_on_when_one_was_decided_while_it_looked(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        contested, other = a_strike("B1"), a_strike("B2")
        monkeypatch.setattr(
            strike_queries, "strikes_due", lambda db, **_: [contested.number, other.number]
        )
        waived(contested)

        assert post_due(MONDAY_NINE + DAY) == 1
        assert balances() == (-200, 1)

    def test_tells_the_tier_that_follows(self) -> None:
        for place, number in enumerate(("B1", "B2")):
            a_posted_strike(number, at=MONDAY_NINE + place * DAY)

        with transaction(reads_only=True) as db:
            rows = db.scalars(select(OutboxRow).where(OutboxRow.name == "StrikePosted"))
            assert [(row.facts["tier"], row.facts["points"]) for row in rows] == [
                (2, 200),
                (3, 200),
            ]
            assert queries.standing_of(db, 1, now=MONDAY_NINE + 2 * DAY).tier == 3

    def test_of_a_technician_counts_and_takes_no_points(self) -> None:
        a_strike(kind=StrikeKind.PROVIDER_NO_SHOW, member_id=None, technician_id=TECHNICIAN.id)

        post_due(MONDAY_NINE + DAY)

        assert balances("technician:3") == (0, 1)


class TestWaiveStrike:
    def test_takes_it_back_before_it_is_posted(self) -> None:
        strike = waived(a_strike())

        assert (strike.state, post_due(MONDAY_NINE + DAY)) == (StrikeState.WAIVED, 0)
        assert balances() == (0, 0)
        assert told() == ["StrikeOpened", "StrikeWaived"]
        assert steps(strike)[-1] == ("waive", "waived", VETOER.id)

    def test_is_refused_once_it_is_posted(self) -> None:
        with pytest.raises(IllegalMove):
            waived(a_posted_strike())

    def test_is_refused_while_an_appeal_decides(self) -> None:
        strike = a_strike()
        an_appeal(strike)

        with pytest.raises(IllegalMove):
            waived(strike)

    def test_is_not_for_those_who_only_read(self) -> None:
        with pytest.raises(Forbidden):
            waived(a_strike(), by=AUDITOR)

    def test_is_not_for_another_branch(self) -> None:
        with pytest.raises(StrikeMissing):
            waived(a_strike(), by=STRANGER)

    def test_needs_a_reason(self) -> None:
        with pytest.raises(Invalid):
            waived(a_strike(), reason=" ")


class TestSeeing:
    @pytest.mark.parametrize(
        ("by", "sees"),
        [
            pytest.param(MEMBER, True, id="himself"),
            pytest.param(NEIGHBOUR, False, id="another_member"),
            pytest.param(TECHNICIAN, False, id="a_technician"),
            pytest.param(ZOU, True, id="a_dispatcher_of_the_branch"),
            pytest.param(STRANGER, False, id="a_dispatcher_of_another"),
            pytest.param(SUN, True, id="a_manager"),
            pytest.param(LI, True, id="an_administrator"),
            pytest.param(AUDITOR, True, id="an_auditor"),
        ],
    )
    def test_is_for_himself_and_those_in_charge(self, by: Actor, *, sees: bool) -> None:
        strike = a_strike()

        with transaction(reads_only=True) as db:
            if sees:
                assert strike_queries.strike(db, number=strike.number, by=by).branch_id == BRANCH
                return
            with pytest.raises(StrikeMissing):
                strike_queries.strike(db, number=strike.number, by=by)

    def test_finds_the_strike_of_a_booking(self) -> None:
        strike = a_strike()

        with transaction(reads_only=True) as db:
            found = strike_queries.strike_of_booking(
                db, booking_number="B1", kind=StrikeKind.NO_SHOW
            )
            other = strike_queries.strike_of_booking(
                db, booking_number="B1", kind=StrikeKind.REFUSED
            )
            mine = strike_queries.strikes_of(db, member_id=1)
        assert found is not None
        assert (found.number, other, [row.number for row in mine]) == (
            strike.number,
            None,
            [strike.number],
        )
