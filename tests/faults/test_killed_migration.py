"""Row "kill -9, migration": the schema is that of before or that of after, and it can go on."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import flask_migrate
import pytest
from alembic.script import ScriptDirectory
from flask import Flask
from sqlalchemy import event, inspect, text
from sqlalchemy.engine import Engine

import app as joinery
from kernel.db import sa
from tests.faults.lives import Fork
from tests.house import an_app, close_connections
from tests.servers import PostgresServer

FOLDER = str(Path(joinery.__file__).parent / "migrations")
VERSION_TABLE = "alembic_version"
# The power fails at these of the statements that change a schema: early, in the midst, and late.
STATEMENTS = (2, 60, 150)
CHANGES = ("CREATE", "ALTER", "DROP", "INSERT", "UPDATE")


@pytest.fixture(params=["sqlite", "postgres"])
def empty_url(
    request: pytest.FixtureRequest, tmp_path: Path, postgres_server: PostgresServer
) -> Iterator[str]:
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'empty.sqlite3'}"
        return
    yield postgres_server.create("house_to_migrate")
    postgres_server.drop("house_to_migrate")


def die_at(statement: int) -> None:
    counted = iter(range(1, statement))

    def count(_line: object, _cursor: object, words: str, *_: object) -> None:
        if words.lstrip().upper().startswith(CHANGES) and next(counted, None) is None:
            os.kill(os.getpid(), signal.SIGKILL)

    event.listen(Engine, "before_cursor_execute", count)


def tables_at() -> tuple[str, frozenset[str]]:
    """Return the revision and the tables of the database."""
    names = frozenset(inspect(sa.engine).get_table_names()) - {VERSION_TABLE}
    with sa.engine.connect() as line:
        if not inspect(line).has_table(VERSION_TABLE):
            return "", names
        return line.scalar(text("SELECT version_num FROM alembic_version")) or "", names


def test_can_be_run_again_whenever_it_died(empty_url: str, tmp_path: Path) -> None:
    def make_app() -> Flask:
        return an_app(empty_url, data_dir=tmp_path)

    with make_app().app_context():
        for statement in STATEMENTS:
            close_connections()

            def migrate(at: int = statement) -> None:
                die_at(at)
                flask_migrate.upgrade(directory=FOLDER)

            assert Fork(make_app, migrate).ended() == -signal.SIGKILL
            revision, names = tables_at()
            # No revision, no tables: nothing of a step stays without the whole step.
            assert bool(revision) == bool(names)

        flask_migrate.upgrade(directory=FOLDER)

        revision, names = tables_at()
        assert revision == ScriptDirectory(FOLDER).get_current_head()
        assert names == frozenset(sa.metadata.tables)
        close_connections()
