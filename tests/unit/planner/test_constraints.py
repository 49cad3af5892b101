"""Every rule, kept and broken, at its edge."""

import re
from collections.abc import Sequence
from typing import Any

import pytest

from dispatch.planner import constraints
from dispatch.planner.across import After, Quota, Together, Tool
from dispatch.planner.constraints import RULES, Rule, Weight
from dispatch.planner.judge import Breach
from dispatch.planner.measures import Entry, Load, Pair, Rest, Tie, Tour, Visit, Whole
from dispatch.planner.problem import Break, Stop, Timed, Timetable, Window
from tests.unit.planner.days import DOOR_S, HOUR_S, SHUT_S, a_stop, a_worker


def _tour(
    finish_s: int = SHUT_S,
    travel_s: int = 0,
    wait_s: int = 0,
    stops: Sequence[Stop] = (),
    arrive_s: Sequence[int] = (),
    **worker: Any,
) -> Tour:
    times = arrive_s or [max(DOOR_S, stop.windows[0].open_s) for stop in stops]
    visits = [Timed(stop.id, at_s, at_s, at_s) for stop, at_s in zip(stops, times, strict=True)]
    table = Timetable(1, tuple(visits), (), finish_s, travel_s, wait_s)
    return Tour(a_worker(**worker), table, tuple(stops))


def _whole(*visits: tuple[int, int, int, int]) -> Whole:
    """Build what is made from (visit, technician, start, end)."""
    return Whole({i: (worker, Timed(i, a, a, b)) for i, worker, a, b in visits})


def _estates(*names: str | None) -> list[Stop]:
    return [a_stop(n, estate=name) for n, name in enumerate(names, start=1)]


GAP = After(1, 2, 600, 1_200)
BY_ONE = After(1, 2, same_worker=True)
CREW = Together((1, 2))
QUOTA = Quota("partner", frozenset({1, 2}), 2)
LADDER = Tool("ladder", frozenset({1, 2, 3}), 1)
OPEN_TO_NOON = a_stop(2, windows=(Window(DOOR_S, 12 * HOUR_S),))
LONG = a_stop(1, spread_s=1_000)


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
    ("skills_missing", Pair(a_worker(expired=frozenset({"gas"})), a_stop(1, skill="gas"))),
    ("certificates_expired", Pair(SKILLED, a_stop(1, skill="gas"))),
    ("certificates_expired", Pair(a_worker(expired=frozenset({"gas"})), a_stop(1))),
    ("areas_left", Pair(a_worker(areas=frozenset({"east"})), a_stop(1, area="east"))),
    ("areas_left", Pair(a_worker(), a_stop(1, area="west"))),
    ("wishes_missed", Pair(SKILLED, a_stop(1))),
    ("wishes_missed", Pair(SKILLED, a_stop(1, prefers=frozenset({1, 7})))),
    ("names_changed", Pair(SKILLED, a_stop(1))),
    ("names_changed", Pair(SKILLED, a_stop(1, told_id=1))),
    ("levels_unneeded", Pair(SKILLED, a_stop(1, skill="gas", level=2))),
    ("levels_unneeded", Pair(SKILLED, a_stop(1, skill=None, level=0))),
    ("seconds_late", Visit(TWO_WINDOWS, 30)),
    ("seconds_of_closed_hours", Visit(a_stop(1, closed=(Window(50, 60),)), 49)),
    ("seconds_of_closed_hours", Visit(a_stop(1, closed=(Window(50, 60),)), 61)),
    ("seconds_of_late_rest", Rest(LUNCH, 200)),
    ("units_overloaded", Load(a_worker(room=(5,)), (5, 99))),
    ("units_overloaded", Load(a_worker(), (5,))),
    ("seconds_of_overtime", _tour(finish_s=SHUT_S)),
    ("seconds_of_overtime", _tour(finish_s=SHUT_S + 60, overtime_s=60)),
    ("seconds_of_paid_overtime", _tour(finish_s=SHUT_S, overtime_s=60)),
    ("seconds_at_risk", _tour(stops=[LONG])),
    ("seconds_at_risk", _tour(stops=[LONG, OPEN_TO_NOON], arrive_s=[DOOR_S, 12 * HOUR_S - 1_282])),
    ("ways_into_estates", _tour(stops=_estates(None, None))),
    ("standbys_called", _tour(is_standby=True)),
    ("standbys_called", _tour(stops=[LONG])),
    ("fixed_seconds", _tour(fixed_s=60)),
    ("fixed_seconds", _tour(stops=[LONG])),
    ("seconds_driven", _tour()),
    ("seconds_waited", _tour()),
    ("priority_unserved", a_stop(1, priority=0)),
    ("seconds_off_the_gap", Tie(GAP, _whole((1, 1, 0, 100), (2, 1, 700, 800)))),
    ("seconds_off_the_gap", Tie(GAP, _whole((1, 1, 0, 100), (2, 1, 1_300, 1_400)))),
    ("seconds_off_the_gap", Tie(GAP, _whole((1, 1, 0, 100)))),
    ("visits_without_their_first", Tie(GAP, _whole((1, 1, 0, 100)))),
    ("visits_of_another_hand", Tie(BY_ONE, _whole((1, 1, 0, 100), (2, 1, 100, 200)))),
    ("visits_of_another_hand", Tie(GAP, _whole((1, 1, 0, 100), (2, 2, 700, 800)))),
    ("hands_missing", Tie(CREW, _whole((1, 1, 0, 100), (2, 2, 0, 100)))),
    ("hands_missing", Tie(CREW, _whole())),
    ("seconds_apart", Tie(CREW, _whole((1, 1, 50, 100), (2, 2, 50, 90)))),
    ("visits_over_quota", Tie(QUOTA, _whole((1, 1, 0, 1), (2, 2, 0, 1), (3, 3, 0, 1)))),
    ("tools_missing", Tie(LADDER, _whole((1, 1, 0, 1), (2, 1, 5, 6), (4, 2, 0, 1)))),
    ("seconds_unfair", [3_600, 3_600]),
    ("seconds_unfair", []),
]
BROKEN = [
    ("ids_unknown", Entry(is_known=False, times_before=0), 1),
    ("ids_repeated", Entry(is_known=True, times_before=1), 1),
    ("skills_missing", Pair(SKILLED, a_stop(1, skill="glass")), 1),
    ("levels_short", Pair(SKILLED, a_stop(1, skill="gas", level=4)), 2),
    ("pins_broken", Pair(SKILLED, a_stop(1, worker_id=2)), 1),
    ("bars_broken", Pair(SKILLED, a_stop(1, barred=frozenset({1, 2}))), 1),
    ("certificates_expired", Pair(a_worker(expired=frozenset({"gas"})), a_stop(1, skill="gas")), 1),
    ("areas_left", Pair(a_worker(areas=frozenset({"east"})), a_stop(1, area="west")), 1),
    ("areas_left", Pair(a_worker(areas=frozenset({"east"})), a_stop(1)), 1),
    ("wishes_missed", Pair(SKILLED, a_stop(1, prefers=frozenset({7}))), 1),
    ("names_changed", Pair(SKILLED, a_stop(1, told_id=2)), 1),
    ("levels_unneeded", Pair(SKILLED, a_stop(1, skill="gas", level=1)), 1),
    ("seconds_late", Visit(TWO_WINDOWS, 31), 1),
    ("seconds_of_closed_hours", Visit(a_stop(1, closed=(Window(50, 60),)), 58), 3),
    ("seconds_of_late_rest", Rest(LUNCH, 201), 1),
    ("units_overloaded", Load(a_worker(room=(5, 1)), (7, 2)), 3),
    ("seconds_of_overtime", _tour(finish_s=SHUT_S + 1), 1),
    ("seconds_of_overtime", _tour(finish_s=SHUT_S + 61, overtime_s=60), 1),
    ("seconds_of_paid_overtime", _tour(finish_s=SHUT_S + 61, overtime_s=60), 60),
    (
        "seconds_at_risk",
        _tour(stops=[LONG, OPEN_TO_NOON], arrive_s=[DOOR_S, 12 * HOUR_S - 1_271]),
        10,
    ),
    ("ways_into_estates", _tour(stops=_estates("a", "a", "b", None, "a")), 3),
    ("standbys_called", _tour(stops=[LONG], is_standby=True), 1),
    ("fixed_seconds", _tour(stops=[LONG], fixed_s=60), 60),
    ("seconds_driven", _tour(travel_s=60), 60),
    ("seconds_waited", _tour(wait_s=60), 60),
    ("priority_unserved", a_stop(1, priority=3), 3),
    ("seconds_off_the_gap", Tie(GAP, _whole((1, 1, 0, 100), (2, 1, 699, 800))), 1),
    ("seconds_off_the_gap", Tie(GAP, _whole((1, 1, 0, 100), (2, 1, 1_302, 1_400))), 2),
    ("visits_without_their_first", Tie(GAP, _whole((2, 1, 0, 100))), 1),
    ("visits_of_another_hand", Tie(BY_ONE, _whole((1, 1, 0, 100), (2, 2, 100, 200))), 1),
    ("hands_missing", Tie(CREW, _whole((1, 1, 0, 100))), 1),
    ("hands_missing", Tie(CREW, _whole((1, 1, 0, 100), (2, 1, 0, 100))), 1),
    ("seconds_apart", Tie(CREW, _whole((1, 1, 50, 100), (2, 2, 57, 90))), 7),
    ("visits_over_quota", Tie(QUOTA, _whole((1, 1, 0, 1), (2, 2, 0, 1), (3, 2, 2, 3))), 1),
    ("tools_missing", Tie(LADDER, _whole((1, 1, 0, 1), (2, 2, 5, 6))), 1),
    ("seconds_unfair", [3_600, 60, 7_200], 7_140),
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
