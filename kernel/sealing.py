"""Secrets that have to be read again, sealed by the house's key before they go into the database.

Fernet (AES-128-CBC with HMAC-SHA256) under a key that HKDF-SHA256 (RFC 5869) takes from SECRET_KEY: a
copy of the database alone tells nothing. After another SECRET_KEY nothing opens any more.
"""

from base64 import urlsafe_b64encode
from functools import lru_cache

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

_PURPOSE = b"doorbell columns"


def seal(text: str, *, key: str) -> str:
    """Return the text sealed; "" stays "", as nothing to hide."""
    return _fernet(key).encrypt(text.encode()).decode() if text else ""


def unseal(sealed: str, *, key: str) -> str:
    """Return what was sealed; "" when it was sealed by another key, or by none."""
    try:
        return _fernet(key).decrypt(sealed.encode()).decode() if sealed else ""
    except InvalidToken:
        return ""


@lru_cache(maxsize=8)
def _fernet(key: str) -> Fernet:
    derived = HKDF(algorithm=SHA256(), length=32, salt=None, info=_PURPOSE).derive(key.encode())
    return Fernet(urlsafe_b64encode(derived))
