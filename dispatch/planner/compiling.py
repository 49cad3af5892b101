"""Compiles the kernel once for all processes; until that is done its source runs as it is.

What numba makes of it lies beside the source under a name that changes with the source, so an
update never meets old code. One process compiles, behind a file lock; the others find the mark it
leaves and load what it made within a moment.
"""

import fcntl
import hashlib
import importlib
import logging
import os
import platform
import subprocess
import sys
import time
from collections.abc import Callable
from functools import cache
from importlib.metadata import version
from pathlib import Path
from threading import Lock, Thread
from typing import Any, TypeVar, cast

F = TypeVar("F", bound=Callable[..., Any])

LOOK_AGAIN_S = 1.0
# Loading costs a second of this process; it is begun once so much was asked of the plain source.
ASKED_MANY = 300
_HERE = Path(__file__).parent
_NAME = "dispatch.planner.kernel"

log = logging.getLogger(__name__)


class _State:
    """Which kernel this process runs, and who is at work on a better one."""

    def __init__(self) -> None:
        self.lock = Lock()
        self.is_compiling = False
        self.plain: Any = None
        self.compiled: Any = None
        self.asked = 0
        self.next_look_s = 0.0
        self.loader: Thread | None = None
        # The process that was asked to compile; it lives on when this one ends.
        self.compiler: subprocess.Popen[bytes] | None = None


_state = _State()


def jit(function: F) -> F:
    """Compile a function of the kernel when it is first called, if the kernel is being compiled.

    Without reference counts, which took six parts of seven of the time: no function of the kernel
    may make an array, as it could never be freed.
    """
    return _compiled(function, inline="never")


def inlined(function: F) -> F:
    """Do as `jit`, and lay the function into those that call it: for what is called at each leg."""
    return _compiled(function, inline="always")


def _compiled(function: F, *, inline: str) -> F:
    if not _state.is_compiling:
        return function
    import numba  # noqa: PLC0415 - half a second that only who plans should pay

    # A day and its routes are some six hundred words, which a call would push one by one: that took
    # two parts of five of the time.
    options: dict[str, Any] = {"cache": True, "nogil": True, "_nrt": False}
    options |= {"inline": inline, "forceinline": True}
    compiled: Any = numba.njit(**options)(function)
    return cast(F, compiled)


def kernel() -> Any:
    """Return the kernel: its plain source until the compiled one is there.

    Who asks often has what was compiled loaded in the background, as that takes a second; where
    nobody has compiled it yet, a process of its own is begun for that.
    """
    if _state.compiled is None:
        _state.asked += 1
        if _state.asked >= ASKED_MANY and time.monotonic() >= _state.next_look_s:
            _state.next_look_s = time.monotonic() + LOOK_AGAIN_S
            _get_better()
    if _state.compiled is None and _state.plain is None:
        with _state.lock:
            _state.plain = _loaded(is_compiled=False)
    return _state.compiled or _state.plain


def _get_better() -> None:
    """Load what was compiled, or have it compiled."""
    if is_warm():
        if _state.loader is None:
            _state.loader = Thread(target=load, daemon=True)
            _state.loader.start()
    elif _state.compiler is None:
        command = [sys.executable, "-m", "dispatch.planner.warming"]
        _state.compiler = subprocess.Popen(command, cwd=_HERE.parent.parent)


def load() -> None:
    """Load the compiled kernel now, if there is one: for who has much to do with it."""
    with _state.lock:
        if _state.compiled is None and is_warm():
            _state.compiled = _loaded(is_compiled=True)


def is_warm() -> bool:
    """Tell whether the kernel has been compiled for this source and this Python."""
    return mark().exists()


def compile_once(exercise: Callable[[], None]) -> None:
    """Compile what `exercise` calls of the kernel, unless that is done; wait for who is at it.

    For a process of its own: whatever runs beside it would wait for the compiler.
    """
    folder().mkdir(parents=True, exist_ok=True)
    with (folder() / "lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        if is_warm():
            return
        began_s = time.monotonic()
        _state.compiled = _loaded(is_compiled=True)
        exercise()
        mark().touch()
        log.info("compiled the planner's kernel in %.1f s", time.monotonic() - began_s)


def mark() -> Path:
    return folder() / "done"


@cache
def folder() -> Path:
    """Return where the compiled kernel lies: beside its source, or in a place of this user's.

    Its name goes by all that compiling depends on.
    """
    digest = hashlib.sha256(f"{sys.version} {version('numba')} {_processor()}".encode())
    sources = (Path(__file__), _HERE / "arrays.py", *sorted((_HERE / "kernel").glob("*.py")))
    for source in sources:
        digest.update(source.read_bytes())
    name = f"kernel-{digest.hexdigest()[:16]}"
    beside = _HERE / "__pycache__"
    if os.access(_HERE, os.W_OK):
        beside.mkdir(exist_ok=True)
    if os.access(beside, os.W_OK):
        return beside / name
    # Nobody else may write there: what is read from it is run.
    home = os.environ.get("XDG_CACHE_HOME") or Path("~/.cache").expanduser()
    return Path(home) / "doorbell" / name


def _processor() -> str:
    """Return what compiled code depends on: a folder may move to another machine."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    told = {line for line in lines if line.startswith(("model name", "flags", "Features"))}
    return platform.machine() + "".join(sorted(told))


def _loaded(*, is_compiled: bool) -> Any:
    """Import the kernel anew, beside the one that is there."""
    if is_compiled:
        os.environ["NUMBA_CACHE_DIR"] = str(folder())
    for name in [n for n in sys.modules if n.startswith(_NAME)]:
        del sys.modules[name]
    _state.is_compiling = is_compiled
    try:
        return importlib.import_module(_NAME)
    finally:
        _state.is_compiling = False
