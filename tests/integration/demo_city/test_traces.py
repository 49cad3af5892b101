"""What the demo city's past left behind: postings, events, messages; and what can be done with it."""

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import DeclarativeBase

import app as joinery
from booking import bill_queries
from booking.bill_models import BillDifference
from booking.models import Booking, BookingStep, Draft
from booking.payment_models import Payment
from booking.states import BookingState
from dispatch.models import RouteRow, Visit, VisitStep
from kernel.clock import FixedClock, local_date
from kernel.db import Session, transaction
from kernel.events import Event
from kernel.outbox import OutboxRow
from members.ledger import HOUSE_POINTS, chained, completion_draft, points_earned
from members.ledger_models import Account, Entry, Posting
from members.models import Member
from members.rule_text import RULES
from notifications.models import Message
from scripts.demo_city import city as demo_city
from scripts.demo_city import history
from scripts.demo_city.stage import NOW, PAST_DAYS, TODAY
from tests import house
from tests.integration.demo_city.conftest import Seeded, opened
from tests.servers import PostgresServer


def count_of(db: Session, model: type[DeclarativeBase]) -> int:
    return db.scalar(select(func.count()).select_from(model)) or 0


class TestPayments:
    def test_were_made_for_what_was_signed_and_wechats_bills_say_the_same(
        self, city: Flask
    ) -> None:
        with transaction(reads_only=True) as db:
            done = db.scalars(select(Booking).where(Booking.state == BookingState.COMPLETED)).all()
            paid = {row.booking_id: row for row in db.scalars(select(Payment))}
            kept, days = bill_queries.bills(db, limit=50, offset=0)
            past = {b.id for b in done if local_date(b.state_since) < TODAY and b.price.fen}
            total = sum(row.paid.fen for row in kept)

            assert set(paid) == past
            assert total == sum(row.amount.fen for row in paid.values())
            assert days == PAST_DAYS
            assert count_of(db, BillDifference) == 0


class TestLedger:
    def test_has_one_posting_for_each_completed_booking(self, city: Flask) -> None:
        with transaction(reads_only=True) as db:
            done = db.scalars(select(Booking).where(Booking.state == BookingState.COMPLETED)).all()
            postings = {p.evidence: p for p in db.scalars(select(Posting))}
            amounts = dict(
                db.execute(
                    select(Entry.posting_id, Entry.amount)
                    .join(Account, Account.id == Entry.account_id)
                    .where(Account.owner != HOUSE_POINTS)
                ).all()
            )

        assert {f"booking:{booking.number}" for booking in done} == set(postings)
        for booking in done:
            posting = postings[f"booking:{booking.number}"]
            assert amounts[posting.id] == points_earned(booking.price, rules=RULES)
            assert posting.at == booking.state_since

    def test_sums_to_nothing_and_agrees_with_its_accounts(self, city: Flask) -> None:
        with transaction(reads_only=True) as db:
            entries = db.scalars(select(Entry).order_by(Entry.account_id, Entry.seq)).all()
            accounts = {account.id: account for account in db.scalars(select(Account))}

        assert sum(entry.amount for entry in entries) == 0
        sums: Counter[int] = Counter()
        for entry in entries:
            sums[entry.account_id] += entry.amount
            assert entry.balance_after == sums[entry.account_id]
        assert {account.id: account.balance for account in accounts.values()} == sums

    def test_is_one_unbroken_chain_for_each_account(self, city: Flask) -> None:
        with transaction(reads_only=True) as db:
            postings = {posting.id: posting for posting in db.scalars(select(Posting))}
            entries = db.scalars(select(Entry).order_by(Entry.account_id, Entry.seq)).all()
            accounts = db.scalars(select(Account)).all()

        heads: dict[int, str] = defaultdict(str)
        for entry in entries:
            posting = postings[entry.posting_id]
            heads[entry.account_id] = chained(
                head=heads[entry.account_id],
                posting_key=posting.idempotency_key,
                content_hash=posting.content_hash,
                at=posting.at.isoformat(),
                seq=entry.seq,
                amount=entry.amount,
                balance=entry.balance_after,
                rules_version=posting.rules_version,
            )
            assert entry.hash == heads[entry.account_id]
        assert {account.id: account.head for account in accounts} == heads

    def test_was_posted_in_the_order_of_the_deeds(self, city: Flask) -> None:
        with transaction(reads_only=True) as db:
            times = db.scalars(select(Posting.at).order_by(Posting.id)).all()

        assert times == sorted(times)

    def test_knows_the_drafts_it_was_posted_from(self, city: Flask) -> None:
        with transaction(reads_only=True) as db:
            booking = db.scalars(
                select(Booking).where(Booking.state == BookingState.COMPLETED).limit(1)
            ).one()
            posting = db.scalars(
                select(Posting).where(Posting.evidence == f"booking:{booking.number}")
            ).one()

        draft = completion_draft(
            member_id=booking.member_id,
            booking_number=booking.number,
            price=booking.price,
            rules=RULES,
        )
        assert draft is not None
        assert posting.content_hash == draft.content_hash
        assert posting.idempotency_key == draft.key


class TestNews:
    def test_is_old_at_the_start_so_that_nothing_is_sent(self, city: Flask) -> None:
        due = {name for name, drain in joinery._drains(city).items() if drain.is_due()}

        # WeChat was not asked for its quotas yet: that tells nobody anything.
        assert due <= {"quotas"}
        with transaction(reads_only=True) as db:
            assert set(db.scalars(select(OutboxRow.state).distinct())) == {"done"}
            assert set(db.scalars(select(Message.state).distinct())) == {"sent"}

    def test_stands_in_the_order_in_which_it_was_told(self, city: Flask) -> None:
        with transaction(reads_only=True) as db:
            times = db.scalars(select(OutboxRow.at).order_by(OutboxRow.id)).all()

        assert times == sorted(times)
        assert times[-1] <= NOW

    def test_was_told_to_the_members_of_today(self, city: Flask) -> None:
        with transaction(reads_only=True) as db:
            kinds: dict[str, set[str]] = defaultdict(set)
            for message in db.scalars(select(Message)):
                kinds[message.about].add(message.kind)
            today = db.execute(
                select(Booking.number, Visit)
                .join(Visit, Visit.id == Booking.visit_id)
                .where(Visit.day == TODAY)
            ).all()

        for number, visit in today:
            assert kinds[f"booking:{number}"] == set(told_of(visit))

    def test_told_again_makes_no_second_message(self, own_city: Flask) -> None:
        clock = FixedClock(NOW)
        with transaction(reads_only=True) as db:
            before = count_of(db, Message)
            events = [
                row
                for event in joinery.REACTIONS
                for row in db.scalars(
                    select(OutboxRow)
                    .where(OutboxRow.name == event.__name__)
                    .order_by(OutboxRow.id.desc())
                    .limit(20)
                )
            ]

        for row in events:
            event = Event.of(row.name, row.facts)
            for reaction in joinery.REACTIONS[type(event)]:
                reaction(event, clock)

        with transaction(reads_only=True) as db:
            assert count_of(db, Message) == before


def told_of(visit: Visit) -> Iterator[str]:
    """Name the messages of which a visit's member has heard by now."""
    if visit.held_until is None:
        yield "M1"
    if visit.technician_id is not None:
        yield "M5"
    for kind, at in (
        ("M7", visit.departed_at),
        ("M12", visit.arrived_at),
        ("M16", visit.finished_at),
        ("M17", visit.signed_at),
    ):
        if at is not None:
            yield kind


class TestSameSeed:
    def test_makes_the_same_city_on_both_databases(
        self, sqlite_city: Seeded, postgres_city: Seeded
    ) -> None:
        prints = []
        for seeded in (sqlite_city, postgres_city):
            with opened(seeded.url, seeded.folder), transaction(reads_only=True) as db:
                prints.append({model.__name__: fingerprint(db, model) for model in COMPARED})

        assert prints[0] == prints[1]

    def test_says_so_when_the_database_has_rows_and_changes_nothing(
        self, own_city: Flask, seeded: Seeded, capsys: pytest.CaptureFixture[str]
    ) -> None:
        with transaction(reads_only=True) as db:
            before = {model: count_of(db, model) for model in COMPARED}

        demo_city.seed(own_city.extensions["doorbell.settings"], is_calm=True)

        assert "已有数据" in capsys.readouterr().out
        with transaction(reads_only=True) as db:
            assert {model: count_of(db, model) for model in COMPARED} == before

    def test_tells_at_the_terminal_how_far_it_has_come(self, sqlite_city: Seeded) -> None:
        lines = sqlite_city.said.splitlines()

        assert len([line for line in lines if line.rstrip().endswith(" s")]) >= 4
        assert "已有数据" in lines[-1]


COMPARED = (
    *(Member, Draft, Booking, BookingStep, Visit, VisitStep, RouteRow),
    *(Posting, Entry, Message, OutboxRow),
)
# Secrets, and ids that PostgreSQL draws for an INSERT that then does nothing.
LEFT_OUT = {"service_code", "account_id"}


def fingerprint(db: Session, model: type[DeclarativeBase]) -> str:
    """Return a hash of every row of the table."""
    columns = [c for c in model.__table__.columns if c.name not in LEFT_OUT]
    rows = db.execute(select(*columns).order_by(model.__table__.c.id))
    text = json.dumps([[_plain(value) for value in row] for row in rows], ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def _plain(value: object) -> object:
    if isinstance(value, dict):
        return sorted(value.items())
    return value if isinstance(value, int | float | str | list | None) else str(value)


class TestInterruptedSeeding:
    def test_leaves_nothing_and_may_be_run_again(
        self,
        postgres_server: PostgresServer,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        url = postgres_server.create("interrupted")
        house.migrate(url)
        monkeypatch.setattr(history, "sheets", interrupted)

        with opened(url, tmp_path) as made:
            with pytest.raises(KeyboardInterrupt):
                demo_city.seed(made.extensions["doorbell.settings"], is_calm=True)

            with transaction(reads_only=True) as db:
                assert demo_city._is_empty(db)
        assert not (tmp_path / "sign-ins.txt").exists()


def interrupted(_offices: object) -> list[object]:
    raise KeyboardInterrupt
