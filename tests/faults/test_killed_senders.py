"""kill -9 of a message worker at every step, and at any moment: nothing lost, nothing told twice."""

import functools
import os
import random
import signal
import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, current_app

from gateways.wechat.client import WeChat as Client
from kernel import db as kernel_db
from kernel import leases, relay
from kernel.clock import FixedClock
from kernel.db import Session, transaction
from kernel.relay import Drain
from notifications import calling, deciding, ending, jobs, saying
from notifications.models import Message
from notifications.reaching import Sender
from notifications.sending import after_failure
from tests.faults.lives import Fork
from tests.faults.wechat import CHAT, WeChat
from tests.house import MONDAY_NINE, an_app, close_connections
from tests.integration.gateways.serving import Platform, account_at
from tests.integration.notifications.stories import messages
from tests.patience import wait_until

CLOCK = FixedClock(MONDAY_NINE)
LEASE_S = 0.4
MESSAGES = 60
KILLS = 30
HANDS = 3

MakeApp = Callable[[], Flask]


@pytest.fixture
def wechat() -> Iterator[WeChat]:
    with Platform() as platform:
        yield WeChat(platform)


@pytest.fixture(autouse=True)
def _short_leases(monkeypatch: pytest.MonkeyPatch) -> None:
    """Put back what `send_all` sets; and let the relay be hasty."""
    monkeypatch.setattr(jobs, "LEASE_S", jobs.LEASE_S)
    monkeypatch.setattr(relay, "LOOK_EVERY_S", 0.1)
    monkeypatch.setattr(relay, "GRACE_S", 0.5)


@pytest.fixture
def make_app(database_url: str, tmp_path: Path) -> MakeApp:
    """What a child makes its own app with: no connection may be shared with it."""
    return functools.partial(an_app, database_url, data_dir=tmp_path)


def queue_messages(count: int) -> None:
    with transaction() as db:
        for number in range(count):
            db.add(
                Message(
                    dedupe_key=f"M1:B{number}",
                    kind="M1",
                    openid=f"oMember{number % 7:021d}",
                    about=f"booking:B{number}",
                    fields={"thing1": "空调安装"},
                    path=f"/c/bookings/B{number}",
                    made_at=MONDAY_NINE,
                )
            )


def send_all(base: str, *, lease_s: float = LEASE_S) -> int:
    """Send what is due, with a lease that ends soon."""
    jobs.LEASE_S = lease_s
    sender = Sender(wechat=Client(account_at(base)), template_ids={}, public_base="https://d")
    return jobs.send_messages(sender, CLOCK)


def die(*_: Any, **__: Any) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def then_die(act: Callable[..., Any]) -> Callable[..., None]:
    def act_and_die(*arguments: Any, **options: Any) -> None:
        act(*arguments, **options)
        die()

    return act_and_die


# At which step the power fails: what the child replaces before it begins.
STEPS: dict[str, Callable[[], None]] = {
    "after_the_claim": lambda: setattr(jobs, "_decided", die),
    "before_what_was_decided_is_kept": lambda: setattr(
        deciding, "decide", then_die(deciding.decide)
    ),
    "before_the_call": lambda: setattr(Client, "send_template", die),
    "after_the_call": lambda: setattr(Client, "send_template", then_die(Client.send_template)),
    "before_what_came_of_it_is_kept": lambda: setattr(ending, "end", then_die(ending.end)),
    "after_writing_it_down": lambda: setattr(jobs, "_end_some", then_die(jobs._end_some)),
}
# How often WeChat is called in all where there is one message.
CALLS = {
    "after_the_claim": 1,
    "before_what_was_decided_is_kept": 1,
    "before_the_call": 1,
    "after_the_call": 2,
    "before_what_came_of_it_is_kept": 2,
    "after_writing_it_down": 1,
}


class TestADeathAtEveryStep:
    """Rows "kill -9, outbox worker, after claim before send" and "after send before commit"."""

    @pytest.mark.parametrize("says_duplicate", [False, True], ids=["success", "40241"])
    @pytest.mark.parametrize("step", STEPS)
    def test_leaves_the_message_to_the_next_hand(
        self, app: Flask, make_app: MakeApp, wechat: WeChat, step: str, *, says_duplicate: bool
    ) -> None:
        wechat.says_duplicate = says_duplicate
        queue_messages(1)
        close_connections()

        def act() -> None:
            STEPS[step]()
            send_all(wechat.base)

        assert Fork(make_app, act).ended() == -signal.SIGKILL
        send_until_all_have_ended(wechat)

        [row] = messages()
        assert (row.state, wechat.delivered.total(), wechat.calls) == ("sent", 1, CALLS[step])

    @pytest.mark.parametrize("step", STEPS)
    def test_tells_none_twice_of_those_that_were_called_at_once(
        self, app: Flask, make_app: MakeApp, wechat: WeChat, step: str
    ) -> None:
        queue_messages(jobs.CALLS_AT_ONCE)
        close_connections()

        def act() -> None:
            STEPS[step]()
            send_all(wechat.base)

        assert Fork(make_app, act).ended() == -signal.SIGKILL
        send_until_all_have_ended(wechat)

        assert {row.state for row in messages()} == {"sent"}
        assert list(wechat.delivered.values()) == [1] * jobs.CALLS_AT_ONCE
        assert wechat.calls <= jobs.CALLS_AT_ONCE * 2

    def test_before_its_lease_has_ended_is_left_alone(
        self, app: Flask, make_app: MakeApp, wechat: WeChat
    ) -> None:
        queue_messages(1)
        close_connections()

        def act() -> None:
            STEPS["after_the_claim"]()
            send_all(wechat.base, lease_s=60.0)

        Fork(make_app, act).ended()

        assert (send_all(wechat.base), wechat.calls) == (0, 0)


def send_until_all_have_ended(wechat: WeChat) -> None:
    wait_until(
        lambda: not (send_all(wechat.base) or _waiting()),
        within_s=60,
        what="the lease has ended, and every message has an end",
    )


class TestADeathWhereNoRepetitionIsKnown:
    """Of what cannot be repeated only that is in doubt which was being said."""

    def in_doubt(self, make_app: MakeApp, wechat: WeChat, act: Callable[[], None]) -> int:
        for number in range(5):
            say(f"chat:T{number}")
        close_connections()

        def act_and_die() -> None:
            act()
            setattr(Client, "send_text", die)  # noqa: B010  # mypy: not to be assigned
            send_all(wechat.base)

        assert Fork(make_app, act_and_die).ended() == -signal.SIGKILL
        send_until_all_have_ended(wechat)
        states = [row.state for row in messages()]
        assert states.count("sent") == len(wechat.platform.calls_to(CHAT))
        return states.count("unknown")

    def test_all_would_be_in_doubt_if_they_were_called_at_once(
        self, app: Flask, make_app: MakeApp, wechat: WeChat
    ) -> None:
        """The control: the stage can show the fault."""

        def claim_all(db: Session, _others: object, *, limit: int, **_: Any) -> Any:
            return leases.claim(db, Message, lease_s=LEASE_S, limit=limit)

        many = self.in_doubt(make_app, wechat, lambda: setattr(jobs, "_lane", claim_all))

        assert many == 5

    def test_one_is(self, app: Flask, make_app: MakeApp, wechat: WeChat) -> None:
        assert self.in_doubt(make_app, wechat, lambda: None) == 1


def say(about: str) -> None:
    with transaction() as db:
        saying.say_in_chat(
            db,
            "oMember0000000000000000000001",
            about=about,
            key=about,
            text="您好",
            picture="",
            not_after=MONDAY_NINE + timedelta(hours=1),
            now=MONDAY_NINE,
        )


class TestDeathsAtAnyMoment:
    @pytest.mark.parametrize("says_duplicate", [False, True], ids=["success", "40241"])
    def test_deliver_every_message_once(
        self, app: Flask, make_app: MakeApp, wechat: WeChat, *, says_duplicate: bool
    ) -> None:
        wechat.loses, wechat.says_duplicate = 0.2, says_duplicate
        queue_messages(MESSAGES)
        close_connections()
        chance = random.Random(11)

        def act() -> None:
            # Pauses after a failure are minutes: here they are a moment.
            setattr(ending, "after_failure", _hastily(after_failure))  # noqa: B010  # mypy: not exported
            while True:
                # Several hands with sixteen calls each take their time on a machine that others use.
                send_all(wechat.base, lease_s=3.0)
                time.sleep(0.02)

        hands = [Fork(make_app, act) for _ in range(HANDS)]
        for _ in range(KILLS):
            time.sleep(chance.uniform(0.0, 0.06))
            place = chance.randrange(HANDS)
            hands[place].kill()
            hands[place] = Fork(make_app, act)
        wait_until(lambda: not _waiting(), within_s=120, what="every message has an end")
        for hand in hands:
            hand.kill()

        assert {row.state for row in messages()} == {"sent"}
        assert len(wechat.delivered) == MESSAGES
        assert set(wechat.delivered.values()) == {1}
        assert wechat.calls > MESSAGES

    def test_without_an_id_of_ours_some_would_be_told_twice(
        self, app: Flask, make_app: MakeApp, wechat: WeChat, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The control: the stage can show the fault."""
        wechat.loses = 0.2
        queue_messages(40)
        tries = iter(range(10**6))
        monkeypatch.setattr(calling, "client_msg_id", lambda key: f"{key}:{next(tries)}")
        monkeypatch.setattr(ending, "after_failure", _hastily(after_failure))

        wait_until(
            lambda: not (send_all(wechat.base) or _waiting()), within_s=120, what="all is sent"
        )

        assert max(wechat.delivered.values()) > 1


def _hastily(decide: Callable[..., Any]) -> Callable[..., Any]:
    """Keep the decision and shorten its pause."""

    def decided(*arguments: Any, **options: Any) -> Any:
        decision = decide(*arguments, **options)
        return type(decision)(decision.state, min(decision.retry_in_s, 0.05))

    return decided


def _waiting() -> list[int]:
    return [row.id for row in messages() if row.state == leases.PENDING]


class TestASleeper:
    """Row "SIGSTOP, then CONT": a worker that is stopped in its call and wakes when another has done its work."""

    def test_changes_nothing_when_it_wakes(
        self, app: Flask, make_app: MakeApp, wechat: WeChat
    ) -> None:
        queue_messages(1)
        close_connections()
        wechat.gate = threading.Event()
        sleeper = Fork(make_app, lambda: send_all(wechat.base, lease_s=2.0))
        assert wechat.at_the_gate.wait(60)
        sleeper.signal(signal.SIGSTOP)
        gate, wechat.gate = wechat.gate, None
        wait_until(
            lambda: bool(send_all(wechat.base)), within_s=60, what="the sleeper's lease has ended"
        )
        [done] = messages()

        gate.set()
        sleeper.signal(signal.SIGCONT)

        assert sleeper.ended() == 0
        [row] = messages()
        assert (row.state, row.fence, row.attempts) == ("sent", 2, 2)
        assert _columns(row) == _columns(done)
        assert wechat.delivered.total() == 1


def _columns(row: Message) -> dict[str, object]:
    return {column.key: getattr(row, column.key) for column in Message.__table__.columns}


class TestADeathBetweenCommitAndBell:
    """Row "kill -9, after commit before doorbell": the row is there, the bell was never rung, the relay finds it."""

    def test_is_found_by_the_relay(self, app: Flask, make_app: MakeApp, wechat: WeChat) -> None:
        close_connections()

        def act() -> None:
            current_app.extensions["doorbell.on_commit"] = die
            with transaction() as db:
                kernel_db.ring_after_commit(db, "messages")
                db.add(
                    Message(
                        dedupe_key="M1:B1",
                        kind="M1",
                        openid="oMember",
                        about="booking:B1",
                        fields={},
                        path="/c/bookings/B1",
                        made_at=MONDAY_NINE,
                    )
                )

        assert Fork(make_app, act).ended() == -signal.SIGKILL

        drain = Drain(jobs.messages_due, lambda: send_all(wechat.base))
        bell = app.extensions["doorbell.bell"]
        relay.run({"messages": drain}, [], bell, should_stop=lambda: wechat.calls > 0)

        assert wechat.delivered.total() == 1
