"""Several calls at once: side by side where they have nothing to do with one another, in turn where they
have, and nobody pays for another's slowness or fault."""

import threading
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select

from kernel import leases
from kernel.clock import FixedClock, wall_s
from kernel.db import transaction
from notifications import calling, jobs
from notifications.calling import Attempt
from notifications.models import CallCount, Message
from tests.house import MONDAY_NINE
from tests.integration.gateways.serving import PATIENCE_S, Call, Platform, Reply
from tests.integration.notifications.stories import messages
from tests.integration.notifications.ways import (
    CHAT,
    OK,
    TEMPLATE,
    a_message,
    life,
    send,
    sender,
)

pytestmark = pytest.mark.both_databases

CLOCK = FixedClock(MONDAY_NINE)


def sent() -> int:
    with transaction(reads_only=True) as db:
        counted = select(func.count()).where(Message.state == "sent")
        return db.scalar(counted) or 0


def test_as_many_as_there_is_room_for_are_called_at_once(platform: Platform) -> None:
    at_once = threading.Barrier(jobs.CALLS_AT_ONCE)

    def answer(call: Call) -> Reply:
        # Broken, and the answer none, where the others are not called meanwhile.
        at_once.wait(PATIENCE_S)
        return OK(call)

    platform.answers[TEMPLATE] = answer
    for place in range(jobs.CALLS_AT_ONCE):
        a_message(f"B{place}")

    send(sender(platform))

    assert sent() == jobs.CALLS_AT_ONCE


def test_who_is_slow_holds_up_nobody(app: Flask, platform: Platform) -> None:
    """Not even what is claimed after him."""
    others = 2 * jobs.CALLS_AT_ONCE
    all_written = threading.Event()

    def answer(call: Call) -> Reply:
        if call.message["url"].endswith("/slow"):
            assert all_written.wait(PATIENCE_S)
        return OK(call)

    def watch() -> None:
        with app.app_context():
            while sent() < others:
                pass
        all_written.set()

    platform.answers[TEMPLATE] = answer
    a_message("slow")
    for place in range(others):
        a_message(f"B{place}")
    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()

    send(sender(platform))

    watcher.join(PATIENCE_S)
    assert sent() == others + 1


class TestAboutTheSame:
    """A and B are of one booking and one person, C is of another."""

    def hear(self, platform: Platform) -> list[str]:
        """Send A, B and C, A's answer waiting for C's call; return in which order they came."""
        came, c_came = list[str](), threading.Event()

        def answer(call: Call) -> Reply:
            name = call.message["data"]["thing1"]["value"]
            came.append(name)
            if name == "C":
                c_came.set()
            elif name == "A":
                assert c_came.wait(PATIENCE_S)
            return OK(call)

        platform.answers[TEMPLATE] = answer
        a_message("B1", fields={"thing1": "A"})
        a_message("B1", "M12", fields={"thing1": "B"})
        a_message("B2", fields={"thing1": "C"})
        jobs.send_messages(sender(platform), CLOCK)
        return came

    def test_the_second_goes_when_the_first_is_sent_and_at_once(self, platform: Platform) -> None:
        came = self.hear(platform)

        assert sorted(came[:2]) == ["A", "C"]
        assert came[2:] == ["B"]
        assert [row.attempts for row in messages()] == [1, 1, 1]
        assert life() == [("template", "sent")] * 3

    def test_it_would_be_kept_waiting_if_both_were_claimed_at_once(
        self, platform: Platform, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The control: then it finds the first in a hand, and does not know that it is its own."""
        monkeypatch.setattr(jobs, "_first_ones", lambda rows, _called: (list(rows), []))

        came = self.hear(platform)

        assert sorted(came) == ["A", "C"]
        assert [row.state for row in messages()] == ["sent", "pending", "sent"]


def test_what_knows_no_repetition_is_called_one_by_one(platform: Platform) -> None:
    """Beside what does."""
    being_said, most, called = set[str](), list[int](), set[str]()
    all_called = threading.Event()

    def say(call: Call) -> Reply:
        being_said.add(call.message["touser"])
        assert all_called.wait(PATIENCE_S)
        most.append(len(being_said))
        being_said.remove(call.message["touser"])
        return OK(call)

    def answer(call: Call) -> Reply:
        called.add(call.message["url"])
        if len(called) == 5:
            all_called.set()
        return OK(call)

    platform.answers |= {CHAT: say, TEMPLATE: answer}
    for place in range(5):
        chat = {"openid": f"oGuest{place}", "about": f"chat:T{place}", "channel": "customer"}
        a_message(f"T{place}", "CHAT", fields={"text": "您好"}, **chat)
        a_message(f"B{place}")

    send(sender(platform))

    assert sent() == 10
    assert most == [1] * 5


class TestAFaultOfOne:
    """What nobody foresaw: the others go, and it comes again when its lease has ended."""

    @pytest.mark.parametrize("of_how_many", [1, 5])
    def test_in_deciding(self, platform: Platform, of_how_many: int) -> None:
        a_message("V0", "M5", about="visit:NONE", window_at=MONDAY_NINE + timedelta(hours=1))
        for place in range(of_how_many - 1):
            a_message(f"B{place}")

        send(sender(platform))

        faulty, *others = messages()
        assert (faulty.state, faulty.maybe_sent_s, faulty.attempts) == ("pending", None, 1)
        assert faulty.lease_until_s > 0
        assert {row.state for row in others} <= {"sent"}

    def test_in_calling(self, platform: Platform) -> None:
        a_message("B0", channel="subscription")
        a_message("B1")

        # There is no notice of that kind.
        send(sender(platform))

        faulty, other = messages()
        assert (faulty.state, faulty.maybe_sent_s is not None) == ("pending", True)
        assert other.state == "sent"

    def test_in_writing_down(self, platform: Platform) -> None:
        """Nobody knows whose telephone would be called."""
        a_message("B0", about="visit:NONE")
        a_message("B1")
        platform.answers[TEMPLATE] = lambda call: (
            Reply(b'{"errcode":43004,"errmsg":"no follower"}')
            if call.message["url"].endswith("/B0")
            else OK(call)
        )

        send(sender(platform))

        faulty, other = messages()
        assert (faulty.state, other.state) == ("pending", "sent")


def test_each_call_is_counted_once(platform: Platform) -> None:
    for place in range(jobs.CALLS_AT_ONCE + 3):
        a_message(f"B{place}")

    send(sender(platform))

    with transaction(reads_only=True) as db:
        assert db.scalars(select(CallCount.used)).all() == [jobs.CALLS_AT_ONCE + 3]


def test_a_hand_that_wakes_up_late_does_not_call(platform: Platform) -> None:
    """WeChat may have forgotten the id under which another hand has told it meanwhile."""
    a_message("B1")
    with transaction() as db:
        [sleeper] = leases.claim(db, Message, lease_s=60.0, limit=1)
    attempt = Attempt(sleeper, first_s=wall_s())
    by = sender(platform)

    sleeper.lease_until_s = wall_s() - 0.001
    late = calling.make(attempt, by)
    sleeper.lease_until_s = wall_s() + 60.0
    in_time = calling.make(attempt, by)

    assert late is None
    assert in_time is not None
    assert (in_time.msgid, len(platform.calls_to(TEMPLATE))) == ("77", 1)
