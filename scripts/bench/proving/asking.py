"""Which queries the house asks."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import event

from kernel.db import sa


@contextmanager
def asked() -> Iterator[list[str]]:
    """Give the queries that this app asks its database within the block."""
    queries: list[str] = []

    def note(_line: object, _cursor: object, words: str, *_: object) -> None:
        if not words.startswith("BEGIN"):
            queries.append(words)

    event.listen(sa.engine, "before_cursor_execute", note)
    try:
        yield queries
    finally:
        event.remove(sa.engine, "before_cursor_execute", note)
