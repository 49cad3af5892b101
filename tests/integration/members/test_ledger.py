"""The ledger in the database: posted once, never changed, chained, balanced."""

from datetime import timedelta, timezone
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select, text

from kernel.db import sa, transaction
from kernel.locks import Rank, lock
from kernel.outbox import OutboxRow
from members import ledger_queries
from members.ledger import (
    HOUSE_POINTS,
    POINTS,
    REDEEMED,
    Draft,
    KeyReused,
    NotEnough,
    chained,
)
from members.ledger_models import Account, Entry, Posting
from members.ledger_proof import Broken, prove
from members.operations import postings
from members.rule_text import RULES
from tests.house import MONDAY_NINE, a_member

pytestmark = pytest.mark.both_databases


def a_draft(key: str = "completion:B1", *, points: int = 180, **changes: object) -> Draft:
    facts: dict[str, object] = {
        "key": key,
        "kind": "completion",
        "unit": POINTS,
        "legs": {HOUSE_POINTS: -points, "member:1": points},
        "evidence": "booking:B1",
    }
    return Draft(**(facts | changes))  # type: ignore[arg-type]  # each test changes one of them


def post(draft: Draft) -> int:
    with transaction() as db:
        return postings.post(db, draft, now=MONDAY_NINE)


def audit() -> Broken | None:
    with transaction(reads_only=True) as db:
        bad = prove(db, now=MONDAY_NINE).bad
        return bad.broken if bad else None


@pytest.fixture(autouse=True)
def _member(app: Flask) -> None:
    with transaction() as db:
        a_member(db)


class TestPost:
    def test_books_both_sides_and_tells_the_member(self) -> None:
        post(a_draft())

        with transaction(reads_only=True) as db:
            balances = {account.owner: account.balance for account in db.scalars(select(Account))}
            told = db.scalars(select(OutboxRow).where(OutboxRow.name == "PointsPosted")).all()
            [line] = ledger_queries.points_lines(db, 1)
        assert balances == {HOUSE_POINTS: -180, "member:1": 180}
        assert [(r.facts["points"], r.facts["balance"]) for r in told] == [(180, 180)]
        assert (line.amount, line.balance_after, line.at) == (180, 180, MONDAY_NINE)
        assert audit() is None

    def test_again_is_the_same_posting_and_books_nothing(self) -> None:
        first = post(a_draft())

        again = post(a_draft())

        assert again == first
        with transaction(reads_only=True) as db:
            assert ledger_queries.points_balance(db, 1) == 180
            assert db.scalar(select(func.count(Entry.id))) == 2
            assert len(db.scalars(select(OutboxRow)).all()) == 2  # MemberFollowed, PointsPosted

    @pytest.mark.parametrize(
        "changes",
        [{"points": 181}, {"kind": "rating"}, {"evidence": "booking:B2"}],
        ids=["amount", "kind", "evidence"],
    )
    def test_of_a_key_used_for_something_else_is_refused(self, changes: dict[str, object]) -> None:
        post(a_draft())

        with pytest.raises(KeyReused):
            post(a_draft(**changes))  # type: ignore[arg-type]  # as above

        with transaction(reads_only=True) as db:
            assert ledger_queries.points_balance(db, 1) == 180

    def test_chains_each_account_for_itself(self) -> None:
        for number in range(5):
            post(a_draft(f"completion:B{number}", points=number + 1))

        with transaction(reads_only=True) as db:
            seqs = db.scalars(select(Entry.seq).order_by(Entry.account_id, Entry.seq)).all()
            lines = ledger_queries.points_lines(db, 1)
        assert seqs == [1, 2, 3, 4, 5] * 2
        assert [line.balance_after for line in lines] == [15, 10, 6, 3, 1]
        assert audit() is None

    def test_is_chained_in_utc_whatever_zone_the_clock_speaks(self) -> None:
        there = MONDAY_NINE.astimezone(timezone(timedelta(hours=8)))

        with transaction() as db:
            postings.post(db, a_draft(), now=there)

        assert audit() is None

    def test_below_a_floor_is_refused_and_leaves_nothing(self) -> None:
        post(a_draft())

        with pytest.raises(NotEnough):
            post(a_draft("redeem:R1", kind=REDEEMED, points=-181))

        with transaction(reads_only=True) as db:
            assert ledger_queries.points_balance(db, 1) == 180
            assert db.scalar(select(func.count(Posting.id))) == 1
        post(a_draft("redeem:R2", kind=REDEEMED, points=-180))
        assert audit() is None

    def test_that_is_rolled_back_leaves_its_key_free(self) -> None:
        class Cut(Exception):
            pass

        def post_and_die() -> None:
            with transaction() as db:
                postings.post(db, a_draft(), now=MONDAY_NINE)
                raise Cut

        with pytest.raises(Cut):
            post_and_die()

        post(a_draft())
        assert audit() is None

    def test_takes_its_locks_in_one_order(self) -> None:
        with transaction() as db:
            postings.post(db, a_draft(), now=MONDAY_NINE)
            with pytest.raises(AssertionError, match="lock"):
                lock(db, Account, Account.id == 1, rank=Rank.MEMBER, key=(1,))


class TestTheRulesCited:
    def test_are_those_published_where_none_are_named_and_are_chained(self) -> None:
        first = post(a_draft())

        with transaction(reads_only=True) as db:
            posting = db.get_one(Posting, first)
            entry = db.scalars(select(Entry).where(Entry.posting_id == first)).first()
            assert entry is not None
        assert posting.rules_version == RULES.version
        assert entry.hash != _link(posting, entry)

    def test_a_chain_from_before_they_counted_still_holds(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with monkeypatch.context() as before:
            before.setattr(postings, "chained", _as_before)
            first = post(a_draft())
        post(a_draft("completion:B2"))

        with transaction(reads_only=True) as db:
            posting = db.get_one(Posting, first)
            entry = db.scalars(select(Entry).where(Entry.posting_id == first)).first()
            assert entry is not None
            assert entry.hash == _link(posting, entry)
        assert audit() is None


def _as_before(**facts: Any) -> str:
    return chained(**(facts | {"rules_version": ""}))


def _link(posting: Posting, entry: Entry) -> str:
    """Return the hash of an account's first entry without the rules that its posting cites."""
    return chained(
        head="",
        posting_key=posting.idempotency_key,
        content_hash=posting.content_hash,
        at=posting.at.isoformat(),
        seq=1,
        amount=entry.amount,
        balance=entry.balance_after,
    )


class TestTheAuditItself:
    """Were the audit blind, every test that leans on it would be."""

    @pytest.mark.parametrize(
        ("table", "change", "fault"),
        [
            ("members_entry", "amount = amount + 1", Broken.POSTING),
            ("members_entry", "seq = 7", Broken.PLACE),
            ("members_entry", "balance_after = 7", Broken.BALANCE),
            ("members_entry", "hash = 'x'", Broken.HASH),
            ("members_posting", "content_hash = 'x'", Broken.POSTING),
            ("members_posting", "at = '2020-01-01 00:00:00'", Broken.HASH),
            ("members_posting", "rules_version = '2026-10'", Broken.HASH),
            ("members_account", "balance = 999", Broken.ACCOUNT),
            ("members_lot", "remaining = 7", Broken.LOT),
            ("members_lot", "amount = 181", Broken.LOT),
        ],
    )
    def test_finds_what_was_altered_by_hand(self, table: str, change: str, fault: Broken) -> None:
        post(a_draft())

        with sa.engine.begin() as connection:
            if sa.engine.dialect.name == "sqlite":
                connection.execute(text(f"DROP TRIGGER IF EXISTS {table}_no_update"))
            else:
                connection.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER USER"))
            connection.execute(text(f"UPDATE {table} SET {change} WHERE id = 1"))

        assert audit() is fault
        with sa.engine.begin() as connection:
            _guard_again(connection, table)


def _guard_again(connection: object, table: str) -> None:
    """Put back the guard that the test above took away."""
    run = connection.exec_driver_sql  # type: ignore[attr-defined]  # an SQLAlchemy connection
    if table not in ("members_entry", "members_posting"):
        return
    if sa.engine.dialect.name == "sqlite":
        run(
            f"CREATE TRIGGER {table}_no_update BEFORE update ON {table} "
            "BEGIN SELECT raise(ABORT, 'immutable'); END"
        )
        return
    for name in ("no_change", "no_truncate"):
        run(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_{name}")
