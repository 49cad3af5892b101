"""Customer-message windows: how many messages an account may send after a person did something."""

import sqlite3
from enum import StrEnum

from sandbox.errors import ApiError


class Opening(StrEnum):
    """What a person did; each opens a window of its own length and count."""

    MESSAGE = "message"
    TOUCH = "touch"


# Seconds of business time, and messages.
_LENGTH_AND_COUNT = {Opening.MESSAGE: (48 * 3_600, 5), Opening.TOUCH: (60, 3)}


def open_window(db: sqlite3.Connection, *, openid: str, opening: Opening, at_s: int) -> None:
    """Open the window anew: its time and its count begin again."""
    length_s, count = _LENGTH_AND_COUNT[opening]
    db.execute(
        "INSERT INTO reply_window VALUES (?, ?, ?, ?) ON CONFLICT (openid, kind) DO UPDATE"
        " SET shuts_at_s = excluded.shuts_at_s, remaining = excluded.remaining",
        (openid, opening, at_s + length_s, count),
    )


def take(db: sqlite3.Connection, *, openid: str, at_s: int) -> None:
    """Use one message of the window that shuts first.

    Raises ApiError 45015 when none is open and 45047 when the open ones are used up.
    """
    rows = db.execute(
        "SELECT kind, remaining FROM reply_window WHERE openid = ? AND shuts_at_s > ?"
        " ORDER BY shuts_at_s",
        (openid, at_s),
    ).fetchall()
    if not rows:
        raise ApiError(45015)
    for row in rows:
        if row["remaining"] > 0:
            db.execute(
                "UPDATE reply_window SET remaining = remaining - 1 WHERE openid = ? AND kind = ?",
                (openid, row["kind"]),
            )
            return
    raise ApiError(45047)


def is_open(db: sqlite3.Connection, *, openid: str, at_s: int) -> bool:
    """Return whether any window is open now, used up or not."""
    row = db.execute(
        "SELECT 1 FROM reply_window WHERE openid = ? AND shuts_at_s > ?", (openid, at_s)
    ).fetchone()
    return row is not None


def shut_all(db: sqlite3.Connection, *, openid: str) -> None:
    """Shut every window, as unfollowing does."""
    db.execute("DELETE FROM reply_window WHERE openid = ?", (openid,))
