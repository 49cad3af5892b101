"""One launcher for all processes of the house, in one thread and the standard library.

Each process leads a session of its own, dies with the launcher, speaks through prefixed
lines and is restarted when it dies.
"""

import contextlib
import ctypes
import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import TextIO

QUICK_S = 10.0
QUICK_FAILURES_MAX = 5
BACKOFF_S_MAX = 15.0
READY_S_MAX = 60.0
STOP_S_MAX = 8.0
LINE_BYTES_MAX = 16_384

_TURN_S = 0.05
_PR_SET_PDEATHSIG = 1
_COLOURS = (36, 33, 35, 32, 34, 96, 93, 95)


class Failed(Exception):
    """A process did not do what was needed of it."""


class Stopped(Exception):
    """The person asked to stop while something was still starting."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """One process: its name in the log, its command, and how to see that it serves.

    Without `is_ready` it counts as ready as soon as it lives. When an essential program
    is given up, the launcher ends.
    """

    name: str
    command: Sequence[str]
    is_ready: Callable[[], bool] | None = None
    is_essential: bool = True
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class _Child:
    program: Program
    colour: int
    # Those that began together end together.
    group: int
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    restart_at: float | None = None
    quick_failures: int = 0
    unfinished_line: bytes = b""


class Launcher:
    """Starts programs, keeps them alive, stops them in reverse order."""

    def __init__(
        self, *, environment: Mapping[str, str], folder: Path, output: TextIO = sys.stdout
    ) -> None:
        self._environment = dict(environment)
        self._folder = folder
        self._output = output
        self._children: list[_Child] = []
        self._selector = selectors.DefaultSelector()
        self._groups_begun = 0
        self._times_asked = 0
        self._given_up = ""

    def listen_to_signals(self) -> None:
        """Take Ctrl-C, SIGTERM and a closed terminal as the wish to stop."""
        for wish in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(wish, self._ask_to_stop)

    def run(self, program: Program) -> None:
        """Run a program to its end. Raises Failed unless it ends well, Stopped when asked to."""
        self.begin(program)
        child = self._children[-1]
        while self._is_alive(child):
            self._turn()
            self._check_not_asked()
        code = child.process.returncode if child.process else None
        self._bury(child)
        self._children.remove(child)
        if code:
            raise Failed(f"{program.name}: exit code {code}")

    def begin(self, *programs: Program) -> None:
        """Start programs side by side and do not wait for them."""
        self._groups_begun += 1
        for program in programs:
            self._spawn(self._add(program))

    def wait_for(self, *programs: Program) -> None:
        """Wait until these programs, which have begun, are ready.

        Raises Failed when one ends first or is not ready within READY_S_MAX; Stopped.
        """
        deadline = time.monotonic() + READY_S_MAX
        for child in self._children:
            if child.program in programs:
                self._wait_until_ready(child, deadline)

    def watch(self) -> int:
        """Keep all programs alive until somebody asks to stop or an essential one is given up.

        Return 0 or, when one was given up, 1.
        """
        while not self._times_asked and not self._given_up:
            self._turn()
            for child in self._children:
                self._revive(child)
        return 1 if self._given_up else 0

    def stop(self) -> None:
        """Stop all programs, those that began last first; a second wish to stop kills them."""
        self._times_asked = max(self._times_asked, 1)
        for group in range(self._groups_begun, 0, -1):
            self._end([child for child in self._children if child.group == group])
        self._children.clear()

    # --- one child ---

    def _add(self, program: Program) -> _Child:
        colour = _COLOURS[len(self._children) % len(_COLOURS)]
        child = _Child(program=program, colour=colour, group=self._groups_begun)
        self._children.append(child)
        return child

    def _spawn(self, child: _Child) -> None:
        child.restart_at = None
        child.started_at = time.monotonic()
        child.process = subprocess.Popen(
            child.program.command,
            cwd=self._folder,
            env={**self._environment, **child.program.environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            # Safe here: the launcher has one thread.
            preexec_fn=leash(os.getpid()),  # noqa: PLW1509
        )
        pipe = _pipe_of(child)
        os.set_blocking(pipe, False)
        self._selector.register(pipe, selectors.EVENT_READ, child)

    def _wait_until_ready(self, child: _Child, deadline: float) -> None:
        is_ready = child.program.is_ready
        while is_ready is not None and not is_ready():
            self._turn()
            self._check_not_asked()
            if not self._is_alive(child):
                raise Failed(f"{child.program.name} ended before it was ready")
            if time.monotonic() > deadline:
                raise Failed(f"{child.program.name} was not ready within {READY_S_MAX:.0f} s")

    def _revive(self, child: _Child) -> None:
        """Restart a dead child after a pause that doubles, or give it up."""
        now = time.monotonic()
        if child.process is not None:
            if self._is_alive(child):
                return
            code = child.process.returncode
            self._bury(child)
            child.quick_failures = (
                child.quick_failures + 1 if now - child.started_at < QUICK_S else 1
            )
            self._plan_restart(child, code, now)
        elif child.restart_at is not None and now >= child.restart_at:
            self._spawn(child)

    def _plan_restart(self, child: _Child, code: int, now: float) -> None:
        if child.quick_failures >= QUICK_FAILURES_MAX:
            self._say(child, f"ended (code {code}) {child.quick_failures} times at once: given up")
            if child.program.is_essential:
                self._given_up = child.program.name
            return
        pause_s = min(BACKOFF_S_MAX, 0.25 * 2**child.quick_failures)
        child.restart_at = now + pause_s
        self._say(child, f"ended (code {code}), starts again in {pause_s:g} s")

    def _end(self, children: Sequence[_Child]) -> None:
        running = [child for child in children if child.process is not None]
        for child in running:
            assert child.process is not None
            child.process.send_signal(signal.SIGTERM)
        deadline = time.monotonic() + STOP_S_MAX
        while any(map(self._is_alive, running)) and time.monotonic() < deadline:
            if self._times_asked > 1:
                break
            self._turn()
        for child in running:
            self._bury(child)

    def _bury(self, child: _Child) -> None:
        """Kill what is left of the child's session, print its last words, forget it."""
        assert child.process is not None
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(child.process.pid, signal.SIGKILL)
        child.process.wait()
        self._forward(child)
        pipe = child.process.stdout
        with contextlib.suppress(KeyError):
            self._selector.unregister(_pipe_of(child))
        if pipe is not None:
            pipe.close()
        if child.unfinished_line:
            self._say(child, _text(child.unfinished_line))
        child.unfinished_line = b""
        child.process = None

    # --- the loop ---

    def _turn(self) -> None:
        """Wait a moment for output and pass it on."""
        if not self._selector.get_map():
            time.sleep(_TURN_S)
            return
        for key, _events in self._selector.select(timeout=_TURN_S):
            self._forward(key.data)

    def _forward(self, child: _Child) -> None:
        pipe = _pipe_of(child)
        while True:
            try:
                chunk = os.read(pipe, LINE_BYTES_MAX)
            except BlockingIOError:
                return
            if not chunk:
                with contextlib.suppress(KeyError):
                    self._selector.unregister(pipe)
                return
            *lines, rest = (child.unfinished_line + chunk).split(b"\n")
            for line in lines:
                self._say(child, _text(line))
            if len(rest) > LINE_BYTES_MAX:
                self._say(child, _text(rest))
                rest = b""
            child.unfinished_line = rest

    def _say(self, child: _Child, words: str) -> None:
        name = f"{child.program.name:<9}│"
        if self._output.isatty():
            name = f"\x1b[{child.colour}m{name}\x1b[0m"
        # A closed terminal must not keep the house from stopping in order.
        with contextlib.suppress(OSError):
            print(name, words, file=self._output, flush=True)

    def _is_alive(self, child: _Child) -> bool:
        return child.process is not None and child.process.poll() is None

    def _ask_to_stop(self, _signal: int, _frame: FrameType | None) -> None:
        self._times_asked += 1

    def _check_not_asked(self) -> None:
        if self._times_asked:
            raise Stopped


def _pipe_of(child: _Child) -> int:
    assert child.process is not None
    assert child.process.stdout is not None
    return child.process.stdout.fileno()


def _text(line: bytes) -> str:
    return line.decode("utf-8", errors="replace").rstrip("\r")


def leash(launcher: int, *, last_signal: signal.Signals = signal.SIGTERM) -> Callable[[], None]:
    """Return what a new child does first: ask the kernel to signal it when the launcher dies.

    For Popen's preexec_fn; where the kernel cannot do this, nothing is asked.
    """
    libc = ctypes.CDLL(None, use_errno=True)

    def hold() -> None:
        if hasattr(libc, "prctl"):
            libc.prctl(_PR_SET_PDEATHSIG, last_signal)
            if os.getppid() != launcher:  # it died before the kernel was asked
                os._exit(1)
        # A shell may have told us to ignore these; a child must hear them.
        for wish in (signal.SIGINT, signal.SIGHUP):
            signal.signal(wish, signal.SIG_DFL)

    return hold
