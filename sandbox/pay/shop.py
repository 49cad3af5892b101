"""The merchant as WeChat Pay knows it: its numbers, its public key, and our own private key."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key

_APIV3_KEY_BYTES = 32
_TEXTS = ("mchid", "serial", "apiv3_key", "platform_key_id")


class BadShop(Exception):
    """The merchant's file does not describe a merchant; the sentence names the key at fault."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shop:
    """One merchant. `merchant_key` proves its calls, `platform_key` signs answers and notices."""

    mchid: str
    serial: str
    merchant_key: RSAPublicKey = field(repr=False)
    apiv3_key: str = field(repr=False)
    platform_key_id: str
    platform_key: RSAPrivateKey = field(repr=False)


def read_shop(path: Path) -> Shop:
    """Read the merchant's JSON file. Raises BadShop."""
    try:
        given = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise BadShop(f"cannot read the merchant at {path}: {error}") from error
    if not isinstance(given, dict):
        raise BadShop("the merchant is not a JSON object")
    return shop_of(given)


def shop_of(given: Mapping[str, Any]) -> Shop:
    """Build the merchant from its JSON object; keys are PEM texts. Raises BadShop."""
    missing = [
        key
        for key in (*_TEXTS, "merchant_public_key", "platform_private_key")
        if not isinstance(given.get(key), str) or not given[key]
    ]
    if missing:
        raise BadShop(f"the merchant lacks: {', '.join(missing)}")
    if len(given["apiv3_key"].encode()) != _APIV3_KEY_BYTES:
        raise BadShop(f"apiv3_key must have {_APIV3_KEY_BYTES} characters")
    return Shop(
        **{key: given[key] for key in _TEXTS},
        merchant_key=_public(given["merchant_public_key"]),
        platform_key=_private(given["platform_private_key"]),
    )


def _public(pem: str) -> RSAPublicKey:
    try:
        key = load_pem_public_key(pem.encode())
    except ValueError as error:
        raise BadShop("merchant_public_key is not a PEM public key") from error
    if not isinstance(key, RSAPublicKey):
        raise BadShop("merchant_public_key is not an RSA key")
    return key


def _private(pem: str) -> RSAPrivateKey:
    try:
        key = load_pem_private_key(pem.encode(), password=None)
    except ValueError as error:
        raise BadShop("platform_private_key is not a PEM private key") from error
    if not isinstance(key, RSAPrivateKey):
        raise BadShop("platform_private_key is not an RSA key")
    return key
