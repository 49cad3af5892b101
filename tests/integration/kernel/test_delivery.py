"""The outbox: committed with the change, delivered at least once, parked when it cannot be."""

import logging

import pytest
from flask import Flask
from sqlalchemy import select, update

from kernel import delivery, outbox
from kernel.clock import Clock, FixedClock, wall_s
from kernel.db import transaction
from kernel.delivery import ATTEMPTS_MAX, BACKOFF_MAX_S, BATCH_MAX
from kernel.events import Event
from kernel.outbox import OutboxRow
from members.events import MemberFollowed
from tests.house import MONDAY_NINE

pytestmark = pytest.mark.both_databases

CLOCK = FixedClock(MONDAY_NINE)


def told(member_id: int = 1) -> MemberFollowed:
    return MemberFollowed(at=MONDAY_NINE, member_id=member_id, scene="st_1")


def tell(count: int = 1) -> None:
    with transaction() as db:
        for number in range(count):
            outbox.record(db, told(number))


def rows() -> list[OutboxRow]:
    with transaction(reads_only=True) as db:
        return list(db.scalars(select(OutboxRow).order_by(OutboxRow.id)))


def due_at_once() -> None:
    with transaction() as db:
        db.execute(update(OutboxRow).values(due_s=0.0, lease_until_s=0.0))


class Ears:
    """A reaction that remembers what it heard, and fails as often as it is told to."""

    def __init__(self, *, failures: int = 0) -> None:
        self.heard: list[Event] = []
        self.failures = failures

    def __call__(self, event: Event, clock: Clock) -> None:
        self.heard.append(event)
        if len(self.heard) <= self.failures:
            raise RuntimeError("not now")


def deliver(*ears: Ears) -> int:
    return delivery.deliver_events({MemberFollowed: ears}, CLOCK)


class TestDelivery:
    def test_brings_the_event_as_it_was_told(self, app: Flask) -> None:
        tell()
        ears = Ears()

        assert delivery.events_due()
        assert deliver(ears) == 1

        assert ears.heard == [told(0)]
        assert not delivery.events_due()
        assert [row.state for row in rows()] == ["done"]

    def test_of_an_event_nobody_reacts_to_is_done_too(self, app: Flask) -> None:
        tell()

        assert delivery.deliver_events({}, CLOCK) == 1
        assert [row.state for row in rows()] == ["done"]

    def test_takes_a_batch_at_a_time(self, app: Flask) -> None:
        tell(BATCH_MAX + 1)
        ears = Ears()

        assert [deliver(ears), deliver(ears), deliver(ears)] == [BATCH_MAX, 1, 0]
        assert ears.heard == [told(number) for number in range(BATCH_MAX + 1)]

    def test_that_fails_comes_again_after_a_pause(
        self, app: Flask, caplog: pytest.LogCaptureFixture
    ) -> None:
        tell()
        ears = Ears(failures=1)

        with caplog.at_level(logging.ERROR):
            deliver(ears)
        assert deliver(ears) == 0

        due_at_once()
        deliver(ears)
        assert [row.state for row in rows()] == ["done"]
        assert len(ears.heard) == 2
        assert "failed, attempt 1" in caplog.text

    def test_of_the_others_goes_on_beside_one_that_fails(self, app: Flask) -> None:
        tell(3)
        ears = Ears(failures=1)

        deliver(ears)

        assert [row.state for row in rows()] == ["pending", "done", "done"]

    def test_that_never_works_is_parked_in_the_end(self, app: Flask) -> None:
        tell()
        ears = Ears(failures=100)
        pauses = []
        for _ in range(ATTEMPTS_MAX):
            due_at_once()
            deliver(ears)
            [row] = rows()
            pauses.append(round(row.due_s - wall_s(), -1))

        assert len(ears.heard) == ATTEMPTS_MAX
        assert pauses == sorted(pauses)
        assert (pauses[0], pauses[-1]) == (0.0, BACKOFF_MAX_S)
        assert [row.state for row in rows()] == ["dead"]
        due_at_once()
        assert deliver(ears) == 0

    def test_of_a_name_nobody_knows_harms_nobody(self, app: Flask) -> None:
        with transaction() as db:
            db.add(OutboxRow(name="FromTheFuture", facts={}, at=MONDAY_NINE))
        tell()
        ears = Ears()

        deliver(ears)

        assert ears.heard == [told(0)]
        assert [row.state for row in rows()] == ["pending", "done"]


class TestTopics:
    def test_are_told_from_where_one_last_looked(self, app: Flask) -> None:
        tell(2)
        with transaction(reads_only=True) as db:
            first = outbox.latest_id(db)
        with transaction() as db:
            db.add(
                OutboxRow(name="X", facts={}, topics="day:1:2026-11-23 booking:B1", at=MONDAY_NINE)
            )

        with transaction(reads_only=True) as db:
            news = outbox.topics_since(db, after_id=first)

        assert news == [(3, {"day:1:2026-11-23", "booking:B1"})]

    def test_of_an_empty_outbox_begin_at_nothing(self, app: Flask) -> None:
        with transaction(reads_only=True) as db:
            assert outbox.latest_id(db) == 0
