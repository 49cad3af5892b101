"""What the proof of a race rests on: a plan that fills up never makes room."""

from dataclasses import replace
from itertools import permutations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatch.planner.judge import judge
from dispatch.planner.problem import Break, Plan, Problem, Route, Seconds, Stop, Window, Worker
from tests.properties.planner.small_days import (
    DRIVE_S_MAX,
    DUSK_S,
    planned,
    problems,
    proven,
)


@given(st.data())
@settings(max_examples=200)
def test_who_does_not_fit_now_fits_no_fuller_plan(data: st.DataObject) -> None:
    """Where driving on is never shorter than driving straight, insertions only take room.

    It holds for technicians with one break at most who, having rested as soon as it opens,
    get home in time from anywhere; the controls below show why it asks for each of this.
    """
    problem = data.draw(problems(metric=True))
    problem = Problem(problem.stops, tuple(map(_plain, problem.workers)), problem.travel_s)
    fuller = data.draw(planned(problem, len(problem.stops) - 1))
    plan = Plan(tuple(_thinned(data, route) for route in fuller.routes))
    newcomer = problem.stops[-1]

    before = {(worker, window) for worker, _, window in proven(problem, plan, newcomer)}
    after = {(worker, window) for worker, _, window in proven(problem, fuller, newcomer)}

    assert after <= before


def _plain(worker: Worker) -> Worker:
    if not worker.breaks:
        return worker
    rest = worker.breaks[0]
    is_roomy = rest.open_s + rest.work_s + DRIVE_S_MAX <= worker.shift_shut_s
    return replace(worker, breaks=(rest,), end_place=worker.end_place if is_roomy else None)


def _thinned(data: st.DataObject, route: Route) -> Route:
    kept = [stop_id for stop_id in route.stop_ids if data.draw(st.booleans())]
    return Route(route.worker_id, tuple(kept))


ALL_DAY = (Window(0, DUSK_S),)


def fits_only_a_fuller_plan(worker: Worker, travel_s: Seconds, newcomer: Stop) -> bool:
    """Say whether a stop of no work at place 1 makes room for the newcomer."""
    by = Stop(1, 1, 0, ALL_DAY)
    problem = Problem((by, newcomer), (worker,), travel_s)
    alone = proven(problem, Plan((Route(1),)), newcomer)
    return not alone and bool(proven(problem, Plan((Route(1, (1,)),)), newcomer))


def test_a_fuller_plan_helps_where_the_matrix_has_short_cuts() -> None:
    travel_s = np.array([[0, 1, 9], [1, 0, 1], [9, 1, 0]], np.int32)
    newcomer = Stop(2, 2, 0, (Window(0, 2),))

    assert fits_only_a_fuller_plan(Worker(1, 0, None, 0, DUSK_S), travel_s, newcomer)


def test_a_fuller_plan_helps_one_who_has_two_breaks_before_his_first_visit() -> None:
    rests = (Break(1, 1, 1), Break(3, 3, 1))
    newcomer = Stop(2, 1, 0, (Window(9, 9),))

    assert fits_only_a_fuller_plan(
        Worker(1, 0, None, 0, DUSK_S, rests), np.zeros((2, 2), np.int32), newcomer
    )


def test_a_fuller_plan_helps_one_whose_break_falls_into_a_tight_drive_home() -> None:
    travel_s = np.array([[0, 4], [4, 0]], np.int32)
    newcomer = Stop(2, 0, 0, (Window(0, 0),))

    assert fits_only_a_fuller_plan(Worker(1, 0, 1, 0, 6, (Break(2, 2, 2),)), travel_s, newcomer)


@given(st.data())
@settings(max_examples=60)
def test_a_route_can_be_kept_only_if_insertion_can_build_it(data: st.DataObject) -> None:
    """On metric days any kept route of one technician grows stop by stop, in any turn."""
    problem = data.draw(problems(metric=True))
    worker = _plain(problem.workers[0])
    problem = Problem(problem.stops, (worker,), problem.travel_s)
    ids = [stop.id for stop in problem.stops]
    for order in permutations(ids):
        plan = Plan((Route(worker.id, order),))
        if judge(problem, plan).is_feasible:
            turn = data.draw(st.permutations(ids))
            grown = Route(worker.id)
            for stop_id in turn:
                position = sum(order.index(i) < order.index(stop_id) for i in grown.stop_ids)
                places = proven(problem, Plan((grown,)), problem.stop(stop_id))
                assert any((w, at) == (worker.id, position) for w, at, _ in places)
                grown = grown.with_stop(stop_id, position=position)
