"""Several threads' small writes in one: while one commits, the others gather for the next.

A commit waits for the disk, and SQLite has one writer. Whoever comes first writes for all who wait.
"""

import logging
import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

log = logging.getLogger(__name__)

T = TypeVar("T")
R = TypeVar("R")

TOGETHER_MAX = 64


@dataclass(slots=True)
class _Waiting(Generic[T, R]):
    item: T
    is_taken: bool = False
    # What came of it, once it is written with others.
    results: tuple[R, ...] = ()


class Together(Generic[T, R]):
    """Writes items in groups, each in the thread of one of those who brought them."""

    def __init__(self, write: Callable[[Sequence[T]], Sequence[R]]) -> None:
        """`write` keeps all of its items or none, and says of each what came of it."""
        self._write = write
        self._waiting: deque[_Waiting[T, R]] = deque()
        self._pen = threading.Lock()

    def write(self, item: T) -> R:
        """Return what came of the item, once it is written. Raises what `write` raises for it alone."""
        mine: _Waiting[T, R] = _Waiting(item)
        self._waiting.append(mine)
        with self._pen:
            while not mine.is_taken:
                self._write_group()
            # Nobody waited with it, or the group failed: nobody pays for what another one brought.
            return (mine.results or self._write([item]))[0]

    def _write_group(self) -> None:
        """Take those who have waited longest, and write them when they are several."""
        group = [self._waiting.popleft() for _ in range(min(len(self._waiting), TOGETHER_MAX))]
        for one in group:
            one.is_taken = True
        if len(group) == 1:
            return
        try:
            results = self._write([one.item for one in group])
        except Exception:
            log.exception("a group was not written: each tries alone")
            return
        for one, result in zip(group, results, strict=True):
            one.results = (result,)
