"""Points in lots: the soonest to expire spent first, a debt beside them, and what holds keep."""

from datetime import datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from kernel.clock import FixedClock
from kernel.db import sa, transaction
from kernel.errors import Refusal
from kernel.outbox import OutboxRow
from members import jobs, ledger_queries
from members.ledger import (
    CANCEL_FEE,
    COMPLETION,
    HOUSE_CHARGES,
    HOUSE_POINTS,
    HOUSE_REDEEMED,
    POINTS,
    REDEEMED,
    Draft,
    HoldMissing,
    HoldOver,
    KeyReused,
    NotEnough,
    NotEnoughPoints,
    debt_owner,
    member_owner,
)
from members.ledger_models import Account, Hold, Lot
from members.ledger_proof import prove
from members.operations import holds, postings
from tests.house import MONDAY_NINE, a_member

pytestmark = pytest.mark.both_databases

ME = member_owner(1)
# Earned on this day, points live until the end of November of the year after.
END = datetime(2027, 11, 30, 16, tzinfo=MONDAY_NINE.tzinfo)
MONTH = timedelta(days=31)
SOON = MONDAY_NINE + timedelta(minutes=15)


@pytest.fixture(autouse=True)
def _member(app: Flask) -> None:
    with transaction() as db:
        a_member(db)


def earn(points: int, *, key: str = "a", at: datetime = MONDAY_NINE) -> None:
    legs = {HOUSE_POINTS: -points, ME: points}
    post(
        Draft(key=f"earn:{key}", kind=COMPLETION, unit=POINTS, legs=legs, evidence="booking:B1"), at
    )


def charge(points: int, *, key: str = "a", at: datetime = MONDAY_NINE) -> None:
    legs = {HOUSE_CHARGES: points, ME: -points}
    post(
        Draft(key=f"fee:{key}", kind=CANCEL_FEE, unit=POINTS, legs=legs, evidence="booking:B2"), at
    )


def a_redemption(points: int, *, key: str = "a") -> Draft:
    legs = {HOUSE_REDEEMED: points, ME: -points}
    return Draft(key=f"redeem:{key}", kind=REDEEMED, unit=POINTS, legs=legs, evidence="redeem:R1")


def spend(points: int, *, key: str = "a", at: datetime = MONDAY_NINE) -> None:
    post(a_redemption(points, key=key), at)


def post(draft: Draft, at: datetime = MONDAY_NINE) -> None:
    with transaction() as db:
        postings.post(db, draft, now=at)


def hold(
    points: int, *, key: str = "h", until: datetime = SOON, at: datetime = MONDAY_NINE
) -> None:
    with transaction() as db:
        holds.open_hold(
            db, key=key, member_id=1, amount=points, evidence="redeem:R1", expires_at=until, now=at
        )


def take(points: int, *, key: str = "h", at: datetime = MONDAY_NINE) -> None:
    with transaction() as db:
        holds.take(db, a_redemption(points, key=key), key=key, now=at)


def let_go(key: str = "h", *, at: datetime = MONDAY_NINE) -> None:
    with transaction() as db:
        holds.let_go(db, key=key, now=at)


def balance(at: datetime = MONDAY_NINE) -> int:
    """Return the member's points, the whole ledger proven."""
    with transaction(reads_only=True) as db:
        assert prove(db, now=at).bad is None
        return ledger_queries.points_balance(db, 1)


def left() -> list[tuple[int, int]]:
    """Return of each lot what is left and what is held of it, the oldest first."""
    with transaction(reads_only=True) as db:
        return [(row.remaining, row.held) for row in db.scalars(select(Lot).order_by(Lot.id))]


def accounts() -> dict[str, int]:
    with transaction(reads_only=True) as db:
        found = select(Account.owner, Account.balance).where(Account.owner.like("%member:%"))
        return {row.owner: row.balance for row in db.execute(found)}


def told(name: str) -> list[dict[str, object]]:
    with transaction(reads_only=True) as db:
        rows = db.scalars(select(OutboxRow).where(OutboxRow.name == name).order_by(OutboxRow.id))
        return [row.facts for row in rows]


class TestSpending:
    def test_uses_up_what_expires_first(self) -> None:
        earn(100, key="later", at=MONDAY_NINE + MONTH)
        earn(50, key="sooner")

        spend(70, at=MONDAY_NINE + MONTH)

        assert left() == [(80, 0), (0, 0)]
        assert balance() == 80

    def test_more_than_there_is_is_refused_and_leaves_nothing(self) -> None:
        earn(50)

        with pytest.raises(NotEnoughPoints):
            spend(51)

        assert (balance(), left()) == (50, [(50, 0)])

    def test_what_is_over_cannot_be_spent_even_before_it_is_taken_back(self) -> None:
        earn(50)

        with pytest.raises(NotEnoughPoints):
            spend(50, at=END)

        spend(50, key="in time", at=END - timedelta(seconds=1))
        assert balance() == 0

    def test_undone_gives_the_points_back_for_as_long_as_they_would_have_lived(self) -> None:
        earn(50)
        spend(50)

        with transaction() as db:
            postings.reverse(db, key="redeem:a", evidence="appeal:A1", now=MONDAY_NINE)

        with transaction(reads_only=True) as db:
            ends = db.scalars(select(Lot.expires_at).order_by(Lot.id)).all()
        assert ends == [END, END]
        assert balance() == 50

    def test_undone_late_gives_them_back_for_a_month_at_least(self) -> None:
        earn(50)
        spend(50)

        with transaction() as db:
            postings.reverse(db, key="redeem:a", evidence="appeal:A1", now=END)

        spend(50, key="b", at=END + timedelta(days=29))
        assert balance() == 0


class TestADebt:
    def test_is_what_a_charge_did_not_find(self) -> None:
        earn(150)

        charge(200)

        assert accounts() == {ME: 0, debt_owner(ME): -50}
        assert balance() == -50
        assert told("PointsPosted")[-1]["balance"] == -50

    def test_is_repaid_by_what_is_earned_first(self) -> None:
        charge(50)

        earn(80)

        assert accounts() == {ME: 30, debt_owner(ME): 0}
        assert left() == [(30, 0)]
        assert told("PointsPosted")[-1]["points"] == 80

    def test_keeps_anybody_from_spending(self) -> None:
        charge(50)
        earn(50)

        with pytest.raises(NotEnough):
            spend(1)

    def test_is_left_when_a_spent_credit_is_taken_back(self) -> None:
        earn(100)
        earn(10, key="b")
        spend(60)

        with transaction() as db:
            postings.reverse(db, key="earn:a", evidence="appeal:A1", now=MONDAY_NINE)

        assert accounts() == {ME: 0, debt_owner(ME): -50}
        assert balance() == -50

    def test_comes_off_when_its_charge_is_undone(self) -> None:
        earn(150)
        charge(200)

        with transaction() as db:
            postings.reverse(db, key="fee:a", evidence="appeal:A1", now=MONDAY_NINE)

        assert accounts() == {ME: 150, debt_owner(ME): 0}
        assert balance() == 150

    def test_is_one_line_of_the_statement_with_what_was_there(self) -> None:
        earn(150)
        charge(200)
        earn(80, key="b")

        with transaction(reads_only=True) as db:
            lines = ledger_queries.points_lines(db, 1)
            older = ledger_queries.lines(db, owner=ME, unit=POINTS, limit=2, before=lines[0].place)
        assert [(line.amount, line.balance_after) for line in lines] == [
            (80, 30),
            (-200, -50),
            (150, 150),
        ]
        assert [line.other for line in lines] == [HOUSE_POINTS, HOUSE_CHARGES, HOUSE_POINTS]
        assert list(older) == list(lines[1:])


class TestExpiry:
    def test_takes_back_what_was_not_spent_once(self) -> None:
        earn(100)
        spend(30)

        assert [jobs.expire_points(FixedClock(END)) for _ in range(2)] == [1, 0]

        assert (balance(), left()) == (0, [(0, 0)])
        assert told("PointsPosted")[-1]["points"] == -70

    def test_is_told_once_a_month_before(self) -> None:
        earn(100)
        earn(20, key="b", at=MONDAY_NINE + MONTH)
        before = END - timedelta(days=30)

        jobs.expire_points(FixedClock(before - timedelta(seconds=1)))
        assert told("ExpiryAnnounced") == []
        for _ in range(2):
            jobs.expire_points(FixedClock(before))

        [said] = told("ExpiryAnnounced")
        assert (said["points"], said["expires_at"]) == (100, END.isoformat())

    def test_waits_for_what_a_hold_keeps(self) -> None:
        earn(100)
        hold(40, until=END + timedelta(minutes=5), at=END - timedelta(minutes=5))

        assert jobs.expire_points(FixedClock(END)) == 0
        with transaction(reads_only=True) as db:
            assert ledger_queries.points_free(db, 1, now=END) == 0
        take(40, at=END + timedelta(minutes=1))
        assert jobs.expire_points(FixedClock(END + timedelta(minutes=2))) == 1
        assert balance(END) == 0
        assert told("PointsPosted")[-1]["points"] == -60


class TestAHold:
    def test_keeps_points_from_being_spent(self) -> None:
        earn(100)
        hold(60)

        with pytest.raises(NotEnoughPoints):
            spend(41)
        spend(40)

        assert (balance(), left()) == (60, [(60, 60)])

    def test_of_more_than_there_is_is_refused(self) -> None:
        earn(50)

        with pytest.raises(NotEnoughPoints):
            hold(51)

        assert left() == [(50, 0)]

    def test_again_is_the_same_and_of_something_else_refused(self) -> None:
        earn(100)
        hold(60)
        hold(60)

        with pytest.raises(KeyReused):
            hold(61)

        assert left() == [(100, 60)]

    def test_is_taken_in_part_and_the_rest_let_go(self) -> None:
        earn(100)
        hold(60)

        take(50)
        take(50)

        assert (balance(), left()) == (50, [(50, 0)])
        with transaction(reads_only=True) as db:
            row = db.scalars(select(Hold)).one()
        assert (row.state, row.posted) == ("posted", 50)

    @pytest.mark.parametrize("second", [take, lambda _: let_go()], ids=["taken", "let_go"])
    def test_resolves_once(self, second: object) -> None:
        earn(100)
        hold(60)
        take(60)

        with pytest.raises(Refusal):
            take(59, key="h")
        with pytest.raises(HoldOver):
            let_go()

        assert balance() == 40

    def test_that_was_let_go_cannot_be_taken(self) -> None:
        earn(100)
        hold(60)
        let_go()
        let_go()

        with pytest.raises(HoldOver):
            take(60)

        assert left() == [(100, 0)]

    def test_runs_out_by_itself(self) -> None:
        earn(100)
        hold(60)

        assert jobs.let_holds_go(FixedClock(SOON - timedelta(seconds=1))) == 0
        with pytest.raises(HoldOver):
            take(60, at=SOON)
        assert [jobs.let_holds_go(FixedClock(SOON)) for _ in range(2)] == [1, 0]

        assert (balance(SOON), left()) == (100, [(100, 0)])

    def test_that_nobody_opened_is_not_there(self) -> None:
        with pytest.raises(HoldMissing):
            take(1)

    def test_repays_when_it_is_let_go_what_was_owed_meanwhile(self) -> None:
        earn(100)
        hold(100)
        charge(30)
        assert accounts() == {ME: 100, debt_owner(ME): -30}

        let_go()

        assert accounts() == {ME: 70, debt_owner(ME): 0}
        assert balance() == 70
        with transaction(reads_only=True) as db:
            lines = ledger_queries.points_lines(db, 1)
        assert [line.amount for line in lines] == [-30, 100]


@pytest.mark.parametrize(
    ("change", "invariant"),
    [
        ("UPDATE members_hold SET posted = 1, amount = 2", 16),
        ("UPDATE members_hold SET state = 'released'", 16),
        ("UPDATE members_lot SET held = 0", 19),
        ("UPDATE members_lot SET amount = 200, remaining = 200", 19),
        ("UPDATE members_lot SET expires_at = '2026-01-01 00:00:00'", 19),
        ("DELETE FROM members_lot_draw", 19),
        ("DELETE FROM members_hold_part", 16),
    ],
)
def test_the_proof_finds_what_was_altered_by_hand(app: Flask, change: str, invariant: int) -> None:
    earn(100)
    hold(60)
    spend(10)

    with sa.engine.connect() as connection:
        run = connection.exec_driver_sql
        if connection.dialect.name == "sqlite":
            for table in ("members_lot_draw", "members_hold_part"):
                run(f"DROP TRIGGER {table}_no_delete")
        else:
            for table in ("members_lot_draw", "members_hold_part"):
                run(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        run(change)
        with app.app_context(), Session(bind=connection) as db:
            bad = prove(db, now=MONDAY_NINE).bad
        connection.rollback()

    assert bad is not None
    assert bad.invariant == invariant
