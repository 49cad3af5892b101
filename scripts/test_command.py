"""scripts/test: makes the clone ready for tests and runs them slice by slice."""

import argparse
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree  # our own pytest wrote what is read

from scripts import bootstrap
from scripts.terminal import Stop, step, table

# In the order they run: what fails soonest comes first.
SLICES = {
    "unit": ("tests/unit", "tests/house"),
    "integration": ("tests/integration", "tests/journeys"),
    "races": ("tests/races", "tests/faults"),
    "properties": ("tests/properties",),
    "browser": ("tests/browser",),
}

# Slices whose files are shared out between two processes; a browser needs the machine whole. So do
# races: they stay together in one process, and beside them the faults, which wait more than they work.
SHARED = {"unit", "integration", "races"}
HANDS = ("--numprocesses=2", "--dist=loadfile")

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
NO_BROWSER = (
    "缺少 Chromium：请安装后再试，例如 sudo apt-get install chromium fonts-noto-cjk\n"
    "The browser tests need Chromium, which is not installed: "
    "sudo apt-get install chromium fonts-noto-cjk"
)

_NO_TESTS = 5  # pytest's exit code
_APT_S_MAX = 600


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What one slice came to."""

    name: str
    took_s: float
    is_good: bool
    passed: int = 0
    failed: int = 0
    skipped: int = 0
    remark: str = ""


def main(arguments: Sequence[str]) -> int:
    """Run the slices asked for, or all; return 0 when every one of them is good."""
    ours, theirs = _split(arguments)
    names = _names(ours)
    print("\n  门铃 Doorbell · 测试 tests\n", flush=True)
    bootstrap.prepare(tools=True)
    if "browser" in names and not has_browser():
        _install_browser()

    outcomes = [_run_slice(name, theirs) for name in names]
    print(f"\n{report(outcomes)}", flush=True)
    return 0 if all(outcome.is_good for outcome in outcomes) and _counted(outcomes) else 1


def report(outcomes: Sequence[Outcome]) -> str:
    """Return the closing table and, in its last line, the sums."""
    rows = [("slice", "result", "seconds", "passed", "failed", "skipped", "")]
    rows += [
        (
            outcome.name,
            "ok" if outcome.is_good else "FAILED",
            f"{outcome.took_s:7.1f}",
            f"{outcome.passed:6}",
            f"{outcome.failed:6}",
            f"{outcome.skipped:7}",
            outcome.remark,
        )
        for outcome in outcomes
    ]
    passed, failed = sum(o.passed for o in outcomes), sum(o.failed for o in outcomes)
    skipped = sum(o.skipped for o in outcomes)
    return f"{table(rows)}\n\n{passed} passed, {failed} failed, {skipped} skipped"


def has_browser() -> bool:
    return any(shutil.which(name) for name in BROWSERS)


def _counted(outcomes: Sequence[Outcome]) -> int:
    return sum(outcome.passed + outcome.failed for outcome in outcomes)


def _split(arguments: Sequence[str]) -> tuple[list[str], list[str]]:
    """Part our arguments from those after `--`, which are pytest's."""
    words = list(arguments)
    at = words.index("--") if "--" in words else len(words)
    return words[:at], words[at + 1 :]


def _names(arguments: Sequence[str]) -> list[str]:
    parser = argparse.ArgumentParser(
        prog="scripts/test",
        usage="scripts/test [slice …] [-- pytest options]",
        description=f"Run the tests. Slices: {', '.join(SLICES)}; all of them when none is named.",
    )
    parser.add_argument("slices", nargs="*", metavar="slice")
    wanted = parser.parse_args(arguments).slices
    for name in wanted:
        if name not in SLICES:
            parser.error(f"there is no slice {name!r}: {', '.join(SLICES)}")
    return [name for name in SLICES if name in wanted or not wanted]


# --- One slice ----------------------------------------------------------------------------


def _run_slice(name: str, options: Sequence[str]) -> Outcome:
    folders = [folder for folder in SLICES[name] if (bootstrap.ROOT / folder).is_dir()]
    print(f"\n── {name} {'─' * (86 - len(name))}", flush=True)
    if not any(_has_tests(bootstrap.ROOT / folder) for folder in folders):
        print("no tests yet", flush=True)
        return Outcome(name=name, took_s=0.0, is_good=True, remark="no tests yet")
    if name == "browser" and not has_browser():
        print(NO_BROWSER, flush=True)
        return Outcome(name=name, took_s=0.0, is_good=False, remark="Chromium is missing")

    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="doorbell-test-") as shelf:
        results = Path(shelf) / "results.xml"
        command = [str(bootstrap.PYTHON), "-m", "pytest", f"--junit-xml={results}"]
        command += HANDS if name in SHARED else ()
        code = subprocess.run(
            [*command, *options, *folders], cwd=bootstrap.ROOT, check=False
        ).returncode
        return _outcome(name, code=code, took_s=time.monotonic() - started, results=results)


def _has_tests(folder: Path) -> bool:
    return next(folder.rglob("test_*.py"), None) is not None


def _outcome(name: str, *, code: int, took_s: float, results: Path) -> Outcome:
    if code == _NO_TESTS:
        return Outcome(name=name, took_s=took_s, is_good=True, remark="no test was chosen")
    if not results.exists():
        return Outcome(name=name, took_s=took_s, is_good=False, remark=f"pytest ended with {code}")
    suites = ElementTree.parse(results).getroot().iter("testsuite")
    counts = [{key: int(suite.get(key, 0)) for key in _COUNTS} for suite in suites]
    total = {key: sum(count[key] for count in counts) for key in _COUNTS}
    failed = total["failures"] + total["errors"]
    return Outcome(
        name=name,
        took_s=took_s,
        is_good=code == 0,
        passed=total["tests"] - failed - total["skipped"],
        failed=failed,
        skipped=total["skipped"],
    )


_COUNTS = ("tests", "failures", "errors", "skipped")


# --- Browser ------------------------------------------------------------------------------


def _install_browser() -> None:
    """Install Chromium where that needs no question: as root on a Debian."""
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        return
    apt = ["apt-get", "-qq", "-o", "Dpkg::Use-Pty=0"]
    packages = ["install", "-y", "--no-install-recommends", "chromium", "fonts-noto-cjk"]
    with step("浏览器 · Chromium"):
        for words in (["update"], packages):
            outcome = subprocess.run(
                [*apt, *words],
                env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"},
                capture_output=True,
                text=True,
                timeout=_APT_S_MAX,
                check=False,
            )
        if outcome.returncode:
            raise Stop(f"Chromium could not be installed:\n{outcome.stdout}{outcome.stderr}")
