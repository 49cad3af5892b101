"""The numbers that sent messages get; they grow, and survive a restart."""

import sqlite3

from sandbox import store

_FIRST = 3_900_000_000_000_000_000


def next_one(db: sqlite3.Connection) -> int:
    """Return a number that no message has had."""
    msgid = int(store.setting(db, "last_msgid") or _FIRST) + 1
    store.set_setting(db, "last_msgid", str(msgid))
    return msgid
