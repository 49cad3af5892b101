"""The live feed: a page hears what it does not know yet, once, and nothing else."""

import json
import queue
from collections.abc import Iterator

import pytest
from flask import Flask

from faces.chrome.live import Feed
from kernel.db import transaction
from kernel.outbox import OutboxRow, latest_id
from tests.house import MONDAY_NINE

PATIENCE_S = 60.0
MINE = frozenset({"booking:B1"})


def happens(event_id: int, *, topic: str = "booking:B1") -> int:
    """Commit one event of that id and return it."""
    with transaction() as db:
        db.add(
            OutboxRow(id=event_id, name="BookingHeld", facts={}, topics=topic, at=MONDAY_NINE),
        )
    return event_id


def hears(mailbox: "queue.SimpleQueue[str]", *, within_s: float = PATIENCE_S) -> int:
    """Return the id of the next event told."""
    return int(json.loads(mailbox.get(timeout=within_s))["id"])


@pytest.fixture
def feed(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[Feed]:
    monkeypatch.setattr("faces.chrome.live.LOOK_EVERY_S", 0.01)
    feed = Feed(app)
    yield feed
    thread = feed._thread
    feed._listeners.clear()
    if thread is not None:
        thread.join(PATIENCE_S)


class TestAPageThatListens:
    def test_hears_what_happens_and_what_is_its_own_only(self, feed: Feed) -> None:
        mailbox = feed.join(MINE)

        happens(1, topic="booking:B2")
        happens(2)

        assert hears(mailbox) == 2

    def test_is_told_at_once_what_happened_between_its_reading_and_its_listening(
        self, feed: Feed
    ) -> None:
        happens(1)
        seen_id = 1
        happens(2)

        mailbox = feed.join(MINE, seen_id=seen_id)

        assert hears(mailbox, within_s=0) == 2

    def test_is_not_told_what_it_knows_even_while_the_feed_is_behind(
        self, feed: Feed, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        # Somebody else keeps the feed awake, and it has not looked yet.
        monkeypatch.setattr("faces.chrome.live.LOOK_EVERY_S", 0.5)
        earlier = feed.join(MINE)
        happens(1)
        with transaction(reads_only=True) as db:
            seen_id = latest_id(db)

        mailbox = feed.join(MINE, seen_id=seen_id)
        happens(2)

        assert [hears(earlier), hears(earlier)] == [1, 2]
        assert hears(mailbox) == 2

    def test_hears_of_an_event_whose_commit_came_after_a_younger_one(self, feed: Feed) -> None:
        happens(7)
        mailbox = feed.join(MINE, seen_id=7)

        happens(6)

        assert hears(mailbox) == 6
