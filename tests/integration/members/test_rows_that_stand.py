"""What both databases refuse: to change a row of what has happened."""

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from kernel.db import sa, transaction
from tests.integration.members.standing import (
    TABLES,
    a_reversal,
    check_refused,
    rows_that_stand,
    upserting,
)

pytestmark = pytest.mark.both_databases


@pytest.fixture(autouse=True)
def _rows_that_stand(app: Flask) -> None:
    rows_that_stand()


@pytest.mark.parametrize("table", TABLES)
class TestARowThatStands:
    def test_cannot_be_updated(self, table: str) -> None:
        check_refused(f"UPDATE {table} SET id = id")
        check_refused(f"UPDATE {table} SET id = id + 100 WHERE id = 1")

    def test_cannot_be_deleted(self, table: str) -> None:
        check_refused(f"DELETE FROM {table}")
        check_refused(f"DELETE FROM {table} WHERE id = 1")


ERASABLE = [("members_strike_step", "words"), ("members_override", "reason")]


@pytest.mark.parametrize(("table", "column"), ERASABLE)
class TestWhatWasTyped:
    def test_is_erased_and_nothing_else(self, table: str, column: str) -> None:
        with sa.engine.begin() as line:
            line.exec_driver_sql(f"UPDATE {table} SET {column} = '***'")
            assert {*line.exec_driver_sql(f"SELECT {column} FROM {table}").scalars()} == {"***"}

    def test_is_not_written_over_otherwise(self, table: str, column: str) -> None:
        check_refused(f"UPDATE {table} SET {column} = 'other'")
        check_refused(f"UPDATE {table} SET {column} = '***', actor_id = 2")


@pytest.mark.parametrize("key", ["idempotency_key", "reverses_id"])
def test_a_posting_cannot_be_taken_over_by_an_upsert(key: str) -> None:
    check_refused(upserting(key))


def test_one_posting_is_reversed_once() -> None:
    with pytest.raises(DBAPIError), transaction() as db:
        db.add(a_reversal("reverse:B1:again"))


@pytest.mark.parametrize(
    "table",
    [
        *TABLES,
        "dispatch_visit_step",
        "booking_step",
        "kernel_audit",
        "notifications_step",
        "notifications_grant",
        "members_lot_draw",
        "members_hold_part",
        "members_play",
        "members_consent",
        "members_survey_answer",
        "members_survey_words",
        "booking_care_note",
        "booking_leak_note",
    ],
)
def test_every_table_of_what_has_happened_is_guarded(table: str) -> None:
    guards = {
        "sqlite": "SELECT count(*) FROM sqlite_master WHERE type = 'trigger' AND tbl_name = :table",
        # Enabled for replicas too.
        "postgresql": "SELECT count(*) FROM pg_trigger WHERE tgrelid = CAST(:table AS regclass) "
        "AND NOT tgisinternal AND tgenabled = 'A'",
    }
    with sa.engine.connect() as connection:
        found = connection.scalar(text(guards[sa.engine.dialect.name]), {"table": table})

    assert found == {"sqlite": 3, "postgresql": 2}[sa.engine.dialect.name]
