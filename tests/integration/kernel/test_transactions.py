"""A transaction commits whole or not at all, and says in one word why it could not."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta, timezone

import pytest
from flask import Flask
from sqlalchemy import select, text
from sqlalchemy.exc import StatementError

from dispatch.models import RouteRow
from dispatch.operations import plan as plans
from kernel import db as kernel_db
from kernel import outbox
from kernel.db import Crossed, sa, transaction
from kernel.errors import ChangedMeanwhile, Unavailable
from kernel.outbox import OutboxRow
from members import queries as members
from members.events import MemberFollowed
from members.models import Member
from tests.house import MONDAY, MONDAY_NINE, a_branch, a_member, a_technician
from tests.patience import LOCK_S

pytestmark = pytest.mark.both_databases


class Cut(Exception):
    """The power fails."""


def an_event() -> MemberFollowed:
    return MemberFollowed(at=MONDAY_NINE, member_id=1, scene="")


class TestACommit:
    def test_rings_its_bells_afterwards(self, app: Flask) -> None:
        heard: list[tuple[set[str], int]] = []

        def listen(bells: set[str]) -> None:
            with transaction(reads_only=True) as db:
                heard.append((bells, outbox.latest_id(db)))

        kernel_db.on_commit(app, listen)
        with transaction() as db:
            outbox.record(db, an_event())
            assert heard == []

        # Who is rung for finds what was committed.
        assert heard == [({outbox.BELL}, 1)]

    def test_of_nothing_to_tell_rings_no_bell(self, app: Flask) -> None:
        heard: list[set[str]] = []
        kernel_db.on_commit(app, heard.append)

        with transaction() as db:
            a_branch(db)

        assert heard == []

    def test_that_does_not_come_leaves_neither_change_nor_event_nor_bell(self, app: Flask) -> None:
        heard: list[set[str]] = []
        kernel_db.on_commit(app, heard.append)

        def die_halfway() -> None:
            with transaction() as db:
                a_member(db)
                outbox.record(db, an_event())
                db.flush()
                raise Cut

        with pytest.raises(Cut):
            die_halfway()

        assert heard == []
        with transaction(reads_only=True) as db:
            assert db.scalars(select(Member)).all() == []
            assert db.scalars(select(OutboxRow)).all() == []


class TestAVersionedRow:
    def test_that_moved_under_us_is_changed_meanwhile(self, app: Flask) -> None:
        with transaction() as db:
            technician_id = a_technician(db, branch_id=a_branch(db))
            plans.route_row(db, branch_id=1, technician_id=technician_id, day=MONDAY)
        with transaction(reads_only=True) as db:
            stale = db.scalars(select(RouteRow)).one()
        with transaction() as db:
            db.scalars(select(RouteRow)).one().stops = [[1, 2, 3, 4]]

        def overwrite() -> None:
            with transaction() as db:
                db.add(stale)
                stale.stops = [[5, 6, 7, 8]]

        with pytest.raises(ChangedMeanwhile):
            overwrite()

        with transaction(reads_only=True) as db:
            assert db.scalars(select(RouteRow)).one().stops == [[1, 2, 3, 4]]

    def test_moves_with_every_change_of_its_stops(self, app: Flask) -> None:
        with transaction() as db:
            technician_id = a_technician(db, branch_id=a_branch(db))
            row = plans.route_row(db, branch_id=1, technician_id=technician_id, day=MONDAY)
        assert row.version == 1
        with transaction() as db:
            db.scalars(select(RouteRow)).one().stops = [[1, 2, 3, 4]]

        with transaction(reads_only=True) as db:
            assert db.scalars(select(RouteRow)).one().version == 2


class TestATransactionThatLooksFirst:
    def test_lets_others_write_while_it_reads(self, app: Flask) -> None:
        with transaction(looks_first=True) as looking:
            assert looking.scalars(select(Member)).all() == []
            with transaction() as db:
                a_member(db)

        with transaction(reads_only=True) as db:
            assert len(db.scalars(select(Member)).all()) == 1

    def test_writes_what_it_has_read_nobody_else_about(self, app: Flask) -> None:
        with transaction() as db:
            a_member(db)

        with transaction(looks_first=True) as db:
            db.scalars(select(Member).with_for_update()).one().name = "王"

        with transaction(reads_only=True) as db:
            assert db.scalars(select(Member)).one().name == "王"

    def test_writes_nothing_over_what_changed_since_it_looked(self, app: Flask) -> None:
        """On PostgreSQL the row's lock is asked for again: what the house looks at is read under it."""
        if sa.engine.dialect.name != "sqlite":
            return
        with transaction() as db:
            a_member(db)

        def rename_late() -> None:
            with transaction(looks_first=True) as looking:
                own = looking.scalars(select(Member)).one()
                with transaction() as db:
                    db.scalars(select(Member)).one().name = "李"
                own.name = "王"

        with pytest.raises(Crossed):
            rename_late()

        with transaction(reads_only=True) as db:
            assert db.scalars(select(Member)).one().name == "李"


class TestABusyDatabase:
    """Rows "deadlock, serialization failure", "lock wait" and "SQLite locked"."""

    @pytest.fixture(autouse=True)
    def _impatient(self, app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
        # Neither three seconds nor five: the word is the same, and the tests are many.
        if sa.engine.dialect.name == "sqlite":
            sa.engine.dispose()
            monkeypatch.setattr(kernel_db, "SQLITE_BUSY_MS", 200)
        with transaction() as db:
            a_member(db)

    def test_that_stays_locked_is_unavailable_and_unchanged(self, app: Flask) -> None:
        def rename() -> None:
            with transaction() as db:
                _hurry(db)
                db.scalars(select(Member).with_for_update()).one().name = "王"

        with _held_lock(), pytest.raises(Unavailable):
            rename()

        with transaction(reads_only=True) as db:
            assert db.scalars(select(Member)).one().name == ""

    def test_is_waited_for_as_long_as_is_set_by_now(self, app: Flask) -> None:
        """Not as was set when the module was read: races would give up long before they are over."""
        asked, found = {
            "sqlite": ("PRAGMA busy_timeout", 200),
            "postgresql": ("SHOW lock_timeout", f"{LOCK_S // 60}min"),
        }[sa.engine.dialect.name]

        with sa.engine.connect() as line:
            assert line.exec_driver_sql(asked).scalar() == found

    def test_is_written_to_once_it_is_free(self, app: Flask) -> None:
        with _held_lock():
            pass

        with transaction() as db:
            db.scalars(select(Member).with_for_update()).one().name = "王"

    def test_can_be_read_while_another_writes(self, app: Flask) -> None:
        with _held_lock(), transaction(reads_only=True) as db:
            assert members.member(db, 1).name == ""

    def test_that_deadlocks_lets_one_hand_win(self, app: Flask) -> None:
        with transaction() as db:
            a_member(db, openid="oTest000000000000000000002")
        ready = threading.Barrier(2)
        told: list[str] = []

        def lock_both(first: int, second: int) -> None:
            with app.app_context():
                try:
                    with transaction() as db:
                        db.scalars(select(Member).where(Member.id == first).with_for_update()).one()
                        _wait(ready)
                        db.scalars(
                            select(Member).where(Member.id == second).with_for_update()
                        ).one()
                    told.append("done")
                except Unavailable:
                    told.append("busy")

        threads = [threading.Thread(target=lock_both, args=pair) for pair in ((1, 2), (2, 1))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(20)

        # PostgreSQL ends one of the two; SQLite lets the second in after the first.
        assert len(told) == 2
        assert "done" in told


def _wait(barrier: threading.Barrier) -> None:
    try:
        barrier.wait(0.5)
    except threading.BrokenBarrierError:
        return


def _hurry(db: kernel_db.Session) -> None:
    """Let PostgreSQL wait no longer than the tests' SQLite does."""
    if sa.engine.dialect.name == "postgresql":
        db.execute(text("SET LOCAL lock_timeout = '200ms'"))


@contextmanager
def _held_lock() -> Iterator[None]:
    """Hold what a writer needs: the file's lock, or the member's row."""
    with sa.engine.connect() as connection, connection.begin():
        connection.execute(text("UPDATE members_member SET name = 'held'"))
        yield
        connection.rollback()


class TestAnInstant:
    def test_without_a_zone_is_refused(self, app: Flask) -> None:
        naive = datetime(2026, 11, 23, 9, 0)  # noqa: DTZ001  # that is the point

        with pytest.raises(StatementError, match="time zone"), transaction() as db:
            a_member(db, now=naive)

    def test_comes_back_in_utc_to_the_microsecond(self, app: Flask) -> None:
        there = timezone(timedelta(hours=8))
        at = datetime(2026, 11, 23, 9, 0, 0, 123456, tzinfo=there)
        with transaction() as db:
            a_member(db, now=at)

        with transaction(reads_only=True) as db:
            found = members.member(db, 1).joined_at

        assert found == at
        assert found.tzinfo is UTC


class TestReadingOnly:
    def test_does_not_wait_for_a_writer_nor_hold_one_up(self, app: Flask) -> None:
        with transaction(reads_only=True) as reading:
            assert reading.scalars(select(Member)).all() == []
            with transaction() as db:
                a_member(db)

            assert reading.scalars(select(Member)).all() == []
