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


def after_failure(error: WeChatError, *, attempts: int, had_ambiguous: bool) -> Decision:
    """Decide what follows a failed attempt, the `attempts`-th."""
    if error.category is Category.DUPLICATE and had_ambiguous:
        return Decision("sent")  # Our own earlier attempt had arrived.
    if error.retry is Retry.USELESS:
        return Decision("suppressed")
    if attempts >= ATTEMPTS_MAX:
        return Decision("unknown" if had_ambiguous else "dead")
    pause_s = min(2.0 * 2**attempts, BACKOFF_MAX_S)
    return Decision("pending", max(pause_s, float(error.wait_s)))
