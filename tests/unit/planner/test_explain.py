"""Why a visit does not fit: the least that would have to give way, no more and no less."""

import random
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from dispatch.planner import explain, judge, keeping
from dispatch.planner.across import Quota, Ties, Together, Tool
from dispatch.planner.explain import Kind
from dispatch.planner.problem import DAY_S, Break, Plan, Problem, Route, Window
from tests.unit.planner.days import (
    DOOR_S,
    HOUR_S,
    SHUT_S,
    STEP_S,
    a_city,
    a_plan,
    a_problem,
    a_stop,
    a_worker,
    inserted_greedily,
)
from tests.unit.planner.giving_way import is_served, relaxed

PAIRS = 100
# When one reaches the next place who sets out at the door.
EARLY_S = DOOR_S + STEP_S


def broken_by_place(problem: Problem, plan: Plan, worker_id: int, stop_id: int) -> list[int]:
    """Return what the judge finds broken with the stop in each place of that route, in units."""
    before = len(judge.judge(problem, plan).broken)
    assert before == 0
    route = plan.route_of(worker_id)
    tried = [
        plan.with_route(route.with_stop(stop_id, position=position))
        for position in range(len(route.stop_ids) + 1)
    ]
    return [sum(each.excess for each in judge.judge(problem, one).broken) for one in tried]


def _loaded(problem: Problem, narrow_s: int) -> Problem:
    """Give the city's day loads, vans, uneven shifts and windows that are so much shorter."""
    return Problem(
        tuple(
            replace(
                stop,
                down=(1 + stop.id % 3,),
                up=(stop.id % 2,),
                windows=tuple(Window(w.open_s, w.shut_s - narrow_s) for w in stop.windows),
            )
            for stop in problem.stops
        ),
        tuple(
            replace(w, room=(8 if w.id % 2 else 99,), shift_shut_s=(15 + w.id % 3) * HOUR_S)
            for w in problem.workers
        ),
        problem.travel_s,
    )


def _closed(problem: Problem) -> Problem:
    """Allow no work around noon at every third door."""
    noon = Window(12 * HOUR_S - 900, 14 * HOUR_S)
    stops = tuple(stop if stop.id % 3 else replace(stop, closed=(noon,)) for stop in problem.stops)
    return Problem(stops, problem.workers, problem.travel_s)


def _barred(problem: Problem) -> Problem:
    """Let some of the visits have technicians that must not come, or want a master of the trade."""
    stops = tuple(
        replace(stop, barred=frozenset({1 + stop.id % 5}), level=1 + stop.id % 2)
        for stop in problem.stops
    )
    return Problem(stops, problem.workers, problem.travel_s)


class TestWhy:
    @pytest.mark.parametrize(
        ("stops", "narrow_s", "kinds"),
        [
            pytest.param(60, 0, {Kind.OVERTIME, Kind.ROOM}, id="a_full_day"),
            pytest.param(
                30, 6_600, {Kind.STARTS_LATER, Kind.STARTS_EARLIER}, id="a_day_of_short_windows"
            ),
        ],
    )
    def test_finds_the_exact_amount_for_random_pairs(
        self, stops: int, narrow_s: int, kinds: set[Kind]
    ) -> None:
        problem = _loaded(a_city(workers=6, stops=stops, seed=11), narrow_s)
        plan = inserted_greedily(problem, seed=1)
        rng = random.Random(5)
        tried = dict.fromkeys(Kind, 0)
        for _ in range(PAIRS):
            stop_id = rng.choice(problem.stops).id
            for found in rng.choice(explain.why(problem, plan, stop_id)).relaxations:
                tried[found.kind] += 1
                if found.kind is not Kind.RULE:
                    assert is_served(relaxed(problem, (found, found.amount)), plan, found)
                    less = relaxed(problem, (found, found.amount - 1))
                    assert not is_served(less, plan, found)

        assert all(tried[kind] >= 3 for kind in kinds), str(list(tried.values()))

    @pytest.mark.parametrize(
        ("stops", "narrow_s", "is_barred", "kinds"),
        [
            pytest.param(60, 0, False, {"rule overtime"}, id="a_full_day"),
            pytest.param(
                48, 6_600, False, {"starts_later room", "starts_earlier room"}, id="short_windows"
            ),
            pytest.param(
                40, 7_000, True, {"rule starts_later", "rule overtime", "rule rule"}, id="bars"
            ),
        ],
    )
    def test_finds_the_exact_two_for_random_pairs(
        self, stops: int, narrow_s: int, is_barred: bool, kinds: set[str]
    ) -> None:
        problem = _loaded(a_city(workers=6, stops=stops, seed=11), narrow_s)
        problem = _barred(problem) if is_barred else _closed(problem)
        plan = inserted_greedily(problem, seed=1)
        rng = random.Random(5)
        tried: Counter[str] = Counter()
        for _ in range(PAIRS):
            answers = explain.why(problem, plan, rng.choice(problem.stops).id)
            pairs = [answer.both for answer in answers if answer.both]
            for one, other in rng.sample(pairs, min(1, len(pairs))):
                tried[f"{one.kind} {other.kind}"] += 1
                a, b = one.amount, other.amount
                assert is_served(relaxed(problem, (one, a), (other, b)), plan, one)
                fewer = [(a, 0), (0, b), (a - 1, b), (a, b - 1)]
                if Kind.RULE is not one.kind and Kind.ROOM is not other.kind:
                    # However the seconds are split between the two: no fewer are enough.
                    fewer += [(less, a + b - 1 - less) for less in rng.sample(range(a + b), 4)]
                for some, rest in fewer:
                    given = relaxed(problem, (one, some), (other, rest))
                    assert not is_served(given, plan, one), f"{one} {other} {some} {rest}"

        assert all(tried[names] >= 3 for names in kinds), str(tried)

    @pytest.mark.parametrize(
        ("fields", "shuts_s", "both"),
        [
            pytest.param(
                {"closed": (Window(0, EARLY_S + 600),)},
                DOOR_S + HOUR_S,
                [(Kind.CLOSED, 601), (Kind.OVERTIME, 600)],
                id="closed_hours_and_overtime",
            ),
            pytest.param(
                {"closed": (Window(0, EARLY_S + 600),), "windows": (Window(DOOR_S, EARLY_S - 9),)},
                EARLY_S + HOUR_S,
                [(Kind.STARTS_LATER, 9), (Kind.CLOSED, 601)],
                id="a_window_and_closed_hours",
            ),
            pytest.param(
                {"down": (9, 1, 5)},
                SHUT_S,
                [(Kind.ROOM, 2), (Kind.ROOM, 1)],
                id="two_kinds_of_room",
            ),
            pytest.param(
                {"skill": "gas", "barred": frozenset({1})},
                SHUT_S,
                [(Kind.RULE, 1), (Kind.RULE, 1)],
                id="two_rules",
            ),
        ],
    )
    def test_finds_the_two_that_give_way_together(
        self, fields: dict[str, Any], shuts_s: int, both: list[tuple[Kind, int]]
    ) -> None:
        stop = a_stop(1, place=1, **{"windows": (Window(DOOR_S, EARLY_S),)} | fields)
        problem = a_problem([stop], [a_worker(1, shift_shut_s=shuts_s, room=(7, 1, 4))])

        [answer] = explain.why(problem, Plan(), 1)

        assert [(way.kind, way.amount) for way in answer.both] == both
        given = [(way, way.amount) for way in answer.both]
        assert is_served(relaxed(problem, *given), Plan(), answer.both[0])
        assert not any(is_served(relaxed(problem, one), Plan(), one[0]) for one in given)

    def test_asks_for_a_second_rule_only_where_the_first_is_not_enough(self) -> None:
        stop = a_stop(1, skill="gas", shuts_s=DOOR_S, place=1)
        problem = a_problem([stop], [a_worker(1), a_worker(2, place=1), a_worker(3, place=3)])

        answers = explain.why(problem, Plan(), 1)

        assert [[way.code for way in answer.both] for answer in answers] == [
            ["skills_missing", "starts_later"],
            [],
            ["skills_missing", "starts_later"],
        ]
        assert [way.worker_id for way in explain.least(answers)] == [2]
        assert [way.amount for way in explain.least([answers[2], answers[0]])] == [1, STEP_S]

    def test_finds_how_far_quotas_and_tools_must_give_way_for_random_pairs(self) -> None:
        problem = a_city(workers=6, stops=40, seed=11)
        plan = inserted_greedily(problem, seed=1)
        rng = random.Random(5)
        tried: Counter[str] = Counter()
        for _ in range(40):
            quota = Quota("partner", frozenset(rng.sample(range(1, 7), 2)), rng.randint(8, 12))
            ladder = Tool("ladder", frozenset(rng.sample(range(1, 41), 12)), rng.randint(2, 4))
            ties = Ties(quotas=(quota,), tools=(ladder,))
            stop_id = rng.choice(sorted(ladder.stop_ids))
            without = Plan(tuple(route.without_stop(stop_id) for route in plan.routes))
            tied = replace(problem, ties=ties)
            tied = replace(tied, ties=keeping.eased(tied, without))
            for answer in explain.why(tied, plan, stop_id):
                for way in answer.alone:
                    if way.kind is Kind.TIE:
                        tried[way.rule] += 1
                        assert is_served(relaxed(tied, (way, way.amount)), plan, way)
                        assert not is_served(relaxed(tied, (way, way.amount - 1)), plan, way)

        assert all(tried[rule] >= 3 for rule in ("visits_over_quota", "tools_missing")), str(tried)

    def test_speaks_of_a_tie_in_both_languages(self) -> None:
        problem = a_problem([a_stop(1), a_stop(2)], [a_worker(1), a_worker(2)])
        tied = replace(problem, ties=Ties(quotas=(Quota("大洋", frozenset({1}), 1),)))

        first, second = explain.why(tied, a_plan(w1=[1]), 2)

        assert second.witness is not None
        assert [(way.kind, way.amount) for way in first.relaxations] == [(Kind.TIE, 1)]
        assert explain.sentences(*first.relaxations) == (
            "合作方「大洋」的派单超出配额 1 单",
            "The partner 大洋 is given 1 visits over its quota",
        )

    def test_gives_a_visit_of_a_crew_to_nobody_who_has_another_of_it(self) -> None:
        problem = a_problem([a_stop(1), a_stop(2)], [a_worker(1), a_worker(2)])
        tied = replace(problem, ties=Ties(together=(Together((1, 2)),)))

        first, second = explain.why(tied, a_plan(w1=[1], w2=[2]), 2)

        assert second.witness is not None
        assert [way.rule for way in first.alone] == ["hands_missing"]

    def test_keeps_a_crew_that_waits_for_each_other(self) -> None:
        """The newcomer would make one of the crew late; the other cannot wait so long."""
        stops = [
            a_stop(1, shuts_s=DOOR_S + HOUR_S),
            a_stop(2, shuts_s=DOOR_S),
            a_stop(3, shuts_s=DOOR_S),
        ]
        problem = a_problem(stops, [a_worker(1), a_worker(2)])
        tied = replace(problem, ties=Ties(together=(Together((1, 2)),)))

        first, _ = explain.why(tied, a_plan(w1=[1], w2=[2]), 3)

        assert explain.why(problem, a_plan(w1=[1], w2=[2]), 3)[0].witness is not None
        assert first.witness is None

    def test_tells_what_it_costs_who_may(self) -> None:
        problem = a_problem([a_stop(1, place=2)], [a_worker(1), a_worker(2, place=3)])

        answers = explain.why(problem, a_plan(w1=[1]), 1)

        assert [(a.worker_id, a.witness and a.witness.extra_s) for a in answers] == [
            (1, 2 * STEP_S),
            (2, STEP_S),
        ]

    @pytest.mark.parametrize(
        ("fields", "rule", "amount"),
        [
            pytest.param({"skill": "gas"}, "skills_missing", 1, id="skill"),
            pytest.param({"skill": "glass", "level": 3}, "levels_short", 2, id="level"),
            pytest.param({"worker_id": 9}, "pins_broken", 1, id="pin"),
            pytest.param({"barred": frozenset({1})}, "bars_broken", 1, id="bar"),
        ],
    )
    def test_names_the_rule_between_the_two(
        self, fields: dict[str, Any], rule: str, amount: int
    ) -> None:
        problem = a_problem([a_stop(1, **fields)], [a_worker(1, skills={"glass": 1})])

        [answer] = explain.why(problem, Plan(), 1)

        assert [(f.kind, f.rule, f.amount) for f in answer.relaxations] == [
            (Kind.RULE, rule, amount)
        ]

    def test_tells_by_how_much_closed_hours_are_too_long(self) -> None:
        closed = Window(DOOR_S, DOOR_S + STEP_S + 100)
        stop = a_stop(1, shuts_s=DOOR_S + STEP_S + 50, closed=(closed,), place=1)

        [answer] = explain.why(a_problem([stop], [a_worker(1)]), Plan(), 1)

        found = next(f for f in answer.relaxations if f.kind is Kind.CLOSED)
        assert (found.amount, found.window) == (51, closed)
        for less, is_kept in ((found.amount, True), (found.amount - 1, False)):
            shorter = Window(closed.open_s, closed.shut_s - less)
            eased = a_problem([replace(stop, closed=(shorter,))], [a_worker(1)])
            assert (explain.why(eased, Plan(), 1)[0].witness is not None) is is_kept

    def test_keeps_the_lunch_while_it_asks_for_overtime(self) -> None:
        lunch = Break(DOOR_S, DOOR_S, HOUR_S)
        worker = a_worker(1, shift_shut_s=DOOR_S + HOUR_S, breaks=(lunch,))

        [answer] = explain.why(a_problem([a_stop(1)], [worker]), Plan(), 1)

        assert [(f.kind, f.amount) for f in answer.relaxations] == [(Kind.OVERTIME, HOUR_S)]

    def test_names_what_would_break_where_no_one_thing_is_enough(self) -> None:
        stops = [
            a_stop(1, shuts_s=DOOR_S),
            a_stop(2, place=1, shuts_s=DOOR_S + HOUR_S + STEP_S),
            a_stop(3, shuts_s=DOOR_S, work_s=2 * HOUR_S),
        ]
        worker = a_worker(1, shift_shut_s=DOOR_S + 2 * HOUR_S + STEP_S)

        [answer] = explain.why(a_problem(stops, [worker]), a_plan(w1=[1, 2]), 3)

        assert answer.relaxations == ()
        assert {(b.rule, b.stop_id, b.excess) for b in answer.breaches} == {
            ("seconds_late", 3, 2 * HOUR_S + 2 * STEP_S),
            ("seconds_of_overtime", None, 2 * HOUR_S + STEP_S),
        }

    def test_no_other_place_in_the_route_breaks_less(self) -> None:
        asked = 0
        problem = a_city(workers=6, stops=60, seed=2)
        plan = inserted_greedily(problem, seed=1)
        for stop in problem.stops[::3]:
            without = Plan(tuple(route.without_stop(stop.id) for route in plan.routes))
            for answer in explain.why(problem, plan, stop.id):
                if answer.breaches:
                    asked += 1
                    told = sum(breach.excess for breach in answer.breaches)
                    assert told == min(broken_by_place(problem, without, answer.worker_id, stop.id))

        assert asked >= 20

    def test_speaks_two_languages(self) -> None:
        problem = a_problem([a_stop(1, place=2, shuts_s=DOOR_S)], [a_worker(7)])

        [answer] = explain.why(problem, Plan(), 1)

        [found] = answer.relaxations
        chinese, english = (sentence % found.words for sentence in found.sentences)
        assert (found.kind, found.amount) == (Kind.STARTS_LATER, 2 * STEP_S)
        assert "20" in chinese
        assert english == "7 could begin 1 at the earliest 20 min after its window"

    def test_says_two_things_in_one_sentence(self) -> None:
        problem = a_problem(
            [a_stop(1, place=2, shuts_s=DOOR_S)], [a_worker(7, shift_shut_s=DOOR_S + HOUR_S)]
        )

        [answer] = explain.why(problem, Plan(), 1)

        chinese, english = explain.sentences(*answer.both)
        assert chinese == "7最早要比约定时段晚 20 分钟才能开始1，并且7要加班 20 分钟才能完成1"
        assert english == (
            "7 could begin 1 at the earliest 20 min after its window, "
            "and 7 would need 20 min of overtime for 1"
        )


class TestSmallest:
    def test_is_one_of_each_kind_over_all(self) -> None:
        stop = a_stop(1, opens_s=SHUT_S, shuts_s=SHUT_S)
        problem = a_problem(
            [stop], [a_worker(1), a_worker(2, shift_shut_s=DAY_S - HOUR_S, breaks=())]
        )

        least = explain.smallest(explain.why(problem, Plan((Route(1),)), 1))

        # Technician 2 takes it; what 1 would need is still the least of its kind.
        assert [(f.kind, f.worker_id) for f in least] == [
            (Kind.STARTS_EARLIER, 1),
            (Kind.OVERTIME, 1),
        ]
