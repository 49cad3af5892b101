"""A process that sends messages for ever, and in which time runs faster: pauses, leases, nine minutes."""

import time
from collections.abc import Callable
from typing import Any

from app import create_app, wake
from notifications import jobs, sending

# WeChat's ten minutes are thirty seconds: the minute between nine and ten is still three.
FASTER = 20.0


def main() -> None:
    jobs.LEASE_S /= FASTER
    sending.NINE_MINUTES_S /= FASTER
    setattr(jobs, "after_failure", _hastily(sending.after_failure))  # noqa: B010  # mypy: not exported
    with create_app().app_context():
        while True:
            if not wake("messages"):
                time.sleep(0.05)


def _hastily(decide: Callable[..., sending.Decision]) -> Callable[..., sending.Decision]:
    def decided(*arguments: Any, **options: Any) -> sending.Decision:
        decision = decide(*arguments, **options)
        return sending.Decision(decision.state, decision.retry_in_s / FASTER)

    return decided


if __name__ == "__main__":
    main()
