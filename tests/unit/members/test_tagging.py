"""On whom a rule puts its tag, at its edges; and who is left out of a campaign."""

from datetime import timedelta

import pytest

from members.tagging import Facts, Rule, RuleKind, is_held_out, may_tell, wears
from tests.house import MONDAY_NINE

DAY = timedelta(days=1)


def facts(
    *, joined: int = 100, completed: int = 0, last: int | None = None, points: int = 0
) -> Facts:
    at = None if last is None else MONDAY_NINE - last * DAY
    return Facts(MONDAY_NINE - joined * DAY, completed, at, points)


@pytest.mark.parametrize(
    ("kind", "number", "known", "worn"),
    [
        (RuleKind.COMPLETED, 2, facts(completed=2), True),
        (RuleKind.COMPLETED, 2, facts(completed=1), False),
        (RuleKind.QUIET, 180, facts(completed=1, last=180), True),
        (RuleKind.QUIET, 180, facts(completed=1, last=179), False),
        (RuleKind.QUIET, 180, facts(), False),
        (RuleKind.NEW, 7, facts(joined=6), True),
        (RuleKind.NEW, 7, facts(joined=7), False),
        (RuleKind.NEVER, 7, facts(joined=7), True),
        (RuleKind.NEVER, 7, facts(joined=7, completed=1, last=1), False),
        (RuleKind.POINTS, 500, facts(points=500), True),
        (RuleKind.POINTS, 500, facts(points=499), False),
    ],
)
def test_a_rule_at_its_edge(kind: RuleKind, number: int, known: Facts, worn: bool) -> None:
    assert wears(Rule(kind, number), known, now=MONDAY_NINE) is worn


def test_about_as_many_are_left_out_as_was_said() -> None:
    out = sum(is_held_out("N1", member, percent=20) for member in range(5000))

    assert 850 < out < 1150


@pytest.mark.parametrize(("hours", "may"), [(0, True), (-1, False), (11, False), (10, True)])
def test_news_goes_by_day(hours: int, may: bool) -> None:
    assert may_tell(MONDAY_NINE + timedelta(hours=hours)) is may
