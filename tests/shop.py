"""A merchant of WeChat Pay for tests: both halves of its keys, and WeChat's hand in signing.

Written on `cryptography` alone, not on the library that the house uses, so that a shared mistake
cannot make both sides agree.
"""

import base64
import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from gateways.wechat.pay_wire import Merchant

MCHID = "1900000109"
SERIAL = "5157F09EFDC096DE15EBE81A47057A7232F1B8E1"
APIV3_KEY = "k3y-of-the-shop-with-32-letters-"
PUBLIC_KEY_ID = "PUB_KEY_ID_0119000001092024111100000001"
NOTICE_PATH = "/wechat/pay/notice"


@cache
def merchant_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@cache
def platform_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@cache
def strangers_key() -> rsa.RSAPrivateKey:
    """A key of nobody we know."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def private_pem(key: rsa.RSAPrivateKey) -> str:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()


def public_pem(key: rsa.RSAPrivateKey) -> str:
    return (
        key.public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        .decode()
    )


def a_merchant(*, appid: str, pay_base: str = "http://127.0.0.1:1", notify: str = "") -> Merchant:
    """Return our half; `notify` is the base at which notices are taken."""
    return Merchant(
        appid=appid,
        mchid=MCHID,
        serial=SERIAL,
        private_key=private_pem(merchant_key()),
        apiv3_key=APIV3_KEY,
        public_key_id=PUBLIC_KEY_ID,
        public_key=public_pem(platform_key()),
        notify_url=(notify or "http://127.0.0.1:1") + NOTICE_PATH,
        pay_base=pay_base,
    )


def environment(folder: Path, **changes: str) -> dict[str, str]:
    """Write our half's key files into `folder` and return the environment that names them."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "merchant-key.pem").write_text(private_pem(merchant_key()))
    (folder / "platform-public.pem").write_text(public_pem(platform_key()))
    return {
        "WECHAT_PAY_MCHID": MCHID,
        "WECHAT_PAY_SERIAL": SERIAL,
        "WECHAT_PAY_KEY_FILE": str(folder / "merchant-key.pem"),
        "WECHAT_PAY_APIV3_KEY": APIV3_KEY,
        "WECHAT_PAY_PUBLIC_KEY_ID": PUBLIC_KEY_ID,
        "WECHAT_PAY_PUBLIC_KEY_FILE": str(folder / "platform-public.pem"),
    } | changes


def platform_half() -> dict[str, str]:
    """Return WeChat's half, as the sandbox reads it from a file."""
    return {
        "mchid": MCHID,
        "serial": SERIAL,
        "merchant_public_key": public_pem(merchant_key()),
        "apiv3_key": APIV3_KEY,
        "platform_key_id": PUBLIC_KEY_ID,
        "platform_private_key": private_pem(platform_key()),
    }


def sign(text: str, key: rsa.RSAPrivateKey) -> str:
    signed = key.sign(text.encode(), padding.PKCS1v15(), hashes.SHA256())
    return base64.b64encode(signed).decode()


def signed_by_wechat(
    body: bytes,
    *,
    now_s: float,
    key: rsa.RSAPrivateKey | None = None,
    changes: Mapping[str, str] | None = None,
) -> dict[str, str]:
    """Return the headers with which WeChat Pay sends `body`, with `changes` to them."""
    timestamp, nonce = str(int(now_s)), "n0nce"
    headers = {
        "Wechatpay-Timestamp": timestamp,
        "Wechatpay-Nonce": nonce,
        "Wechatpay-Serial": PUBLIC_KEY_ID,
        "Wechatpay-Signature-Type": "WECHATPAY2-SHA256-RSA2048",
        "Wechatpay-Signature": sign(
            f"{timestamp}\n{nonce}\n{body.decode()}\n", key or platform_key()
        ),
    }
    return headers | dict(changes or {})


def sealed(resource: Mapping[str, Any], *, apiv3_key: str = APIV3_KEY) -> dict[str, str]:
    """Return a notice's `resource` part."""
    plain = json.dumps(resource, ensure_ascii=False).encode()
    box = AESGCM(apiv3_key.encode()).encrypt(b"twelve-bytes", plain, b"transaction")
    return {
        "original_type": "transaction",
        "algorithm": "AEAD_AES_256_GCM",
        "ciphertext": base64.b64encode(box).decode(),
        "associated_data": "transaction",
        "nonce": "twelve-bytes",
    }
