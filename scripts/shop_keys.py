"""Makes the demo's merchant of WeChat Pay, in two halves: `python -m scripts.shop_keys PLACE`.

Ours are the merchant's private key and WeChat Pay's public one; `sandbox.json` holds the
counterparts, so that neither program ever sees the other's secret. Started by the launcher inside
the virtual environment: its own Python has no `cryptography`.
"""

import json
import os
import secrets
import string
import sys
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

_LETTERS = string.ascii_letters + string.digits


def make(place: Path) -> None:
    """Make the merchant's files in `place`, for their owner's eyes only; the sandbox's comes last."""
    place.mkdir(mode=0o700, parents=True, exist_ok=True)
    merchant_private, merchant_public = _key_pair()
    platform_private, platform_public = _key_pair()
    mchid = "19" + _some(string.digits, 8)
    _write(place / "merchant-key.pem", merchant_private)
    _write(place / "platform-public.pem", platform_public)
    told = {
        "mchid": mchid,
        "serial": secrets.token_hex(20).upper(),
        "merchant_public_key": merchant_public,
        "apiv3_key": _some(_LETTERS, 32),
        "platform_key_id": f"PUB_KEY_ID_01{mchid}{_some(string.digits, 20)}",
        "platform_private_key": platform_private,
    }
    _write(place / "sandbox.json", json.dumps(told, indent=1))


def _key_pair() -> tuple[str, str]:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    public = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return private.decode(), public.decode()


def _some(letters: str, count: int) -> str:
    return "".join(secrets.choice(letters) for _ in range(count))


def _write(path: Path, text: str) -> None:
    draft = path.with_suffix(".new")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
    draft.replace(path)


if __name__ == "__main__":
    make(Path(sys.argv[1]))
