"""The bell: rings when it can, costs its cap when it cannot, and says so once."""

import logging
import os
import signal
import time

import pytest
import redis
from flask import Flask

from kernel.queue import CALL_MAX_S, JOB_MAX_S, WAKE, Bell
from tests.servers import ValkeyServer

# What a machine that others use too may add.
SLOW_S = 5.0
QUEUE_OF = {"outbox": "messages", "messages": "messages", "plans": "planner"}


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a bell wait for a machine that is slow to answer: that is not out of order."""
    monkeypatch.setattr("kernel.queue.CALL_MAX_S", 12 * SLOW_S)


def waiting(server_url: str, queue: str) -> int:
    """Return how many wakings wait in the queue."""
    with redis.Redis.from_url(server_url) as line:
        count: int = line.llen(f"rq:queue:{queue}")
        return count


class TestABell:
    @pytest.mark.usefixtures("patient")
    def test_wakes_the_queue_that_hears_it(self, valkey_url: str) -> None:
        bell = Bell(valkey_url, QUEUE_OF)

        bell.ring({"outbox", "plans"})

        assert [waiting(valkey_url, queue) for queue in ("messages", "planner")] == [1, 1]
        assert bell.answers()

    @pytest.mark.usefixtures("patient")
    def test_leaves_no_pickle_behind(self, valkey_url: str) -> None:
        # Who may write to Redis must not be able to run code in a worker.
        Bell(valkey_url, QUEUE_OF).ring({"outbox"})

        with redis.Redis.from_url(valkey_url) as line:
            [job] = list(line.scan_iter("rq:job:*"))
            kept = line.hgetall(job)
        assert kept[b"timeout"] == str(JOB_MAX_S).encode()
        assert WAKE.encode() in b"".join(kept.values())
        assert b"\x80\x04" not in b"".join(kept.values())

    @pytest.mark.parametrize("url", ["", "unix:///nowhere/redis.sock"])
    def test_without_redis_is_silent_at_once(self, url: str) -> None:
        bell = Bell(url, QUEUE_OF)
        began_s = time.monotonic()

        for _ in range(50):
            bell.ring({"outbox"})

        # Each of them alone might take CALL_MAX_S.
        assert time.monotonic() - began_s < 10 * CALL_MAX_S
        assert not bell.answers()

    def test_that_hangs_costs_its_cap(self, own_valkey: ValkeyServer) -> None:
        bell = Bell(own_valkey.url, QUEUE_OF)
        bell.ring({"outbox"})
        assert own_valkey.process is not None
        os.kill(own_valkey.process.pid, signal.SIGSTOP)
        began_s = time.monotonic()

        for _ in range(3):
            bell.ring({"outbox", "messages", "plans"})
        took_s = time.monotonic() - began_s
        os.kill(own_valkey.process.pid, signal.SIGCONT)

        assert 2 * CALL_MAX_S < took_s < 3 * CALL_MAX_S + SLOW_S

    @pytest.mark.usefixtures("patient")
    def test_says_once_that_it_is_out_of_order_and_once_that_it_rings_again(
        self, own_valkey: ValkeyServer, caplog: pytest.LogCaptureFixture
    ) -> None:
        bell = Bell(own_valkey.url, QUEUE_OF)
        with caplog.at_level(logging.WARNING):
            for _ in range(3):
                bell.ring({"outbox"})
            own_valkey.kill()
            for _ in range(3):
                bell.ring({"outbox"})
            own_valkey.start()
            for _ in range(3):
                bell.ring({"outbox"})

        words = [record.getMessage().split(":")[0] for record in caplog.records]
        assert words == ["the doorbell is out of order", "the doorbell rings again"]


def test_every_bell_of_the_house_has_a_queue(app: Flask) -> None:
    import app as joinery  # noqa: PLC0415  # the fixture has the module's name

    assert set(joinery._drains(app)) == set(joinery.QUEUE_OF)
