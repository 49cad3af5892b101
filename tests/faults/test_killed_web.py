"""kill -9 of a web process around its commit: the same press again finds all of it or none of it.

Rows "kill -9, web, before commit" and "after commit before answer", which is an answer cut as well.
"""

import functools
import os
import signal
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import event, func, select

from booking.operations import bookings as operations
from dispatch.planner.problem import Window
from kernel import delivery
from kernel.actor import Actor
from kernel.db import Session, transaction
from kernel.outbox import OutboxRow
from tests.faults.lives import Fork
from tests.house import (
    HOUR_S,
    MONDAY_NINE,
    a_branch,
    a_draft,
    a_member,
    a_service,
    a_technician,
    an_app,
    close_connections,
    tomorrow,
)
from tests.journeys.consumer.pages import Page, Phone

KEY = str(uuid.UUID(int=9))


@dataclass(frozen=True)
class Press:
    """A member whose hold waits to be confirmed, and what makes a web process."""

    app: Flask
    app_of: Callable[[], Flask]
    member: Actor
    number: str

    def confirm(self, app: Flask) -> Page:
        fields = {"idempotency_key": KEY}
        return Phone(app, self.member).post(f"/c/bookings/{self.number}/confirm", fields)

    def die_at(self, moment: str) -> int | None:
        """Let a process of its own take the press and die at that moment of its transaction."""

        def act() -> None:
            made = self.app_of()
            with made.app_context():
                event.listen(Session, moment, _die_if_something_was_told)
                self.confirm(made)

        close_connections()
        return Fork(self.app_of, act).ended()


def _die_if_something_was_told(db: Session) -> None:
    """Die in the transaction of the press, not in one that reads who presses."""
    if db.info.get("bells"):
        os.kill(os.getpid(), signal.SIGKILL)


@pytest.fixture
def press(app: Flask, database_url: str, tmp_path: Path) -> Press:
    with transaction() as db:
        a_technician(db, branch_id=a_branch(db))
        a_service(db)
        member = a_member(db)
    with transaction() as db:
        draft = a_draft(db, by=member)
    with transaction() as db:
        window = Window(10 * HOUR_S, 12 * HOUR_S)
        number = operations.hold(
            db, draft_number=draft, day=tomorrow(), window=window, by=member, now=MONDAY_NINE
        ).number
    return Press(app, functools.partial(an_app, database_url, data_dir=tmp_path), member, number)


def told() -> int:
    with transaction(reads_only=True) as db:
        found = select(func.count()).where(OutboxRow.name == "BookingBooked")
        return db.scalar(found) or 0


@pytest.mark.parametrize(
    ("moment", "stored"),
    [
        pytest.param("before_commit", 0, id="before_the_commit_nothing_is_stored"),
        pytest.param("after_commit", 1, id="after_the_commit_all_is_stored"),
    ],
)
def test_the_press_again_is_one_promise(press: Press, moment: str, stored: int) -> None:
    assert press.die_at(moment) == -signal.SIGKILL
    assert told() == stored
    # What was committed waits in the database, though nobody was left to ring.
    assert delivery.events_due()

    again = press.confirm(press.app)

    assert again.path == f"/c/bookings/{press.number}"
    assert "已预约" in again.text
    assert told() == 1
