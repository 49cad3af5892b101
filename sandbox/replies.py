"""Passive replies: what the account's server answers to a callback, read as WeChat reads it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from xml.parsers.expat import ExpatError

import xmltodict

from kernel.words import msg
from sandbox import crypto
from sandbox.chat import Kind
from sandbox.settings import Account

_SILENT = ("", "success")
# The element of a file, which the pusher looks up; and what is a line of text.
_FILES = {"image": (Kind.IMAGE, "Image"), "voice": (Kind.VOICE, "Voice")}
_IN_A_LINE = {"video": "视频", "music": "音乐"}


class BadReply(Exception):
    """The answer cannot be shown; the follower sees that the account is out of order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What the phone shows; nothing without a kind. `opened` is its XML for the log."""

    kind: Kind | None = None
    content: dict[str, Any] = field(default_factory=dict)
    opened: str = ""


SILENCE = Reply()


def read(body: str, *, account: Account) -> Reply:
    """Read the body of a 200 answer. Raises BadReply with a sentence for the log."""
    if body.strip() in _SILENT:
        return SILENCE
    opened = _opened(_xml(body), account=account) if account.aes else body
    kind, content = _shown(_xml(opened))
    return Reply(kind=kind, content=content, opened=opened)


def _opened(answer: Mapping[str, Any], *, account: Account) -> str:
    sealed = _text(answer, "Encrypt")
    if not sealed:
        raise BadReply(msg("账号用安全模式，回复却没有加密"))
    expected = crypto.signature(
        account.token, _text(answer, "TimeStamp"), _text(answer, "Nonce"), sealed
    )
    if _text(answer, "MsgSignature") != expected:
        raise BadReply(msg("回复的 MsgSignature 不对"))
    try:
        return crypto.unseal(sealed, aes_key=account.aes_key, appid=account.appid)
    except crypto.BadEnvelope as error:
        raise BadReply(msg("回复%(error)s") % {"error": error}) from error


def _shown(answer: Mapping[str, Any]) -> tuple[Kind | None, dict[str, Any]]:
    kind = _text(answer, "MsgType")
    if kind == "text":
        content = _text(answer, "Content")
        if not content:
            raise BadReply(msg("文字回复没有 Content"))
        return Kind.TEXT, {"text": content}
    if kind == "news":
        return Kind.NEWS, {"articles": [_article(answer)]}
    if kind == "transfer_customer_service":
        return None, {}
    if kind in _FILES:
        shown, element = _FILES[kind]
        inside = answer.get(element)
        media_id = _text(inside, "MediaId") if isinstance(inside, Mapping) else ""
        if not media_id:
            raise BadReply(msg("回复没有 %(element)s 里的 MediaId") % {"element": element})
        return shown, {"media_id": media_id}
    if kind in _IN_A_LINE:
        return Kind.TEXT, {"text": f"[{_IN_A_LINE[kind]}]"}
    raise BadReply(msg("不认识的回复类型 %(given)s") % {"given": kind or "空"})


def _article(answer: Mapping[str, Any]) -> dict[str, str]:
    """Return the one article that a reply may hold, whichever way the parser nested it."""
    articles = answer.get("Articles")
    item = articles.get("item") if isinstance(articles, dict) else None
    first = item[0] if isinstance(item, list) else item
    if not isinstance(first, dict):
        raise BadReply(msg("图文回复没有 Articles"))
    return {
        "title": _text(first, "Title"),
        "description": _text(first, "Description"),
        "url": _text(first, "Url"),
        "picture": _text(first, "PicUrl"),
    }


def _xml(text: str) -> Mapping[str, Any]:
    try:
        root = xmltodict.parse(text)
    except (ExpatError, ValueError) as error:
        raise BadReply(msg("回复不是合法的 XML，也不是 success")) from error
    inside = root.get("xml")
    if not isinstance(inside, dict):
        raise BadReply(msg("回复的根元素不是 xml"))
    return inside


def _text(answer: Mapping[str, Any], key: str) -> str:
    value = answer.get(key)
    return value if isinstance(value, str) else ""
