"""What to do with the answer to a send, and when a message must never be sent again. Pure.

WeChat sends one message per openid and client_msg_id within ten minutes. So an attempt that may
have arrived is repeated with the same id for NINE_MINUTES_S at most; after that nobody can tell,
and a person decides (the row is `unknown`).
"""

import hashlib
from dataclasses import dataclass

from gateways.wechat.errors import Category, Retry, WeChatError

NINE_MINUTES_S = 540.0
ATTEMPTS_MAX = 20
BACKOFF_MAX_S = 120.0
# An operator must repair a setting or a template meanwhile: ATTEMPTS_MAX of these are three hours.
OPERATOR_PAUSE_S = 600.0
# What lies with the person: nothing we repair would let him get it.
_PERSONAL = {Category.FOLLOWER, Category.BLOCKED, Category.OPENID, Category.CONSENT}


@dataclass(frozen=True, slots=True)
class Decision:
    """The row's next state; with `pending`, the pause before the next try in seconds."""

    state: str
    retry_in_s: float = 0.0


def client_msg_id(dedupe_key: str) -> str:
    """Return the id under which WeChat drops a repetition: 32 hex characters."""
    return hashlib.sha256(dedupe_key.encode()).hexdigest()[:32]


def is_too_late(*, maybe_sent_s: float | None, now_s: float) -> bool:
    """Tell whether an earlier attempt may have arrived too long ago to be repeated safely."""
    return maybe_sent_s is not None and now_s - maybe_sent_s > NINE_MINUTES_S


def after_failure(
    error: WeChatError, *, attempts: int, had_ambiguous: bool, midnight_in_s: float
) -> Decision:
    """Decide what follows a failed attempt, the `attempts`-th.

    `had_ambiguous` tells whether an earlier one may have arrived; at midnight WeChat gives the next
    day's quota.
    """
    if error.category is Category.DUPLICATE and had_ambiguous:
        return Decision("sent")  # Our own earlier attempt had arrived.
    if error.category in _PERSONAL:
        return Decision("unknown" if had_ambiguous else "suppressed")
    if error.retry is Retry.USELESS and not error.needs_operator:
        return Decision("unknown" if had_ambiguous else "dead")
    if attempts >= ATTEMPTS_MAX:
        may_have_arrived = had_ambiguous or error.retry is Retry.AMBIGUOUS
        return Decision("unknown" if may_have_arrived else "dead")
    return Decision("pending", _pause_s(error, attempts, midnight_in_s))


def _pause_s(error: WeChatError, attempts: int, midnight_in_s: float) -> float:
    if error.category is Category.QUOTA:
        return midnight_in_s
    if error.needs_operator:
        return OPERATOR_PAUSE_S
    return max(min(2.0 ** (attempts + 1), BACKOFF_MAX_S), float(error.wait_s))
