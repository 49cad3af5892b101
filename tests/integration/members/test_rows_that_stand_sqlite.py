"""What SQLite must refuse besides: INSERT OR REPLACE, which deletes without saying so."""

import sqlite3
from pathlib import Path

import pytest
from flask import Flask

from kernel.db import Base, sa
from tests.integration.members.standing import (
    COLLISIONS,
    TABLES,
    check_refused,
    rows,
    rows_that_stand,
)


@pytest.fixture(scope="module")
def database_url(sqlite_url: str) -> str:
    return sqlite_url


@pytest.fixture(autouse=True)
def _rows_that_stand(app: Flask) -> None:
    rows_that_stand()


@pytest.mark.parametrize(("table", "key"), COLLISIONS)
class TestARowThatStands:
    def test_cannot_be_replaced_by_any_of_its_keys(self, table: str, key: str) -> None:
        columns, values = TABLES[table]

        check_refused(f"INSERT OR REPLACE INTO {table} ({columns}) VALUES ({values[key]})")
        check_refused(f"REPLACE INTO {table} ({columns}) VALUES ({values[key]})")

    def test_cannot_be_replaced_with_a_tool_of_ones_own(self, table: str, key: str) -> None:
        # Its connection has no recursive triggers, which ours switches on: the delete is silent.
        columns, values = TABLES[table]
        statements = [f"INSERT OR REPLACE INTO {table} ({columns}) VALUES ({values[key]})"]
        if key != "id":
            names, row = columns.split(", ", 1)[1], values[key].split(", ", 1)[1]
            statements.append(f"INSERT OR REPLACE INTO {table} ({names}) VALUES ({row})")
        before = rows()
        line = sqlite3.connect(Path(str(sa.engine.url.database)))

        for statement in statements:
            with pytest.raises(sqlite3.IntegrityError, match="immutable"):
                line.execute(statement)

        line.rollback()
        line.close()
        assert rows() == before


def test_a_guard_that_lets_words_be_erased_names_every_other_column() -> None:
    """PostgreSQL compares rows; here a column that is added later would be let through."""
    found = "SELECT tbl_name, sql FROM sqlite_master WHERE name LIKE '%no_update' AND sql LIKE '% IS OLD.%'"
    with sa.engine.connect() as line:
        guards = line.exec_driver_sql(found).all()

    assert len(guards) == 9
    for table, words in guards:
        columns = {*Base.metadata.tables[table].columns.keys()}
        assert (
            len({name for name in columns if f"NEW.{name} IS OLD.{name}" in words})
            == len(columns) - 1
        )
