"""Processes of the house that a bench kills at any moment.

They come of a fork server, which imports the house once: as fresh as new processes, and cheap.
"""

import contextlib
import multiprocessing
import os
import signal
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from app import FACES, create_app
from scripts.bench.killing import house
from scripts.launcher import leash

END_S_MAX = 90

# What a hand does in an app of its own until it is killed; it is told its number.
Work = Callable[[int], None]


class Hand:
    """One such process, to be killed at any moment."""

    def __init__(self, work: Work, number: int, surroundings: Mapping[str, str], log: Path) -> None:
        context = multiprocessing.get_context("forkserver")
        faces = (face.split(":")[0] for face in FACES)
        context.set_forkserver_preload([__name__, work.__module__, *faces])
        told = (work, number, surroundings, log)
        self._process = context.Process(target=_live, args=told, daemon=True)
        self._process.start()

    def kill(self) -> None:
        """kill -9, and bury it."""
        self._process.kill()
        self._process.join(END_S_MAX)


@contextlib.contextmanager
def hands(
    work: Work, surroundings: Mapping[str, str], *, log: Path
) -> Iterator[Callable[[], Hand]]:
    """Give what starts a hand; all that were started end with the block."""
    started: list[Hand] = []

    def start() -> Hand:
        started.append(Hand(work, len(started), surroundings, log))
        return started[-1]

    try:
        yield start
    finally:
        for hand in started:
            hand.kill()


def _live(work: Work, number: int, surroundings: Mapping[str, str], log: Path) -> None:
    leash(os.getppid(), last_signal=signal.SIGKILL)()
    with log.open("ab") as out:
        os.dup2(out.fileno(), 1)
        os.dup2(out.fileno(), 2)
    with create_app(house.settings_of(surroundings)).app_context():
        work(number)
