"""Rows that stand, and everything one could write over them."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from kernel.db import sa, transaction
from members.ledger import HOUSE_POINTS, POINTS, Draft
from members.ledger_models import Posting
from members.operations import postings, strikes
from members.risk import OverrideKind, StrikeKind
from members.rule_models import RuleAct, RuleStep, RuleVersion
from members.states import OverrideState
from members.strike_models import Override
from tests.house import MONDAY_NINE, a_member

# Each append-only table of members: its columns, and by each of its keys a row that collides.
TABLES = {
    "members_posting": (
        "id, idempotency_key, content_hash, kind, evidence, reverses_id, at",
        {
            "id": "1, 'other', 'x', 'x', 'x', NULL, '2026-01-01'",
            "idempotency_key": "99, 'completion:B1', 'x', 'x', 'x', NULL, '2026-01-01'",
            "reverses_id": "99, 'other', 'x', 'x', 'x', 1, '2026-01-01'",
        },
    ),
    "members_entry": (
        "id, posting_id, account_id, seq, amount, balance_after, hash",
        {
            "id": "1, 1, 1, 9, 5, 5, 'x'",
            "account_id, seq": "99, 1, 1, 1, 5, 5, 'x'",
        },
    ),
    "members_strike_step": (
        "id, strike_id, seq, action, state, actor_role, actor_id, words, at",
        {
            "id": "1, 1, 9, 'x', 'x', 'x', 0, 'x', '2026-01-01'",
            "strike_id, seq": "99, 1, 1, 'x', 'x', 'x', 0, 'x', '2026-01-01'",
        },
    ),
    "members_rule_version": (
        "id, version, sha256, text, about, author_id, written_at",
        {
            "id": "1, 'other', 'other', 'x', 'x', 1, '2026-01-01'",
            "version": "99, 'V', 'other', 'x', 'x', 1, '2026-01-01'",
            "sha256": "99, 'other', 'V', 'x', 'x', 1, '2026-01-01'",
        },
    ),
    "members_rule_step": (
        "id, act, version, branch_id, actor_id, words, at",
        {"id": "1, 'publish', 'V', NULL, 1, 'x', '2026-01-01'"},
    ),
    "members_override": (
        "id, number, seq, member_id, kind, state, appeal_number, actor_role, actor_id, reason, at",
        {
            "id": "1, 'O9', 1, 1, 'x', 'x', 'x', 'x', 0, 'x', '2026-01-01'",
            "number, seq": "99, 'O1', 1, 1, 'x', 'x', 'x', 'x', 0, 'x', '2026-01-01'",
        },
    ),
}
COLLISIONS = [(table, key) for table, (_, keys) in TABLES.items() for key in keys]


def a_reversal(key: str) -> Posting:
    """Return a posting that reverses the first one."""
    return Posting(
        idempotency_key=key,
        content_hash="x",
        kind="reversal",
        evidence="booking:B1",
        reverses_id=1,
        at=MONDAY_NINE,
    )


def an_override(number: str) -> Override:
    """Return the entry of somebody who asks for a release."""
    return Override(
        number=number,
        seq=1,
        member_id=1,
        kind=OverrideKind.RELEASE,
        state=OverrideState.ASKED,
        appeal_number="",
        actor_role="dispatcher",
        actor_id=1,
        reason="x",
        at=MONDAY_NINE,
    )


def rows_that_stand() -> None:
    """Post one completion, and a posting that reverses it; record a strike, ask for a release."""
    draft = Draft(
        key="completion:B1",
        kind="completion",
        unit=POINTS,
        legs={HOUSE_POINTS: -180, "member:1": 180},
        evidence="booking:B1",
    )
    with transaction() as db:
        a_member(db)
        postings.post(db, draft, now=MONDAY_NINE)
        db.add(a_reversal("reverse:B1"))
        strikes.open_strike(
            db,
            kind=StrikeKind.NO_SHOW,
            booking_number="B1",
            evidence={"calls": 2},
            member_id=1,
            now=MONDAY_NINE,
        )
        db.add(an_override("O1"))
        by = {"actor_id": 1, "words": "x", "at": MONDAY_NINE}
        db.add(RuleStep(act=RuleAct.PUBLISH, version="V", branch_id=None, **by))
        text = {"sha256": "V", "text": "x", "about": "x"}
        db.add(RuleVersion(version="V", author_id=1, written_at=MONDAY_NINE, **text))


def rows() -> list[tuple[object, ...]]:
    """Return every row of the append-only tables."""
    with sa.engine.connect() as connection:
        return [
            tuple(row)
            for table in TABLES
            for row in connection.execute(text(f"SELECT * FROM {table} ORDER BY id"))
        ]


def check_refused(statement: str) -> None:
    """Run the statement, which the database must refuse without having changed a row."""
    before = rows()
    with pytest.raises(DBAPIError, match="immutable"), sa.engine.begin() as connection:
        connection.exec_driver_sql(statement)
    assert rows() == before


def upserting(key: str) -> str:
    """Return an upsert that would take over the posting of that key."""
    columns, values = TABLES["members_posting"]
    return (
        f"INSERT INTO members_posting ({columns}) VALUES ({values[key]}) "
        f"ON CONFLICT ({key}) DO UPDATE SET kind = 'stolen'"
    )
