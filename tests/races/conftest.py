"""Whatever raced: what the ledger promises is true afterwards."""

from collections.abc import Iterator

import pytest
from flask import Flask

from kernel.db import transaction
from scripts import truths
from tests.house import MONDAY_NINE


@pytest.fixture(autouse=True)
def _promises_are_kept(app: Flask) -> Iterator[None]:
    yield
    with app.app_context(), transaction(reads_only=True) as db:
        truths.the_ledger_keeps_its_promises(db, now=MONDAY_NINE)
