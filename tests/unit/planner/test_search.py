"""The search that proposes: whatever it does, every route it holds can be kept."""

import time

import pytest

from dispatch.planner.judge import judge
from dispatch.planner.problem import Plan, Problem, Window
from dispatch.planner.search import Search, penalties
from tests.unit.planner.days import (
    DOOR_S,
    HOUR_S,
    a_city,
    a_plan,
    a_problem,
    a_stop,
    a_worker,
    inserted_greedily,
)


def _searched(search: Search, steps: int) -> Search:
    for _ in range(steps):
        search._step(200.0)
    return search


class TestSearch:
    def test_finds_a_cheaper_plan_that_breaks_no_rule(self) -> None:
        problem = a_city(workers=6, stops=36, seed=3)
        start = inserted_greedily(problem, seed=3)

        best = _searched(Search(problem, start, seed=1), 400).best

        assert judge(problem, best).rank < judge(problem, start).rank
        assert judge(problem, best).is_feasible

    def test_counts_what_it_holds_as_the_judge_does(self) -> None:
        problem = a_city(workers=5, stops=40, seed=5)

        search = _searched(Search(problem, Plan(), seed=2), 300)

        told = judge(problem, search.best)
        left_s = sum(problem.stop(stop_id).priority * 10 * HOUR_S for stop_id in told.unserved)
        assert search.best_s == told.travel_s + left_s

    def test_fills_its_pool_with_routes_that_can_be_kept(self) -> None:
        problem = a_city(workers=5, stops=30, seed=4)

        search = _searched(Search(problem, Plan(), seed=3), 300)

        pool = search.pooled(300)
        assert len(pool) > 50
        for route in pool:
            told = judge(problem, Plan((route.named(problem),)))
            assert told.is_feasible
            assert told.travel_s == route.travel_s

    def test_puts_the_routes_of_the_best_plan_into_the_pool_whatever_the_limit(self) -> None:
        problem = a_city(workers=5, stops=30, seed=4)
        search = _searched(Search(problem, Plan(), seed=3), 300)

        best = {route.named(problem) for route in search.pooled(1) if route.is_best}

        assert best == {route for route in search.best.routes if route.stop_ids}

    def test_uses_every_window_of_a_stop(self) -> None:
        late = Window(DOOR_S + 5 * HOUR_S, DOOR_S + 6 * HOUR_S)
        stops = [a_stop(n, windows=(Window(DOOR_S, DOOR_S), late)) for n in (1, 2)]

        search = _searched(Search(a_problem(stops, [a_worker(1)]), Plan(), seed=1), 300)

        assert search.best.served() == {1, 2}

    def test_goes_on_from_a_plan_it_is_given(self) -> None:
        problem = a_problem([a_stop(1), a_stop(2, place=5)], [a_worker(1), a_worker(2, place=5)])
        search = Search(problem, a_plan(w1=[2], w2=[1]), seed=1)

        search.adopt(a_plan(w1=[1], w2=[2]))

        assert search.best_s == 0
        assert search.best == a_plan(w1=[1], w2=[2])

    def test_stands_still_once_its_time_is_over(self) -> None:
        problem = a_city(workers=2, stops=6, seed=1)
        search = Search(problem, Plan(), seed=1)
        now = time.monotonic()

        assert list(search.run(begin=now - 2, end=now - 1, until=now - 1)) == []
        assert search.best.served() == frozenset()

    def test_searches_until_its_time_is_over(self) -> None:
        problem = a_city(workers=2, stops=6, seed=1)
        search = Search(problem, Plan(), seed=1)
        now = time.monotonic()

        beats = list(search.run(begin=now, end=now + 0.5, until=now + 0.5))

        assert time.monotonic() >= now + 0.5
        assert beats
        assert search.best.served()

    def test_goes_the_same_way_with_the_same_seed(self) -> None:
        problem = a_city(workers=4, stops=20, seed=1)

        plans = [_searched(Search(problem, Plan(), seed=7), 100).best for _ in range(2)]

        assert plans[0] == plans[1]


class TestPenalties:
    @pytest.mark.parametrize(
        ("plan", "expected_s"),
        [
            pytest.param(Plan(), [36_000, 108_000], id="by_priority"),
            pytest.param(a_plan(w1=[1]), [360_000, 108_000], id="ten_times_what_was_served"),
        ],
    )
    def test_weigh_who_is_left_out(self, plan: Plan, expected_s: list[int]) -> None:
        problem: Problem = a_problem([a_stop(1), a_stop(2, priority=3)], [a_worker(1)])

        assert penalties(problem, plan) == expected_s
