"""The search that proposes: whatever it does, every route it holds can be kept."""

import time

import pytest

from dispatch.planner.compiling import kernel
from dispatch.planner.judge import judge
from dispatch.planner.problem import Plan, Problem, Window
from dispatch.planner.search import SLOWLY, Search, penalties, rounds
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
    search.take(steps, heat_s=200.0)
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

    def test_knows_how_many_are_used_without_asking_all(self) -> None:
        problem = a_city(workers=9, stops=30, seed=5)

        search = _searched(Search(problem, Plan(), seed=2), 300)

        assert search.book[kernel().USED] == (search.routes.length > 0).sum()
        assert not search.hunt.is_changed.any()

    def test_is_as_hot_however_far_away_everybody_starts(self) -> None:
        problem = a_city(workers=3, stops=30, seed=5)
        far = problem.travel_s.copy()
        starts = [worker.start_place for worker in problem.workers]
        far[starts] += 9_000
        far[:, starts] += 9_000

        there = Search(Problem(problem.stops, problem.workers, far), Plan(), seed=2)

        assert there.drive_s == Search(problem, Plan(), seed=2).drive_s

    def test_fills_its_pool_with_routes_that_can_be_kept(self) -> None:
        problem = a_city(workers=5, stops=30, seed=4)

        search = Search(problem, Plan(), seed=3)
        list(search.run(lambda: search.taken / 3_000, until=1.0, steps=100))

        pool = search.pooled()
        assert len(pool) > 50
        for nth in range(len(pool)):
            plan = search.plan_of(pool, [nth])
            told = judge(problem, plan)
            assert told.is_feasible
            assert told.travel_s == pool.cost[nth]

    def test_that_cools_twice_is_warmed_once_and_never_as_hot_again(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        problem = a_city(workers=5, stops=30, seed=4)
        search = Search(problem, inserted_greedily(problem, seed=4), seed=3, cooling=rounds(2))
        heats: list[float] = []
        monkeypatch.setattr(search, "take", lambda _steps, *, heat_s: heats.append(heat_s))

        list(search.run(lambda: len(heats) / 100, until=1.0, steps=1))

        risen = [nth for nth in range(1, 100) if heats[nth] > heats[nth - 1]]
        assert risen == [47]
        assert heats[0] > heats[47] > 5 * heats[46]
        assert heats[-1] <= heats[46]

    def test_that_cools_slowly_is_longest_where_plans_set(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        problem = a_city(workers=5, stops=30, seed=4)
        search = Search(problem, inserted_greedily(problem, seed=4), seed=3, cooling=SLOWLY)
        heats: list[float] = []
        monkeypatch.setattr(search, "take", lambda _steps, *, heat_s: heats.append(heat_s))

        list(search.run(lambda: len(heats) / 100, until=1.0, steps=1))

        setting = [heat for heat in heats if 0.25 <= heat / search.drive_s <= 1.0]
        assert heats == sorted(heats, reverse=True)
        assert len(setting) > 50

    def test_begins_its_pool_with_the_routes_of_the_best_plan(self) -> None:
        problem = a_city(workers=5, stops=30, seed=4)
        search = _searched(Search(problem, Plan(), seed=3), 300)
        used = sum(1 for route in search.best.routes if route.stop_ids)

        plan = search.plan_of(search.pooled(), list(range(used)))

        assert set(plan.routes) == {route for route in search.best.routes if route.stop_ids}

    def test_begins_anew_when_its_pool_is_full(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("dispatch.planner.search.POOL_MAX", 20)
        problem = a_city(workers=5, stops=30, seed=4)

        search = _searched(Search(problem, Plan(), seed=3), 2_000)

        pool = search.pooled()
        assert len(pool) <= 25
        assert all(
            judge(problem, search.plan_of(pool, [nth])).is_feasible for nth in range(len(pool))
        )

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

    def test_stands_still_once_its_way_is_gone(self) -> None:
        search = Search(a_city(workers=2, stops=6, seed=1), Plan(), seed=1)

        assert list(search.run(lambda: 1.0, until=1.0)) == []
        assert search.best.served() == frozenset()

    def test_searches_until_its_way_is_gone(self) -> None:
        search = Search(a_city(workers=2, stops=6, seed=1), Plan(), seed=1)
        began = time.monotonic()

        beats = list(search.run(lambda: (time.monotonic() - began) / 0.5, until=1.0))

        assert time.monotonic() >= began + 0.5
        assert beats
        assert search.best.served()

    def test_takes_so_many_steps_as_are_asked_for_between_looks(self) -> None:
        search = Search(a_city(workers=2, stops=6, seed=1), Plan(), seed=1)

        list(search.run(lambda: search.taken / 100, until=0.5, steps=10))

        assert search.taken == 50

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
