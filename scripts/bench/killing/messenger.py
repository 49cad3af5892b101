"""A hand that sends messages for ever, and in which time runs faster: pauses, leases, nine minutes."""

import time
from collections.abc import Callable
from typing import Any

from app import wake
from notifications import ending, jobs, sending

# WeChat's ten minutes are thirty seconds: the minute between nine and ten is still three.
FASTER = 20.0


def send(_number: int) -> None:
    jobs.LEASE_S /= FASTER
    sending.NINE_MINUTES_S /= FASTER
    setattr(ending, "after_failure", _hastily(sending.after_failure))  # noqa: B010  # mypy: not exported
    while True:
        if not wake("messages"):
            time.sleep(0.05)


def _hastily(decide: Callable[..., sending.Decision]) -> Callable[..., sending.Decision]:
    def decided(*arguments: Any, **options: Any) -> sending.Decision:
        decision = decide(*arguments, **options)
        return sending.Decision(decision.state, decision.retry_in_s / FASTER)

    return decided
