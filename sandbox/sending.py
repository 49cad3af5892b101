"""What the account sends to a person: template messages and customer messages."""

import sqlite3
from dataclasses import dataclass
from typing import Any

from kernel.errors import Invalid
from kernel.words import msg
from sandbox import (
    callbacks,
    chat,
    faults,
    media,
    message_templates,
    msgids,
    phones,
    store,
    tags,
    template_list,
    windows,
)
from sandbox.chat import Kind, Sender
from sandbox.errors import ApiError
from sandbox.moment import Moment
from sandbox.phones import Phone
from sandbox.settings import Account

DEDUPE_S = 600
SUCCESS = "success"
_FAILURES = {"user_block": "failed:user block", "system_failed": "failed: system failed"}
TEXT_BYTES_MAX = 2_048
ARTICLES_MAX = 1
_KEEP_S = 86_400
_MEDIA = {"image": Kind.IMAGE, "voice": Kind.VOICE, "video": Kind.TEXT}
# What a repeated client_msg_id is answered: nobody outside knows for sure, so both can be played.
DUPLICATE_ANSWERS = ("msgid", "40241")


class BadDuplicateAnswer(Invalid):
    code = "bad_duplicate_answer"
    says = msg("重复的 client_msg_id 只能应答 msgid 或 40241。")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """The accepted message; a repeated one was not shown again."""

    msgid: int
    phone_id: str
    is_repeated: bool = False


def send_template(
    db: sqlite3.Connection, *, body: dict[str, Any], account: Account, moment: Moment
) -> Sent:
    """Show a template card and promise TEMPLATESENDJOBFINISH.

    The same openid and client_msg_id within DEDUPE_S of true time is shown once. Raises ApiError
    40003, 40036, 40037, 43004, 43019, 47001, 47003, and 40241 when repeats are answered so.
    """
    phone = phones.by_openid(db, openid=str(body.get("touser", "")))
    template = template_list.find(db, body=body, account=account)
    if not phone.follows:
        raise ApiError(43004)
    _check_not_blacked(db, phone)
    values = message_templates.values_of(body)
    message_templates.check_values(template, values)
    client_msg_id = str(body.get("client_msg_id") or "")
    repeated = _repeated(db, phone=phone, client_msg_id=client_msg_id, wall_s=moment.wall_s)
    if repeated is not None:
        return repeated

    msgid = msgids.next_one(db)
    status = _fate(db)
    if status == SUCCESS:
        content = {
            "template_id": template.template_id,
            "title": template.title,
            "fields": message_templates.drawn(template, values),
            "url": str(body.get("url") or ""),
            "miniprogram": body.get("miniprogram") or None,
            "msgid": msgid,
            "client_msg_id": client_msg_id,
        }
        chat.add(
            db,
            phone_id=phone.id,
            sender=Sender.ACCOUNT,
            kind=Kind.TEMPLATE,
            content=content,
            at_s=moment.at_s,
        )
    if client_msg_id:
        _remember(db, phone=phone, client_msg_id=client_msg_id, msgid=msgid, wall_s=moment.wall_s)

    callbacks.queue_event(
        db,
        phone=phone,
        account_id=account.original_id,
        event="TEMPLATESENDJOBFINISH",
        facts={"MsgID": msgid, "Status": status},
        shows_failure=False,
        at_s=moment.at_s,
        wall_s=moment.wall_s,
    )
    return Sent(msgid=msgid, phone_id=phone.id)


def send_custom(db: sqlite3.Connection, *, body: dict[str, Any], moment: Moment) -> str:
    """Show a customer message and return the phone's id.

    Raises ApiError 40003, 40007, 40008, 43019, 44004, 45002, 45008, 45015, 45047.
    """
    phone = phones.by_openid(db, openid=str(body.get("touser", "")))
    if not phone.follows:
        raise ApiError(45015)
    _check_not_blacked(db, phone)
    kind, content = _custom_content(db, body, wall_s=moment.wall_s)
    windows.take(db, openid=phone.openid, at_s=moment.at_s)

    chat.add(
        db,
        phone_id=phone.id,
        sender=Sender.ACCOUNT,
        kind=kind,
        content=content,
        at_s=moment.at_s,
    )
    return phone.id


def check_typing(db: sqlite3.Connection, *, body: dict[str, Any], moment: Moment) -> str:
    """Return the id of the phone that would show 对方正在输入.

    Raises ApiError 40003, 40035, 45080 outside the windows.
    """
    phone = phones.by_openid(db, openid=str(body.get("touser", "")))
    if body.get("command") not in ("Typing", "CancelTyping"):
        raise ApiError(40035, rule=msg("command 只能是 Typing 或 CancelTyping。"))
    if not windows.is_open(db, openid=phone.openid, at_s=moment.at_s):
        raise ApiError(45080)
    return phone.id


def set_duplicate_answer(db: sqlite3.Connection, *, answer: str) -> None:
    """Choose what a repeated client_msg_id is answered. Raises BadDuplicateAnswer."""
    if answer not in DUPLICATE_ANSWERS:
        raise BadDuplicateAnswer(field="duplicate_answer")
    store.set_setting(db, "duplicate_answer", answer)


def _fate(db: sqlite3.Connection) -> str:
    """Return what TEMPLATESENDJOBFINISH will say."""
    for fault, status in _FAILURES.items():
        if faults.strikes(db, fault):
            return status
    return SUCCESS


def _check_not_blacked(db: sqlite3.Connection, phone: Phone) -> None:
    if tags.is_blacked(db, openid=phone.openid):
        raise ApiError(43019)


def _repeated(
    db: sqlite3.Connection, *, phone: Phone, client_msg_id: str, wall_s: float
) -> Sent | None:
    row = db.execute(
        "SELECT msgid FROM sent WHERE openid = ? AND client_msg_id = ? AND sent_wall_s > ?",
        (phone.openid, client_msg_id, wall_s - DEDUPE_S),
    ).fetchone()
    if row is None:
        return None
    if store.setting(db, "duplicate_answer") == "40241":
        raise ApiError(40241)
    return Sent(msgid=row["msgid"], phone_id=phone.id, is_repeated=True)


def _remember(
    db: sqlite3.Connection, *, phone: Phone, client_msg_id: str, msgid: int, wall_s: float
) -> None:
    db.execute("DELETE FROM sent WHERE sent_wall_s < ?", (wall_s - _KEEP_S,))
    db.execute(
        "INSERT OR REPLACE INTO sent VALUES (?, ?, ?, ?)",
        (phone.openid, client_msg_id, msgid, wall_s),
    )


def _custom_content(
    db: sqlite3.Connection, body: dict[str, Any], *, wall_s: float
) -> tuple[Kind, dict[str, Any]]:
    kind = body.get("msgtype")
    if kind == "text":
        return Kind.TEXT, {"text": _custom_text(body)}
    if kind == "news":
        return Kind.NEWS, {"articles": _custom_articles(body)}
    told = body.get(str(kind))
    inside = told if isinstance(told, dict) else {}
    if kind in _MEDIA:
        kept = media.find(db, media_id=inside.get("media_id"), wall_s=wall_s, kind=str(kind))
        return _MEDIA[str(kind)], media.shown(kept)
    if kind == "msgmenu":
        return Kind.MENU, _choices(inside)
    if kind == "miniprogrampage":
        return Kind.MINIPROGRAM, _miniprogram(db, inside, wall_s=wall_s)
    raise ApiError(40008)


def _choices(told: dict[str, Any]) -> dict[str, Any]:
    choices = told.get("list")
    if not isinstance(choices, list) or not choices:
        raise ApiError(44004)
    if not all(isinstance(one, dict) for one in choices):
        raise ApiError(47001)
    return {
        "head": str(told.get("head_content") or ""),
        "choices": [
            {"id": str(one.get("id", "")), "text": str(one.get("content", ""))} for one in choices
        ],
        "tail": str(told.get("tail_content") or ""),
    }


def _miniprogram(db: sqlite3.Connection, told: dict[str, Any], *, wall_s: float) -> dict[str, Any]:
    """The card of a page in a mini program; its picture is a thumb or an image of ours."""
    cover = media.find(db, media_id=told.get("thumb_media_id"), wall_s=wall_s)
    return {
        "title": str(told.get("title") or ""),
        "appid": str(told.get("appid") or ""),
        "pagepath": str(told.get("pagepath") or ""),
        "picture": media.path_of(cover),
    }


def _custom_text(body: dict[str, Any]) -> str:
    told = body.get("text")
    text = told.get("content") if isinstance(told, dict) else None
    if not isinstance(text, str) or not text:
        raise ApiError(44004)
    if len(text.encode()) > TEXT_BYTES_MAX:
        raise ApiError(45002)
    return text


def _custom_articles(body: dict[str, Any]) -> list[dict[str, str]]:
    told = body.get("news")
    articles = told.get("articles") if isinstance(told, dict) else None
    if not isinstance(articles, list) or not articles:
        raise ApiError(44004)
    if len(articles) > ARTICLES_MAX:
        raise ApiError(45008)
    if not all(isinstance(one, dict) for one in articles):
        raise ApiError(47001)
    return [
        {
            "title": str(one.get("title", "")),
            "description": str(one.get("description", "")),
            "url": str(one.get("url", "")),
            "picture": str(one.get("picurl", "")),
        }
        for one in articles
    ]
