"""The account's secrets at work: SHA1 signatures and the AES envelope of callbacks.

Written from the platform's documentation on `cryptography` alone, not on the library that the
product uses, so that a shared mistake cannot make both sides agree.
"""

import base64
import binascii
import hashlib
import secrets
import struct

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from kernel.words import msg

_BLOCK = 32
_IV = 16


class BadEnvelope(Exception):
    """The ciphertext was not sealed with this account's key."""


def signature(*parts: str) -> str:
    """Return the SHA1 of `parts`, sorted and joined, as WeChat signs callbacks."""
    return hashlib.sha1("".join(sorted(parts)).encode(), usedforsecurity=False).hexdigest()


def jsapi_signature(*, ticket: str, nonce: str, timestamp: str, url: str) -> str:
    """Return the SHA1 that `wx.config` must carry for a page at `url` (without its hash)."""
    text = f"jsapi_ticket={ticket}&noncestr={nonce}&timestamp={timestamp}&url={url}"
    return hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()


def seal(text: str, *, aes_key: str, appid: str) -> str:
    """Return `text` encrypted for the account, base64: random, length, text, appid, padding."""
    key = _key(aes_key)
    body = text.encode()
    plain = secrets.token_bytes(_IV) + struct.pack("!I", len(body)) + body + appid.encode()
    padding = _BLOCK - len(plain) % _BLOCK
    plain += bytes([padding]) * padding
    encryptor = Cipher(algorithms.AES(key), modes.CBC(key[:_IV])).encryptor()
    return base64.b64encode(encryptor.update(plain) + encryptor.finalize()).decode()


def unseal(sealed: str, *, aes_key: str, appid: str) -> str:
    """Return the text in an envelope. Raises BadEnvelope for another key, appid or garbage."""
    key = _key(aes_key)
    try:
        decryptor = Cipher(algorithms.AES(key), modes.CBC(key[:_IV])).decryptor()
        plain = decryptor.update(base64.b64decode(sealed, validate=True)) + decryptor.finalize()
        plain = plain[: -plain[-1]]
        (length,) = struct.unpack("!I", plain[_IV : _IV + 4])
        text = plain[_IV + 4 : _IV + 4 + length].decode()
        sealed_for = plain[_IV + 4 + length :].decode()
    except (binascii.Error, ValueError, IndexError, struct.error) as error:
        raise BadEnvelope(msg("解不开：密钥不对或内容损坏")) from error
    if sealed_for != appid:
        raise BadEnvelope(msg("信封里的 AppID 是 %(sealed_for)s") % {"sealed_for": sealed_for})
    return text


def _key(aes_key: str) -> bytes:
    return base64.b64decode(aes_key + "=")
