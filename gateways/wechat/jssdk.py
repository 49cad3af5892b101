"""What a page must tell WeChat's JS-SDK before it may use the phone. Pure."""

import hashlib
from dataclasses import dataclass
from urllib.parse import urldefrag


@dataclass(frozen=True, slots=True)
class PageProof:
    """The fields of `wx.config` that prove a page ours; `timestamp` is seconds since 1970."""

    appid: str
    timestamp: int
    nonce: str
    signature: str


def prove_page(url: str, *, appid: str, ticket: str, nonce: str, now_s: float) -> PageProof:
    """Sign the page at `url` (its fragment does not count) with WeChat.jsapi_ticket's ticket.

    `url` is what the browser shows, query included; `now_s` is true time.
    """
    timestamp = int(now_s)
    page = urldefrag(url).url
    # The order and the lower-case names are WeChat's.
    signed = f"jsapi_ticket={ticket}&noncestr={nonce}&timestamp={timestamp}&url={page}"
    return PageProof(appid, timestamp, nonce, hashlib.sha1(signed.encode()).hexdigest())
