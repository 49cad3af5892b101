"""Leases: one hand at a time, and the late hand writes nothing."""

from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select, update

from kernel import leases, outbox
from kernel.clock import wall_s
from kernel.db import transaction
from kernel.outbox import OutboxRow
from members.events import MemberFollowed
from tests.hands import in_processes
from tests.house import MONDAY_NINE

pytestmark = pytest.mark.both_databases

ROWS = 60


def some_work(count: int) -> None:
    with transaction() as db:
        for _ in range(count):
            outbox.record(db, MemberFollowed(at=MONDAY_NINE, member_id=1, scene=""))


def claimed(*, lease_s: float = 60.0, limit: int = 100) -> list[OutboxRow]:
    with transaction() as db:
        return list(leases.claim(db, OutboxRow, lease_s=lease_s, limit=limit))


def finished(row: OutboxRow, **values: object) -> bool:
    with transaction() as db:
        return leases.finish(db, row, **({"state": "done"} | values))  # type: ignore[arg-type]  # each test says its own


def the_row() -> OutboxRow:
    with transaction(reads_only=True) as db:
        return db.scalars(select(OutboxRow)).one()


class TestAClaim:
    def test_takes_the_oldest_first_and_no_more_than_asked(self, app: Flask) -> None:
        some_work(3)

        assert [row.id for row in claimed(limit=2)] == [1, 2]
        assert [row.id for row in claimed(limit=2)] == [3]
        assert claimed() == []

    def test_counts_attempts_and_raises_the_fence(self, app: Flask) -> None:
        some_work(1)

        [first] = claimed(lease_s=-1)
        [second] = claimed()

        assert (first.attempts, first.fence) == (1, 1)
        assert (second.attempts, second.fence) == (2, 2)

    def test_leaves_what_is_not_due_yet(self, app: Flask) -> None:
        some_work(1)
        [row] = claimed()
        finished(row, state=leases.PENDING, retry_in_s=60.0)

        assert claimed() == []

    def test_is_open_again_when_its_lease_has_ended(self, app: Flask) -> None:
        some_work(1)
        claimed(lease_s=60)
        assert claimed() == []

        with transaction() as db:
            db.execute(update(OutboxRow).values(lease_until_s=wall_s() - 0.001))

        assert len(claimed()) == 1

    def test_of_finished_work_is_no_more(self, app: Flask) -> None:
        some_work(1)
        [row] = claimed()
        finished(row)

        assert claimed() == []

    def test_takes_some_first_and_then_of_the_others_as_many_as_are_wanted(
        self, app: Flask
    ) -> None:
        some_work(5)

        with transaction() as db:
            rows = leases.claim(
                db,
                OutboxRow,
                lease_s=60.0,
                limit=3,
                only=OutboxRow.id != 1,
                first=OutboxRow.id > 3,
            )

        assert [row.id for row in rows] == [2, 4, 5]

    def test_given_back_was_none(self, app: Flask) -> None:
        some_work(2)

        with transaction() as db:
            rows = leases.claim(db, OutboxRow, lease_s=60.0, limit=2)
            leases.give_back(db, rows[1:])

        [other] = claimed()
        assert (other.id, other.attempts) == (2, 1)


class TestWhatIsStillHeld:
    def test_is_neither_over_nor_in_another_hand(self, app: Flask) -> None:
        some_work(4)
        [mine, passed_on, ended] = claimed(limit=3)
        with transaction() as db:
            db.execute(update(OutboxRow).where(OutboxRow.id == ended.id).values(lease_until_s=1.0))
            db.execute(update(OutboxRow).where(OutboxRow.id == passed_on.id).values(fence=2))

        with transaction() as db:
            assert leases.still_held(db, [mine, passed_on, ended]) == [mine]


class TestFinishing:
    def test_writes_once(self, app: Flask) -> None:
        some_work(1)
        [row] = claimed()

        assert [finished(row), finished(row, state="dead")] == [True, False]
        assert the_row().state == "done"

    def test_by_a_hand_whose_lease_has_passed_on_changes_nothing(self, app: Flask) -> None:
        some_work(1)
        [late] = claimed(lease_s=-1)
        [holder] = claimed()

        assert not finished(late)
        assert (the_row().state, the_row().lease_until_s > wall_s()) == (leases.PENDING, True)
        assert finished(holder)

    def test_late_but_before_anybody_else_came_still_counts(self, app: Flask) -> None:
        some_work(1)
        [late] = claimed(lease_s=-1)

        assert finished(late)

    def test_with_a_pause_gives_the_lease_back(self, app: Flask) -> None:
        some_work(1)
        [row] = claimed()

        finished(row, state=leases.PENDING, retry_in_s=-1.0)

        assert [row.attempts for row in claimed()] == [2]


def take_one_by_one(place: int, meet: Callable[[], None]) -> list[int]:
    """Claim row after row until there are none, then finish them all."""
    rows = []
    meet()
    while found := claimed(limit=1):
        rows += found
    return [row.id for row in rows if finished(row)]


def take_what_was_seen(place: int, meet: Callable[[], None]) -> list[int]:
    """Read the first due row and then take it, as one would without a lease."""
    with transaction(reads_only=True) as db:
        seen = db.scalars(
            select(OutboxRow.id).where(leases.due(OutboxRow)).order_by(OutboxRow.id).limit(1)
        ).all()
    meet()
    with transaction() as db:
        db.execute(update(OutboxRow).where(OutboxRow.id.in_(seen)).values(state="done"))
    return list(seen)


class TestEightHands:
    def test_without_leases_do_the_same_work(
        self, app: Flask, database_url: str, tmp_path: Path
    ) -> None:
        some_work(ROWS)

        told = in_processes(database_url, take_what_was_seen, count=8, data_dir=tmp_path)

        assert told == [[1]] * 8

    def test_never_get_the_same_row(self, app: Flask, database_url: str, tmp_path: Path) -> None:
        some_work(ROWS)

        told = in_processes(database_url, take_one_by_one, count=8, data_dir=tmp_path)

        taken = [row_id for hand in told for row_id in hand]
        assert sorted(taken) == list(range(1, ROWS + 1))
