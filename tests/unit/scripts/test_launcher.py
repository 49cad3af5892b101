"""The launcher, tried on real small processes."""

import io
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from scripts import launcher as launcher_module
from scripts.launcher import Failed, Launcher, Program, Stopped

WAIT_S_MAX = 20.0


@pytest.fixture
def output() -> io.StringIO:
    return io.StringIO()


@pytest.fixture
def launcher(tmp_path: Path, output: io.StringIO) -> Iterator[Launcher]:
    launcher = Launcher(environment=dict(os.environ), folder=tmp_path, output=output)
    yield launcher
    launcher.stop()


@pytest.fixture
def listening(launcher: Launcher) -> Iterator[Launcher]:
    """The launcher with the test process's signals in its hands."""
    wishes = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = [signal.getsignal(wish) for wish in wishes]
    launcher.listen_to_signals()
    yield launcher
    for wish, handler in zip(wishes, before, strict=True):
        signal.signal(wish, handler)


def python(name: str, code: str, **more: object) -> Program:
    return Program(name=name, command=[sys.executable, "-S", "-c", code], **more)  # type: ignore[arg-type]  # passed through


def wait_until_exists(path: Path) -> None:
    deadline = time.monotonic() + WAIT_S_MAX
    while not path.exists():
        assert time.monotonic() < deadline, f"{path.name} never appeared"
        time.sleep(0.02)


def is_alive(process_id: int) -> bool:
    """A zombie that nobody has reaped yet counts as dead."""
    try:
        return " Z " not in Path(f"/proc/{process_id}/stat").read_text()
    except FileNotFoundError:
        return False


class TestRun:
    def test_passes_on_each_line_under_the_name(
        self, launcher: Launcher, output: io.StringIO
    ) -> None:
        launcher.run(python("prepare", "print('one'); print('二', end='')"))

        assert output.getvalue() == "prepare  │ one\nprepare  │ 二\n"

    def test_says_which_code_a_program_failed_with(self, launcher: Launcher) -> None:
        with pytest.raises(Failed, match="prepare: exit code 3"):
            launcher.run(python("prepare", "raise SystemExit(3)"))

    def test_kills_what_the_program_left_behind(self, launcher: Launcher, tmp_path: Path) -> None:
        code = (
            "import subprocess, sys, pathlib;"
            "p = subprocess.Popen([sys.executable, '-S', '-c', 'import time; time.sleep(60)']);"
            "pathlib.Path('left').write_text(str(p.pid))"
        )

        launcher.run(python("prepare", code))

        left = int((tmp_path / "left").read_text())
        deadline = time.monotonic() + WAIT_S_MAX
        while is_alive(left) and time.monotonic() < deadline:
            time.sleep(0.02)
        assert not is_alive(left)

    def test_stops_when_asked_to(self, listening: Launcher) -> None:
        os.kill(os.getpid(), signal.SIGTERM)

        with pytest.raises(Stopped):
            listening.run(python("prepare", "import time; time.sleep(60)"))


class TestWaitFor:
    def test_waits_until_the_program_serves(self, launcher: Launcher, tmp_path: Path) -> None:
        flag = tmp_path / "serves"
        code = (
            "import time, pathlib; time.sleep(0.2); pathlib.Path('serves').touch(); time.sleep(60)"
        )
        program = python("web", code, is_ready=flag.exists)

        launcher.begin(program)
        launcher.wait_for(program)

        assert flag.exists()

    def test_fails_when_the_program_ends_first(self, launcher: Launcher) -> None:
        program = python("web", "pass", is_ready=lambda: False)
        launcher.begin(program)

        with pytest.raises(Failed, match="web ended before it was ready"):
            launcher.wait_for(program)

    def test_does_not_wait_for_ever(
        self, launcher: Launcher, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(launcher_module, "READY_S_MAX", 0.2)
        program = python("web", "import time; time.sleep(60)", is_ready=lambda: False)
        launcher.begin(program)

        with pytest.raises(Failed, match="not ready"):
            launcher.wait_for(program)


class TestWatch:
    def test_starts_a_dead_program_again(self, listening: Launcher, tmp_path: Path) -> None:
        # Dies the first time; the second time it asks the launcher to stop.
        code = (
            "import os, pathlib, signal, time; first = pathlib.Path('first')\n"
            "if first.exists(): os.kill(os.getppid(), signal.SIGTERM); time.sleep(60)\n"
            "first.touch(); os.kill(os.getpid(), signal.SIGKILL)"
        )
        listening.begin(python("worker", code))

        assert listening.watch() == 0

        assert (tmp_path / "first").exists()

    def test_gives_an_essential_program_up_after_five_quick_deaths(
        self, launcher: Launcher, output: io.StringIO, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(launcher_module, "BACKOFF_S_MAX", 0.01)
        launcher.begin(python("relay", "raise SystemExit(1)"))

        assert launcher.watch() == 1

        assert output.getvalue().count("starts again") == 4
        assert "5 times at once: given up" in output.getvalue()


class TestStop:
    def test_ends_the_last_one_first(
        self, launcher: Launcher, output: io.StringIO, tmp_path: Path
    ) -> None:
        code = (
            "import pathlib, signal, sys, time\n"
            "def end(*_): print('ends'); sys.exit()\n"
            "signal.signal(signal.SIGTERM, end); pathlib.Path(sys.argv[1]).touch(); time.sleep(60)"
        )
        for name in ("first", "last"):
            command = [sys.executable, "-S", "-u", "-c", code, name]
            launcher.begin(Program(name=name, command=command))
        wait_until_exists(tmp_path / "first")
        wait_until_exists(tmp_path / "last")

        launcher.stop()

        assert output.getvalue().split() == ["last", "│", "ends", "first", "│", "ends"]

    def test_kills_what_does_not_end(
        self, launcher: Launcher, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(launcher_module, "STOP_S_MAX", 0.2)
        code = (
            "import os, pathlib, signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
            "pathlib.Path('id.new').write_text(str(os.getpid())); os.rename('id.new', 'id');"
            "time.sleep(60)"
        )
        launcher.begin(python("deaf", code))
        wait_until_exists(tmp_path / "id")

        launcher.stop()

        assert not is_alive(int((tmp_path / "id").read_text()))

    def test_a_second_wish_does_not_wait(self, listening: Launcher, tmp_path: Path) -> None:
        code = (
            "import pathlib, signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
            "pathlib.Path('deaf').touch(); time.sleep(60)"
        )
        listening.begin(python("deaf", code))
        wait_until_exists(tmp_path / "deaf")
        os.kill(os.getpid(), signal.SIGHUP)
        os.kill(os.getpid(), signal.SIGHUP)
        started = time.monotonic()

        listening.stop()

        assert time.monotonic() - started < launcher_module.STOP_S_MAX / 2


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux ends orphans")
def test_kill_minus_nine_leaves_no_orphan(tmp_path: Path) -> None:
    code = (
        "import sys, pathlib; from scripts.launcher import Launcher, Program\n"
        "child = 'import os, time; print(os.getpid(), flush=True); time.sleep(60)'\n"
        "launcher = Launcher(environment={}, folder=pathlib.Path('/'))\n"
        "launcher.begin(Program(name='web', command=[sys.executable, '-S', '-c', child]))\n"
        "launcher.watch()"
    )
    root = Path(launcher_module.__file__).parent.parent
    with subprocess.Popen(
        [sys.executable, "-c", code], cwd=root, stdout=subprocess.PIPE
    ) as launcher:
        assert launcher.stdout is not None
        guard = threading.Timer(WAIT_S_MAX, launcher.kill)
        guard.start()
        child = int(launcher.stdout.readline().split()[-1])
        guard.cancel()

        launcher.kill()

    deadline = time.monotonic() + WAIT_S_MAX
    while is_alive(child) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not is_alive(child)
