"""Messages to many: everybody, those with a tag, or a list; and the report when the job is done."""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from kernel.words import msg
from sandbox import callbacks, chat, media, msgids, phones, store, tags
from sandbox.chat import Kind, Sender
from sandbox.errors import ApiError
from sandbox.moment import Moment
from sandbox.phones import Phone
from sandbox.settings import Account

LISTED_MIN = 2
LISTED_MAX = 10_000
# A service account reaches each follower four times in a calendar month.
A_MONTH_MAX = 4
TEXT_BYTES_MAX = 2_048
CLIENT_MSG_ID_BYTES_MAX = 64
_CHINA = timedelta(hours=8)
_FILES = {"image": Kind.IMAGE, "voice": Kind.VOICE}
_IN_A_LINE = {"mpvideo": "视频", "mpnews": "图文", "wxcard": "卡券"}
Shown = tuple[Kind, dict[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """An accepted job."""

    msg_id: int
    reached: int


def send_all(
    db: sqlite3.Connection, *, body: dict[str, Any], account: Account, moment: Moment
) -> Job:
    """Send to everybody or to a tag. Raises ApiError 40008, 45159 and what `_send` raises."""
    told = body.get("filter")
    if not isinstance(told, dict):
        raise ApiError(47001, rule=msg("没有写 filter。"))
    if told.get("is_to_all") is True:
        _, openids = phones.followers(db, after_openid="", limit=phones.PHONES_MAX)
    else:
        # Tags took the place of groups; the old key is not read any more.
        openids = tags.carriers(db, tag_id=told.get("tag_id"))
    return _send(db, body=body, openids=openids, account=account, moment=moment)


def send_listed(
    db: sqlite3.Connection, *, body: dict[str, Any], account: Account, moment: Moment
) -> Job:
    """Send to the openids of `touser`. Raises ApiError 40003, 40032 and what `_send` raises."""
    given = body.get("touser")
    if not isinstance(given, list) or not LISTED_MIN <= len(given) <= LISTED_MAX:
        raise ApiError(
            40032,
            rule=(
                msg("touser 为 %(listed_min)s 到 %(listed_max)s 个。")
                % {"listed_min": LISTED_MIN, "listed_max": LISTED_MAX}
            ),
        )
    openids = [phones.by_openid(db, openid=str(one)).openid for one in dict.fromkeys(given)]
    return _send(db, body=body, openids=openids, account=account, moment=moment)


def preview(db: sqlite3.Connection, *, body: dict[str, Any], moment: Moment) -> int:
    """Show the message to one follower only. Raises ApiError 40003, 43004, 40007, 44004, …"""
    phone = phones.by_openid(db, openid=str(body.get("touser", "")))
    if not phone.follows:
        raise ApiError(43004)
    contents = _contents(db, body, wall_s=moment.wall_s)
    _show(db, phone, contents=contents, at_s=moment.at_s)
    return msgids.next_one(db)


def status(db: sqlite3.Connection, *, msg_id: object) -> str:
    """Return SEND_SUCCESS or DELETE. Raises ApiError 40059."""
    row = db.execute("SELECT state FROM mass WHERE msg_id = ?", (str(msg_id),)).fetchone()
    if row is None:
        raise ApiError(40059)
    return str(row["state"])


def delete(db: sqlite3.Connection, *, msg_id: object) -> None:
    """Withdraw a job's article; phones keep what they have shown. Raises ApiError 40059."""
    status(db, msg_id=msg_id)
    db.execute("UPDATE mass SET state = 'DELETE' WHERE msg_id = ?", (str(msg_id),))


def _send(
    db: sqlite3.Connection,
    *,
    body: dict[str, Any],
    openids: list[str],
    account: Account,
    moment: Moment,
) -> Job:
    """Show the message to all who may have it and promise MASSSENDJOBFINISH.

    Raises ApiError 40007, 40008, 44004, 45002, 45065.
    """
    contents = _contents(db, body, wall_s=moment.wall_s)
    client_msg_id = _fresh_client_msg_id(db, body)
    month = (datetime.fromtimestamp(moment.at_s, UTC) + _CHINA).strftime("%Y-%m")
    people = [phones.by_openid(db, openid=openid) for openid in openids]
    may = [one for one in people if _may_have(db, one, month=month)]
    for phone in may:
        _show(db, phone, contents=contents, at_s=moment.at_s)
        db.execute(
            "INSERT INTO mass_reached VALUES (?, ?, 1)"
            " ON CONFLICT (openid, month) DO UPDATE SET times = times + 1",
            (phone.openid, month),
        )
    msg_id = _next_number(db)
    db.execute("INSERT INTO mass VALUES (?, ?, 'SEND_SUCCESS')", (str(msg_id), client_msg_id))
    callbacks.queue_report(
        db,
        account_id=account.original_id,
        event="MASSSENDJOBFINISH",
        facts={
            "MsgID": msg_id,
            "Status": "send success",
            "TotalCount": len(people),
            "FilterCount": len(may),
            "SentCount": len(may),
            "ErrorCount": 0,
        },
        at_s=moment.at_s,
        wall_s=moment.wall_s,
    )
    return Job(msg_id=msg_id, reached=len(may))


def _fresh_client_msg_id(db: sqlite3.Connection, body: dict[str, Any]) -> str:
    given = str(body.get("clientmsgid") or "")
    if len(given.encode()) > CLIENT_MSG_ID_BYTES_MAX:
        raise ApiError(45066)
    if given and db.execute("SELECT 1 FROM mass WHERE client_msg_id = ?", (given,)).fetchone():
        raise ApiError(45065)
    return given


def _may_have(db: sqlite3.Connection, phone: Phone, *, month: str) -> bool:
    if not phone.follows or tags.is_blacked(db, openid=phone.openid):
        return False
    row = db.execute(
        "SELECT times FROM mass_reached WHERE openid = ? AND month = ?", (phone.openid, month)
    ).fetchone()
    return row is None or row["times"] < A_MONTH_MAX


def _contents(db: sqlite3.Connection, body: dict[str, Any], *, wall_s: float) -> list[Shown]:
    """Return what phones show of the message: each picture by itself."""
    kind = body.get("msgtype")
    told = body.get(str(kind))
    inside = told if isinstance(told, dict) else {}
    if kind == "text":
        text = inside.get("content")
        if not isinstance(text, str) or not text:
            raise ApiError(44004)
        if len(text.encode()) > TEXT_BYTES_MAX:
            raise ApiError(45002)
        return [(Kind.TEXT, {"text": text})]
    if kind in _FILES:
        ids = inside.get("media_ids") or [inside.get("media_id")]
        kept = [
            media.find(db, media_id=media_id, wall_s=wall_s, kind=str(kind))
            for media_id in (ids if isinstance(ids, list) else [ids])
        ]
        return [(_FILES[str(kind)], media.shown(one)) for one in kept]
    if kind not in _IN_A_LINE:
        raise ApiError(40008)
    return [(Kind.TEXT, {"text": f"[{_IN_A_LINE[str(kind)]}]"})]


def _show(db: sqlite3.Connection, phone: Phone, *, contents: Sequence[Shown], at_s: int) -> None:
    for kind, content in contents:
        chat.add(
            db,
            phone_id=phone.id,
            sender=Sender.ACCOUNT,
            kind=kind,
            content=content,
            at_s=at_s,
        )


def _next_number(db: sqlite3.Connection) -> int:
    """Return a job's number; they are ten digits long, unlike those of single messages."""
    number = int(store.setting(db, "last_mass_id") or 1_000_000_000) + 1
    store.set_setting(db, "last_mass_id", str(number))
    return number
