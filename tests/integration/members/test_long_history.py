"""A history as the verify bench lays it: it follows, and who has a long one waits for two queries."""

import pytest
from flask import Flask

from kernel.db import transaction
from members import ledger_queries
from members.ledger_proof import prove
from members.strike_queries import statement
from scripts.bench.proving.asking import asked
from scripts.bench.proving.history import History, lay


@pytest.fixture
def history(app: Flask) -> History:
    made = History(entries=3_000, members=20, reader_entries=500)
    lay(made.rows)
    return made


def test_follows_as_if_the_house_had_booked_it(history: History) -> None:
    with transaction(reads_only=True) as db:
        proof = prove(db, now=history.now)

    assert proof.bad is None
    assert proof.rows >= 3_000
    assert all(history.rows.values())


def test_balance_and_each_page_are_two_queries(history: History) -> None:
    with transaction(reads_only=True) as db:
        with asked() as first:
            page = statement(db, member_id=1)
        with asked() as second:
            older = statement(db, member_id=1, before=page.before)
        balance = ledger_queries.points_balance(db, 1)

    assert (len(first), len(second)) == (2, 2)
    assert page.balance == older.balance == balance
    assert len(page.lines) == len(older.lines) == 50
