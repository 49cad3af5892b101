"""`flask bench ledger --quick` on both databases; and that it would see a fault."""

import pytest

from app import create_app
from members.operations import lots
from scripts.bench import ledger
from scripts.bench.proving import grounds
from scripts.benches import Result, Stand

pytestmark = pytest.mark.timeout(600)
STAND = Stand(make_app=create_app, is_quick=True)


def test_everything_follows_whoever_dies() -> None:
    result = ledger.run(STAND)

    told = {words: mark for mark, words, _ in result.rows}
    for name in ("sqlite", "postgres"):
        assert result.figures[f"{name}: kills"] == ledger.KILLS_QUICK
        assert told[f"{name}: as many operations as were wanted"] == "ok"
        assert told[f"{name}: everything follows"] == "ok"


def test_a_debit_that_draws_no_lot_would_be_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """The control: the stage can show the fault."""
    monkeypatch.setattr(lots, "draw", lambda *_: None)
    monkeypatch.setattr(ledger, "OPERATIONS_QUICK", 0)
    monkeypatch.setattr(ledger, "KILLS_QUICK", 0)
    monkeypatch.setattr(grounds, "GROUNDS", grounds.GROUNDS[:1])

    result: Result = ledger.run(STAND)

    [told] = [row for row in result.rows if row[1] == "sqlite: everything follows"]
    assert told[0] == "FAILED"
