"""What stands in the conversation between a phone and the account."""

import json
import sqlite3
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

KEPT_A_PHONE_MAX = 1_000
READ_MAX = 200


class Sender(StrEnum):
    PHONE = "phone"
    ACCOUNT = "account"
    WECHAT = "wechat"


class Kind(StrEnum):
    TEXT = "text"
    IMAGE = "image"
    VOICE = "voice"
    LOCATION = "location"
    MENU = "menu"
    MINIPROGRAM = "miniprogram"
    NEWS = "news"
    TEMPLATE = "template"
    NOTICE = "notice"


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One thing on the screen; `content` is as the control interface documents it."""

    id: int
    phone: str
    at_s: int
    sender: Sender
    kind: Kind
    content: dict[str, Any]


def add(
    db: sqlite3.Connection,
    *,
    phone_id: str,
    sender: Sender,
    kind: Kind,
    content: dict[str, Any],
    at_s: int,
) -> int:
    """Put a message at the end and return its id; the oldest fall off past KEPT_A_PHONE_MAX."""
    cursor = db.execute(
        "INSERT INTO message (phone, at_s, sender, kind, content) VALUES (?, ?, ?, ?, ?)",
        (phone_id, at_s, sender, kind, json.dumps(content, ensure_ascii=False)),
    )
    db.execute(
        "DELETE FROM message WHERE phone = ? AND id <="
        " (SELECT id FROM message WHERE phone = ? ORDER BY id DESC LIMIT 1 OFFSET ?)",
        (phone_id, phone_id, KEPT_A_PHONE_MAX),
    )
    return int(cursor.lastrowid or 0)


def say_notice(db: sqlite3.Connection, *, phone_id: str, text: str, at_s: int) -> None:
    """Put one of WeChat's own grey lines into the conversation."""
    add(
        db,
        phone_id=phone_id,
        sender=Sender.WECHAT,
        kind=Kind.NOTICE,
        content={"text": text},
        at_s=at_s,
    )


def of_phone(db: sqlite3.Connection, *, phone_id: str, after_id: int = 0) -> list[Message]:
    """Return the newest READ_MAX messages after `after_id`, oldest first."""
    rows = db.execute(
        "SELECT * FROM message WHERE phone = ? AND id > ? ORDER BY id DESC LIMIT ?",
        (phone_id, after_id, READ_MAX),
    ).fetchall()
    return [_message(row) for row in reversed(rows)]


def of_shown_phones(db: sqlite3.Connection, *, after_id: int) -> list[Message]:
    """Return the messages after `after_id` of the phones on the page, oldest first.

    Of each phone the newest READ_MAX at most.
    """
    rows = db.execute(
        "SELECT * FROM (SELECT message.*, ROW_NUMBER() OVER"
        " (PARTITION BY phone ORDER BY message.id DESC) AS place FROM message"
        " JOIN phone ON phone.id = message.phone AND phone.shown WHERE message.id > ?)"
        " WHERE place <= ? ORDER BY id",
        (after_id, READ_MAX),
    )
    return [_message(row) for row in rows]


def _message(row: sqlite3.Row) -> Message:
    return Message(
        id=row["id"],
        phone=row["phone"],
        at_s=row["at_s"],
        sender=Sender(row["sender"]),
        kind=Kind(row["kind"]),
        content=json.loads(row["content"]),
    )
