"""The tracked files of the house, and their parsed Python."""

import ast
import functools
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = (
    "kernel",
    "gateways",
    "members",
    "dispatch",
    "booking",
    "notifications",
    "conversations",
    "faces",
)


@functools.cache
def tracked() -> tuple[Path, ...]:
    """Return every file that git tracks and that is there, relative to the root."""
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True, timeout=30
    )
    paths = [Path(name) for name in listed.stdout.split("\0") if name]
    return tuple(path for path in paths if (ROOT / path).is_file())


def with_suffix(*suffixes: str, under: Sequence[str] = ()) -> list[Path]:
    """Return the tracked files with one of those suffixes, in those top folders (all for none)."""
    return [
        path
        for path in tracked()
        if path.suffix in suffixes and (not under or path.parts[0] in under)
    ]


@functools.cache
def text(path: Path) -> str:
    """Return a tracked file's text."""
    return (ROOT / path).read_text(encoding="utf-8")


@functools.cache
def parsed(path: Path) -> ast.Module:
    """Return a tracked Python file, parsed."""
    return ast.parse(text(path), filename=str(path))


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Yield every function of a Python file, those inside others included."""
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node
