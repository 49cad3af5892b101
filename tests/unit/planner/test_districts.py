"""A large day in districts: nothing lost, nobody twice, and as good a plan."""

import pytest

from dispatch.planner import districts, solver
from dispatch.planner.judge import judge
from dispatch.planner.problem import Plan, Problem, Route
from dispatch.planner.search import Search
from dispatch.planner.solver import Engine, solve
from tests.unit.planner.days import a_city, a_plan, a_problem, a_stop, a_worker, inserted_greedily


@pytest.fixture(scope="module")
def city() -> Problem:
    return a_city(workers=30, stops=200, seed=4)


@pytest.fixture(scope="module")
def plan(city: Problem) -> Plan:
    return inserted_greedily(city, seed=4)


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(districts, "VISITS_MAX", 60)


@pytest.mark.usefixtures("small")
class TestCut:
    @pytest.mark.parametrize("turn", range(4))
    def test_deals_out_every_visit_and_technician_once(
        self, city: Problem, plan: Plan, turn: int
    ) -> None:
        parts = districts.cut(city, plan, turn=turn)

        stops = sorted(stop.id for part in parts for stop in part.problem.stops)
        workers = sorted(worker.id for part in parts for worker in part.problem.workers)
        assert stops == sorted(stop.id for stop in city.stops)
        assert workers == sorted(worker.id for worker in city.workers)
        assert all(judge(city, part.whole(part.start)).is_feasible for part in parts)
        assert {part.whole(part.start).served() for part in parts} == {plan.served()}

    def test_makes_parts_of_about_a_size(self, city: Problem, plan: Plan) -> None:
        sizes = [len(part.start.served()) for part in districts.cut(city, plan, turn=0)]

        assert len(sizes) >= 4
        assert max(sizes) <= 60

    def test_cuts_elsewhere_at_the_next_turn(self, city: Problem, plan: Plan) -> None:
        cuts = {
            frozenset(
                frozenset(worker.id for worker in part.problem.workers)
                for part in districts.cut(city, plan, turn=turn)
            )
            for turn in range(6)
        }

        assert len(cuts) > 1

    def test_keeps_the_parts_together(self, city: Problem, plan: Plan) -> None:
        """A visit lies nearer to those of its part than to others."""
        parts = districts.cut(city, plan, turn=0)
        places = [[stop.place for stop in part.problem.stops] for part in parts]
        within = sum(int(city.travel_s[some][:, some].sum()) for some in places)
        pairs = sum(len(some) ** 2 for some in places)

        assert within / pairs < float(city.travel_s.mean())


@pytest.mark.usefixtures("small")
class TestSolving:
    def test_improves_a_day_by_its_districts(self, city: Problem, plan: Plan) -> None:
        found = solve(city, plan, seconds=60, seed=1, iterations=3_000)

        assert found.engine is Engine.CHOICE
        assert found.verdict.is_feasible
        assert found.verdict.rank < judge(city, plan).rank
        assert plan.served() <= found.plan.served()

    def test_does_the_same_for_the_same_seed(self, city: Problem) -> None:
        one, other = (solve(city, None, seconds=60, seed=2, iterations=1_000) for _ in range(2))

        assert one.plan == other.plan

    def test_ends_when_it_is_asked_to(self, city: Problem) -> None:
        found = solve(city, None, seconds=solver.SECONDS_MAX, seed=1, stop=lambda: True)

        assert found.verdict.is_feasible

    def test_takes_no_choice_that_is_worse_than_what_was_there(
        self, city: Problem, plan: Plan, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def nobody(search: Search, *_: object) -> Plan:
            return Plan(tuple(Route(worker.id) for worker in search.problem.workers))

        monkeypatch.setattr(solver, "_chosen", nobody)

        found = solve(city, plan, seconds=60, seed=1, iterations=500)

        assert plan.served() <= found.plan.served()
        assert found.verdict.rank < judge(city, plan).rank

    def test_takes_from_him_what_he_had_whom_a_choice_leaves_at_home(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        day = a_problem(
            [a_stop(nth, place=5) for nth in range(1, 13)],
            [a_worker(nth, place=0) for nth in range(1, 7)],
        )
        start = a_plan(**{f"w{nth}": (2 * nth - 1, 2 * nth) for nth in range(1, 7)})

        def fewer(search: Search, *_: object) -> Plan:
            first = search.problem.workers[0]
            return Plan((Route(first.id, tuple(stop.id for stop in search.problem.stops)),))

        monkeypatch.setattr(districts, "VISITS_MAX", 6)
        monkeypatch.setattr(solver, "_chosen", fewer)
        monkeypatch.setattr(Search, "run", lambda *_, **__: iter(()))

        found = solve(day, start, seconds=60, seed=1, iterations=100)

        assert sorted(len(r.stop_ids) for r in found.plan.routes if r.stop_ids) == [6, 6]
        assert found.verdict.is_feasible
