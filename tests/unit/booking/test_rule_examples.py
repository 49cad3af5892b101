"""The rules' worked examples: those of the standard hold, and those that do not are told."""

import pytest

from booking.rule_examples import ExampleFails, ExampleUnfit, check, run
from members.rule_text import RULES, read, standard_text


class TestTheStandard:
    @pytest.mark.parametrize("outcome", run(RULES), ids=lambda outcome: outcome.example.name)
    def test_does_what_its_examples_say(self, outcome: object) -> None:
        assert outcome.got == outcome.example.expect  # type: ignore[attr-defined]


def changed(old: str, new: str) -> str:
    text = standard_text()
    assert old in text
    return text.replace(old, new, 1)


class TestCheck:
    def test_names_the_first_example_that_the_rules_contradict(self) -> None:
        rules = read(changed("cancel_points: 20", "cancel_points: 30"), version="V")

        with pytest.raises(ExampleFails) as refused:
            check(rules, field="text")

        assert refused.value.facts == {
            "name": "提前 23 小时取消",
            "wanted": "points: 20, strike: false, errand_yuan: 0",
            "got": "points: 30, strike: false, errand_yuan: 0",
        }

    @pytest.mark.parametrize(
        ("old", "new"),
        [
            pytest.param("cancel: {hours_before: 24}", "cancel: {}", id="says_too_little"),
            pytest.param("hours_before: 24}", "hours_before: 24, by: me}", id="says_too_much"),
            pytest.param("cancel: {hours_before: 24}", "cancle: {hours_before: 24}", id="misspelt"),
            pytest.param("hours_before: 24}", "hours_before: soon}", id="no_number"),
            pytest.param("hours_before: 24}", "hours_before: .inf}", id="no_end"),
            pytest.param("earned: 2026-11-26", "earned: today", id="no_day"),
            pytest.param("kind: refused", "kind: rude", id="no_such_strike"),
            pytest.param("{points: 0, strike: false}", "{price: 0}", id="expects_what_is_not_told"),
            pytest.param("stars: 5, ratings: 20", "stars: 5, ratings: 9999", id="too_many"),
        ],
    )
    def test_names_an_example_that_nobody_can_run(self, old: str, new: str) -> None:
        with pytest.raises(ExampleUnfit):
            check(read(changed(old, new), version="V"), field="text")
