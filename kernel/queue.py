"""Redis and RQ: a doorbell, nothing more.

No work lives here. A bell says "look into the database"; a lost bell costs seconds, because the
relay looks by itself. Every call is capped at CALL_MAX_S and its failure is logged and swallowed.
"""

import logging
import os
from typing import Any

import redis
from redis.exceptions import RedisError
from rq import Queue, SimpleWorker, Worker
from rq.serializers import JSONSerializer

from kernel.db import sa

log = logging.getLogger(__name__)

CALL_MAX_S = 0.2
# What a bell wakes, as RQ names it; app.py defines it and nobody imports app.
WAKE = "app.wake"
JOB_MAX_S = 600
LIVE_CHANNEL = "doorbell:live"


class Bell:
    """Rings bells over one Redis; without an address it is silent."""

    def __init__(self, url: str, queue_of: dict[str, str]) -> None:
        """`queue_of` says for each bell the RQ queue whose workers hear it."""
        self._queue_of = queue_of
        self._redis = _connection(url, CALL_MAX_S) if url else None

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
            log.warning("the doorbell is out of order: %s", error)

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

    With `forks` each job runs in a child of its own, for long solving; without, in this process.
    """
    connection = _connection(url, timeout_s=None)
    kind: type[_ForkingWorker | SimpleWorker] = _ForkingWorker if forks else SimpleWorker
    worker = kind(
        [Queue(queue, connection=connection, serializer=JSONSerializer)],
        connection=connection,
        serializer=JSONSerializer,
        name=f"{queue}-{os.getpid()}",
    )
    worker.work(logging_level="WARNING")


class _ForkingWorker(Worker):
    def main_work_horse(self, *args: Any, **options: Any) -> None:
        # Connections must not be shared across the fork.
        sa.engine.dispose(close=False)
        super().main_work_horse(*args, **options)


def _connection(url: str, timeout_s: float | None) -> "redis.Redis":
    return redis.Redis.from_url(
        url, socket_timeout=timeout_s, socket_connect_timeout=timeout_s or CALL_MAX_S
    )
