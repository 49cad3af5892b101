"""The role without UPDATE and DELETE on what has happened: the house lives by it, on a real PostgreSQL."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy.exc import ProgrammingError

from kernel import grants
from kernel.clock import FixedClock
from kernel.db import sa, transaction
from members import jobs
from members.ledger import HOUSE_POINTS, HOUSE_REDEEMED, POINTS, REDEEMED, Draft
from members.ledger_models import Posting
from members.ledger_proof import prove
from members.operations import holds, postings, strikes
from members.risk import StrikeKind
from tests import house
from tests.house import MONDAY_NINE, a_member

ROLE = "house_at_work"
YEARS = timedelta(days=800)


@pytest.fixture(scope="module")
def database_url(postgres_url: str) -> str:
    return postgres_url


@pytest.fixture
def by_role(app: Flask, database_url: str, tmp_path: Path) -> Iterator[Flask]:
    """The app as it works by the role that the command's script makes."""
    told = app.test_cli_runner().invoke(args=["ledger", "role", ROLE])
    with sa.engine.begin() as line:
        a_cursor = line.connection.cursor()
        a_cursor.execute(told.output)
    made = house.the_app(database_url.replace("//doorbell@", f"//{ROLE}@"), data_dir=tmp_path)
    with made.app_context():
        yield made
        sa.engine.dispose()


def post(kind: str, side: str, points: int, key: str) -> None:
    legs = {side: -points, "member:1": points}
    draft = Draft(key=key, kind=kind, unit=POINTS, legs=legs, evidence="booking:B1")
    with transaction() as db:
        postings.post(db, draft, now=MONDAY_NINE)


@pytest.mark.usefixtures("by_role")
def test_the_house_posts_keeps_undoes_strikes_and_expires() -> None:
    with transaction() as db:
        a_member(db)
        assert db.connection().exec_driver_sql("SELECT current_user").scalar() == ROLE
    for key in ("completion:B1", "completion:B1", "completion:B2"):
        post("completion", HOUSE_POINTS, 180, key)
    post(REDEEMED, HOUSE_REDEEMED, -60, "redeemed:R1")
    with transaction() as db:
        holds.open_hold(
            db,
            key="hold:R2",
            member_id=1,
            amount=50,
            evidence="redeem:R2",
            expires_at=MONDAY_NINE + timedelta(minutes=5),
            now=MONDAY_NINE,
        )
        strikes.open_strike(
            db,
            kind=StrikeKind.NO_SHOW,
            booking_number="B1",
            evidence={"calls": 2},
            member_id=1,
            now=MONDAY_NINE,
        )
    with transaction() as db:
        postings.reverse(db, key="completion:B2", evidence="appeal:A1", now=MONDAY_NINE)
    later = FixedClock(MONDAY_NINE + YEARS)
    for job in (jobs.post_due_strikes, jobs.let_holds_go, jobs.expire_points):
        assert job(later)

    with transaction(reads_only=True) as db:
        assert prove(db, now=later.now()).bad is None
        assert db.query(Posting).count() > 4


@pytest.mark.usefixtures("by_role")
def test_what_has_happened_is_refused_to_it_before_any_trigger() -> None:
    with transaction(reads_only=True) as db:
        tables = grants.append_only(db)
    assert {"members_posting", "members_entry", "booking_step", "kernel_audit"} <= {*tables}

    for table in (*tables, "alembic_version"):
        for words in (
            f"DELETE FROM {table}",
            f"TRUNCATE {table}",
            f"ALTER TABLE {table} RENAME TO x",
        ):
            _check_denied(words)
    for table in tables:
        _check_denied(f"UPDATE {table} SET id = id")
        _check_denied(f"ALTER TABLE {table} DISABLE TRIGGER USER")
    for table, column in tables.items():
        if column:
            # What a person typed may be erased, and nothing else be written there.
            with sa.engine.begin() as line:
                line.exec_driver_sql(f"UPDATE {table} SET {column} = {column} WHERE false")
    _check_denied("CREATE TABLE mine (id int)")
    _check_denied("SET session_replication_role = replica")


def _check_denied(words: str) -> None:
    with (
        pytest.raises(ProgrammingError, match=r"permission denied|must be owner"),
        sa.engine.begin() as line,
    ):
        line.exec_driver_sql(words)


def test_on_sqlite_there_are_no_roles(sqlite_url: str, tmp_path: Path) -> None:
    runner = house.the_app(sqlite_url, data_dir=tmp_path).test_cli_runner()

    assert "only PostgreSQL" in runner.invoke(args=["ledger", "role", ROLE]).output
    assert runner.invoke(args=["ledger", "role", "x; DROP"]).exit_code == 2
