"""What crosses routes: timed by the judge, kept by both engines, turned into windows in between."""

import random
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from dispatch.planner import tying
from dispatch.planner.across import After, Quota, Ties, Together, Tool
from dispatch.planner.judge import judge
from dispatch.planner.problem import BadProblem, Plan, Problem, Window
from dispatch.planner.solver import Engine, solve
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
)

STEPS = 1_500


def tied(problem: Problem, **ties: Any) -> Problem:
    return Problem(problem.stops, problem.workers, problem.travel_s, Ties(**ties))


def two_doors(**ties: Any) -> Problem:
    """Build two visits, one and five steps away from two technicians."""
    stops = [a_stop(1, place=1), a_stop(2, place=5)]
    return tied(a_problem(stops, [a_worker(1), a_worker(2)]), **ties)


def starts(problem: Problem, plan: Plan) -> dict[int, int]:
    tables = judge(problem, plan).timetables.values()
    return {visit.stop_id: visit.start_s for table in tables for visit in table.visits}


def a_tied_city(**ties: Any) -> Problem:
    """Build a day whose visits 1 to 24 may come at any hour."""
    city = a_city(workers=10, stops=60, seed=2)
    all_day = (Window(DOOR_S, SHUT_S - HOUR_S),)
    stops = tuple(replace(s, windows=all_day) if s.id <= 24 else s for s in city.stops)
    return tied(Problem(stops, city.workers, city.travel_s), **ties)


class TestTimes:
    def test_of_a_second_wait_for_its_first(self) -> None:
        problem = two_doors(after=(After(2, 1, min_gap_s=300),))

        at = starts(problem, a_plan(w1=[1], w2=[2]))

        assert at == {2: DOOR_S + 5 * STEP_S, 1: DOOR_S + 5 * STEP_S + HOUR_S + 300}

    def test_of_a_first_wait_where_its_second_is_far(self) -> None:
        problem = two_doors(after=(After(1, 2, max_gap_s=0),))
        late = replace(problem.stop(2), windows=(Window(SHUT_S - HOUR_S, SHUT_S - HOUR_S),))
        problem = Problem((problem.stop(1), late), problem.workers, problem.travel_s, problem.ties)

        assert starts(problem, a_plan(w1=[1], w2=[2]))[1] == SHUT_S - 2 * HOUR_S
        assert judge(problem, a_plan(w1=[1], w2=[2])).is_feasible

    def test_of_a_crew_are_those_of_its_last(self) -> None:
        problem = two_doors(together=(Together((1, 2)),))

        assert set(starts(problem, a_plan(w1=[1], w2=[2])).values()) == {DOOR_S + 5 * STEP_S}
        assert judge(problem, a_plan(w1=[1], w2=[2])).is_feasible

    @pytest.mark.parametrize(
        ("ties", "plan", "rule"),
        [
            pytest.param(
                {"after": (After(1, 2, max_gap_s=STEP_S),)},
                a_plan(w1=[1, 2]),
                "seconds_off_the_gap",
                id="one_man_cannot_be_there_so_soon",
            ),
            pytest.param(
                {"after": (After(1, 2),)},
                a_plan(w1=[2]),
                "visits_without_their_first",
                id="no_first",
            ),
            pytest.param(
                {"after": (After(1, 2, same_worker=True),)},
                a_plan(w1=[1], w2=[2]),
                "visits_of_another_hand",
                id="two_hands",
            ),
            pytest.param(
                {"together": (Together((1, 2)),)}, a_plan(w1=[1]), "hands_missing", id="half_a_crew"
            ),
            pytest.param(
                {"quotas": (Quota("p", frozenset({1}), 1),)},
                a_plan(w1=[1, 2]),
                "visits_over_quota",
                id="over_quota",
            ),
            pytest.param(
                {"tools": (Tool("t", frozenset({1, 2}), 1),)},
                a_plan(w1=[1], w2=[2]),
                "tools_missing",
                id="one_tool",
            ),
        ],
    )
    def test_that_break_a_tie_are_named(self, ties: dict[str, Any], plan: Plan, rule: str) -> None:
        assert rule in {breach.rule for breach in judge(two_doors(**ties), plan).broken}


class TestTies:
    @pytest.mark.parametrize(
        ("ties", "field"),
        [
            pytest.param({"after": (After(1, 9),)}, "ties.stop_ids", id="an_unknown_visit"),
            pytest.param(
                {"quotas": (Quota("p", frozenset({9}), 1),)}, "ties.worker_ids", id="an_unknown_man"
            ),
            pytest.param({"tools": (Tool("t", frozenset({1}), -1),)}, "ties", id="less_than_none"),
        ],
    )
    def test_are_refused_with_their_field(self, ties: dict[str, Any], field: str) -> None:
        with pytest.raises(BadProblem) as refused:
            two_doors(**ties)

        assert refused.value.field == field

    def test_of_one_visit_with_itself_are_refused(self) -> None:
        with pytest.raises(BadProblem):
            After(1, 1)
        with pytest.raises(BadProblem):
            After(1, 2, 5, 4)
        with pytest.raises(BadProblem):
            Together((1, 1))

    def test_change_the_fingerprint(self) -> None:
        assert two_doors().fingerprint() != two_doors(is_fair=True).fingerprint()


def _pairs(first: int, count: int, **gap: Any) -> tuple[After, ...]:
    return tuple(After(first + 2 * n, first + 2 * n + 1, **gap) for n in range(count))


TIED_DAYS = [
    pytest.param({"after": _pairs(1, 6, max_gap_s=HOUR_S)}, id="after"),
    pytest.param({"after": _pairs(1, 4, same_worker=True)}, id="by_one_hand"),
    pytest.param({"together": (Together((1, 2)), Together((3, 4, 5)))}, id="crews"),
    pytest.param(
        {"after": (After(1, 3, 600, 7_200), After(2, 3)), "together": (Together((1, 2)),)},
        id="a_crew_before_another_visit",
    ),
    pytest.param({"quotas": (Quota("p", frozenset({1, 2, 3, 4}), 12),)}, id="a_quota"),
    pytest.param({"tools": (Tool("t", frozenset(range(30, 45)), 3),)}, id="tools"),
]


class TestSolving:
    @pytest.mark.parametrize("ties", TIED_DAYS)
    def test_keeps_the_ties_and_leaves_nobody_out(self, ties: dict[str, Any]) -> None:
        found = solve(a_tied_city(**ties), None, seconds=60, seed=1, iterations=STEPS)

        assert found.engine is Engine.CHOICE
        assert found.verdict.is_feasible
        assert not found.verdict.unserved

    @pytest.mark.parametrize("ties", TIED_DAYS)
    def test_by_the_other_engine_keeps_them_too(self, ties: dict[str, Any]) -> None:
        costs: list[int] = []

        # As long as it takes until the first plan is there, however busy the machine.
        found = solve(
            a_tied_city(**ties),
            None,
            seconds=120,
            seed=1,
            engine=Engine.ROUTING,
            progress=lambda _, cost, *__: costs.append(cost),
            stop=lambda: len(set(costs)) > 1,
        )

        assert found.engine is Engine.ROUTING
        assert found.verdict.is_feasible

    def test_makes_what_it_can_of_a_group(self) -> None:
        problem = two_doors(after=(After(1, 2, max_gap_s=0),))
        alone = Problem(problem.stops, problem.workers[:1], problem.travel_s, problem.ties)

        found = solve(alone, None, seconds=5, seed=1, iterations=50)

        # One man cannot be at the second door at once; that he makes the first is something.
        assert found.verdict.unserved == (2,)

    def test_evens_out_the_hours_of_the_month(self) -> None:
        stops = [a_stop(n, place=n) for n in (1, 2)]
        workers = [a_worker(1, worked_s=200 * HOUR_S), a_worker(2, worked_s=100 * HOUR_S)]
        day = a_problem(stops, workers)

        plans = [
            solve(problem, a_plan(w1=[1, 2]), seconds=5, seed=1, iterations=200).plan
            for problem in (tied(day, is_fair=True), day)
        ]

        assert [plan.route_of(2).stop_ids for plan in plans] == [(1, 2), ()]


class TestLoosened:
    @pytest.mark.parametrize(
        "ties",
        [
            {"after": _pairs(1, 6, min_gap_s=300, max_gap_s=HOUR_S)},
            {"together": (Together((1, 2)), Together((3, 4, 5)))},
        ],
    )
    def test_windows_keep_the_ties_whatever_start_is_chosen(self, ties: dict[str, Any]) -> None:
        problem = a_tied_city(**ties)
        plan = solve(problem, None, seconds=60, seed=1, iterations=STEPS).plan
        rng = random.Random(3)

        inner = tying.loosened(problem, plan)

        assert judge(inner, plan).is_feasible
        for _ in range(200):
            at = {s.id: rng.choice(_ends(s.windows)) for s in inner.stops}
            for after in problem.ties.after:
                gap_s = at[after.second] - at[after.first] - problem.stop(after.first).work_s
                assert after.min_gap_s <= gap_s <= after.max_gap_s
            for crew in problem.ties.together:
                assert len({at[stop_id] for stop_id in crew.stop_ids}) == 1

    def test_leave_room_to_move(self) -> None:
        problem = two_doors(after=(After(1, 2, max_gap_s=2 * HOUR_S),))

        inner = tying.loosened(problem, a_plan(w1=[1], w2=[2]))

        first, second = (inner.stop(i).windows[0] for i in (1, 2))
        assert first.shut_s - first.open_s + second.shut_s - second.open_s > HOUR_S


def _ends(windows: Sequence[Window]) -> list[int]:
    return [second for window in windows for second in (window.open_s, window.shut_s)]
