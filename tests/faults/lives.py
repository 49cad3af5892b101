"""Processes that can be killed, stopped and woken: forked from the test, or the house's own."""

import contextlib
import multiprocessing
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from flask import Flask

from scripts.launcher import leash

END_S_MAX = 90
ROOT = Path(__file__).resolve().parents[2]


def wait_until(is_so: Callable[[], bool], *, within_s: float, what: str) -> float:
    """Wait until it is so and return the seconds it took; fail the test after `within_s`."""
    began_s = time.monotonic()
    while not is_so():
        assert time.monotonic() - began_s < within_s, f"not within {within_s} s: {what}"
        time.sleep(0.05)
    return time.monotonic() - began_s


class Fork:
    """A child that does something with an app of its own."""

    def __init__(self, make_app: Callable[[], Flask], act: Callable[[], object]) -> None:
        self._process = multiprocessing.get_context("fork").Process(
            target=_in_app, args=(make_app, act)
        )
        self._process.start()

    def is_alive(self) -> bool:
        return self._process.is_alive()

    def signal(self, number: signal.Signals) -> None:
        """Send it a signal."""
        assert self._process.pid is not None
        with contextlib.suppress(ProcessLookupError):
            os.kill(self._process.pid, number)

    def ended(self) -> int | None:
        """Wait for its end and return how it ended: 0, or minus the signal that ended it."""
        self._process.join(END_S_MAX)
        assert self._process.exitcode is not None, "the child does not end"
        return self._process.exitcode

    def kill(self) -> None:
        """kill -9, and bury it."""
        self.signal(signal.SIGCONT)
        self.signal(signal.SIGKILL)
        self.ended()


def _in_app(make_app: Callable[[], Flask], act: Callable[[], object]) -> None:
    with make_app().app_context():
        act()


class Program:
    """One of the house's own processes, as scripts/run starts it."""

    def __init__(self, command: Sequence[str], environment: Mapping[str, str], log: Path) -> None:
        with log.open("ab") as out:
            self._process = subprocess.Popen(
                command,
                cwd=ROOT,
                env=dict(environment),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                start_new_session=True,
                preexec_fn=leash(os.getpid()),  # noqa: PLW1509 - between fork and exec it only asks the kernel
            )

    def is_alive(self) -> bool:
        return self._process.poll() is None

    def kill(self) -> None:
        """kill -9 of the whole group, and bury it."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait(END_S_MAX)


@contextlib.contextmanager
def programs(
    environment: Mapping[str, str], *, log: Path
) -> Iterator[Callable[[Sequence[str]], Program]]:
    """Give what starts a command of the house; all that were started end with the block."""
    started: list[Program] = []

    def start(command: Sequence[str]) -> Program:
        started.append(Program(command, environment, log))
        return started[-1]

    try:
        yield start
    finally:
        for program in started:
            program.kill()
