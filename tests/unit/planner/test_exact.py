"""Small neighbourhoods solved to the very best."""

import pytest

from dispatch.planner import districts, exact
from dispatch.planner.across import Quota, Ties
from dispatch.planner.judge import judge
from dispatch.planner.problem import Plan, Problem
from dispatch.planner.search import penalties
from scripts.bench import optimum
from scripts.bench.planning import exhaustive
from tests.unit.planner.days import a_city, a_plan, a_problem, a_stop, a_worker, inserted_greedily

DAYS = 40


class TestBest:
    def test_is_the_best_of_all_plans(self) -> None:
        for seed in range(DAYS):
            day = exhaustive.a_day(seed)

            found = exact.best(day, penalties(day, Plan()), seed=1)

            assert found is not None
            verdict = judge(day, found)
            assert verdict.is_feasible, seed
            assert optimum.cost_s(verdict) == exhaustive.least_s(day), seed

    def test_fills_no_van_beyond_its_room(self) -> None:
        stops = [a_stop(n, place=n, down=(2,)) for n in (1, 2)]
        day = a_problem(stops, [a_worker(1, room=(3,)), a_worker(2, room=(2,), place=9)])

        found = exact.best(day, [9_999, 9_999], seed=1)

        assert found is not None
        assert sorted(len(route.stop_ids) for route in found.routes) == [1, 1]

    @pytest.mark.parametrize(
        "change",
        [
            {"stops": (a_stop(1, up=(1,)), a_stop(2))},
            {"ties": Ties(quotas=(Quota("partner", frozenset({1}), 1),))},
        ],
    )
    def test_leaves_alone_what_it_does_not_know(self, change: dict[str, object]) -> None:
        day = a_problem([a_stop(1), a_stop(2)], [a_worker(1)])
        fields = {name: getattr(day, name) for name in ("stops", "workers", "travel_s", "ties")}

        assert exact.best(Problem(**fields | change), [1, 1], seed=1) is None

    def test_leaves_alone_what_is_not_small(self) -> None:
        day = a_city(workers=2, stops=16, seed=1)

        assert exact.best(day, penalties(day, Plan()), seed=1, ways_max=10) is None


class TestTails:
    def test_uncross_what_comes_last(self) -> None:
        stops = [a_stop(n, place=place, work_s=60) for n, place in ((1, 1), (2, 8), (3, 2), (4, 9))]
        day = a_problem(stops, [a_worker(1, place=0), a_worker(2, place=9)])
        crossed = a_plan(w1=[1, 2], w2=[4, 3])

        better = exact.tails_improved(day, crossed, (1, 2), seed=1)

        assert better is not None
        assert judge(day, better).travel_s == (2 + 1) * 600

    def test_improve_a_rough_plan_of_a_city_and_never_break_it(self) -> None:
        city = a_city(workers=10, stops=70, seed=3)
        plan = inserted_greedily(city, seed=3)
        begun = judge(city, plan)

        for pair in districts.pairs(city, plan):
            better = exact.tails_improved(city, plan, pair, seed=1)
            if better is not None:
                assert better.served() == plan.served()
                assert judge(city, better).rank < judge(city, plan).rank
                plan = better

        assert judge(city, plan).is_feasible
        assert judge(city, plan).travel_s < begun.travel_s
