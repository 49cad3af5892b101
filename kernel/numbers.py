"""Public numbers: short, unguessable, without letters that are misread."""

import secrets

# Crockford's base 32 without the look-alikes I, L, O and U.
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_LENGTH = 10


def new_number(prefix: str) -> str:
    """Return `prefix` followed by 50 random bits as ten characters, such as B7Q2M9XK4TD."""
    return prefix + "".join(secrets.choice(_ALPHABET) for _ in range(_LENGTH))


def new_token() -> str:
    """Return 256 random bits for a cookie or a state, URL-safe."""
    return secrets.token_urlsafe(32)


def new_service_code() -> str:
    """Return four random digits, the 服务码 that a member shows at the door."""
    return f"{secrets.randbelow(10_000):04d}"
