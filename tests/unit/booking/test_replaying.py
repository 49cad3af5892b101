"""What other rules would have made of what happened."""

from datetime import UTC, datetime, timedelta

import pytest

from booking.replaying import Difference, Life, Matter, differences
from members.histories import History
from members.rule_text import RULES, read, standard_text

UNTIL = datetime(2026, 11, 26, 4, 0, tzinfo=UTC)
NOTHING = History(strikes=(), overrides=(), completions=(), balances=(), phone_confirmed_at=None)


def of_grades(old: str, new: str) -> list[tuple[int, int]]:
    text = standard_text()
    assert old in text
    life = Life(
        history=NOTHING, earned=[(UNTIL - timedelta(days=days), 300) for days in (300, 200, 10)]
    )
    found: list[Difference] = differences(
        life, old=RULES, new=read(text.replace(old, new, 1), version="V"), until=UNTIL
    )
    return [(one.before, one.after) for one in found if one.matter is Matter.GRADE]


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        pytest.param("from_points: 500", "from_points: 901", [(2, 1)], id="a_step_out_of_reach"),
        pytest.param("over_days: 365", "over_days: 100", [(2, 1)], id="a_shorter_time"),
        pytest.param("from_points: 2000", "from_points: 900", [(2, 3)], id="a_step_in_reach"),
        pytest.param("from_points: 5000", "from_points: 4000", [], id="nothing_to_him"),
    ],
)
def test_tells_whose_tier_would_be_another(old: str, new: str, told: list[tuple[int, int]]) -> None:
    assert of_grades(old, new) == told
