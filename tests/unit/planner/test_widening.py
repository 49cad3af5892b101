"""What a plan breaks already gives way just so far that it can be kept."""

from dispatch.planner.judge import judge
from dispatch.planner.problem import Window
from dispatch.planner.widening import widened
from tests.unit.planner.days import (
    DOOR_S,
    HOUR_S,
    STEP_S,
    a_plan,
    a_problem,
    a_stop,
    a_worker,
)


def test_hours_closed_to_work_give_way_to_who_runs_late() -> None:
    shut, other = Window(DOOR_S, DOOR_S + HOUR_S), Window(DOOR_S + 2 * HOUR_S, DOOR_S + 3 * HOUR_S)
    stop = a_stop(1, place=1, shuts_s=DOOR_S + HOUR_S, closed=(shut, other))
    problem, plan = a_problem([stop], [a_worker()]), a_plan(w1=(1,))
    assert [breach.rule for breach in judge(problem, plan).broken] == ["seconds_of_closed_hours"]

    after, late = widened(problem, plan)

    assert after.stop(1).closed == (other,)
    assert late == frozenset()
    assert judge(after, plan).is_feasible


def test_nobody_may_be_asked_for_more_overtime_than_before() -> None:
    ends_s = DOOR_S + HOUR_S
    late = a_stop(1, place=2, shuts_s=DOOR_S)
    problem = a_problem(
        [late, a_stop(2, place=1)],
        [a_worker(1), a_worker(2, shift_shut_s=ends_s, overtime_s=HOUR_S)],
    )
    plan = a_plan(w1=(1,), w2=(2,))

    after, found = widened(problem, plan)

    assert found == frozenset({1})
    assert judge(after, plan).timetables[2].finish_s == ends_s + STEP_S
    assert after.worker(2).ends_s == problem.worker(2).ends_s
