"""The same writes by the bare driver: what the house wrote, laid into a copy of its database.

Every statement that wrote a row is kept as the driver got it, and is laid into the copy once the
house has committed: the same rows with the same ids into the same tables, beside the same rows.
"""

import sqlite3
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import Engine, event

from kernel.db import POSTGRES_OPTIONS, sqlite_pragmas

WRITES = ("INSERT", "UPDATE", "DELETE")
DAY = "dispatch_branch_day"

# Its words, its values, and whether these are many rows of values.
Statement = tuple[str, Any, bool]


@dataclass(frozen=True, slots=True)
class Bare:
    """The bare driver at a copy of the database; called, it does the writes in one transaction and
    returns how long that took from its lock to its end."""

    write: Callable[[list[Statement]], float]
    close: Callable[[], None]

    def __call__(self, statements: list[Statement]) -> float:
        return self.write(statements)


class Watch:
    """Keeps what the latest transaction of an engine wrote, and how long it held the day's lock.

    SQLite's lock is taken by the first statement that writes.
    """

    def __init__(self, engine: Engine) -> None:
        self.written: list[Statement] = []
        self.locked_s = self._began_s = 0.0
        self._is_sqlite = engine.dialect.name == "sqlite"
        event.listen(engine, "begin", self._begin, insert=True)
        event.listen(engine, "before_cursor_execute", self._before)
        event.listen(engine, "after_cursor_execute", self._after)
        commit: Callable[[Any], None] = engine.dialect.do_commit

        def do_commit(line: Any) -> None:
            commit(line)
            self.locked_s = time.perf_counter() - self._began_s

        engine.dialect.do_commit = do_commit  # type: ignore[assignment]  # to see its end

    def _begin(self, _line: object) -> None:
        self.written, self._began_s = [], 0.0

    def _before(self, _line: object, _cursor: object, words: str, values: Any, *_: object) -> None:
        if self._began_s:
            return
        if self._is_sqlite and words.startswith(WRITES):
            self._began_s = time.perf_counter()
        elif _is_lock(words):
            self._began_s = time.perf_counter()
            self.written.append((words, values, False))

    def _after(self, _line: object, cursor: Any, words: str, values: Any, *_: object) -> None:
        # Rows that are inserted together come as one statement, others as a list of values.
        is_many = isinstance(values, list)
        # What returns its rows counts none before they are fetched.
        may_not = "DO NOTHING" in words and "RETURNING" not in words
        has_written = not may_not or cursor.rowcount > 0
        if words.startswith(WRITES) and has_written:
            self.written.append((words, values, is_many))


def sqlite_twin(path: Path) -> Bare:
    """Open a copy of a SQLite file as the house opens its own."""
    line = sqlite3.connect(path, isolation_level=None)
    for pragma in sqlite_pragmas():
        line.execute("PRAGMA " + pragma)

    def write(statements: list[Statement]) -> float:
        began_s = time.perf_counter()
        line.execute("BEGIN IMMEDIATE")
        for words, values, is_many in statements:
            if is_many:
                line.executemany(words, values)
            else:
                line.execute(words, values).fetchall()
        line.execute("COMMIT")
        return time.perf_counter() - began_s

    return Bare(write, line.close)


def postgres_twin(url: str) -> Bare:
    """Open a copy of a PostgreSQL database as the house opens its own."""
    line = psycopg.connect(url, options=POSTGRES_OPTIONS, autocommit=True)
    cursor = line.cursor()

    def write(statements: list[Statement]) -> float:
        cursor.execute("BEGIN")
        began_s = time.perf_counter()
        for words, values, is_many in statements:
            run = cursor.executemany if is_many else cursor.execute
            run(words, values)
        cursor.execute("COMMIT")
        return time.perf_counter() - began_s

    return Bare(write, line.close)


def _is_lock(words: str) -> bool:
    return DAY in words and words.endswith("FOR UPDATE")
