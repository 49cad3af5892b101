"""Children of the test that can be killed, stopped and woken."""

import contextlib
import multiprocessing
import os
import signal
from collections.abc import Callable

from flask import Flask

END_S_MAX = 90


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
