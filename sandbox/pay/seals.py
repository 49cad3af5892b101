"""WeChat Pay's signatures and envelopes: RSA-SHA256 (PKCS #1 v1.5) and AES-256-GCM.

Written from the platform's documentation on `cryptography` alone, not on the library that the
product uses, so that a shared mistake cannot make both sides agree.
"""

import base64
import binascii
import json
import re
import secrets
from collections.abc import Mapping
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from kernel.words import msg
from sandbox.pay.shop import Shop

SCHEME = "WECHATPAY2-SHA256-RSA2048"
FRESH_S = 300
NONCE_BYTES = 12

_FACT = re.compile(r'\s*([a-z_]+)="([^"]*)"\s*')
_TIMESTAMP = re.compile(r"[0-9]{1,12}")
_FACTS = frozenset({"mchid", "nonce_str", "signature", "timestamp", "serial_no"})


class Unproven(Exception):
    """The merchant did not sign this; the sentence names the rule."""


def sign(text: str, *, key: RSAPrivateKey) -> str:
    """Return the signature of `text`, Base64."""
    return base64.b64encode(key.sign(text.encode(), padding.PKCS1v15(), hashes.SHA256())).decode()


def is_signed(text: str, signature: str, *, shop: Shop) -> bool:
    """Return whether the merchant signed `text`."""
    try:
        raw = base64.b64decode(signature, validate=True)
        shop.merchant_key.verify(raw, text.encode(), padding.PKCS1v15(), hashes.SHA256())
    except (binascii.Error, ValueError, InvalidSignature):
        return False
    return True


def headers_of(body: bytes, *, shop: Shop, wall_s: float, forged: bool = False) -> dict[str, str]:
    """Return the headers under which WeChat Pay sends `body`; `forged`: signed for another one."""
    timestamp, nonce = str(int(wall_s)), secrets.token_hex(16)
    signed = body.decode() if not forged else "{}"
    return {
        "Wechatpay-Timestamp": timestamp,
        "Wechatpay-Nonce": nonce,
        "Wechatpay-Serial": shop.platform_key_id,
        "Wechatpay-Signature-Type": SCHEME,
        "Wechatpay-Signature": sign(f"{timestamp}\n{nonce}\n{signed}\n", key=shop.platform_key),
    }


def check_call(
    authorization: str, *, method: str, path: str, body: bytes, shop: Shop, wall_s: float
) -> None:
    """Raise Unproven unless the merchant signed this call within five minutes of `wall_s`.

    `path` is the path with its query, as it was asked.
    """
    scheme, _, rest = authorization.partition(" ")
    facts = {match[1]: match[2] for part in rest.split(",") if (match := _FACT.fullmatch(part))}
    if scheme != SCHEME or set(facts) != _FACTS:
        raise Unproven(msg("请求头 Authorization 缺失或格式不对"))
    if facts["mchid"] != shop.mchid:
        raise Unproven(msg("商户号 %(mchid)s 不存在") % {"mchid": facts["mchid"]})
    if facts["serial_no"].upper() != shop.serial.upper():
        raise Unproven(msg("商户证书序列号不对，请检查 serial_no"))
    timestamp = facts["timestamp"]
    if _TIMESTAMP.fullmatch(timestamp) is None or abs(wall_s - int(timestamp)) > FRESH_S:
        raise Unproven(msg("签名的时间戳与现在相差超过 5 分钟"))
    try:
        text = f"{method}\n{path}\n{timestamp}\n{facts['nonce_str']}\n{body.decode()}\n"
    except UnicodeDecodeError as error:
        raise Unproven(msg("正文不是 UTF-8")) from error
    if not is_signed(text, facts["signature"], shop=shop):
        raise Unproven(msg("签名不对：签名串为方法、路径与参数、时间戳、随机串、正文，各占一行"))


def sealed(resource: Mapping[str, Any], *, kind: str, shop: Shop) -> dict[str, str]:
    """Return the `resource` part of a notice: `resource` encrypted with the APIv3 key."""
    nonce = secrets.token_hex(NONCE_BYTES // 2)
    plain = json.dumps(resource, ensure_ascii=False, separators=(",", ":")).encode()
    box = AESGCM(shop.apiv3_key.encode()).encrypt(nonce.encode(), plain, kind.encode())
    return {
        "original_type": kind,
        "algorithm": "AEAD_AES_256_GCM",
        "ciphertext": base64.b64encode(box).decode(),
        "associated_data": kind,
        "nonce": nonce,
    }
