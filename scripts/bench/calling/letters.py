"""Callbacks as WeChat sends them, plain and in AES mode, of every kind that the house knows."""

import base64
import io
import random
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any
from urllib.parse import quote_from_bytes, urlencode

from flask import Flask
from wechatpy.crypto.cryptography import WeChatCipher

from gateways.wechat.crypto import signature
from kernel.clock import wall_s

PATH = "/wechat/callback"
APPID, TOKEN = "wx0123456789abcdef", "token-of-benches"
AES_KEY = "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C"
# People who write: few, so that they follow, leave and come back.
PEOPLE = 48
SCENES = ("", "st_hailu", "st_none", "bind_NONSENSE00", "goods:K-1")

Elements = dict[str, str]


@dataclass(frozen=True, slots=True)
class Mail:
    """A request: `query` as it stands in the address, without the question mark."""

    query: str
    body: bytes
    method: str = "POST"


@dataclass(frozen=True, slots=True)
class Post:
    """How letters travel: sealed in AES mode, as they are without."""

    is_sealed: bool
    token: str = TOKEN

    def send(
        self, xml: bytes, *, nonce: str, age_s: float = 0, appid: str = APPID, key: str = AES_KEY
    ) -> Mail:
        """Return the letter as WeChat would send it, signed rightly."""
        if self.is_sealed:
            return self.enclose(sealed(xml, appid=appid, key=key), nonce=nonce, age_s=age_s)
        return Mail(urlencode(self.signed(nonce=nonce, age_s=age_s)), xml)

    def signed(self, *, nonce: str, age_s: float = 0) -> dict[str, str]:
        """Return the query with which WeChat proves itself."""
        timestamp = str(int(wall_s() - age_s))
        return {
            "signature": signature(self.token, timestamp, nonce),
            "timestamp": timestamp,
            "nonce": nonce,
        }

    def enclose(self, envelope: str, *, nonce: str, age_s: float = 0) -> Mail:
        """Return a request around a ciphertext, or around what is to be taken for one."""
        query = self.signed(nonce=nonce, age_s=age_s) | {"encrypt_type": "aes"}
        query["msg_signature"] = signature(self.token, query["timestamp"], nonce, envelope)
        body = (
            "<xml><ToUserName><![CDATA[gh_door]]></ToUserName>"
            f"<Encrypt><![CDATA[{envelope}]]></Encrypt></xml>"
        )
        return Mail(urlencode(query), body.encode())


def sealed(
    xml: bytes,
    *,
    appid: str = APPID,
    key: str = AES_KEY,
    salt: bytes = b"sixteen letters!",
    padding: int | None = None,
) -> str:
    """Return what WeChat puts into Encrypt; `padding` is what the last byte claims of its length."""
    whole = salt + len(xml).to_bytes(4, "big") + xml + appid.encode()
    room = 32 - len(whole) % 32
    whole += bytes([room if padding is None else padding]) * room
    return base64.b64encode(_cipher(key).encrypt(whole)).decode()


@cache
def _cipher(key: str) -> Any:
    return WeChatCipher(base64.b64decode(key + "="))


_KINDS: Mapping[str, Callable[[random.Random], Elements]] = {
    "subscribe": lambda rng: {"EventKey": _scene(rng, "qrscene_"), "Ticket": "tk"},
    "unsubscribe": lambda _: {"EventKey": ""},
    "SCAN": lambda rng: {"EventKey": _scene(rng), "Ticket": "tk"},
    "CLICK": lambda _: {"EventKey": "MINE"},
    "VIEW": lambda _: {"EventKey": "https://door.example/c/", "MenuId": "7"},
    "LOCATION": lambda rng: {
        "Latitude": f"{rng.uniform(36, 37):.6f}",
        "Longitude": f"{rng.uniform(120, 121):.6f}",
        "Precision": "65.0",
    },
    "scancode_push": lambda _: {"EventKey": "s", "ScanCodeInfo": _camera()},
    "scancode_waitmsg": lambda _: {"EventKey": "s", "ScanCodeInfo": _camera()},
    "TEMPLATESENDJOBFINISH": lambda rng: {"MsgID": str(rng.getrandbits(40)), "Status": "success"},
    "MASSSENDJOBFINISH": lambda rng: {
        "MsgID": str(rng.getrandbits(40)),
        "Status": "sendsuccess",
        "SentCount": "75",
        "ErrorCount": "5",
    },
    "subscribe_msg_popup_event": lambda _: {"SubscribeMsgPopupEvent": _granted() * 2},
    "subscribe_msg_change_event": lambda _: {"SubscribeMsgChangeEvent": _granted()},
    "subscribe_msg_sent_event": lambda _: {"SubscribeMsgSentEvent": _granted()},
    "kf_create_session": lambda _: {"KfAccount": "li@door"},
    "kf_close_session": lambda _: {"KfAccount": "li@door"},
    "kf_switch_session": lambda _: {"FromKfAccount": "li@door", "ToKfAccount": "wu@door"},
    "something_new": lambda _: {"EventKey": "?"},
    "text": lambda rng: {"Content": _cdata(rng.choice(("我的预约", "你好 <b>&", "几点到")))},
    "voice": lambda _: {"MediaId": "v", "Format": "amr", "Recognition": _cdata("我要预约")},
    "image": lambda _: {"PicUrl": _cdata("http://p/1"), "MediaId": "m"},
    "location": lambda _: {
        "Location_X": "36.1", "Location_Y": "120.4", "Scale": "15", "Label": "浮山后",
    },
}  # fmt: skip
KINDS = tuple(_KINDS)
_MESSAGES = {"text", "voice", "image", "location"}
# WeChat's reports on what we sent: those change nothing, unless the message is known.
REPORTS = {"TEMPLATESENDJOBFINISH"}


def elements(kind: str, *, number: int, rng: random.Random) -> Elements:
    """Return a letter of that kind, told apart from all others by its number."""
    common = {
        "ToUserName": _cdata("gh_door"),
        "FromUserName": _cdata(f"oFuzz{rng.randrange(PEOPLE):023d}"),
        "CreateTime": str(1_795_395_600 + number),
    }
    if kind in _MESSAGES:
        own = {"MsgType": _cdata(kind), "MsgId": str(24_500_000_000_000_000 + number)}
    else:
        own = {"MsgType": _cdata("event"), "Event": _cdata(kind)}
    return common | own | _KINDS[kind](rng)


def written(parts: Elements) -> bytes:
    inside = "".join(f"<{name}>{value}</{name}>" for name, value in parts.items())
    return f"<xml>{inside}</xml>".encode("utf-8", "surrogatepass")


def hand_in(app: Flask, mail: Mail) -> tuple[int, bytes]:
    """Call the app as its server does; return status and body."""
    told: list[str] = []

    def start(status: str, *_: Any) -> Callable[[bytes], object]:
        told.append(status)
        return told.append  # type: ignore[return-value]  # nobody writes so

    chunks: Any = app.wsgi_app(environ(mail), start)
    try:
        body = b"".join(chunks)
    finally:
        if hasattr(chunks, "close"):
            chunks.close()
    return int(told[0][:3]), body


def environ(mail: Mail) -> dict[str, Any]:
    """Return the request as a server hands it to an app."""
    return {
        "REQUEST_METHOD": mail.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": PATH,
        "QUERY_STRING": mail.query,
        "SERVER_NAME": "door.localhost",
        "SERVER_PORT": "443",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "HTTP_HOST": "door.localhost",
        "REMOTE_ADDR": "127.0.0.1",
        "CONTENT_TYPE": "text/xml",
        "CONTENT_LENGTH": str(len(mail.body)),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "https",
        "wsgi.input": io.BytesIO(mail.body),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": False,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }


def quoted(raw: bytes) -> str:
    return quote_from_bytes(raw, safe="")


def _scene(rng: random.Random, prefix: str = "") -> str:
    scene = rng.choice(SCENES)
    return _cdata(prefix + scene) if scene else ""


def _camera() -> str:
    return "<ScanType>qrcode</ScanType><ScanResult>K-1</ScanResult>"


def _granted() -> str:
    return (
        "<List><TemplateId>T1</TemplateId><MsgID>18</MsgID>"
        "<SubscribeStatusString>accept</SubscribeStatusString></List>"
    )


def _cdata(text: str) -> str:
    return f"<![CDATA[{text}]]>"
