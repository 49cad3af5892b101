"""The log: every call of the API, every try of a callback, every page authorisation."""

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

from kernel.errors import Missing
from kernel.words import msg
from sandbox.fields import Finding

KEPT_MAX = 3_000
READ_MAX = 300
TEXT_MAX = 12_000
_SWEEP_EVERY = 50


class NoSuchEntry(Missing):
    code = "no_such_entry"
    says = msg("日志里没有这一条。")


class Direction(StrEnum):
    """Seen from the account's server."""

    CALL = "call"
    CALLBACK = "callback"
    PAGE = "page"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line of the log. `result` is the errcode, the HTTP status or a word."""

    direction: Direction
    name: str
    result: str
    ok: bool
    at_s: int
    took_ms: int
    phone: str = ""
    request: str = ""
    answer: str = ""
    rule: str = ""
    client_msg_id: str = ""
    callback_id: int = 0
    # The row of the pay notice that was tried, so that it can be sent again.
    notice_row: int = 0
    findings: Sequence[Finding] = field(default_factory=tuple)


def add(db: sqlite3.Connection, entry: Entry) -> int:
    """Write the entry, cut to TEXT_MAX characters a text, and return its id."""
    cursor = db.execute(
        "INSERT INTO log (at_s, direction, name, phone, result, ok, took_ms, request, answer,"
        " rule, findings, client_msg_id, callback_id) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            entry.at_s,
            entry.direction,
            entry.name,
            entry.phone,
            entry.result,
            int(entry.ok),
            entry.took_ms,
            entry.request[:TEXT_MAX],
            entry.answer[:TEXT_MAX],
            entry.rule,
            json.dumps([asdict(one) for one in entry.findings], ensure_ascii=False),
            entry.client_msg_id,
            entry.callback_id,
        ),
    )
    entry_id = int(cursor.lastrowid or 0)
    if entry.notice_row:
        db.execute("INSERT INTO log_notice VALUES (?, ?)", (entry_id, entry.notice_row))
    if entry_id % _SWEEP_EVERY == 0:
        db.execute("DELETE FROM log WHERE id <= ?", (entry_id - KEPT_MAX,))
        db.execute("DELETE FROM log_notice WHERE log_id <= ?", (entry_id - KEPT_MAX,))
    return entry_id


def lines(
    db: sqlite3.Connection, *, after_id: int = 0, direction: str = "", failed: bool = False
) -> list[dict[str, Any]]:
    """Return the newest READ_MAX lines after `after_id`, oldest first, without their bodies."""
    rows = db.execute(
        "SELECT id, at_s, direction, name, phone, result, ok, took_ms, rule FROM log"
        " WHERE id > ? AND (? = '' OR direction = ?) AND (NOT ? OR NOT ok)"
        " ORDER BY id DESC LIMIT ?",
        (after_id, direction, direction, int(failed), READ_MAX),
    ).fetchall()
    return [{**dict(row), "ok": bool(row["ok"])} for row in reversed(rows)]


def entry(db: sqlite3.Connection, *, entry_id: int) -> dict[str, Any]:
    """Return the whole entry, with what became of a failed send. Raises NoSuchEntry."""
    row = db.execute("SELECT * FROM log WHERE id = ?", (entry_id,)).fetchone()
    if row is None:
        raise NoSuchEntry
    whole = dict(row)
    whole["ok"] = bool(row["ok"])
    whole["findings"] = json.loads(row["findings"])
    whole["resent_ok"] = _was_resent(db, row)
    whole["notice_row"] = _notice_row(db, entry_id)
    return whole


def count(db: sqlite3.Connection) -> int:
    """Return how many lines were ever written."""
    return int(db.execute("SELECT COALESCE(MAX(id), 0) FROM log").fetchone()[0])


def _notice_row(db: sqlite3.Connection, entry_id: int) -> int:
    row = db.execute("SELECT notice_row FROM log_notice WHERE log_id = ?", (entry_id,)).fetchone()
    return int(row["notice_row"]) if row else 0


def _was_resent(db: sqlite3.Connection, row: sqlite3.Row) -> bool:
    """Return whether a later call with the same client_msg_id came through."""
    if row["ok"] or not row["client_msg_id"]:
        return False
    later = db.execute(
        "SELECT 1 FROM log WHERE client_msg_id = ? AND id > ? AND ok LIMIT 1",
        (row["client_msg_id"], row["id"]),
    )
    return later.fetchone() is not None
