"""Processes that send messages for ever, and in which time runs faster: pauses, leases, nine minutes.

They come of a fork server, which imports the house once: as fresh as new processes, and cheap.
"""

import contextlib
import multiprocessing
import os
import signal
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from app import FACES, create_app, wake
from notifications import ending, jobs, sending
from scripts.bench.killing import house
from scripts.launcher import leash

# WeChat's ten minutes are thirty seconds: the minute between nine and ten is still three.
FASTER = 20.0
END_S_MAX = 90


class Hand:
    """One such process, to be killed at any moment."""

    def __init__(self, surroundings: Mapping[str, str], log: Path) -> None:
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload([__name__, *(face.split(":")[0] for face in FACES)])
        self._process = context.Process(target=_send, args=(surroundings, log), daemon=True)
        self._process.start()

    def kill(self) -> None:
        """kill -9, and bury it."""
        self._process.kill()
        self._process.join(END_S_MAX)


@contextlib.contextmanager
def hands(surroundings: Mapping[str, str], *, log: Path) -> Iterator[Callable[[], Hand]]:
    """Give what starts a hand; all that were started end with the block."""
    started: list[Hand] = []

    def start() -> Hand:
        started.append(Hand(surroundings, log))
        return started[-1]

    try:
        yield start
    finally:
        for hand in started:
            hand.kill()


def _send(surroundings: Mapping[str, str], log: Path) -> None:
    leash(os.getppid(), last_signal=signal.SIGKILL)()
    with log.open("ab") as out:
        os.dup2(out.fileno(), 1)
        os.dup2(out.fileno(), 2)
    jobs.LEASE_S /= FASTER
    sending.NINE_MINUTES_S /= FASTER
    setattr(ending, "after_failure", _hastily(sending.after_failure))  # noqa: B010  # mypy: not exported
    with create_app(house.settings_of(surroundings)).app_context():
        while True:
            if not wake("messages"):
                time.sleep(0.05)


def _hastily(decide: Callable[..., sending.Decision]) -> Callable[..., sending.Decision]:
    def decided(*arguments: Any, **options: Any) -> sending.Decision:
        decision = decide(*arguments, **options)
        return sending.Decision(decision.state, decision.retry_in_s / FASTER)

    return decided
