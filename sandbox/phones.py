"""Phones and the people who hold them; each is one openid of the account."""

import re
import secrets
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass

from kernel.errors import Conflict, Invalid, Missing
from kernel.words import msg
from sandbox.errors import ApiError

PHONES_MAX = 10_000
SHOWN_MAX = 24
NAME_LENGTH_MAX = 20
_OPENID = re.compile(r"o[A-Za-z0-9_-]{27}")


class PhoneMissing(Missing):
    code = "no_such_phone"
    says = msg("没有这部手机。")


class BadPhone(Invalid):
    code = "bad_phone"
    says = msg("名字为 1 到 20 个字；openid 为 28 位，以 o 开头。")


class TooManyPhones(Conflict):
    code = "too_many_phones"
    says = msg("手机太多了，用现有的吧。")


class OpenidTaken(Conflict):
    code = "openid_taken"
    says = msg("这个 openid 已经有手机了。")


@dataclass(frozen=True, slots=True, kw_only=True)
class Phone:
    """One person and the state of his following."""

    id: str
    name: str
    openid: str
    shown: bool
    follows: bool
    followed_at_s: int
    follow_scene: str
    qr_scene: str
    # The QR code that was scanned before following; the follow event will carry it.
    pending_ticket: str


def create(
    db: sqlite3.Connection,
    *,
    name: str,
    openid: str = "",
    follows: bool = False,
    shown: bool = True,
    at_s: int,
) -> Phone:
    """Make phone p1, p2, … ; with `follows` it is a follower since `at_s` and nobody is told.

    Phones that are not `shown` are followers without a screen on the page.
    Raises BadPhone, OpenidTaken, TooManyPhones.
    """
    name = name.strip()
    openid = openid or "o" + secrets.token_urlsafe(21)[:27]
    if not 1 <= len(name) <= NAME_LENGTH_MAX or not _OPENID.fullmatch(openid):
        raise BadPhone
    _check_room(db, shown=shown)
    if db.execute("SELECT 1 FROM phone WHERE openid = ?", (openid,)).fetchone():
        raise OpenidTaken
    number = db.execute("SELECT COALESCE(MAX(number), 0) + 1 FROM phone").fetchone()[0]
    db.execute(
        "INSERT INTO phone (number, id, name, openid, shown, follows, followed_at_s, follow_scene)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            number,
            f"p{number}",
            name,
            openid,
            int(shown),
            int(follows),
            at_s if follows else 0,
            "ADD_SCENE_OTHERS" if follows else "",
        ),
    )
    return get(db, phone_id=f"p{number}")


def get(db: sqlite3.Connection, *, phone_id: str) -> Phone:
    """Return the phone. Raises PhoneMissing."""
    row = db.execute("SELECT * FROM phone WHERE id = ?", (phone_id,)).fetchone()
    if row is None:
        raise PhoneMissing
    return _phone(row)


def by_openid(db: sqlite3.Connection, *, openid: str) -> Phone:
    """Return the phone of `openid`. Raises ApiError 40003."""
    row = db.execute("SELECT * FROM phone WHERE openid = ?", (openid,)).fetchone()
    if row is None:
        raise ApiError(40003)
    return _phone(row)


def shown(db: sqlite3.Connection) -> list[Phone]:
    """Return the phones with a screen on the page, oldest first."""
    rows = db.execute("SELECT * FROM phone WHERE shown ORDER BY number LIMIT ?", (SHOWN_MAX,))
    return [_phone(row) for row in rows]


def unknown(db: sqlite3.Connection, openids: Iterable[str]) -> list[str]:
    """Return those openids that no phone has, in their order."""
    known = {row["openid"] for row in db.execute("SELECT openid FROM phone")}
    return [openid for openid in openids if openid not in known]


def followers(db: sqlite3.Connection, *, after_openid: str, limit: int) -> tuple[int, list[str]]:
    """Return how many follow, and up to `limit` openids after `after_openid` in their order."""
    total = db.execute("SELECT COUNT(*) FROM phone WHERE follows").fetchone()[0]
    start = db.execute("SELECT number FROM phone WHERE openid = ?", (after_openid,)).fetchone()
    rows = db.execute(
        "SELECT openid FROM phone WHERE follows AND number > ? ORDER BY number LIMIT ?",
        (start["number"] if start else 0, limit),
    )
    return total, [row["openid"] for row in rows]


def set_following(
    db: sqlite3.Connection, *, phone_id: str, scene: str, came_by: str, at_s: int
) -> None:
    """Make the phone a follower who came by `came_by` (WeChat's ADD_SCENE_…) and QR `scene`."""
    db.execute(
        "UPDATE phone SET follows = 1, followed_at_s = ?, follow_scene = ?, qr_scene = ?,"
        " pending_ticket = '' WHERE id = ?",
        (at_s, came_by, scene, phone_id),
    )


def set_unfollowed(db: sqlite3.Connection, *, phone_id: str) -> None:
    """Make the phone a stranger again; the conversation stays on it."""
    db.execute("UPDATE phone SET follows = 0, pending_ticket = '' WHERE id = ?", (phone_id,))


def set_pending(db: sqlite3.Connection, *, phone_id: str, ticket: str) -> None:
    """Remember the code whose follow card the phone is looking at."""
    db.execute("UPDATE phone SET pending_ticket = ? WHERE id = ?", (ticket, phone_id))


def _check_room(db: sqlite3.Connection, *, shown: bool) -> None:
    row = db.execute("SELECT COUNT(*) AS every, SUM(shown) AS on_page FROM phone").fetchone()
    if row["every"] >= PHONES_MAX or (shown and (row["on_page"] or 0) >= SHOWN_MAX):
        raise TooManyPhones


def _phone(row: sqlite3.Row) -> Phone:
    return Phone(
        id=row["id"],
        name=row["name"],
        openid=row["openid"],
        shown=bool(row["shown"]),
        follows=bool(row["follows"]),
        followed_at_s=row["followed_at_s"],
        follow_scene=row["follow_scene"],
        qr_scene=row["qr_scene"],
        pending_ticket=row["pending_ticket"],
    )
