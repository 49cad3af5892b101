"""scripts/lock: compiles what we ask for (*.in, package.json) into what is installed.

The locks hold hashes and no addresses: each machine keeps its own registries.
"""

import argparse
import json
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from scripts import bootstrap
from scripts.terminal import Stop, step

_PYTHON_LOCKS = ("requirements-uv", "requirements", "requirements-dev", "requirements-bench")
_COMPILE = [
    "pip",
    "compile",
    "--quiet",
    "--universal",
    "--python-version=3.11",
    "--generate-hashes",
    "--no-emit-index-url",
    "--no-emit-find-links",
    "--no-header",
]


def main(arguments: Sequence[str]) -> int:
    """Compile all locks; versions already locked stay unless `--upgrade` is given."""
    parser = argparse.ArgumentParser(prog="scripts/lock", description="Compile the lock files.")
    parser.add_argument("--upgrade", action="store_true", help="take newer versions where allowed")
    upgrade = parser.parse_args(arguments).upgrade

    bootstrap.prepare(tools=True)
    for name in _PYTHON_LOCKS:
        with step(f"{name}.txt"):
            _lock_python(name, upgrade=upgrade)
    with step("package-lock.json"):
        _lock_front_end(bootstrap.ROOT, upgrade=upgrade)
    bootstrap.prepare(tools=True)
    return 0


def _lock_python(name: str, *, upgrade: bool) -> None:
    uv = str(bootstrap.VENV / "bin" / "uv")
    more = ["--upgrade"] if upgrade else []
    _call([uv, *_COMPILE, *more, f"{name}.in", "-o", f"{name}.txt"], bootstrap.ROOT)


def _lock_front_end(root: Path, *, upgrade: bool) -> None:
    """Resolve in a folder of its own, so that node_modules/ stays as the old lock left it."""
    npm = ["npm", "install", "--package-lock-only", "--ignore-scripts", "--no-audit", "--no-fund"]
    with tempfile.TemporaryDirectory(prefix="doorbell-lock-") as shelf:
        folder = Path(shelf)
        kept = ["package.json"] if upgrade else ["package.json", "package-lock.json"]
        for name in kept:
            shutil.copy(root / name, folder / name)
        _call([*npm, "--omit-lockfile-registry-resolved"], folder)
        lock = json.loads((folder / "package-lock.json").read_text(encoding="utf-8"))
    for package in lock["packages"].values():
        package.pop("funding", None)
        package.pop("resolved", None)
    text = json.dumps(lock, indent=2, ensure_ascii=False) + "\n"
    (root / "package-lock.json").write_text(text, encoding="utf-8")


def _call(command: Sequence[str], folder: Path) -> None:
    environment = bootstrap.installer_environment()
    outcome = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    if outcome.returncode:
        raise Stop(f"{command[0]} failed:\n{outcome.stdout}{outcome.stderr}")
