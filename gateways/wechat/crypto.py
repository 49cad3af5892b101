"""The callback's door: who knocks, how fresh the knock is, and what is in the envelope.

In AES mode (recommended) `msg_signature` covers the ciphertext. In plain mode the signature covers
only token, timestamp and nonce: whoever has seen one could sign any body for five minutes. So each
process remembers which body a query came with, and lets it in with no other.
"""

import base64
import hashlib
import hmac
import re
import secrets
import threading
from collections.abc import Mapping
from typing import Self

from wechatpy.crypto.cryptography import WeChatCipher

from gateways.wechat.account import Account
from gateways.wechat.messages import BODY_BYTES_MAX, Unreadable
from kernel.settings import Settings

__all__ = [
    "BODY_BYTES_MAX",
    "FRESH_S",
    "CallbackDoor",
    "Forged",
    "TooLarge",
    "Unreadable",
    "signature",
]

FRESH_S = 300
_SEEN_MAX = 200_000
# What WeChat encrypts: a salt, the letter's length, the letter, the account, and padding of bytes that
# tell how many they are.
_SALT_BYTES, _LENGTH_BYTES, _BLOCK_BYTES = 16, 4, 32

_ENCRYPTED = re.compile(rb"<Encrypt><!\[CDATA\[([A-Za-z0-9+/=]{1,65536})\]\]></Encrypt>")
_TIMESTAMP = re.compile(r"[0-9]{1,12}")
_ECHO = re.compile(r"[A-Za-z0-9_+/=-]{1,128}")


class Forged(Exception):
    """No signature, a wrong one, or one too old: answer 403 and nothing else."""


class TooLarge(Exception):
    """A body over BODY_BYTES_MAX: answer 413 without reading it."""


class _Seen:
    """The bodies that plain signatures came with, for as long as these are fresh."""

    def __init__(self) -> None:
        self._bodies: dict[str, tuple[float, bytes]] = {}
        self._lock = threading.Lock()

    def fits(self, query: Mapping[str, str], body: bytes, *, now_s: float) -> bool:
        """Tell whether the query, rightly signed, is new or came with this very body before."""
        key = f"{query['timestamp']} {query.get('nonce', '')}"
        digest = hashlib.sha256(body).digest()
        with self._lock:
            # In the order of their arrival: the oldest come first.
            while self._bodies:
                oldest = next(iter(self._bodies))
                is_fresh = now_s - self._bodies[oldest][0] <= 2 * FRESH_S
                if is_fresh and len(self._bodies) < _SEEN_MAX:
                    break
                del self._bodies[oldest]
            return self._bodies.setdefault(key, (now_s, digest))[1] == digest


class CallbackDoor:
    """Opens WeChat's callbacks and seals our replies, in AES mode when the account has a key."""

    def __init__(self, *, appid: str, token: str, aes_key: str = "") -> None:
        """`aes_key` is the account's 43 characters, or empty for plain mode."""
        self._appid = appid
        self._token = token
        # Made once: it gives each letter a context of its own.
        self._cipher = WeChatCipher(base64.b64decode(aes_key + "=")) if aes_key else None
        self._seen = _Seen()

    @classmethod
    def from_settings(cls, settings: Settings) -> Self:
        account = Account.from_settings(settings)
        return cls(appid=account.appid, token=account.token, aes_key=account.aes_key)

    @property
    def is_encrypted(self) -> bool:
        return self._cipher is not None

    def handshake(self, query: Mapping[str, str], *, now_s: float) -> str:
        """Return the text that proves to WeChat who we are. `now_s` is true time. Raises Forged."""
        self._check(query, "signature", now_s=now_s)
        echo = query.get("echostr", "")
        if _ECHO.fullmatch(echo) is None:
            raise Forged("an odd echostr")
        return echo

    def open(self, query: Mapping[str, str], body: bytes, *, now_s: float) -> bytes:
        """Return the message's XML. `now_s` is true time. Raises TooLarge, Forged, Unreadable.

        With a key, a plain body is Forged: otherwise anybody could choose the weaker mode.
        """
        if len(body) > BODY_BYTES_MAX:
            raise TooLarge
        if self._cipher is None:
            self._check(query, "signature", now_s=now_s)
            if not self._seen.fits(query, body, now_s=now_s):
                raise Forged("a signature that came with another body")
            return body
        found = _ENCRYPTED.search(body)
        if found is None:
            raise Forged("not encrypted")
        envelope = found[1].decode("ascii")
        self._check(query, "msg_signature", envelope, now_s=now_s)
        return self._decrypted(self._cipher, envelope)

    def seal(self, xml: str, *, nonce: str, now_s: float) -> str:
        """Return the reply as WeChat wants it: encrypted and signed with a key, else unchanged.

        An empty reply and `success` mean silence and are never encrypted.
        """
        if self._cipher is None or xml in ("", "success"):
            return xml
        raw = xml.encode()
        whole = b"".join(
            (_salt(), len(raw).to_bytes(_LENGTH_BYTES, "big"), raw, self._appid.encode())
        )
        room = _BLOCK_BYTES - len(whole) % _BLOCK_BYTES
        envelope = base64.b64encode(self._cipher.encrypt(whole + bytes([room]) * room)).decode()
        timestamp = str(int(now_s))
        proof = signature(self._token, timestamp, nonce, envelope)
        return (
            f"<xml><Encrypt><![CDATA[{envelope}]]></Encrypt>"
            f"<MsgSignature><![CDATA[{proof}]]></MsgSignature>"
            f"<TimeStamp>{timestamp}</TimeStamp><Nonce><![CDATA[{nonce}]]></Nonce></xml>"
        )

    def _check(self, query: Mapping[str, str], name: str, *also_signed: str, now_s: float) -> None:
        timestamp, nonce = query.get("timestamp", ""), query.get("nonce", "")
        expected = signature(self._token, timestamp, nonce, *also_signed)
        if not hmac.compare_digest(expected.encode(), query.get(name, "").encode()):
            raise Forged("a wrong signature")
        if _TIMESTAMP.fullmatch(timestamp) is None or abs(now_s - int(timestamp)) > FRESH_S:
            raise Forged("too old, or from the future")

    def _decrypted(self, cipher: WeChatCipher, envelope: str) -> bytes:
        """Return what stands between salt and length on one side, and account and padding on the other."""
        try:
            whole = cipher.decrypt(base64.b64decode(envelope))
            inside = whole[_SALT_BYTES : -whole[-1]]
            end = _LENGTH_BYTES + int.from_bytes(inside[:_LENGTH_BYTES], "big")
            xml: bytes = inside[_LENGTH_BYTES:end]
            xml.decode()
        # What a wrong key or cut ciphertext raises: bad base64, length, padding or UTF-8.
        except (ValueError, IndexError) as error:
            raise Unreadable("the ciphertext does not open") from error
        if inside[end:] != self._appid.encode():
            raise Unreadable("meant for another account")
        return xml


def _salt() -> bytes:
    return secrets.token_hex(_SALT_BYTES // 2).encode()


def signature(*parts: str) -> str:
    """Return WeChat's signature: SHA-1 over the sorted parts, in lower-case hex."""
    return hashlib.sha1("".join(sorted(parts)).encode()).hexdigest()  # WeChat's own choice of hash
