"""`flask bench messages --quick` on both databases; and that it would see a fault."""

import pytest

from app import create_app
from scripts.bench import messages
from scripts.bench.killing import house
from scripts.benches import Result, Stand

# Seconds where the cores are free; what is slow are the hands that start anew after each kill.
pytestmark = pytest.mark.timeout(900)
STAND = Stand(make_app=create_app, is_quick=True)


def test_none_is_told_twice_and_none_lost() -> None:
    result = messages.run(STAND)

    assert result.holds, result.rows
    for name in ("sqlite_30%", "postgres_30%"):
        assert result.figures[f"{name}_kills"] == messages.KILLS_QUICK
        assert result.figures[f"{name}_messages"] == messages.MESSAGES_QUICK


def test_a_wechat_that_knows_no_ids_would_tell_some_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    """The control: the stage can show the fault."""
    monkeypatch.setattr(messages, "MESSAGES_QUICK", 60)
    monkeypatch.setattr(house, "postgres_url", lambda _: None)
    result = Result()

    messages.send_through(STAND, result, faults=0.5, remembers_s=0.0)

    [told] = [row for row in result.rows if row[1].endswith("none delivered twice")]
    assert told[0] == "FAILED"
