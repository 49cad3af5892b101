"""What the commands say to the person at the terminal."""

import sys
import time
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager


class Stop(Exception):
    """The command cannot go on; `str()` is the one sentence that says what to do."""


@contextmanager
def step(words: str) -> Iterator[None]:
    """Print what is being done and, once done, the seconds it took."""
    started = time.monotonic()
    print(f"  {padded(words, 44)}", end=" ", flush=True)
    try:
        yield
    except BaseException:
        print("✗", flush=True)
        raise
    print(f"{time.monotonic() - started:6.1f} s", flush=True)


def width(text: str) -> int:
    """Return the columns that `text` takes in a terminal: a Chinese character takes two."""
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def padded(text: str, columns: int) -> str:
    return text + " " * max(0, columns - width(text))


def table(rows: Sequence[Sequence[str]], *, indent: str = "  ") -> str:
    """Return the rows as lines whose columns stand under each other, two blanks apart."""
    if not rows:
        return ""
    count = max(len(row) for row in rows)
    columns = [max(width(row[i]) for row in rows if i < len(row)) for i in range(count)]
    lines = (
        indent + "  ".join(padded(cell, columns[i]) for i, cell in enumerate(row)) for row in rows
    )
    return "\n".join(line.rstrip() for line in lines)


def concluded(command: Callable[[], int]) -> int:
    """Run the command and return its exit code; a Stop becomes its sentence and 1."""
    try:
        return command()
    except Stop as stop:
        print(f"\n{stop}", file=sys.stderr, flush=True)
        return 1
    except KeyboardInterrupt:
        print("\n已停止 · stopped", file=sys.stderr, flush=True)
        return 130
