"""The rules as text: what the standard says, and how a bad one is refused."""

from datetime import date, timedelta

import pytest
from ruamel.yaml import YAML

from kernel.errors import Invalid
from kernel.money import Money
from members.rule_text import (
    RULES,
    TEXT_MAX,
    OutOfOrder,
    RuleMissing,
    RuleOutOfBounds,
    RulesTooLong,
    RulesUnreadable,
    RuleUnfit,
    UnknownRule,
    WeightsUnfit,
    WrittenTwice,
    hash_of,
    read,
    standard_text,
    version_of,
)
from members.rules import Measure, StrikeKind

# What was decided under the standard cites it by name: another text is another version.
STANDARD_HASH = "9c0e0e2170d7f319714c530479ab5cfa83faf0fd5d19dbd940bd29827fbf756d"


def with_(old: str, new: str) -> str:
    """Return the standard with one place changed."""
    text = standard_text()
    assert old in text
    return text.replace(old, new, 1)


def test_what_names_values_again_is_refused_before_it_can_grow(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    loads = []
    monkeypatch.setattr(YAML, "load", lambda _yaml, text: loads.append(text))

    with pytest.raises(RulesUnreadable):
        read("a: &a {k: 1}\nb: {<<: [*a, *a]}\n", version="1")

    assert not loads


class TestTheStandard:
    def test_never_changes_under_its_name(self) -> None:
        assert RULES.version == "2026-11"
        assert hash_of(standard_text()) == STANDARD_HASH

    def test_says_the_defaults_of_the_house(self) -> None:
        assert (RULES.points_per_yuan, RULES.rating_points, RULES.points_live_months) == (1, 20, 12)
        assert (RULES.cancel_points, RULES.move_points) == (20, 20)
        assert RULES.late_steps == (
            (timedelta(minutes=15), Money(10_00)),
            (timedelta(minutes=60), Money(30_00)),
        )
        assert RULES.strike_points[StrikeKind.NO_SHOW] == 200
        assert (RULES.deposit_from_tier, RULES.release_from_tier) == (2, 3)
        assert RULES.score.weights_percent[Measure.RATING] == 50


class TestAVersion:
    def test_is_named_after_its_day_and_its_content(self) -> None:
        changed = with_("per_yuan: 1 ", "per_yuan: 2 ")

        assert read(changed, version="V").points_per_yuan == 2
        assert version_of(changed, day=date(2026, 12, 3)) == f"2026-12-03-{hash_of(changed)[:8]}"


class TestABadText:
    @pytest.mark.parametrize(
        ("old", "new", "refusal", "facts"),
        [
            ("per_yuan: 1 ", "per_yuan: one ", RuleOutOfBounds, {"line": 4, "most": "100"}),
            ("per_yuan: 1 ", "per_yuan: 1.5 ", RuleOutOfBounds, {"line": 4}),
            ("strikes: 3 ", "strikes: true ", RuleOutOfBounds, {"place": "blacklist.strikes"}),
            ("no_show: 200", "no_show: -1", RuleOutOfBounds, {"place": "strikes.points.no_show"}),
            ("prior_stars: 4.5", "prior_stars: .nan", RuleOutOfBounds, {"least": "1"}),
            ("per_yuan", "per_yaun", UnknownRule, {"line": 4, "place": "points.per_yaun"}),
            ("  deposit_yuan: 30\n", "", RuleMissing, {"place": "ladder.deposit_yuan"}),
            ("code: gold", "code: [gold]", RuleUnfit, {"place": "tiers.steps.3.code"}),
            ("from_points: 500,", "from_points: 2001,", OutOfOrder, {"place": "tiers.steps"}),
            ("pays_percent: 60", "pays_percent: 40", OutOfOrder, {"place": "tiers.steps"}),
            ("shop_percent: 90", "shop_percent: 96", OutOfOrder, {"place": "tiers.steps"}),
            ("a_yuan: 20 ", "a_yuan: 0 ", RuleOutOfBounds, {"place": "points.a_yuan"}),
            ("  rating: 20", "  rating: 2\n  rating: 3", WrittenTwice, {"line": 6}),
            ("minutes: 15", "minutes: 65", OutOfOrder, {"place": "tariff.late_steps"}),
            ("[48, 24]", "[24, 48]", OutOfOrder, {"place": "ladder.ask_before_hours"}),
            ("rating: 50", "rating: 51", WeightsUnfit, {"sum": 101}),
            ("over_days: 365", "over_days: &x 365", RulesUnreadable, {}),
            ("over_days: 365", "over_days: !!python/name:os.system ''", RulesUnreadable, {}),
            ("- [24]", "- [24", RulesUnreadable, {"line": 49}),
        ],
    )
    def test_is_refused_with_the_line_and_what_it_may_be(
        self, old: str, new: str, refusal: type[Invalid], facts: dict[str, object]
    ) -> None:
        with pytest.raises(refusal) as refused:
            read(with_(old, new), version="V")

        assert refused.value.field == "text"
        assert refused.value.facts.items() >= facts.items()

    @pytest.mark.parametrize("text", ["", "1", "- a", "\t", "a: *b", "a: \x00", "[" * 5_000])
    def test_is_refused_whatever_it_is(self, text: str) -> None:
        with pytest.raises(RulesUnreadable):
            read(text, version="V")

    def test_is_refused_when_nobody_can_read_so_much(self) -> None:
        with pytest.raises(RulesTooLong):
            read(standard_text() + "#" * TEXT_MAX, version="V")
