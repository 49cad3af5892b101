"""One-time codes of six digits that change every 30 seconds (RFC 6238). Pure, by true time.

A code is good in its own step and in the ones beside it, for clocks that differ; once used, it and
all before it are used up.
"""

import hmac
from datetime import datetime

import pyotp

STEP_S = 30
NEIGHBOURS = (0, -1, 1)
DIGITS = 6


def new_secret() -> str:
    """Return 160 random bits in the letters that authenticator apps take."""
    return pyotp.random_base32()


def uri(secret: str, *, login: str, issuer: str) -> str:
    """Return what the QR code says to an authenticator app."""
    return pyotp.TOTP(secret).provisioning_uri(name=login, issuer_name=issuer)


def step_used(secret: str, code: str, *, now: datetime, after_step: int) -> int | None:
    """Return the step whose code that is, None for a wrong one and for one that was used before.

    Without a secret, as when another SECRET_KEY sealed it, no code is right.
    """
    if not secret:
        return None
    present = step_at(now)
    digits = "".join(code.split())
    for neighbour in NEIGHBOURS:
        step = present + neighbour
        is_it = hmac.compare_digest(_code(secret, step).encode(), digits.encode())
        if is_it and step > after_step:
            return step
    return None


def present_code(secret: str, *, now: datetime, after_step: int = 0) -> str:
    """Return a code that is good now and was not used: this step's, or a neighbour's."""
    present = step_at(now)
    unused = [step for step in (present, present - 1, present + 1) if step > after_step]
    return _code(secret, unused[0] if unused else present)


def step_at(now: datetime) -> int:
    """Return the number of the step in which `now` lies."""
    return int(now.timestamp()) // STEP_S


def _code(secret: str, step: int) -> str:
    return pyotp.HOTP(secret).at(step)
