"""Several threads' small writes in one: while one commits, the others gather for the next.

A commit waits for the disk, and SQLite has one writer. Whoever comes first writes for all who wait.
"""

import logging
import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

log = logging.getLogger(__name__)

T = TypeVar("T")
R = TypeVar("R")
A = TypeVar("A")

TOGETHER_MAX = 64
# How long who leads waits for as many as there were last time, who are still reading what was sent to
# them. It ends with the last of them: whoever writes while others run hands Python's lock to and fro at
# each statement, and a group of all costs little more than one of half of them.
GATHER_S_MAX = 0.05


@dataclass(slots=True)
class _Waiting(Generic[T, R]):
    # None for who writes by himself.
    item: T | None
    leads: bool = False
    # What came of it, once it is written with others.
    results: tuple[R, ...] = ()
    # Shut until it is his turn: a lock costs a tenth of an Event.
    turn: threading.Lock = field(default_factory=threading.Lock)


class Together(Generic[T, R]):
    """Writes items in groups, each in the thread of one of those who brought them."""

    def __init__(self, write: Callable[[Sequence[T]], Sequence[R]]) -> None:
        """`write` keeps all of its items or none, and says of each what came of it."""
        self._write = write
        self._waiting: deque[_Waiting[T, R]] = deque()
        self._is_led = False
        # How many there were at the end of the last write: written, or come meanwhile.
        self._expected = 1
        # Who leads and waits for those.
        self._gathering: _Waiting[T, R] | None = None
        self._lock = threading.Lock()

    def write(self, item: T) -> R:
        """Return what came of the item, once it is written. Raises what `write` raises for it alone."""
        mine = self._in_turn(item)
        if mine.leads:
            return self._lead(mine, item)
        # Without a result its group failed: nobody pays for what another one brought.
        return (mine.results or self._write([item]))[0]

    def alone(self, act: Callable[[], A]) -> A:
        """Do in its turn what writes by itself, while nobody else of this process does: who only tries
        again and again to be SQLite's one writer may never be it."""
        self._in_turn(None)
        with self._lock:
            self._waiting.popleft()
        try:
            return act()
        finally:
            self._pass_on(())

    def _in_turn(self, item: T | None) -> _Waiting[T, R]:
        """Wait until it leads, or was written by who did."""
        mine: _Waiting[T, R] = _Waiting(item)
        mine.turn.acquire()
        with self._lock:
            self._waiting.append(mine)
            mine.leads, self._is_led = not self._is_led, True
            if self._gathering is not None and len(self._waiting) >= self._expected:
                self._gathering.turn.release()
                self._gathering = None
        if not mine.leads:
            mine.turn.acquire()
        return mine

    def _lead(self, mine: _Waiting[T, R], item: T) -> R:
        """Write for those who wait, first of all for oneself; then the next one leads."""
        others: Sequence[_Waiting[T, R]] = ()
        try:
            group = self._gathered(mine)
            others = group[1:]
            if others:
                self._write_group(group)
            return (mine.results or self._write([item]))[0]
        finally:
            self._pass_on(others)

    def _pass_on(self, done: Sequence[_Waiting[T, R]]) -> None:
        """Let those go on whose turn it was, and the next one lead."""
        with self._lock:
            self._expected = min(1 + len(done) + len(self._waiting), TOGETHER_MAX)
            following = self._waiting[0] if self._waiting else None
            self._is_led = following is not None
            if following is not None:
                following.leads = True
        for one in done:
            one.turn.release()
        if following is not None:
            following.turn.release()

    def _gathered(self, mine: _Waiting[T, R]) -> list[_Waiting[T, R]]:
        """Take those who have waited longest, up to one who writes by himself; who leads is the first."""
        with self._lock:
            waits = len(self._waiting) < self._expected
            self._gathering = mine if waits else None
        if waits and not mine.turn.acquire(timeout=GATHER_S_MAX):
            with self._lock:
                self._gathering = None
        group = [self._waiting.popleft()]
        while self._waiting and self._waiting[0].item is not None and len(group) < TOGETHER_MAX:
            group.append(self._waiting.popleft())
        return group

    def _write_group(self, group: Sequence[_Waiting[T, R]]) -> None:
        try:
            results = self._write([one.item for one in group if one.item is not None])
        except Exception:
            log.exception("a group was not written: each tries alone")
            return
        for one, result in zip(group, results, strict=True):
            one.results = (result,)
