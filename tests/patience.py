"""How long tests wait: for locks, much longer than the product lets a person wait; for what others do,
until it is so.

A crowd on a machine that others use too is slow, and SQLite, which knows no queue, passes some hands
over for long. That is not what tests are about, but for those that ask for the product's patience.
"""

import re
import time
from collections.abc import Callable

import pytest

from kernel import db as kernel_db

LOCK_S = 120
WAIT_S = 60.0

_PRODUCTS = {name: getattr(kernel_db, name) for name in ("SQLITE_BUSY_MS", "POSTGRES_OPTIONS")}


def be_patient() -> None:
    """Let the apps that this process makes from now on, and those it forks, wait for long."""
    kernel_db.SQLITE_BUSY_MS = LOCK_S * 1000
    kernel_db.POSTGRES_OPTIONS = re.sub(
        r"(lock_timeout|statement_timeout)=\d+s", rf"\1={LOCK_S}s", kernel_db.POSTGRES_OPTIONS
    )


def be_as_people(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the apps that this test makes wait no longer than the product does."""
    for name, value in _PRODUCTS.items():
        monkeypatch.setattr(kernel_db, name, value)


def wait_until(is_so: Callable[[], bool], *, what: str, within_s: float = WAIT_S) -> float:
    """Wait until it is so and return the seconds it took; fail the test after `within_s`."""
    began_s = time.monotonic()
    while not is_so():
        assert time.monotonic() - began_s < within_s, f"not within {within_s} s: {what}"
        time.sleep(0.02)
    return time.monotonic() - began_s
