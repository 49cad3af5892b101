"""The house's own processes, as scripts/run starts them, to be killed at any moment."""

import contextlib
import os
import signal
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from scripts.bootstrap import ROOT
from scripts.launcher import leash

END_S_MAX = 90


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

    @property
    def group(self) -> int:
        """The number of its process group, which it leads."""
        return self._process.pid

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
