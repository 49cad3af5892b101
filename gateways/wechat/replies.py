"""Passive replies: the XML with which a callback is answered within five seconds. Pure."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

TEXT_BYTES_MAX = 2048
ARTICLES_MAX = 8
SILENCE = "success"

# What XML 1.0 cannot carry at all.
_UNWRITABLE = re.compile(r"[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True)
class Article:
    """A card in the chat: title, a line of text, a picture and where a tap leads."""

    title: str
    about: str
    picture_url: str
    url: str


def text_reply(text: str, *, openid: str, account: str, now_s: float) -> str:
    """Return a text reply; beyond TEXT_BYTES_MAX bytes it ends in an ellipsis."""
    return _reply("text", f"<Content>{_cdata(_cut(text))}</Content>", openid, account, now_s)


def news_reply(articles: Sequence[Article], *, openid: str, account: str, now_s: float) -> str:
    """Return a reply of 1 to ARTICLES_MAX cards."""
    if not 0 < len(articles) <= ARTICLES_MAX:
        raise ValueError(f"a news reply has 1 to {ARTICLES_MAX} articles")
    items = "".join(
        f"<item><Title>{_cdata(one.title)}</Title><Description>{_cdata(one.about)}</Description>"
        f"<PicUrl>{_cdata(one.picture_url)}</PicUrl><Url>{_cdata(one.url)}</Url></item>"
        for one in articles
    )
    inside = f"<ArticleCount>{len(articles)}</ArticleCount><Articles>{items}</Articles>"
    return _reply("news", inside, openid, account, now_s)


def _reply(kind: str, inside: str, openid: str, account: str, now_s: float) -> str:
    return (
        f"<xml><ToUserName>{_cdata(openid)}</ToUserName>"
        f"<FromUserName>{_cdata(account)}</FromUserName>"
        f"<CreateTime>{int(now_s)}</CreateTime><MsgType>{_cdata(kind)}</MsgType>{inside}</xml>"
    )


def _cdata(text: str) -> str:
    """Return `text` as character data that cannot end its own section."""
    safe = _UNWRITABLE.sub("", text).replace("]]>", "]]]]><![CDATA[>")
    return f"<![CDATA[{safe}]]>"


def _cut(text: str) -> str:
    raw = text.encode("utf-8", "ignore")
    if len(raw) <= TEXT_BYTES_MAX:
        return text
    return raw[: TEXT_BYTES_MAX - 3].decode("utf-8", "ignore") + "…"
