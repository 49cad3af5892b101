"""scripts/check: what should hold before every commit, in under two minutes."""

import argparse
import subprocess
import time
from collections.abc import Sequence

from scripts import bootstrap
from scripts.terminal import table

_TOOLS = bootstrap.VENV / "bin"

CHECKS = {
    "format": [str(_TOOLS / "ruff"), "format", "--check", "."],
    "lint": [str(_TOOLS / "ruff"), "check", "."],
    "types": [str(bootstrap.PYTHON), "-m", "mypy"],
    "contracts": [str(_TOOLS / "lint-imports"), "--no-logo"],
    "tests": [str(bootstrap.PYTHON), "-m", "pytest", "-q", "tests/unit", "tests/house"],
}


def main(arguments: Sequence[str]) -> int:
    """Run every check, also after one has failed; return 0 when all are good."""
    wanted = _wanted(arguments)
    bootstrap.prepare(tools=True)

    rows = [("check", "result", "seconds")]
    is_good = True
    for name in wanted:
        print(f"\n── {name} {'─' * (86 - len(name))}", flush=True)
        started = time.monotonic()
        code = subprocess.run(_existing(CHECKS[name]), cwd=bootstrap.ROOT, check=False).returncode
        rows.append((name, "FAILED" if code else "ok", f"{time.monotonic() - started:7.1f}"))
        is_good = is_good and code == 0
    print(f"\n{table(rows)}", flush=True)
    return 0 if is_good else 1


def _existing(command: Sequence[str]) -> list[str]:
    """Leave out a folder of tests that does not exist."""
    return [w for w in command if not w.startswith("tests/") or (bootstrap.ROOT / w).is_dir()]


def _wanted(arguments: Sequence[str]) -> list[str]:
    parser = argparse.ArgumentParser(
        prog="scripts/check",
        description=f"Check the house. Checks: {', '.join(CHECKS)}; all of them when none is named.",
    )
    parser.add_argument("checks", nargs="*", metavar="check")
    wanted = parser.parse_args(arguments).checks
    for name in wanted:
        if name not in CHECKS:
            parser.error(f"there is no check {name!r}: {', '.join(CHECKS)}")
    return [name for name in CHECKS if name in wanted or not wanted]
