"""The relay: finds work in the database, rings for it, and does it itself when nobody comes."""

import logging
import signal
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import FrameType

from kernel.clock import Clock
from kernel.queue import Bell

log = logging.getLogger(__name__)

LOOK_EVERY_S = 1.0
GRACE_S = 3.0
# How long the relay stays with one kind of work before it looks at the others.
TURN_S = 5.0
# A clock that went another way than the machine's steady one by more than this was set.
SET_S = 5.0


@dataclass(frozen=True, slots=True)
class Drain:
    """One kind of waiting work: is there any, and do some of it (returns how many)."""

    is_due: Callable[[], bool]
    work: Callable[[], int]
    # How long work may lie after the bell was rung before the relay does it itself.
    grace_s: float = GRACE_S


@dataclass(slots=True)
class Periodic:
    """Something to be done again and again; safe to repeat and to skip."""

    name: str
    every_s: float
    work: Callable[[], int]
    next_s: float = field(default=0.0)


def asked_to_stop() -> Callable[[], bool]:
    """Listen for SIGTERM and SIGINT from now on; return what tells whether one has come."""
    asked: list[int] = []

    def on_signal(number: int, _frame: FrameType | None) -> None:
        asked.append(number)

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, on_signal)
    return lambda: bool(asked)


def run(
    drains: Mapping[str, Drain],
    periodics: Sequence[Periodic],
    bell: Bell,
    *,
    should_stop: Callable[[], bool],
    clock: Clock | None = None,
) -> None:
    """Look every LOOK_EVERY_S until told to stop. One failing kind of work never stops the others.

    When `clock` was set, all periodics are due at once: what they look for may be.
    """
    waiting_since_s: dict[str, float] = {}
    watch = _Watch(clock) if clock is not None else None
    while not should_stop():
        for name, drain in drains.items():
            _guarded(name, lambda n=name, d=drain: _look(n, d, bell, waiting_since_s))  # type: ignore[misc]  # bound now
        if watch is not None:
            _guarded("the watch over the clock", lambda w=watch: w.look(periodics))  # type: ignore[misc]  # bound now
        for periodic in periodics:
            if time.monotonic() >= periodic.next_s:
                periodic.next_s = time.monotonic() + periodic.every_s
                _guarded(periodic.name, periodic.work)
        # A clock that is still being set again and again is a city that catches up with it.
        time.sleep(0 if watch is not None and watch.was_set else LOOK_EVERY_S)


class _Watch:
    """Notices when a clock is set: by a hand on the demo's, or while the machine slept."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._ahead_s: float | None = None
        self.was_set = False

    def look(self, periodics: Sequence[Periodic]) -> int:
        """Make all periodics due when the clock was set since the last look; return how many."""
        before_s, self.was_set = self._ahead_s, False
        self._ahead_s = self._clock.now().timestamp() - time.monotonic()
        if before_s is None or abs(self._ahead_s - before_s) <= SET_S:
            return 0
        self.was_set = True
        for periodic in periodics:
            periodic.next_s = 0.0
        return len(periodics)


def _look(name: str, drain: Drain, bell: Bell, waiting_since_s: dict[str, float]) -> int:
    if not drain.is_due():
        waiting_since_s.pop(name, None)
        return 0
    now_s = time.monotonic()
    since_s = waiting_since_s.setdefault(name, now_s)
    if now_s - since_s < drain.grace_s:
        bell.ring({name})
        return 0
    log.info("nobody answers the bell %s: the relay does the work", name)
    # Still waiting until nothing is left: a pile costs one GRACE_S and not one for each batch.
    done = drain.work()
    while time.monotonic() - now_s < TURN_S and (more := drain.work()):
        done += more
    return done


def _guarded(name: str, work: Callable[[], int]) -> None:
    try:
        work()
    except Exception:
        # The relay's outermost loop: it must outlive a database that is away.
        log.exception("%s failed; the relay looks again", name)
