"""Callbacks: what WeChat tells the account's server, written as XML and queued for the pusher.

A row waits until the server has answered 200 or has failed three times. While it is being tried
its due time lies in the future, so that a sandbox that dies takes it up again.
"""

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from sandbox.phones import Phone

# A text, a number or the elements inside.
# A sequence is an element for each of its members.
Element: TypeAlias = "str | int | Mapping[str, Element] | Sequence[Mapping[str, Element]]"

TRIES_MAX = 3
KEPT_MAX = 3_000
_HELPER = "oR5GjjgEhCMJFyzaVZdrxZ2zRRF4"
_FIRST_MESSAGE_ID = 24_500_000_000_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Callback:
    """One message to push. `shows_failure`: the phone shows a grey line when it fails."""

    id: int
    phone: str
    openid: str
    label: str
    xml: str
    shows_failure: bool
    tries: int


def queue_message(
    db: sqlite3.Connection,
    *,
    phone: Phone,
    account_id: str,
    kind: str,
    label: str,
    facts: Mapping[str, Element],
    at_s: int,
    wall_s: float,
) -> int:
    """Queue what the person sent, with a MsgId; `facts` are the elements of its kind."""
    number = db.execute("SELECT COALESCE(MAX(id), 0) + 1 FROM callback").fetchone()[0]
    return _queue(
        db,
        phone=phone,
        label=f"{kind} {label}".strip(),
        parts={
            "ToUserName": account_id,
            "FromUserName": phone.openid,
            "CreateTime": at_s,
            "MsgType": kind,
            **facts,
            "MsgId": _FIRST_MESSAGE_ID + number,
        },
        shows_failure=True,
        wall_s=wall_s,
    )


def queue_event(
    db: sqlite3.Connection,
    *,
    phone: Phone,
    account_id: str,
    event: str,
    facts: Mapping[str, Element],
    shows_failure: bool,
    at_s: int,
    wall_s: float,
) -> int:
    """Queue an event; `facts` are its own elements, such as EventKey and Ticket."""
    label = f"{event} {facts.get('EventKey', '')}".strip()
    return _queue(
        db,
        phone=phone,
        label=label,
        parts={
            "ToUserName": account_id,
            "FromUserName": phone.openid,
            "CreateTime": at_s,
            "MsgType": "event",
            "Event": event,
            **facts,
        },
        shows_failure=shows_failure,
        wall_s=wall_s,
    )


def queue_report(
    db: sqlite3.Connection,
    *,
    account_id: str,
    event: str,
    facts: Mapping[str, Element],
    at_s: int,
    wall_s: float,
) -> int:
    """Queue an event that no person caused; WeChat's own helper is its sender."""
    parts: dict[str, Element] = {
        "ToUserName": account_id,
        "FromUserName": _HELPER,
        "CreateTime": at_s,
        "MsgType": "event",
        "Event": event,
        **facts,
    }
    cursor = db.execute(
        "INSERT INTO callback (phone, openid, label, xml, shows_failure, due_wall_s)"
        " VALUES ('', ?, ?, ?, 0, ?)",
        (_HELPER, event, xml_of(parts), wall_s),
    )
    return int(cursor.lastrowid or 0)


def queue_again(db: sqlite3.Connection, *, callback_id: int, wall_s: float) -> int | None:
    """Queue the very same message once more; None when it is no longer kept."""
    row = db.execute("SELECT * FROM callback WHERE id = ?", (callback_id,)).fetchone()
    if row is None:
        return None
    cursor = db.execute(
        "INSERT INTO callback (phone, openid, label, xml, shows_failure, due_wall_s)"
        " VALUES (?, ?, ?, ?, 0, ?)",
        (row["phone"], row["openid"], row["label"], row["xml"], wall_s),
    )
    return int(cursor.lastrowid or 0)


def queue_last_again(db: sqlite3.Connection, *, wall_s: float) -> int | None:
    """Queue the newest delivered message once more; None when there was none."""
    row = db.execute("SELECT MAX(id) AS last FROM callback WHERE state = 'done'").fetchone()
    return None if row["last"] is None else queue_again(db, callback_id=row["last"], wall_s=wall_s)


def hold(db: sqlite3.Connection, *, callback_id: int, until_wall_s: float) -> None:
    """Keep the message back until one behind it has arrived, or until `until_wall_s`."""
    db.execute(
        "UPDATE callback SET state = 'held', tries = 0, due_wall_s = ? WHERE id = ?",
        (until_wall_s, callback_id),
    )


def let_go(db: sqlite3.Connection, *, wall_s: float) -> None:
    """Make those that were kept back long enough wait like any other."""
    for callback_id in _may_go(db, wall_s=wall_s):
        db.execute(
            "UPDATE callback SET state = 'waiting', due_wall_s = ? WHERE id = ?",
            (wall_s, callback_id),
        )


def claim(db: sqlite3.Connection, *, wall_s: float, lease_s: float) -> Callback | None:
    """Take the oldest callback that is due, or None.

    A phone's callbacks go one after the other, in order: one that waits holds up those behind it.
    """
    row = db.execute(
        "SELECT * FROM callback AS mine WHERE state = 'waiting' AND due_wall_s <= ?"
        " AND NOT EXISTS (SELECT 1 FROM callback AS earlier WHERE earlier.state = 'waiting'"
        " AND earlier.phone = mine.phone AND earlier.id < mine.id) ORDER BY id LIMIT 1",
        (wall_s,),
    ).fetchone()
    if row is None:
        return None
    db.execute(
        "UPDATE callback SET tries = tries + 1, due_wall_s = ? WHERE id = ?",
        (wall_s + lease_s, row["id"]),
    )
    return Callback(
        id=row["id"],
        phone=row["phone"],
        openid=row["openid"],
        label=row["label"],
        xml=row["xml"],
        shows_failure=bool(row["shows_failure"]),
        tries=row["tries"] + 1,
    )


def is_due(db: sqlite3.Connection, *, wall_s: float) -> bool:
    """Return whether a claim would be worth the write lock."""
    row = db.execute(
        "SELECT 1 FROM callback WHERE state = 'waiting' AND due_wall_s <= ? LIMIT 1", (wall_s,)
    ).fetchone()
    return row is not None or bool(_may_go(db, wall_s=wall_s))


def settle(db: sqlite3.Connection, *, callback_id: int, state: str) -> None:
    """End the callback as `done`, `failed` or `dropped`."""
    db.execute("UPDATE callback SET state = ? WHERE id = ?", (state, callback_id))
    db.execute(
        "DELETE FROM callback WHERE id <= ? AND state NOT IN ('waiting', 'held')",
        (callback_id - KEPT_MAX,),
    )


def put_back(db: sqlite3.Connection, *, callback_id: int, due_wall_s: float) -> None:
    """Let the next try begin at `due_wall_s`."""
    db.execute("UPDATE callback SET due_wall_s = ? WHERE id = ?", (due_wall_s, callback_id))


def release_all(db: sqlite3.Connection, *, wall_s: float) -> None:
    """Make everything that waits due now: for the start, when nobody else holds a lease."""
    db.execute(
        "UPDATE callback SET state = 'waiting', due_wall_s = ? WHERE state IN ('waiting', 'held')",
        (wall_s,),
    )


def waiting(db: sqlite3.Connection) -> int:
    """Return how many callbacks are not settled."""
    row = db.execute("SELECT COUNT(*) FROM callback WHERE state IN ('waiting', 'held')").fetchone()
    return int(row[0])


def xml_of(parts: Mapping[str, Element]) -> str:
    """Return the XML that WeChat sends: numbers bare, texts in CDATA."""
    return f"<xml>{_elements(parts)}</xml>"


def _may_go(db: sqlite3.Connection, *, wall_s: float) -> list[int]:
    rows = db.execute(
        "SELECT id FROM callback WHERE state = 'held' AND (due_wall_s <= ?"
        " OR EXISTS (SELECT 1 FROM callback AS later WHERE later.phone = callback.phone"
        " AND later.id > callback.id AND later.state NOT IN ('waiting', 'held')))",
        (wall_s,),
    )
    return [row["id"] for row in rows]


def _elements(parts: Mapping[str, Element]) -> str:
    return "".join(
        f"<{key}>{_value(one)}</{key}>"
        for key, value in parts.items()
        for one in ([value] if isinstance(value, str | int | Mapping) else value)
    )


def _value(value: str | int | Mapping[str, Element]) -> str:
    if isinstance(value, Mapping):
        return _elements(value)
    if isinstance(value, int):
        return str(value)
    return "<![CDATA[" + value.replace("]]>", "]]]]><![CDATA[>") + "]]>"


def _queue(
    db: sqlite3.Connection,
    *,
    phone: Phone,
    label: str,
    parts: Mapping[str, Element],
    shows_failure: bool,
    wall_s: float,
) -> int:
    cursor = db.execute(
        "INSERT INTO callback (phone, openid, label, xml, shows_failure, due_wall_s)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        (phone.id, phone.openid, label, xml_of(parts), int(shows_failure), wall_s),
    )
    return int(cursor.lastrowid or 0)
