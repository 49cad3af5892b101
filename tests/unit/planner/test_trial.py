"""What a solving may hand out."""

from dispatch.planner.problem import Plan
from dispatch.planner.trial import Trial
from tests.unit.planner.days import DOOR_S, STEP_S, a_plan, a_problem, a_stop, a_worker

# Technician 1 stands beside stop 1, technician 2 beside stop 2.
PROBLEM = a_problem(
    [a_stop(1, place=0), a_stop(2, place=5), a_stop(3, place=5, shuts_s=DOOR_S, priority=0)],
    [a_worker(1, place=0), a_worker(2, place=5)],
)
CROSSED = a_plan(w1=[2], w2=[1])


def _trial(start: Plan = CROSSED) -> Trial:
    return Trial(PROBLEM, start, 60.0, None, None)


class TestOffer:
    def test_takes_a_cheaper_plan(self) -> None:
        trial = _trial()

        trial.offer(a_plan(w1=[1], w2=[2]))

        assert trial.best == a_plan(w1=[1], w2=[2])
        assert [cost for _, cost in trial.curve] == [10 * STEP_S, 0]

    def test_refuses_one_that_costs_the_same(self) -> None:
        trial = _trial()

        trial.offer(a_plan(w2=[1], w1=[2]))

        assert trial.best is CROSSED

    def test_refuses_one_that_drops_what_was_served_whatever_it_saves(self) -> None:
        problem = a_problem([a_stop(1, priority=0, place=9), a_stop(2)], [a_worker(1)])
        trial = Trial(problem, a_plan(w1=[1]), 60.0, None, None)

        trial.offer(a_plan(w1=[2]))

        assert trial.best == a_plan(w1=[1])

    def test_refuses_one_that_breaks_more_rules_whatever_it_saves(self) -> None:
        trial = _trial()

        trial.offer(a_plan(w1=[1], w2=[2, 3]))

        assert trial.best is CROSSED

    def test_takes_one_that_breaks_fewer_rules_whatever_it_costs(self) -> None:
        trial = _trial(a_plan(w1=[1], w2=[2, 3]))

        trial.offer(a_plan(w1=[2], w2=[3, 1]))

        assert trial.verdict.is_feasible
        assert trial.curve[-1][1] > trial.curve[0][1]


class TestShow:
    def test_tells_the_cost_and_keeps_the_plan_back(self) -> None:
        told: list[tuple[int, int]] = []
        trial = Trial(PROBLEM, CROSSED, 60.0, lambda _, *best: told.append(best), None)

        trial.show(CROSSED)
        trial.show(a_plan(w1=[1], w2=[2]))
        trial.show(CROSSED)

        assert told == [(10 * STEP_S, 1), (0, 1), (0, 1)]
        assert trial.best is CROSSED


class TestIsOver:
    def test_once_the_time_is_spent(self) -> None:
        assert not _trial().is_over()
        assert Trial(PROBLEM, CROSSED, 0.0, None, None).is_over()

    def test_once_somebody_asks(self) -> None:
        assert Trial(PROBLEM, CROSSED, 60.0, None, lambda: True).is_over()
