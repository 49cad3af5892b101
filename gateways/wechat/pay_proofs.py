"""What proves that something comes from WeChat Pay, and what opens a notice's envelope. Pure.

wechatpayv3's own check knows no age, raises a bare Exception without the headers and ValueError for
a key it does not know; only its arithmetic is used here.
"""

import binascii
import re
from collections.abc import Mapping
from typing import Any

from wechatpayv3 import utils

FRESH_S = 300
SIGNED_WITH = "WECHATPAY2-SHA256-RSA2048"
SEALED_WITH = "AEAD_AES_256_GCM"

_TIMESTAMP = re.compile(r"[0-9]{1,12}")
_SIGNATURE_MAX = 1024


class Unproven(Exception):
    """Not signed by WeChat Pay, or too long ago; the sentence is for the log."""


class Unsealed(Exception):
    """The envelope does not open with our key."""


def check_signed(
    headers: Mapping[str, str], body: bytes, *, key: Any, key_id: str, now_s: float
) -> None:
    """Raise Unproven unless the private half of `key` signed `body` within FRESH_S of `now_s`.

    The names of `headers` are read in any case; `now_s` is true time.
    """
    given = {name.lower(): value for name, value in headers.items()}
    signature = given.get("wechatpay-signature", "")
    timestamp = given.get("wechatpay-timestamp", "")
    nonce = given.get("wechatpay-nonce", "")
    if not (signature and timestamp and nonce):
        raise Unproven("no signature")
    if given.get("wechatpay-signature-type", SIGNED_WITH) != SIGNED_WITH:
        raise Unproven("another kind of signature")
    if given.get("wechatpay-serial") != key_id:
        raise Unproven("signed with a key we do not know")
    if len(signature) > _SIGNATURE_MAX or not _is_right(timestamp, nonce, body, signature, key):
        raise Unproven("a wrong signature")
    if _TIMESTAMP.fullmatch(timestamp) is None or abs(now_s - int(timestamp)) > FRESH_S:
        raise Unproven("too old, or from the future")


def unsealed(resource: Mapping[str, Any], *, apiv3_key: str) -> str:
    """Return the JSON text in a notice's `resource`. Raises Unsealed."""
    if resource.get("algorithm") != SEALED_WITH:
        raise Unsealed("another kind of envelope")
    try:
        plain = utils.aes_decrypt(
            str(resource.get("nonce", "")),
            str(resource.get("ciphertext", "")),
            str(resource.get("associated_data") or ""),
            apiv3_key,
        )
    # Bad Base64, a nonce or ciphertext of an impossible length, plain bytes that are no UTF-8.
    except (binascii.Error, ValueError) as error:
        raise Unsealed("a broken envelope") from error
    if plain is None:
        raise Unsealed("sealed with another key")
    return str(plain)


def _is_right(timestamp: str, nonce: str, body: bytes, signature: str, key: Any) -> bool:
    try:
        text = body.decode()
    except UnicodeDecodeError:
        return False
    return bool(utils.rsa_verify(timestamp, nonce, text, signature, key))
