"""Threads that carry what waits in the store to the account's server.

Threads are few and fixed and what waits stands in the store: nothing grows when the server is slow.
"""

import logging
import sqlite3
import threading
import time

from sandbox.store import Store

_POLL_S = 0.2
_SETTLE_POLL_S = 0.02
_LEASE_SPARE_S = 10.0

log = logging.getLogger(__name__)


class Carrier:
    """The threads of one kind of delivery. A subclass says what is carried, and how."""

    def __init__(self, name: str, memory: Store, *, threads: int, try_s: float) -> None:
        """`try_s`: how long one try may take."""
        self._name = name
        self._memory = memory
        self._count = threads
        self._try_s = try_s
        self._bell = threading.Condition()
        self._stopping = False
        self._threads: list[threading.Thread] = []

    @property
    def lease_s(self) -> float:
        """How long what is being carried is nobody else's."""
        return 2 * self._try_s + _LEASE_SPARE_S

    def start(self) -> None:
        """Take up what an earlier life left waiting, and wait for more."""
        with self._memory.transaction() as db:
            self._release(db)
        for number in range(self._count):
            thread = threading.Thread(target=self._run, name=f"{self._name}-{number}", daemon=True)
            thread.start()
            self._threads.append(thread)

    def stop(self) -> None:
        """End the threads; a try under way is finished first."""
        self._stopping = True
        self.ring()
        for thread in self._threads:
            thread.join(self.lease_s)

    def ring(self) -> None:
        """Say that something may be due; to be called after the commit."""
        with self._bell:
            self._bell.notify_all()

    def wait_until_settled(self, *, timeout_s: float) -> bool:
        """Wait until nothing is left to carry now; False when `timeout_s` went by first."""
        until_s = time.monotonic() + timeout_s
        while True:
            with self._memory.reading() as db:
                if self._is_settled(db):
                    return True
            if time.monotonic() >= until_s:
                return False
            time.sleep(_SETTLE_POLL_S)

    def _release(self, db: sqlite3.Connection) -> None:
        """Make what an earlier life had under way due now."""
        raise NotImplementedError

    def _is_settled(self, db: sqlite3.Connection) -> bool:
        raise NotImplementedError

    def _carry_one(self) -> bool:
        """Carry one thing that is due; return whether there was one."""
        raise NotImplementedError

    def _run(self) -> None:
        while not self._stopping:
            try:
                if self._carry_one():
                    continue
            except Exception:
                # The thread's outermost loop: one bad delivery must not silence the account. Its
                # lease runs out and it is tried again.
                log.exception("%s could not deliver", self._name)
            with self._bell:
                if not self._stopping:
                    self._bell.wait(_POLL_S)
