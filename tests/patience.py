"""How long tests wait for locks: much longer than the product lets a person wait.

A crowd on a machine that others use too is slow, and SQLite, which knows no queue, passes some hands
over for long. That is not what tests are about, but for those that ask for the product's patience.
"""

import re

import pytest

from kernel import db as kernel_db

LOCK_S = 120

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
