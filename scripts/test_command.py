"""scripts/test: makes the clone ready for tests and runs them slice by slice."""

import argparse
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from xml.etree import ElementTree  # our own pytest wrote what is read

from scripts import bootstrap, unsteady
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
SHARED = {"unit", "integration", "races", "properties"}
HANDS = ("--numprocesses=2", "--dist=loadfile")

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
NO_BROWSER = (
    "缺少 Chromium：请安装后再试，例如 sudo apt-get install chromium fonts-noto-cjk\n"
    "The browser tests need Chromium, which is not installed: "
    "sudo apt-get install chromium fonts-noto-cjk"
)

# pytest's exit codes
_SOME_FAILED, _NO_TESTS = 1, 5
_APT_S_MAX = 600


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What one slice came to."""

    name: str
    is_good: bool
    took_s: float = 0.0
    passed: int = 0
    failed: int = 0
    skipped: int = 0
    remark: str = ""
    passed_late: tuple[unsteady.Failure, ...] = ()


def main(arguments: Sequence[str]) -> int:
    """Run the slices asked for, or all; return 0 when every one of them is good."""
    ours, theirs = _split(arguments)
    names = _names(ours)
    print("\n  门铃 Doorbell · 测试 tests\n", flush=True)
    bootstrap.prepare(tools=True)
    if "browser" in names and not has_browser():
        _install_browser()

    outcomes = [_run_slice(name, theirs) for name in names]
    if late := [failure for outcome in outcomes for failure in outcome.passed_late]:
        print(f"\n{unsteady.report(late)}", flush=True)
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
        return Outcome(name=name, is_good=True, remark="no tests yet")
    if name == "browser" and not has_browser():
        print(NO_BROWSER, flush=True)
        return Outcome(name=name, is_good=False, remark="Chromium is missing")

    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="doorbell-test-") as shelf:
        results = Path(shelf) / "results.xml"
        words = [*(HANDS if name in SHARED else ()), *options, *folders]
        code = _pytest(words, results)
        outcome = _outcome(name, code=code, results=results)
        # Who has options of his own is looking at a test, and wants to see it fail.
        if name in unsteady.SLICES and code == _SOME_FAILED and not options:
            outcome = _second_chance(outcome, results)
    return replace(outcome, took_s=time.monotonic() - started)


def _pytest(words: Sequence[str], results: Path) -> int:
    command = [str(bootstrap.PYTHON), "-m", "pytest", f"--junit-xml={results}", *unsteady.FAMILY]
    return subprocess.run([*command, *words], cwd=bootstrap.ROOT, check=False).returncode


def _second_chance(outcome: Outcome, results: Path) -> Outcome:
    """Run the few tests that failed once more, with no others beside them."""
    failures = unsteady.failures(results)
    if not 0 < len(failures) <= unsteady.TESTS_MAX:
        return outcome
    print(f"\n── {outcome.name}, what failed, once more and alone", flush=True)
    again = results.with_name("again.xml")
    code = _pytest([failure.test for failure in failures], again)
    second = _outcome(outcome.name, code=code, results=again)
    if not second.is_good or second.passed != len(failures):
        return replace(outcome, remark="failed again")
    return replace(
        outcome,
        is_good=True,
        passed=outcome.passed + second.passed,
        failed=0,
        remark=f"{second.passed} unsteady",
        passed_late=tuple(failures),
    )


def _has_tests(folder: Path) -> bool:
    return next(folder.rglob("test_*.py"), None) is not None


def _outcome(name: str, *, code: int, results: Path) -> Outcome:
    if code == _NO_TESTS:
        return Outcome(name=name, is_good=True, remark="no test was chosen")
    if not results.exists():
        return Outcome(name=name, is_good=False, remark=f"pytest ended with {code}")
    suites = ElementTree.parse(results).getroot().iter("testsuite")
    counts = [{key: int(suite.get(key, 0)) for key in _COUNTS} for suite in suites]
    total = {key: sum(count[key] for count in counts) for key in _COUNTS}
    failed = total["failures"] + total["errors"]
    return Outcome(
        name=name,
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
