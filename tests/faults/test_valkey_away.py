"""The doorbell is missing, forgets, hangs and dies: bookings go on and everybody hears once.

Rows "Redis down, web", "Redis down, workers" and "FLUSHALL, restart without data", with the house's own processes: web, relay and a worker, over one SQLite file.
"""

import functools
import hashlib
import os
import signal
import statistics
import time
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from pathlib import Path

import pytest
import requests
from flask import Flask
from sqlalchemy import func, select

from booking.operations import bookings
from dispatch import live, queries
from dispatch.operations import roster
from dispatch.planner.problem import Window
from kernel.actor import Actor
from kernel.clock import SystemClock, local_date, wall_s
from kernel.db import transaction
from kernel.leases import PENDING
from kernel.outbox import OutboxRow
from kernel.queue import CALL_MAX_S
from notifications.models import Message
from scripts.bootstrap import PYTHON
from scripts.killable import programs
from scripts.processes import answers_http, flask_command
from tests.faults.wechat import WeChat
from tests.house import (
    HOUR_S,
    NORTH,
    a_branch,
    a_draft,
    a_member,
    a_service,
    an_app,
    close_connections,
    empty_tables,
    environment_for,
)
from tests.integration.gateways.serving import Platform
from tests.patience import wait_until
from tests.servers import ValkeyServer, a_free_port

BOOKINGS = 30
TRIES_MAX = 10
CLOCK = SystemClock()
# What the relay needs without a bell: twice its patience, for the event and for the message.
RELAY_PATIENCE_S = 6.0
HEARD_S_MAX = 90.0
# What a machine that others use too may add.
SLOW_S = 10.0


@pytest.fixture
def wechat() -> Iterator[WeChat]:
    with Platform() as platform:
        yield WeChat(platform)


@pytest.fixture
def valkey() -> Iterator[ValkeyServer]:
    """A Valkey that is not started yet."""
    server = ValkeyServer()
    yield server
    server.stop()


@pytest.fixture
def surroundings(
    sqlite_url: str, valkey: ValkeyServer, wechat: WeChat, tmp_path: Path
) -> dict[str, str]:
    changes = {"REDIS_URL": valkey.url, "WECHAT_API_BASE": wechat.base}
    return {**os.environ, **environment_for(sqlite_url, data_dir=tmp_path), **changes}


@pytest.fixture
def town(sqlite_url: str, surroundings: Mapping[str, str], tmp_path: Path) -> Iterator[Flask]:
    """The app of this process, which books; its town has room for BOOKINGS tomorrow."""
    changes = {name: surroundings[name] for name in ("REDIS_URL", "WECHAT_API_BASE")}
    made = an_app(sqlite_url, data_dir=tmp_path, **changes)
    with made.app_context():
        empty_tables()
        with transaction() as db:
            branch_id = a_branch(db)
            for number in range(5):
                technician = roster.add_technician(
                    db,
                    branch_id=branch_id,
                    work_number=f"QD{number}",
                    name="王建国",
                    phone="13900000000",
                    home=NORTH,
                    skills={"air": 1},
                )
                roster.add_shift(
                    db,
                    technician=technician,
                    day=the_day(),
                    opens_s=8 * HOUR_S,
                    shuts_s=18 * HOUR_S,
                )
            a_service(db, work_s=HOUR_S)
        yield made
        close_connections()


@functools.cache
def the_day() -> date:
    """Return the day for which all is booked, also when midnight comes meanwhile."""
    return local_date(CLOCK.now()) + timedelta(days=1)


def book(number: int) -> float:
    """Let a new member book the first window there is; return the seconds of his two clicks."""
    now = CLOCK.now()
    with transaction() as db:
        member: Actor = a_member(db, openid=f"oMember{number:021d}", now=now)
        draft = a_draft(db, by=member, now=now)
    with transaction(reads_only=True) as db:
        offers = live.find(
            db,
            branch_id=1,
            shape=live.VisitShape(point=NORTH, work_s=HOUR_S, skill="air"),
            now=now,
            days=2,
        )
    window: Window = next(offer.window for offer in offers if offer.day == the_day())
    began_s = time.monotonic()
    with transaction() as db:
        held = bookings.hold(
            db, draft_number=draft, day=the_day(), window=window, by=member, now=now
        )
    with transaction() as db:
        bookings.commit(db, number=held.number, by=member, now=now)
    return time.monotonic() - began_s


def heard(wechat: WeChat) -> int:
    """Return how many have heard, once what was sent is written down too."""
    with transaction(reads_only=True) as db:
        open_rows = select(func.count()).select_from(Message).where(Message.state == PENDING)
        return len(wechat.delivered) if db.scalar(open_rows) == 0 else -1


def check_everybody_heard_once(wechat: WeChat, *, count: int) -> None:
    assert set(wechat.delivered.values()) == {1}
    with transaction(reads_only=True) as db:
        states = db.execute(
            select(Message.kind, Message.state, func.count()).group_by("kind", "state")
        )
        left = db.scalars(select(OutboxRow.name).where(OutboxRow.state != "done")).all()
        visits = queries.visits_in_routes(db, branch_id=1, day=the_day())
    assert [tuple(row) for row in states] == [("M1", "sent", count)]
    assert (left, len(visits)) == ([], count)


class TestAbsentFromTheStart:
    def test_the_relay_alone_does_all_the_work(
        self,
        town: Flask,
        surroundings: Mapping[str, str],
        wechat: WeChat,
        valkey: ValkeyServer,
        tmp_path: Path,
    ) -> None:
        with programs(surroundings, log=tmp_path / "house.log") as start:
            relay, worker = start(flask_command("relay")), start(flask_command("worker messages"))
            for number in range(BOOKINGS - 1):
                book(number)

            wait_until(
                lambda: heard(wechat) == BOOKINGS - 1,
                within_s=HEARD_S_MAX,
                what="everybody has heard",
            )

            # The worker has waited for it, and takes over soon after it has come.
            assert (relay.is_alive(), worker.is_alive()) == (True, True)
            valkey.start()
            for count in range(BOOKINGS, BOOKINGS + TRIES_MAX):
                book(count)
                took_s = wait_until(
                    lambda count=count: heard(wechat) == count,  # type: ignore[misc]  # bound now
                    within_s=HEARD_S_MAX,
                    what="the last heard",
                )
                if took_s < RELAY_PATIENCE_S:
                    break
        assert took_s < RELAY_PATIENCE_S
        check_everybody_heard_once(wechat, count=count)


class TestLostOnTheWay:
    def test_flushed_stopped_killed_and_back_again(
        self,
        town: Flask,
        surroundings: Mapping[str, str],
        wechat: WeChat,
        valkey: ValkeyServer,
        tmp_path: Path,
    ) -> None:
        valkey.start()
        port = a_free_port()
        with programs(surroundings, log=tmp_path / "house.log") as start:
            start(flask_command("relay"))
            worker = start(flask_command("worker messages"))
            start(_web(port))
            wait_until(lambda: answers_http(port, "/healthz") == 200, within_s=120, what="web")
            usual_s = statistics.median(follow(port, n) for n in range(5))

            # It forgets everything.
            booked_s = []
            for number in range(8):
                booked_s.append(book(number))
                if number in (2, 5):
                    valkey.flush()

            # It hangs: each ring costs its cap and no more.
            _signal(valkey, signal.SIGSTOP)
            hung_s = statistics.median(book(number) for number in range(8, 12))
            stopped_s = statistics.median(follow(port, n) for n in range(10, 15))
            _signal(valkey, signal.SIGCONT)

            # It dies, and comes back with nothing of what it knew.
            valkey.kill()
            for number in range(12, 22):
                book(number)
            dead_s = statistics.median(follow(port, n) for n in range(20, 25))
            valkey.start()
            valkey.flush()
            for number in range(22, BOOKINGS):
                book(number)

            wait_until(
                lambda: heard(wechat) == BOOKINGS,
                within_s=HEARD_S_MAX,
                what="everybody heard",
            )
            assert worker.is_alive()

        check_everybody_heard_once(wechat, count=BOOKINGS)
        # Two commits, each of which rings once.
        assert hung_s < 3 * statistics.median(booked_s) + 2 * CALL_MAX_S + SLOW_S
        assert stopped_s < 3 * usual_s + CALL_MAX_S + SLOW_S
        assert dead_s < 3 * usual_s + SLOW_S


def follow(port: int, number: int) -> float:
    """Let a person follow, as WeChat tells `web` of it; return the seconds until the answer."""
    timestamp, nonce = str(int(wall_s())), f"nonce{number}"
    signed = "".join(sorted(["token-of-tests", timestamp, nonce]))
    query = {
        "timestamp": timestamp,
        "nonce": nonce,
        "signature": hashlib.sha1(signed.encode(), usedforsecurity=False).hexdigest(),
    }
    body = (
        "<xml><ToUserName>gh_1</ToUserName>"
        f"<FromUserName>oFollower{number:019d}</FromUserName>"
        f"<CreateTime>{timestamp}</CreateTime>"
        "<MsgType>event</MsgType><Event>subscribe</Event><EventKey></EventKey></xml>"
    )
    began_s = time.monotonic()
    answer = requests.post(
        f"http://127.0.0.1:{port}/wechat/callback", params=query, data=body.encode(), timeout=60
    )
    took_s = time.monotonic() - began_s
    assert (answer.status_code, "门铃到家" in answer.text) == (200, True)
    return took_s


def _signal(server: ValkeyServer, number: signal.Signals) -> None:
    assert server.process is not None
    os.kill(server.process.pid, number)


def _web(port: int) -> list[str]:
    words = f"-m gunicorn --bind 127.0.0.1:{port} --worker-class gthread --workers 1 --threads 8"
    return [str(PYTHON), *words.split(), "--no-control-socket", "app:create_app()"]
