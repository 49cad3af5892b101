"""The sandbox's memory: one SQLite file that survives a restart.

Rows are read and written by the module whose subject they are; this one owns the file, the
connections and the tables. Times named `_wall_s` are true seconds since 1970 (expiries, leases);
those named `_at_s` are business time (what phones show).
"""

import queue
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_POOL_MAX = 8
# A slow disk is no reason to refuse a call.
_BUSY_TIMEOUT_MS = 30_000

_TABLES = """
CREATE TABLE IF NOT EXISTS setting (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS phone (
    number INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    openid TEXT NOT NULL UNIQUE,
    shown INTEGER NOT NULL DEFAULT 1,
    follows INTEGER NOT NULL DEFAULT 0,
    followed_at_s INTEGER NOT NULL DEFAULT 0,
    follow_scene TEXT NOT NULL DEFAULT '',
    qr_scene TEXT NOT NULL DEFAULT '',
    pending_ticket TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE TABLE IF NOT EXISTS tag (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE
) STRICT;
CREATE TABLE IF NOT EXISTS tagged (
    tag INTEGER NOT NULL,
    openid TEXT NOT NULL,
    PRIMARY KEY (openid, tag)
) STRICT;
CREATE TABLE IF NOT EXISTS remark (
    openid TEXT PRIMARY KEY,
    remark TEXT NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS blacked (
    openid TEXT PRIMARY KEY
) STRICT;
CREATE TABLE IF NOT EXISTS template (
    template_id TEXT PRIMARY KEY,
    short TEXT NOT NULL,
    deleted INTEGER NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS subscription (
    openid TEXT NOT NULL,
    template_id TEXT NOT NULL,
    remaining INTEGER NOT NULL,
    PRIMARY KEY (openid, template_id)
) STRICT;
CREATE TABLE IF NOT EXISTS media (
    media_id TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    mimetype TEXT NOT NULL,
    content BLOB NOT NULL,
    dies_wall_s REAL NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS mass (
    msg_id TEXT PRIMARY KEY,
    client_msg_id TEXT NOT NULL,
    state TEXT NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS mass_reached (
    openid TEXT NOT NULL,
    month TEXT NOT NULL,
    times INTEGER NOT NULL,
    PRIMARY KEY (openid, month)
) STRICT;
CREATE TABLE IF NOT EXISTS quota (
    path TEXT PRIMARY KEY,
    day INTEGER NOT NULL,
    used INTEGER NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS snapshot_user (
    openid TEXT PRIMARY KEY
) STRICT;
CREATE TABLE IF NOT EXISTS token (
    token TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    issued_wall_s REAL NOT NULL,
    dies_wall_s REAL NOT NULL,
    revoked INTEGER NOT NULL DEFAULT 0,
    forced INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE TABLE IF NOT EXISTS oauth_code (
    code TEXT PRIMARY KEY,
    openid TEXT NOT NULL,
    scope TEXT NOT NULL,
    appid TEXT NOT NULL,
    dies_wall_s REAL NOT NULL,
    used INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE TABLE IF NOT EXISTS oauth_grant (
    access_token TEXT PRIMARY KEY,
    refresh_token TEXT NOT NULL,
    openid TEXT NOT NULL,
    scope TEXT NOT NULL,
    dies_wall_s REAL NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS oauth_grant_refresh ON oauth_grant (refresh_token);
CREATE TABLE IF NOT EXISTS code (
    ticket TEXT PRIMARY KEY,
    key TEXT NOT NULL UNIQUE,
    action TEXT NOT NULL,
    scene TEXT NOT NULL,
    made_wall_s REAL NOT NULL,
    dies_wall_s REAL NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS message (
    id INTEGER PRIMARY KEY,
    phone TEXT NOT NULL,
    at_s INTEGER NOT NULL,
    sender TEXT NOT NULL,
    kind TEXT NOT NULL,
    content TEXT NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS message_phone ON message (phone, id);
CREATE TABLE IF NOT EXISTS sent (
    openid TEXT NOT NULL,
    client_msg_id TEXT NOT NULL,
    msgid INTEGER NOT NULL,
    sent_wall_s REAL NOT NULL,
    PRIMARY KEY (openid, client_msg_id)
) STRICT;
CREATE TABLE IF NOT EXISTS reply_window (
    openid TEXT NOT NULL,
    kind TEXT NOT NULL,
    shuts_at_s INTEGER NOT NULL,
    remaining INTEGER NOT NULL,
    PRIMARY KEY (openid, kind)
) STRICT;
CREATE TABLE IF NOT EXISTS callback (
    id INTEGER PRIMARY KEY,
    phone TEXT NOT NULL,
    openid TEXT NOT NULL,
    label TEXT NOT NULL,
    xml TEXT NOT NULL,
    shows_failure INTEGER NOT NULL,
    state TEXT NOT NULL DEFAULT 'waiting',
    tries INTEGER NOT NULL DEFAULT 0,
    due_wall_s REAL NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS callback_waiting ON callback (phone, id) WHERE state = 'waiting';
CREATE INDEX IF NOT EXISTS callback_held ON callback (phone, id) WHERE state = 'held';
CREATE TABLE IF NOT EXISTS log (
    id INTEGER PRIMARY KEY,
    at_s INTEGER NOT NULL,
    direction TEXT NOT NULL,
    name TEXT NOT NULL,
    phone TEXT NOT NULL,
    result TEXT NOT NULL,
    ok INTEGER NOT NULL,
    took_ms INTEGER NOT NULL,
    request TEXT NOT NULL,
    answer TEXT NOT NULL,
    rule TEXT NOT NULL,
    findings TEXT NOT NULL,
    client_msg_id TEXT NOT NULL,
    callback_id INTEGER NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS log_client_msg ON log (client_msg_id) WHERE client_msg_id != '';
CREATE TABLE IF NOT EXISTS fault (
    name TEXT PRIMARY KEY,
    remaining INTEGER NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS opened (
    id INTEGER PRIMARY KEY,
    phone TEXT NOT NULL,
    at_s INTEGER NOT NULL,
    url TEXT NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS payment (
    id INTEGER PRIMARY KEY,
    out_trade_no TEXT NOT NULL UNIQUE,
    trade_type TEXT NOT NULL,
    asked TEXT NOT NULL,
    description TEXT NOT NULL,
    total_fen INTEGER NOT NULL,
    attach TEXT NOT NULL,
    notify_url TEXT NOT NULL,
    openid TEXT NOT NULL,
    made_at_s INTEGER NOT NULL,
    shuts_at_s INTEGER NOT NULL,
    state TEXT NOT NULL DEFAULT 'NOTPAY',
    paid_at_s INTEGER NOT NULL DEFAULT 0,
    transaction_id TEXT NOT NULL DEFAULT '',
    refuses INTEGER NOT NULL DEFAULT 0,
    loses_notices INTEGER NOT NULL DEFAULT 0,
    notice_delay_s INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX IF NOT EXISTS payment_transaction ON payment (transaction_id);
CREATE TABLE IF NOT EXISTS prepay (
    key TEXT PRIMARY KEY,
    out_trade_no TEXT NOT NULL,
    dies_wall_s REAL NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS refund (
    id INTEGER PRIMARY KEY,
    out_refund_no TEXT NOT NULL UNIQUE,
    refund_id TEXT NOT NULL,
    out_trade_no TEXT NOT NULL,
    amount_fen INTEGER NOT NULL,
    reason TEXT NOT NULL,
    state TEXT NOT NULL,
    made_at_s INTEGER NOT NULL,
    done_at_s INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX IF NOT EXISTS refund_order ON refund (out_trade_no);
CREATE TABLE IF NOT EXISTS pay_notice (
    id INTEGER PRIMARY KEY,
    notice_id TEXT NOT NULL,
    out_trade_no TEXT NOT NULL,
    event TEXT NOT NULL,
    url TEXT NOT NULL,
    resource TEXT NOT NULL,
    made_at_s INTEGER NOT NULL,
    state TEXT NOT NULL,
    tries INTEGER NOT NULL DEFAULT 0,
    due_wall_s REAL NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS pay_notice_open ON pay_notice (due_wall_s)
    WHERE state IN ('waiting', 'underway');
CREATE INDEX IF NOT EXISTS pay_notice_order ON pay_notice (out_trade_no);
CREATE TABLE IF NOT EXISTS log_notice (
    log_id INTEGER PRIMARY KEY,
    notice_row INTEGER NOT NULL
) STRICT;
"""


class Store:
    """The file and its connections. Safe to share between threads."""

    def __init__(self, path: Path) -> None:
        """Open the file at `path`, making it and its tables when they are not there."""
        path.parent.mkdir(parents=True, exist_ok=True)
        self._path = path
        self._idle: queue.LifoQueue[sqlite3.Connection] = queue.LifoQueue(_POOL_MAX)
        with self._connection() as db:
            db.executescript(_TABLES)
            db.execute("INSERT OR IGNORE INTO setting VALUES ('revision', '0')")

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Give a connection that holds the write lock; commit at the end, roll back on an error.

        Each one moves the revision, by which the page sees that something is new.
        """
        with self._connection() as db:
            db.execute("BEGIN IMMEDIATE")
            try:
                yield db
                db.execute(
                    "UPDATE setting SET value = CAST(value AS INTEGER) + 1 WHERE name = 'revision'"
                )
                db.execute("COMMIT")
            except BaseException:
                db.execute("ROLLBACK")
                raise

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Give a connection whose statements all see the same moment; write nothing through it."""
        with self._connection() as db:
            db.execute("BEGIN")
            try:
                yield db
            finally:
                db.execute("ROLLBACK")

    def close(self) -> None:
        """Close the idle connections."""
        with suppress(queue.Empty):
            while True:
                self._idle.get_nowait().close()

    @contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        try:
            db = self._idle.get_nowait()
        except queue.Empty:
            db = self._connect()
        try:
            yield db
        finally:
            try:
                self._idle.put_nowait(db)
            except queue.Full:
                db.close()

    def _connect(self) -> sqlite3.Connection:
        # Transactions are opened by hand: the driver's own late BEGIN loses updates.
        db = sqlite3.connect(self._path, isolation_level=None, check_same_thread=False)
        db.row_factory = sqlite3.Row
        db.execute(f"PRAGMA busy_timeout = {_BUSY_TIMEOUT_MS}")
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = NORMAL")
        return db


def revision(db: sqlite3.Connection) -> int:
    """Return a number that grows with each change of the store."""
    return int(setting(db, "revision") or "0")


def setting(db: sqlite3.Connection, name: str) -> str | None:
    """Return the setting's value, or None when it was never set."""
    row = db.execute("SELECT value FROM setting WHERE name = ?", (name,)).fetchone()
    return None if row is None else str(row["value"])


def set_setting(db: sqlite3.Connection, name: str, value: str) -> None:
    """Set `name` to `value`."""
    db.execute(
        "INSERT INTO setting VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        (name, value),
    )
