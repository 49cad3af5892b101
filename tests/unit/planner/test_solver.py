"""Solving within a time budget, by either engine."""

import time

import pytest

from dispatch.planner import routing, solver
from dispatch.planner.constraints import RULES
from dispatch.planner.judge import judge
from dispatch.planner.problem import Break, Plan, Problem, Route, Window
from dispatch.planner.solver import Engine, Solution, solve
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

ENGINES = pytest.mark.parametrize("engine", [Engine.CHOICE, Engine.ROUTING])
CROSSED = a_plan(w1=[2], w2=[1])
STEPS = 2_000


def _crossed() -> Problem:
    return a_problem(
        [a_stop(1, place=0), a_stop(2, place=5)], [a_worker(1, place=0), a_worker(2, place=5)]
    )


def solved(problem: Problem, start: Plan | None, *, seconds: float, engine: Engine) -> Solution:
    """Solve in steps where that can be asked; else until, on a busy machine, a better plan is there."""
    if engine is Engine.CHOICE:
        return solve(problem, start, seconds=60, seed=1, iterations=STEPS)
    before = judge(problem, start or Plan())
    seen: list[tuple[float, int]] = []
    return solve(
        problem,
        start,
        seconds=60 if before.is_feasible else seconds,
        seed=1,
        engine=engine,
        progress=lambda elapsed_s, cost, *_: seen.append((elapsed_s, cost)),
        stop=lambda: seen[-1][0] >= seconds and seen[-1][1] != before.cost,
    )


@ENGINES
class TestSolve:
    def test_uncrosses_two_technicians(self, engine: Engine) -> None:
        done = solved(_crossed(), CROSSED, seconds=0.5, engine=engine)

        assert done.verdict.travel_s == 0
        assert done.plan.served() == {1, 2}
        assert done.engine is engine

    def test_begins_from_nothing(self, engine: Engine) -> None:
        problem = a_city(workers=5, stops=20, seed=2)

        done = solved(problem, None, seconds=0.6, engine=engine)

        assert done.verdict.broken == ()
        assert len(done.plan.served()) >= 18

    def test_drives_less_than_greedy_insertion_and_drops_nobody(self, engine: Engine) -> None:
        problem = a_city(workers=6, stops=36, seed=3)
        start = inserted_greedily(problem, seed=3)

        done = solved(problem, start, seconds=1.5, engine=engine)

        assert done.verdict == judge(problem, done.plan)
        assert done.verdict.is_feasible
        assert start.served() <= done.plan.served()
        assert done.verdict.travel_s < 0.9 * judge(problem, start).travel_s

    def test_keeps_every_rule_of_a_day_that_has_them_all(self, engine: Engine) -> None:
        rests = (Break(10 * HOUR_S, 10 * HOUR_S, 600), Break(12 * HOUR_S, 13 * HOUR_S, 2_700))
        stops = [
            a_stop(1, place=1, skill="gas", level=2),
            a_stop(2, place=2, worker_id=2),
            a_stop(3, place=3, barred=frozenset({1, 3})),
            a_stop(4, place=4, windows=(Window(DOOR_S, DOOR_S), Window(15 * HOUR_S, 15 * HOUR_S))),
            a_stop(5, place=5, opens_s=12 * HOUR_S, shuts_s=12 * HOUR_S),
        ]
        workers = [
            a_worker(1, place=9, skills={"gas": 2}, end_place=9),
            a_worker(2, place=9, skills={"gas": 1}, breaks=rests),
            a_worker(3, place=9, breaks=rests, end_place=0),
        ]

        done = solved(a_problem(stops, workers), None, seconds=0.6, engine=engine)

        assert done.verdict.broken == ()
        assert done.verdict.unserved == ()

    def test_serves_first_who_matters_most(self, engine: Engine) -> None:
        stops = [a_stop(n, shuts_s=DOOR_S, priority=n) for n in (1, 2, 3)]

        done = solved(a_problem(stops, [a_worker(1)]), None, seconds=0.3, engine=engine)

        assert done.plan.served() == {3}

    def test_mends_a_plan_that_breaks_rules(self, engine: Engine) -> None:
        stops = [a_stop(1, shuts_s=DOOR_S), a_stop(2, shuts_s=DOOR_S)]
        problem = a_problem(stops, [a_worker(1), a_worker(2)])

        done = solved(problem, a_plan(w1=[1, 2]), seconds=0.5, engine=engine)

        assert done.verdict.is_feasible
        assert done.plan.served() == {1, 2}

    def test_improves_the_rest_where_a_route_cannot_be_mended(self, engine: Engine) -> None:
        stops = [
            a_stop(1, place=0),
            a_stop(2, place=5),
            a_stop(3, worker_id=3, opens_s=0, shuts_s=0),
        ]
        workers = [a_worker(1, place=0), a_worker(2, place=5), a_worker(3)]
        start = a_plan(w1=[2], w2=[1], w3=[3])

        done = solved(a_problem(stops, workers), start, seconds=0.6, engine=engine)

        assert done.plan.route_of(3) == Route(3, (3,))
        assert done.plan.route_of(1) == Route(1, (1,))
        assert [breach.rule for breach in done.verdict.broken] == ["seconds_late"]

    def test_gives_the_start_back_when_nothing_is_better(self, engine: Engine) -> None:
        best = a_plan(w1=[1], w2=[2])

        done = solve(_crossed(), best, seconds=0.3, seed=1, engine=engine)

        assert done.plan is best
        assert done.engine is Engine.START

    def test_gives_the_start_back_when_all_of_it_is_at_fault(self, engine: Engine) -> None:
        problem = a_problem([a_stop(1, opens_s=0, shuts_s=0)], [a_worker(1)])

        done = solve(problem, a_plan(w1=[1]), seconds=0.4, seed=1, engine=engine)

        assert done.plan == a_plan(w1=[1])
        assert done.engine is Engine.START

    @pytest.mark.parametrize(
        "problem",
        [
            pytest.param(a_problem([], [a_worker(1)]), id="no_stops"),
            pytest.param(a_problem([a_stop(1)]), id="empty_roster"),
            pytest.param(a_problem([]), id="nothing_at_all"),
        ],
    )
    def test_of_a_day_without_stops_or_technicians_is_done_at_once(
        self, engine: Engine, problem: Problem
    ) -> None:
        began = time.monotonic()

        done = solve(problem, None, seconds=30.0, seed=1, engine=engine)

        assert time.monotonic() - began < 15
        assert done.plan == Plan()

    def test_leaves_at_home_who_can_serve_nobody(self, engine: Engine) -> None:
        never = Break(DOOR_S - 2, DOOR_S - 1, 60)
        workers = [
            a_worker(1, shift_open_s=SHUT_S, shift_shut_s=DOOR_S),
            a_worker(2, breaks=(never,)),
            a_worker(3, place=9),
        ]

        done = solve(
            a_problem([a_stop(1), a_stop(2)], workers), None, seconds=0.5, seed=1, engine=engine
        )

        assert done.plan.route_of(3).stop_ids in {(1, 2), (2, 1)}
        assert done.verdict.is_feasible

    def test_tells_how_far_it_has_come(self, engine: Engine) -> None:
        problem = a_city(workers=6, stops=36, seed=3)
        told: list[tuple[float, int]] = []

        done = solve(
            problem,
            inserted_greedily(problem, seed=3),
            seconds=1.0,
            seed=1,
            progress=lambda elapsed_s, cost, _unserved: told.append((elapsed_s, cost)),
            engine=engine,
        )

        assert len(told) >= 2  # While it works and when it is done, however busy the machine.
        assert told == sorted(told, key=lambda one: (one[0], -one[1]))
        assert list(done.curve) == sorted(done.curve, key=lambda one: (one[0], -one[1]))
        assert done.curve[-1][1] == done.verdict.cost

    def test_ends_early_when_asked_to(self, engine: Engine) -> None:
        problem = a_city(workers=6, stops=36, seed=3)
        began = time.monotonic()

        solve(problem, None, seconds=60.0, seed=1, stop=lambda: True, engine=engine)

        assert time.monotonic() - began < 40

    def test_lets_the_callers_own_errors_through(self, engine: Engine) -> None:
        def fail(_elapsed_s: float, _cost: int, _unserved: int) -> None:
            raise LookupError("the page is gone")

        with pytest.raises(LookupError, match="gone"):
            solve(
                a_city(workers=6, stops=36, seed=3),
                None,
                seconds=2.0,
                seed=1,
                progress=fail,
                engine=engine,
            )


class TestBudget:
    @pytest.mark.parametrize("seconds", [0.0, -1.0, solver.SECONDS_MAX + 1, float("nan")])
    def test_is_refused_outside_its_bounds(self, seconds: float) -> None:
        with pytest.raises(ValueError, match="seconds"):
            solve(_crossed(), None, seconds=seconds, seed=1)

    def test_is_kept(self) -> None:
        problem = a_city(workers=10, stops=60, seed=6)
        began = time.monotonic()

        solve(problem, None, seconds=1.0, seed=1)

        assert time.monotonic() - began < 20


class TestEncoders:
    def test_hold_every_hard_rule_and_no_other(self) -> None:
        assert set(routing.ENCODERS) == {rule.name for rule in RULES if rule.is_hard}


class TestBothEngines:
    def test_agree_on_what_a_small_day_costs(self) -> None:
        stops = [a_stop(n, place=n, work_s=1_800) for n in range(1, 7)]
        problem = a_problem(stops, [a_worker(1, place=0), a_worker(2, place=9)])

        costs = {
            solve(problem, None, seconds=0.6, seed=1, engine=engine).verdict.travel_s
            for engine in (Engine.CHOICE, Engine.ROUTING)
        }

        # One goes up the line, or each does the half on his side: from 0 to 6 is least.
        assert costs == {6 * STEP_S}

    @ENGINES
    @pytest.mark.parametrize("count", [3, 10], ids=["solved_exactly", "searched"])
    def test_leave_at_home_who_costs_most_to_have_come(self, engine: Engine, count: int) -> None:
        stops = [a_stop(n, work_s=900) for n in range(1, count + 1)]
        problem = a_problem(stops, [a_worker(1, fixed_s=9_000), a_worker(2, place=4)])

        found = solved(problem, None, seconds=0.5, engine=engine)

        assert [route.worker_id for route in found.plan.routes if route.stop_ids] == [2]
        assert found.verdict.paid["seconds_driven"] == 4 * STEP_S
        assert "fixed_seconds" not in found.verdict.paid
