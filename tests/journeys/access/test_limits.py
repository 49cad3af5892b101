"""How often one may call, with Redis there, away, and too slow."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from statistics import median
from types import SimpleNamespace

import limits.storage.memory
import limits.storage.redis
import limits.strategies
import pytest
from flask import Flask

from faces.chrome.limits import BOOKING, SIGN_IN
from kernel.clock import wall_s
from kernel.db import transaction
from kernel.queue import CALL_MAX_S
from members.operations.sign_ins import FAILURES_MAX
from tests.house import a_member, an_app, close_connections, empty_tables
from tests.journeys.access.people import a_manager
from tests.journeys.console.desk import STEP, Desk
from tests.journeys.consumer.pages import Phone
from tests.patience import WAIT_S
from tests.servers import ValkeyServer

BOOKING_MAX = int(BOOKING.limit.split()[0])
SIGN_IN_MAX = int(SIGN_IN.limit.split()[0])
# Each try is counted, also one that leads to nothing.
TRY = "/c/drafts/D0000000000/windows"
# What a machine that others use too may add.
SLOW_S = 8.0

Make = Callable[..., Flask]


@pytest.fixture(autouse=True)
def _one_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the counts' minute stand: what is counted must not fade while a slow machine counts."""
    at_s = wall_s()
    moment = SimpleNamespace(time=lambda: at_s)
    for module in (limits.storage.memory, limits.storage.redis, limits.strategies):
        monkeypatch.setattr(module, "time", moment)


@pytest.fixture
def make(sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Make]:
    """Return what makes an app that counts calls over the Redis of that address.

    It waits for a Redis that is slow, as a machine may be that others use too, but for a test that
    wants the product's cap.
    """
    with ExitStack() as open_contexts:

        def app_at(redis_url: str = "", *, call_max_s: float = WAIT_S) -> Flask:
            monkeypatch.setattr("kernel.queue.CALL_MAX_S", call_max_s)
            made = an_app(sqlite_url, data_dir=tmp_path, RATE_LIMITS="on", REDIS_URL=redis_url)
            open_contexts.enter_context(made.app_context())
            empty_tables()
            return made

        yield app_at
        close_connections()


def a_phone(app: Flask, number: int = 1) -> Phone:
    with transaction() as db:
        member = a_member(db, openid=f"oTest{number:023d}")
    return Phone(app, member)


def tries(phone: Phone, count: int) -> list[int]:
    return [phone.post(TRY, {"window": "2026-11-24/36000-43200"}).status for _ in range(count)]


class TestBookingTries:
    def test_are_thirty_a_minute_for_a_member(self, make: Make, valkey_url: str) -> None:
        app = make(valkey_url)
        phone, other = a_phone(app), a_phone(app, 2)

        allowed, refused = tries(phone, BOOKING_MAX), phone.post(TRY, {})

        assert allowed == [404] * BOOKING_MAX
        assert refused.status == 429
        assert 1 <= int(refused.answer.headers["Retry-After"]) <= 61
        assert "操作太快了" in refused.text
        # Reading goes on, and so does everybody else.
        assert phone.open("/c/bookings").status == 200
        assert tries(other, 1) == [404]

    def test_are_counted_over_all_processes(self, make: Make, valkey_url: str) -> None:
        here, there = make(valkey_url), make(valkey_url)
        phone = a_phone(here)
        tries(phone, BOOKING_MAX)

        with there.app_context():
            assert tries(Phone(there, phone.member), 1) == [429]


class TestSigningIn:
    def test_is_limited_by_address(self, make: Make) -> None:
        app = make()
        # A step out of its order checks no password, and counts as well.
        steps = [Desk(app).ask("POST", STEP).status_code for _ in range(SIGN_IN_MAX)]

        assert steps == [303] * SIGN_IN_MAX
        assert Desk(app).type_in("nobody").status == 429

    @pytest.mark.parametrize("login", ["meng", "nobody"])
    def test_and_by_login_wherever_one_comes_from_and_whoever_has_it(
        self, make: Make, login: str
    ) -> None:
        app = make()
        a_manager("meng")
        told = [Desk(app).type_in(login, "a wrong password").status for _ in range(FAILURES_MAX)]

        page = Desk(app).type_in(login)

        assert (told, page.status) == ([403] * FAILURES_MAX, 429)
        assert int(page.answer.headers["Retry-After"]) == 15 * 60
        assert page.said("field-password-error") == "试错次数太多，请 15 分钟后再试。"


class TestWithoutRedis:
    def test_calls_are_bounded_all_the_same(self, make: Make, own_valkey: ValkeyServer) -> None:
        app = make(own_valkey.url)
        phone = a_phone(app)
        tries(phone, 3)
        own_valkey.kill()

        told = tries(phone, BOOKING_MAX + 1)

        assert told == [404] * BOOKING_MAX + [429]

    def test_that_hangs_no_call_waits_longer_than_its_cap(
        self, make: Make, own_valkey: ValkeyServer
    ) -> None:
        app = make(own_valkey.url, call_max_s=CALL_MAX_S)
        phone = a_phone(app)
        usual_s = median(_took_s(lambda: tries(phone, 1)) for _ in range(5))
        assert own_valkey.process is not None
        os.kill(own_valkey.process.pid, signal.SIGSTOP)

        stopped_s = median(_took_s(lambda: tries(phone, 1)) for _ in range(5))

        os.kill(own_valkey.process.pid, signal.SIGCONT)
        assert stopped_s < CALL_MAX_S + 3 * usual_s + SLOW_S


def _took_s(act: Callable[[], object]) -> float:
    began_s = time.monotonic()
    act()
    return time.monotonic() - began_s
