"""A database that is away, busy or full: 503 and when to come again, and nothing half done.

Rows "PG restart", "connection cut during COMMIT", "lock wait" and "SQLite locked, disk full, read-only".
"""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import event, func, select, text

from booking.models import Draft
from kernel import db as kernel_db
from kernel.db import Session, sa, transaction
from tests import patience
from tests.house import (
    a_branch,
    a_member,
    a_service,
    a_technician,
    an_app,
    close_connections,
    migrate,
)
from tests.journeys.consumer.pages import Phone
from tests.journeys.consumer.steps import HOME
from tests.servers import PostgresServer

BOOK = "/c/book/air_install"


@pytest.fixture
def phone(app: Flask) -> Phone:
    return a_phone(app)


def a_phone(app: Flask) -> Phone:
    with transaction() as db:
        a_technician(db, branch_id=a_branch(db))
        a_service(db)
        member = a_member(db)
    return Phone(app, member)


def drafts() -> int:
    with transaction(reads_only=True) as db:
        return db.scalar(select(func.count()).select_from(Draft)) or 0


def check_says_so(phone: Phone) -> None:
    """The page and the JSON both say 503, and when to come again."""
    body = HOME | {"csrf_token": phone.csrf_token}
    for accept in ("text/html", "application/json"):
        told = phone._ask("POST", BOOK, data=body, headers={"Accept": accept})

        assert (told.status_code, told.headers["Retry-After"]) == (503, "5")
        assert "系统正忙" in told.get_data(as_text=True) or told.get_json()["error"] == "busy"


class TestPostgreSQL:
    @pytest.fixture
    def database_url(self, postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> str:
        patience.be_as_people(monkeypatch)
        return postgres_url

    def test_that_cuts_the_line_during_a_commit_leaves_one_draft(self, phone: Phone) -> None:
        cuts = iter([True])

        def cut(db: Session) -> None:
            if db.info.get("cut") is None and _is_writing(db) and next(cuts, False):
                with sa.engine.connect() as other:
                    pid = db.scalar(text("SELECT pg_backend_pid()"))
                    other.execute(text("SELECT pg_terminate_backend(:pid, 5000)"), {"pid": pid})

        event.listen(Session, "before_commit", cut)
        try:
            page = phone.post(BOOK, HOME)
        finally:
            event.remove(Session, "before_commit", cut)

        assert page.path.endswith("/windows")
        assert next(cuts, None) is None
        assert drafts() == 1

    def test_whose_row_stays_locked_is_told_within_seconds(self, phone: Phone) -> None:
        page = phone.post(BOOK, HOME)
        form = page.form("/windows")

        with sa.engine.connect() as other, other.begin():
            other.execute(text("SELECT 1 FROM members_member FOR UPDATE"))
            told = phone.send(form, window=page.windows[0])

        assert told.status == 503
        assert "时段已为您锁定" in phone.send(form, window=page.windows[0]).text


class TestAPostgreSQLThatDies:
    def test_is_503_and_served_again_when_it_is_back(self, tmp_path: Path) -> None:
        with PostgresServer() as server:
            url = server.create("house")
            migrate(url)
            app = an_app(url, data_dir=tmp_path)
            with app.app_context():
                phone = a_phone(app)
                # The tests' server writes late; what stands before the death is not the question.
                with sa.engine.connect() as line:
                    line.execution_options(isolation_level="AUTOCOMMIT").execute(text("CHECKPOINT"))
                server.kill()

                check_says_so(phone)
                assert app.test_client().get("/healthz").status_code == 503

                server.start()
                assert phone.post(BOOK, HOME).path.endswith("/windows")
                assert drafts() == 1
                close_connections()


class TestSQLite:
    @pytest.fixture
    def database_url(self, sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> str:
        monkeypatch.setattr(kernel_db, "SQLITE_BUSY_MS", 200)
        return sqlite_url

    @pytest.fixture(autouse=True)
    def _own_line(self, app: Flask) -> Iterator[None]:
        """What the test asks of its line (to be read-only, to have little room) ends with it."""
        yield
        close_connections()

    def test_that_stays_locked_is_told(self, phone: Phone) -> None:
        with sa.engine.connect() as other, other.begin():
            other.execute(text("UPDATE members_member SET name = 'held'"))
            check_says_so(phone)
            other.rollback()

        assert drafts() == 0
        assert phone.post(BOOK, HOME).path.endswith("/windows")

    def test_that_is_read_only_is_told(self, phone: Phone) -> None:
        line = _the_line()

        line.execute("PRAGMA query_only=ON")
        check_says_so(phone)
        line.execute("PRAGMA query_only=OFF")

        assert drafts() == 0
        assert phone.post(BOOK, HOME).path.endswith("/windows")

    def test_whose_disk_is_full_is_told(self, phone: Phone) -> None:
        line = _the_line()
        line.execute("PRAGMA max_page_count=1")

        # What pages are left take a few more, each of them whole.
        taken = 0
        while phone.post(BOOK, HOME).status != 503:
            taken += 1
            assert taken < 500, "the disk does not fill"
        line.execute("PRAGMA max_page_count=1000000")

        assert drafts() == taken
        assert phone.post(BOOK, HOME).path.endswith("/windows")


def _the_line() -> sqlite3.Connection:
    """Return the one connection that the app's pool keeps."""
    with sa.engine.connect() as connection:
        line = connection.connection.dbapi_connection
    assert isinstance(line, sqlite3.Connection)
    return line


def _is_writing(db: Session) -> bool:
    return (
        "reads_only" not in db.connection().get_execution_options()
        and not db.connection().get_execution_options().get("postgresql_readonly")
    )
