"""What members had before points came in lots: one lot each, and what was below nothing a debt."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import flask_migrate
import pytest
from flask import Flask
from sqlalchemy import Connection, text

import app as joinery
from kernel.db import sa, transaction
from members import ledger_queries
from members.ledger import (
    CANCEL_FEE,
    COMPLETION,
    HOUSE_CHARGES,
    HOUSE_POINTS,
    HOUSE_REDEEMED,
    POINTS,
    REDEEMED,
    Draft,
    NotEnoughPoints,
    chained,
)
from members.ledger_proof import prove
from members.operations import postings
from tests.house import MONDAY_NINE, an_app, close_connections
from tests.servers import PostgresServer

FOLDER = str(Path(joinery.__file__).parent / "migrations")
BEFORE = "0037"
DRAFTS = [
    Draft(
        key=f"{kind}:{owner}",
        kind=kind,
        unit=POINTS,
        legs={house: -points, owner: points},
        evidence="booking:B1",
    )
    for kind, house, owner, points in (
        (COMPLETION, HOUSE_POINTS, "member:1", 180),
        (CANCEL_FEE, HOUSE_CHARGES, "member:1", -20),
        (CANCEL_FEE, HOUSE_CHARGES, "member:2", -50),
    )
]


@pytest.fixture(params=["sqlite", "postgres"])
def old_house(
    request: pytest.FixtureRequest, tmp_path: Path, postgres_server: PostgresServer
) -> Iterator[Flask]:
    """A house as it was, with what members had."""
    is_sqlite = request.param == "sqlite"
    url = f"sqlite:///{tmp_path / 'old.sqlite3'}" if is_sqlite else postgres_server.create("old")
    app = an_app(url, data_dir=tmp_path)
    with app.app_context():
        flask_migrate.upgrade(directory=FOLDER, revision=BEFORE)
        with sa.engine.begin() as line:
            for draft in DRAFTS:
                _post_as_then(line, draft)
        yield app
        close_connections()
    if not is_sqlite:
        postgres_server.drop("old")


def _post_as_then(line: Connection, draft: Draft) -> None:
    posting_id = line.scalar(
        text(
            "INSERT INTO members_posting (idempotency_key, content_hash, kind, evidence, at) "
            "VALUES (:key, :hash, :kind, :evidence, :at) RETURNING id"
        ),
        {
            "key": draft.key,
            "hash": draft.content_hash,
            "kind": draft.kind,
            "evidence": draft.evidence,
            "at": MONDAY_NINE.isoformat(" "),
        },
    )
    for owner, amount in sorted(draft.legs.items()):
        line.execute(
            text(
                "INSERT INTO members_account (owner, unit, balance, seq, head) "
                "VALUES (:owner, 'points', 0, 0, '') ON CONFLICT DO NOTHING"
            ),
            {"owner": owner},
        )
        account = line.execute(
            text("SELECT * FROM members_account WHERE owner = :owner"), {"owner": owner}
        ).one()
        entry = {
            "account": account.id,
            "seq": account.seq + 1,
            "balance": account.balance + amount,
            "hash": chained(
                head=account.head,
                posting_key=draft.key,
                content_hash=draft.content_hash,
                at=MONDAY_NINE.isoformat(),
                seq=account.seq + 1,
                amount=amount,
                balance=account.balance + amount,
            ),
        }
        line.execute(
            text(
                "INSERT INTO members_entry (posting_id, account_id, seq, amount, balance_after, hash) "
                "VALUES (:posting, :account, :seq, :amount, :balance, :hash)"
            ),
            entry | {"posting": posting_id, "amount": amount},
        )
        line.execute(
            text(
                "UPDATE members_account SET balance = :balance, seq = :seq, head = :hash "
                "WHERE id = :account"
            ),
            entry,
        )


def spend(points: int, *, key: str) -> None:
    legs = {HOUSE_REDEEMED: points, "member:1": -points}
    draft = Draft(key=key, kind=REDEEMED, unit=POINTS, legs=legs, evidence="redeem:R1")
    with transaction() as db:
        postings.post(db, draft, now=MONDAY_NINE)


def test_is_carried_over_and_goes_on(old_house: Flask) -> None:
    flask_migrate.upgrade(directory=FOLDER)

    with transaction(reads_only=True) as db:
        assert prove(db, now=MONDAY_NINE).bad is None
        assert [ledger_queries.points_balance(db, member) for member in (1, 2)] == [160, -50]
    with pytest.raises(NotEnoughPoints):
        spend(161, key="too much")
    spend(160, key="all")
    with transaction() as db:
        earned = Draft(
            key="again",
            kind=COMPLETION,
            unit=POINTS,
            legs={HOUSE_POINTS: -80, "member:2": 80},
            evidence="booking:B2",
        )
        postings.post(db, earned, now=MONDAY_NINE + timedelta(days=1))
    with transaction(reads_only=True) as db:
        assert prove(db, now=MONDAY_NINE).bad is None
        assert [ledger_queries.points_balance(db, member) for member in (1, 2)] == [0, 30]
