"""Notices: what WeChat Pay tells the merchant by itself, queued for the courier.

A row is `waiting` until it is due, `underway` while it is being tried (its due time is then the end
of the lease), and ends as `done`, `failed` after the last try, or `lost` when it must not arrive.
"""

import json
import sqlite3
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.moment import Moment

# Seconds from one try to the next; the documented 24 hours and 4 minutes.
RETRY_AFTER_S = (
    *(15, 15, 30),
    *(180, 600, 1_200),
    *(1_800, 1_800, 1_800),
    3_600,
    *(10_800, 10_800, 10_800),
    *(21_600, 21_600),
)
TRIES_MAX = len(RETRY_AFTER_S) + 1
KEPT_MAX = 3_000
SUMMARIES = {
    "TRANSACTION.SUCCESS": "支付成功",
    "REFUND.SUCCESS": "退款成功",
    "REFUND.ABNORMAL": "退款异常",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """One notice to carry; `resource` is what its envelope will hold. `tries` counts this one."""

    id: int
    notice_id: str
    out_trade_no: str
    event: str
    url: str
    resource: dict[str, Any]
    made_at_s: int
    state: str
    tries: int
    due_wall_s: float


def queue(
    db: sqlite3.Connection,
    *,
    out_trade_no: str,
    event: str,
    url: str,
    resource: Mapping[str, Any],
    moment: Moment,
    is_lost: bool,
    delay_s: int,
) -> None:
    """Queue a notice, due `delay_s` from now; with `is_lost` it is kept and not sent."""
    cursor = db.execute(
        "INSERT INTO pay_notice (notice_id, out_trade_no, event, url, resource, made_at_s, state,"
        " due_wall_s) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            str(uuid.uuid4()),
            out_trade_no,
            event,
            url,
            json.dumps(resource, ensure_ascii=False),
            moment.at_s,
            "lost" if is_lost else "waiting",
            moment.wall_s + delay_s,
        ),
    )
    db.execute(
        "DELETE FROM pay_notice WHERE id <= ? AND state NOT IN ('waiting', 'underway')",
        ((cursor.lastrowid or 0) - KEPT_MAX,),
    )


def claim(db: sqlite3.Connection, *, wall_s: float, lease_s: float) -> Notice | None:
    """Take the notice that has been due longest, or None."""
    row = db.execute(
        "SELECT * FROM pay_notice WHERE state IN ('waiting', 'underway') AND due_wall_s <= ?"
        " ORDER BY due_wall_s, id LIMIT 1",
        (wall_s,),
    ).fetchone()
    if row is None:
        return None
    db.execute(
        "UPDATE pay_notice SET state = 'underway', tries = tries + 1, due_wall_s = ? WHERE id = ?",
        (wall_s + lease_s, row["id"]),
    )
    return _notice(row, tries=row["tries"] + 1)


def finish(db: sqlite3.Connection, notice: Notice, *, is_received: bool, wall_s: float) -> None:
    """Write down how the try ended: done, waiting for the next one, or failed after the last.

    What was lost or sent anew meanwhile stays so.
    """
    if is_received:
        _end(db, notice, state="done", due_wall_s=wall_s)
    elif notice.tries >= TRIES_MAX:
        _end(db, notice, state="failed", due_wall_s=wall_s)
    else:
        _end(
            db,
            notice,
            state="waiting",
            due_wall_s=wall_s + RETRY_AFTER_S[notice.tries - 1],
        )


def put_off(db: sqlite3.Connection, notice: Notice, *, due_wall_s: float) -> None:
    """Give the claimed notice back untried, to be taken at `due_wall_s`."""
    db.execute(
        "UPDATE pay_notice SET state = 'waiting', tries = tries - 1, due_wall_s = ?"
        " WHERE id = ? AND state = 'underway'",
        (due_wall_s, notice.id),
    )


def delay(db: sqlite3.Connection, *, out_trade_no: str, due_wall_s: float) -> None:
    """Let the next try of the order's waiting notices be at `due_wall_s`."""
    db.execute(
        "UPDATE pay_notice SET due_wall_s = ? WHERE out_trade_no = ? AND state = 'waiting'",
        (due_wall_s, out_trade_no),
    )


def lose(db: sqlite3.Connection, *, out_trade_no: str) -> None:
    """Let none of the order's notices that have not arrived ever arrive."""
    db.execute(
        "UPDATE pay_notice SET state = 'lost' WHERE out_trade_no = ? AND state != 'done'",
        (out_trade_no,),
    )


def send_all(db: sqlite3.Connection, *, out_trade_no: str, wall_s: float) -> int:
    """Let every notice of the order be sent now, whatever became of it; return how many."""
    cursor = db.execute(
        "UPDATE pay_notice SET state = 'waiting', tries = 0, due_wall_s = ?"
        " WHERE out_trade_no = ? AND state != 'underway'",
        (wall_s, out_trade_no),
    )
    return cursor.rowcount


def send_again(db: sqlite3.Connection, *, notice_row: int, wall_s: float) -> bool:
    """Let one notice be sent now, as it was; False when it is no longer kept."""
    cursor = db.execute(
        "UPDATE pay_notice SET state = 'waiting', tries = 0, due_wall_s = ?"
        " WHERE id = ? AND state != 'underway'",
        (wall_s, notice_row),
    )
    return cursor.rowcount > 0


def of_order(db: sqlite3.Connection, *, out_trade_no: str) -> list[Notice]:
    """Return the order's notices, oldest first."""
    rows = db.execute(
        "SELECT * FROM pay_notice WHERE out_trade_no = ? ORDER BY id", (out_trade_no,)
    )
    return [_notice(row, tries=row["tries"]) for row in rows]


def is_due(db: sqlite3.Connection, *, wall_s: float) -> bool:
    """Return whether a claim would be worth the write lock."""
    row = db.execute(
        "SELECT 1 FROM pay_notice WHERE state IN ('waiting', 'underway') AND due_wall_s <= ?"
        " LIMIT 1",
        (wall_s,),
    ).fetchone()
    return row is not None


def due_s(db: sqlite3.Connection) -> float | None:
    """Return the wall second at which the next notice is due; None when none waits.

    One that is under way has been due all along. A caller compares it with a clock read
    *afterwards*: what another thread makes due between a reading of the clock and this look would
    seem to lie ahead.
    """
    row = db.execute(
        "SELECT MIN(CASE state WHEN 'underway' THEN 0 ELSE due_wall_s END) FROM pay_notice"
        " WHERE state IN ('waiting', 'underway')"
    ).fetchone()
    return None if row[0] is None else float(row[0])


def release_all(db: sqlite3.Connection, *, wall_s: float) -> None:
    """Take back what an earlier life had under way."""
    db.execute(
        "UPDATE pay_notice SET state = 'waiting', due_wall_s = ? WHERE state = 'underway'",
        (wall_s,),
    )


def _end(db: sqlite3.Connection, notice: Notice, *, state: str, due_wall_s: float) -> None:
    db.execute(
        "UPDATE pay_notice SET state = ?, due_wall_s = ? WHERE id = ? AND state = 'underway'",
        (state, due_wall_s, notice.id),
    )


def _notice(row: sqlite3.Row, *, tries: int) -> Notice:
    return Notice(
        id=row["id"],
        notice_id=row["notice_id"],
        out_trade_no=row["out_trade_no"],
        event=row["event"],
        url=row["url"],
        resource=json.loads(row["resource"]),
        made_at_s=row["made_at_s"],
        state=row["state"],
        tries=tries,
        due_wall_s=row["due_wall_s"],
    )
