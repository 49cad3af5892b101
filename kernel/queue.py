"""Redis and RQ: a doorbell, nothing more.

No work lives here. A bell says "look into the database"; a lost bell costs seconds, because the
relay looks by itself. Every call is capped at CALL_MAX_S and its failure is logged and swallowed.
"""

import itertools
import logging
import os
import signal
import time
from types import FrameType
from typing import Any

import redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry
from rq import Queue, SimpleWorker, Worker
from rq.serializers import JSONSerializer

from kernel.db import sa

log = logging.getLogger(__name__)

CALL_MAX_S = 0.2
# What a bell wakes, as RQ names it; app.py defines it and nobody imports app.
WAKE = "app.wake"
JOB_MAX_S = 600
# How often a worker looks whether Redis has come.
WAIT_STEP_S = 1.0
LIVE_CHANNEL = "doorbell:live"


class Bell:
    """Rings bells over one Redis; without an address it is silent."""

    def __init__(self, url: str, queue_of: dict[str, str]) -> None:
        """`queue_of` says for each bell the RQ queue whose workers hear it."""
        self._queue_of = queue_of
        self._redis = _connection(url, CALL_MAX_S) if url else None
        self._is_out_of_order = False

    def ring(self, bells: set[str]) -> None:
        """Enqueue one waking per bell; failures cost nothing but time."""
        if self._redis is None:
            return
        try:
            for bell in bells:
                self._queue(self._queue_of[bell]).enqueue(
                    WAKE, bell, job_timeout=JOB_MAX_S, result_ttl=0, failure_ttl=3600
                )
            self._redis.publish(LIVE_CHANNEL, "look")
        except RedisError as error:
            # Once: it is rung with every commit.
            if not self._is_out_of_order:
                log.warning("the doorbell is out of order: %s", error)
            self._is_out_of_order = True
        else:
            if self._is_out_of_order:
                log.warning("the doorbell rings again")
            self._is_out_of_order = False

    def answers(self) -> bool:
        """Tell whether Redis is there."""
        if self._redis is None:
            return False
        try:
            return bool(self._redis.ping())
        except RedisError:
            return False

    def _queue(self, name: str) -> Queue:
        assert self._redis is not None
        return Queue(name, connection=self._redis, serializer=JSONSerializer)


def work(url: str, queue: str, *, forks: bool) -> None:
    """Serve one queue until stopped. Only one: with several, RQ loses a job when it is killed.

    With `forks` each job runs in a child of its own, for long solving; without, in this process. While
    Redis is away it waits: the relay does the work meanwhile.
    """
    connection = _connection(url, timeout_s=None)
    kind: type[_ForkingWorker | _PlainWorker] = _ForkingWorker if forks else _PlainWorker
    for life in itertools.count(1):
        _wait_for(connection)
        worker = kind(
            [Queue(queue, connection=connection, serializer=JSONSerializer)],
            connection=connection,
            serializer=JSONSerializer,
            # A Redis that comes back may still know the name of the life before.
            name=f"{queue}-{os.getpid()}-{life}",
        )
        try:
            worker.work(logging_level="WARNING")
        except RedisError as error:
            log.warning("the worker lost Redis: %s", error)
        if worker.was_asked_to_stop:
            return
        # RQ outlives a Redis that dies while it waits for a job, but not within one.
        log.warning("the worker begins anew")


def _wait_for(connection: "redis.Redis") -> None:
    """Return once Redis answers: RQ's worker dies when it is away at the start, and only then."""
    for number in (signal.SIGTERM, signal.SIGINT):
        # RQ takes these over while it works; here they end the process at once.
        signal.signal(number, signal.SIG_DFL)
    is_told = False
    while True:
        try:
            connection.ping()
        except RedisError as error:
            if not is_told:
                log.warning("waiting for Redis: %s", error)
            is_told = True
            time.sleep(WAIT_STEP_S)
        else:
            return


class _Stoppable(Worker):
    """Remembers that somebody asked it to stop: RQ also ends by itself, and says nothing of why."""

    was_asked_to_stop = False

    def request_stop(self, signum: int, frame: FrameType | None) -> None:
        self.was_asked_to_stop = True
        super().request_stop(signum, frame)  # type: ignore[no-untyped-call]  # RQ has half its types


class _PlainWorker(_Stoppable, SimpleWorker):
    """Works in this process."""


class _ForkingWorker(_Stoppable):
    """Works in a child for each job."""

    def main_work_horse(self, *args: Any, **options: Any) -> None:
        # Connections must not be shared across the fork.
        sa.engine.dispose(close=False)
        super().main_work_horse(*args, **options)


def counting_url(url: str) -> str:
    """Return the address in the words of those who count in Redis for us."""
    return url.replace("unix://", "redis+unix://", 1) if url.startswith("unix://") else url


def counting_options() -> dict[str, Any]:
    """Return how they may call it: capped like a bell, and tried once."""
    return {
        "socket_timeout": CALL_MAX_S,
        "socket_connect_timeout": CALL_MAX_S,
        "retry": Retry(NoBackoff(), retries=0),
        "wrap_exceptions": True,
    }


def _connection(url: str, timeout_s: float | None) -> "redis.Redis":
    return redis.Redis.from_url(
        url, socket_timeout=timeout_s, socket_connect_timeout=timeout_s or CALL_MAX_S
    )
