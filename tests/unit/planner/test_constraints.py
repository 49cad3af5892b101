"""Every rule, kept and broken, at its edge."""

import re
from typing import Any

import pytest

from dispatch.planner import constraints
from dispatch.planner.constraints import RULES, Rule, Weight
from dispatch.planner.judge import Breach
from dispatch.planner.measures import Entry, Load, Pair, Rest, Tour, Visit
from dispatch.planner.problem import Break, Timetable, Window
from tests.unit.planner.days import SHUT_S, a_stop, a_worker


def _tour(finish_s: int = SHUT_S, travel_s: int = 0, wait_s: int = 0) -> Tour:
    return Tour(a_worker(), Timetable(1, (), (), finish_s, travel_s, wait_s))


SKILLED = a_worker(1, skills={"gas": 2})
TWO_WINDOWS = a_stop(1, windows=(Window(0, 10), Window(20, 30)))
LUNCH = Break(100, 200, 50)

KEPT = [
    ("ids_unknown", Entry(is_known=True, times_before=0)),
    ("ids_repeated", Entry(is_known=True, times_before=0)),
    ("skills_missing", Pair(SKILLED, a_stop(1, skill="gas"))),
    ("skills_missing", Pair(SKILLED, a_stop(1, skill=None))),
    ("levels_short", Pair(SKILLED, a_stop(1, skill="gas", level=2))),
    ("levels_short", Pair(SKILLED, a_stop(1, skill="glass", level=9))),
    ("levels_short", Pair(SKILLED, a_stop(1, skill=None, level=9))),
    ("pins_broken", Pair(SKILLED, a_stop(1, worker_id=1))),
    ("pins_broken", Pair(SKILLED, a_stop(1))),
    ("bars_broken", Pair(SKILLED, a_stop(1, barred=frozenset({2})))),
    ("seconds_late", Visit(TWO_WINDOWS, 30)),
    ("seconds_of_late_rest", Rest(LUNCH, 200)),
    ("units_overloaded", Load(a_worker(room=(5,)), (5, 99))),
    ("units_overloaded", Load(a_worker(), (5,))),
    ("seconds_of_overtime", _tour(finish_s=SHUT_S)),
    ("seconds_driven", _tour()),
    ("seconds_waited", _tour()),
    ("priority_unserved", a_stop(1, priority=0)),
]
BROKEN = [
    ("ids_unknown", Entry(is_known=False, times_before=0), 1),
    ("ids_repeated", Entry(is_known=True, times_before=1), 1),
    ("skills_missing", Pair(SKILLED, a_stop(1, skill="glass")), 1),
    ("levels_short", Pair(SKILLED, a_stop(1, skill="gas", level=4)), 2),
    ("pins_broken", Pair(SKILLED, a_stop(1, worker_id=2)), 1),
    ("bars_broken", Pair(SKILLED, a_stop(1, barred=frozenset({1, 2}))), 1),
    ("seconds_late", Visit(TWO_WINDOWS, 31), 1),
    ("seconds_of_late_rest", Rest(LUNCH, 201), 1),
    ("units_overloaded", Load(a_worker(room=(5, 1)), (7, 2)), 3),
    ("seconds_of_overtime", _tour(finish_s=SHUT_S + 1), 1),
    ("seconds_driven", _tour(travel_s=60), 60),
    ("seconds_waited", _tour(wait_s=60), 60),
    ("priority_unserved", a_stop(1, priority=3), 3),
]


def _rule(name: str) -> Rule[Any]:
    [rule] = [rule for rule in RULES if rule.name == name]
    return rule


class TestRules:
    @pytest.mark.parametrize(("name", "thing"), KEPT)
    def test_ask_nothing_of_what_keeps_them(self, name: str, thing: object) -> None:
        assert _rule(name).excess(thing) == 0

    @pytest.mark.parametrize(("name", "thing", "excess"), BROKEN)
    def test_measure_what_breaks_them(self, name: str, thing: object, excess: int) -> None:
        assert _rule(name).excess(thing) == excess

    def test_are_each_tried_both_ways_here(self) -> None:
        names = {rule.name for rule in RULES}

        assert {name for name, _ in KEPT} == names
        assert {name for name, _, _ in BROKEN} == names

    def test_go_by_the_name_of_their_function(self) -> None:
        assert [rule.name for rule in RULES] == [rule.excess.__name__ for rule in RULES]

    @pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
    def test_speak_only_of_what_a_breach_can_tell(self, rule: Rule[Any]) -> None:
        words = Breach(rule.name, 1, 2, 3).words
        fields = set(re.findall(r"%\((\w+)\)s", rule.sentence))

        assert fields <= set(words)
        assert fields == set(re.findall(r"%\((\w+)\)s", rule.sentence_en))
        assert rule.sentence % words

    def test_of_driving_weigh_one_second_as_one(self) -> None:
        assert _rule("seconds_driven").weight == Weight.DRIVING
        assert 0 < _rule("seconds_waited").weight < Weight.DRIVING
        assert _rule("priority_unserved").weight > 3_600 * Weight.DRIVING


class TestMayServe:
    @pytest.mark.parametrize(
        ("fields", "may"),
        [
            pytest.param({}, True, id="anybody"),
            pytest.param({"skill": "gas", "level": 2}, True, id="skilled_enough"),
            pytest.param({"skill": "gas", "level": 3}, False, id="one_level_short"),
            pytest.param({"skill": "glass"}, False, id="unskilled"),
            pytest.param({"worker_id": 1}, True, id="pinned_to_him"),
            pytest.param({"worker_id": 2}, False, id="pinned_elsewhere"),
            pytest.param({"barred": frozenset({1})}, False, id="barred"),
        ],
    )
    def test_asks_the_rules_about_the_two(self, fields: dict[str, Any], may: bool) -> None:
        assert constraints.may_serve(SKILLED, a_stop(1, **fields)) is may
