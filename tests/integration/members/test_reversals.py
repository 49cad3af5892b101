"""Undoing a posting: exactly, once, and never twice over; and what a statement says of it."""

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select

from kernel.db import transaction
from kernel.money import Money
from kernel.outbox import OutboxRow
from members import ledger_queries
from members.deposits import deposit_draft
from members.ledger import (
    COMPENSATION,
    DEPOSIT_KEPT,
    DEPOSIT_PAID,
    DEPOSIT_RETURNED,
    DEPOSITS,
    EARNINGS,
    HOUSE_CHARGES,
    HOUSE_POINTS,
    POINTS,
    STRIKES,
    Draft,
    KeyReused,
    NotEnough,
    NotReversible,
    PostingMissing,
    by_person,
    compensation_draft,
    completion_draft,
    errand_draft,
    rating_draft,
    strike_drafts,
)
from members.ledger_models import Account, Posting
from members.ledger_proof import prove
from members.operations import postings
from members.risk import StrikeKind
from members.rule_text import RULES
from tests.house import MONDAY_NINE, a_member

pytestmark = pytest.mark.both_databases

LATER = MONDAY_NINE + timedelta(hours=1)
COMPLETED = completion_draft(member_id=1, booking_number="B1", price=Money(180_00), rules=RULES)


@pytest.fixture(autouse=True)
def _member(app: Flask) -> None:
    with transaction() as db:
        a_member(db)


def post(*drafts: Draft) -> list[int]:
    with transaction() as db:
        return postings.post_all(db, drafts, now=MONDAY_NINE)


def reverse(key: str, *, evidence: str = "appeal:A1") -> int:
    with transaction() as db:
        return postings.reverse(db, key=key, evidence=evidence, now=LATER)


def balances(unit: str) -> dict[str, int]:
    """Return what is everybody's, less what he owes."""
    with transaction(reads_only=True) as db:
        assert prove(db, now=MONDAY_NINE).bad is None
        rows = db.scalars(select(Account).where(Account.unit == unit))
        return by_person("", ((row.owner, row.balance) for row in rows))


class TestReverse:
    def test_is_the_exact_negation(self) -> None:
        [posted] = post(COMPLETED)

        undone = reverse(COMPLETED.key)

        assert balances(POINTS) == {HOUSE_POINTS: 0, "member:1": 0}
        with transaction(reads_only=True) as db:
            row = db.scalars(select(Posting).where(Posting.id == undone)).one()
            assert (row.reverses_id, row.kind, row.evidence) == (posted, "reversal", "appeal:A1")
            told = db.scalars(select(OutboxRow).order_by(OutboxRow.id.desc()).limit(1)).one()
        assert (told.name, told.facts["points"], told.facts["kind"]) == (
            "PointsPosted",
            -180,
            "reversal",
        )

    def test_again_is_the_same_reversal(self) -> None:
        post(COMPLETED)
        first = reverse(COMPLETED.key)

        assert reverse(COMPLETED.key) == first
        assert balances(POINTS)["member:1"] == 0

    def test_for_another_reason_is_refused(self) -> None:
        post(COMPLETED)
        reverse(COMPLETED.key)

        with pytest.raises(NotReversible):
            reverse(COMPLETED.key, evidence="appeal:A2")

    def test_of_a_reversal_is_refused(self) -> None:
        post(COMPLETED)
        reverse(COMPLETED.key)

        with pytest.raises(NotReversible):
            reverse(f"reversal:{COMPLETED.key}")

        assert balances(POINTS)["member:1"] == 0

    def test_of_nothing_is_refused(self) -> None:
        with pytest.raises(PostingMissing):
            reverse("completion:B9")

    def test_takes_back_what_was_spent_meanwhile_as_a_debt(self) -> None:
        spent = Draft(
            key="redeem:R1",
            kind="redeem",
            unit=POINTS,
            legs={HOUSE_CHARGES: 150, "member:1": -150},
            evidence="redeem:R1",
        )
        post(COMPLETED, spent)

        reverse(COMPLETED.key)

        assert balances(POINTS)["member:1"] == -150

    def test_below_a_floor_is_refused_and_changes_nothing(self) -> None:
        voucher = compensation_draft(
            member_id=1,
            booking_number="B1",
            amount=Money(30_00),
            once="late",
            rules=RULES,
        )
        used = Draft(
            key="voucher:1",
            kind="voucher",
            unit=COMPENSATION,
            legs={"house:compensation": 10_00, "member:1": -10_00},
            evidence="booking:B2",
        )
        post(voucher, used)

        with pytest.raises(NotEnough):
            reverse(voucher.key)

        assert balances(COMPENSATION)["member:1"] == 20_00


class TestPostAll:
    def test_books_several_accounts_in_whatever_order_they_are_given(self) -> None:
        strike, charge = strike_drafts(
            owner="member:1", number="S1", kind=StrikeKind.NO_SHOW, points=200, rules=RULES
        )
        errand = errand_draft(technician_id=3, visit_number="V1", rules=RULES)

        post(charge, errand, strike, COMPLETED)

        assert balances(POINTS)["member:1"] == -20
        assert balances(STRIKES)["member:1"] == 1
        assert balances(EARNINGS)["technician:3"] == 25_00
        with transaction(reads_only=True) as db:
            told = db.scalars(select(OutboxRow.name).order_by(OutboxRow.id)).all()
        assert told == ["MemberFollowed", "PointsPosted", "EarningsPosted", "PointsPosted"]

    def test_returns_the_ids_in_the_order_of_the_drafts(self) -> None:
        rating = rating_draft(member_id=1, booking_number="B1", rules=RULES)
        first = post(rating)

        assert post(COMPLETED, rating)[1:] == first

    def test_is_all_or_nothing(self) -> None:
        post(COMPLETED)
        other = completion_draft(member_id=1, booking_number="B1", price=Money(99_00), rules=RULES)

        with pytest.raises(KeyReused):
            post(rating_draft(member_id=1, booking_number="B1", rules=RULES), other)

        assert balances(POINTS)["member:1"] == 180

    def test_tells_of_vouchers(self) -> None:
        post(
            compensation_draft(
                member_id=1, booking_number="B1", amount=Money(10_00), once="late", rules=RULES
            )
        )

        with transaction(reads_only=True) as db:
            told = db.scalars(select(OutboxRow).order_by(OutboxRow.id.desc()).limit(1)).one()
            assert ledger_queries.compensation_balance(db, 1) == 10_00
        assert (told.name, told.facts["fen"], told.facts["balance"]) == (
            "CompensationPosted",
            10_00,
            10_00,
        )


class TestADeposit:
    def a(self, kind: str) -> Draft:
        return deposit_draft(
            member_id=1, booking_number="B1", kind=kind, amount=Money(30_00), rules=RULES
        )

    @pytest.mark.parametrize("kind", [DEPOSIT_RETURNED, DEPOSIT_KEPT])
    def test_that_was_not_paid_neither_returns_nor_is_kept(self, kind: str) -> None:
        with pytest.raises(NotEnough):
            post(self.a(kind))

    def test_is_returned_or_kept_but_not_both(self) -> None:
        post(self.a(DEPOSIT_PAID), self.a(DEPOSIT_KEPT))

        with pytest.raises(NotEnough):
            post(self.a(DEPOSIT_RETURNED))

        assert balances(DEPOSITS) == {
            "house:deposits": -30_00,
            "house:deposits_kept": 30_00,
            "member:1": 0,
        }


class TestAStatement:
    def test_names_what_undid_what(self) -> None:
        post(COMPLETED)
        reverse(COMPLETED.key)

        with transaction(reads_only=True) as db:
            undoing, undone = ledger_queries.points_lines(db, 1)
        assert (undone.kind, undone.reversed_at, undone.reverses) == ("completion", LATER, None)
        assert (undoing.kind, undoing.reverses, undoing.reversed_at) == (
            "reversal",
            "completion",
            None,
        )
        assert (undone.evidence_kind, undone.evidence_number) == ("booking", "B1")
        assert (undone.other, undone.key, len(undone.hash)) == (HOUSE_POINTS, COMPLETED.key, 64)

    def test_goes_on_before_a_line(self) -> None:
        post(
            *(
                completion_draft(
                    member_id=1, booking_number=f"B{n}", price=Money(n * 100), rules=RULES
                )
                for n in range(1, 6)
            )
        )

        with transaction(reads_only=True) as db:
            page = ledger_queries.lines(db, owner="member:1", unit=POINTS, limit=2)
            rest = ledger_queries.lines(
                db, owner="member:1", unit=POINTS, limit=9, before=page[-1].place
            )
        assert [line.amount for line in (*page, *rest)] == [5, 4, 3, 2, 1]

    def test_counts_bookings_completed_and_not_undone(self) -> None:
        free = completion_draft(member_id=1, booking_number="B2", price=Money(0), rules=RULES)
        post(COMPLETED, free, rating_draft(member_id=1, booking_number="B1", rules=RULES))

        with transaction(reads_only=True) as db:
            assert ledger_queries.completions(db, 1) == 2
            assert ledger_queries.points_of(db, "booking:B1", 1) == 200
        reverse(COMPLETED.key)
        with transaction(reads_only=True) as db:
            assert ledger_queries.completions(db, 1) == 1
            assert db.scalar(select(func.count(Posting.id))) == 4
