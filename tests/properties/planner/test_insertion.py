"""Proofs against the judge: no place too many, none too few."""

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from dispatch.planner import insertion
from dispatch.planner.insertion import PreparedDay
from dispatch.planner.judge import judge
from dispatch.planner.problem import Plan, Problem, Route, Stop, Window
from tests.properties.planner.small_days import (
    PAIR_RULES,
    accepted,
    can_be_kept,
    everywhere,
    planned,
    problems,
    proven,
)


@given(st.data())
@settings(max_examples=200)
def test_a_place_is_proven_if_and_only_if_the_judge_accepts_it(data: st.DataObject) -> None:
    problem = _open_to_the_last(data.draw(problems(rich=data.draw(st.booleans()))))
    plan = data.draw(planned(problem, len(problem.stops) - 1))
    newcomer = problem.stops[-1]

    assert proven(problem, plan, newcomer) == accepted(problem, plan, newcomer)


def _open_to_the_last(problem: Problem) -> Problem:
    """Return the problem without hours closed to the last visit: `find` alone knows them."""
    *others, newcomer = problem.stops
    stops = (*others, replace(newcomer, closed=()))
    return Problem(stops, problem.workers, problem.travel_s)


@given(st.data())
def test_hours_closed_to_work_part_the_window(data: st.DataObject) -> None:
    problem = data.draw(problems(rich=True))
    plan = data.draw(planned(problem, len(problem.stops) - 1))
    newcomer = problem.stops[-1]
    to_s, from_s = problem.travel_of(newcomer.place)
    day = insertion.prepare_day(problem, plan)

    found = insertion.find(day, stop=newcomer, to_s=to_s, from_s=from_s, windows=newcomer.windows)

    places = {(w.worker_id, w.window) for few in found.values() for w in few}
    assert places == {(worker, window) for worker, _, window in accepted(problem, plan, newcomer)}


def alone(problem: Problem, plan: Plan, worker_id: int) -> PreparedDay:
    """Return one route as a day without the others: its places are the best of that route there too."""
    route = plan.route_of(worker_id)
    stops = tuple(map(problem.stop, route.stop_ids))
    own = Problem(stops, (problem.worker(worker_id),), problem.travel_s)
    return insertion.prepare_day(own, Plan((route,)))


@given(st.data())
def test_find_is_the_best_of_everywhere(data: st.DataObject) -> None:
    problem = data.draw(problems())
    plan = data.draw(planned(problem, len(problem.stops) - 1))
    newcomer = problem.stops[-1]
    to_s, from_s = problem.travel_of(newcomer.place)
    day = insertion.prepare_day(problem, plan)

    found = insertion.find(day, stop=newcomer, to_s=to_s, from_s=from_s, windows=newcomer.windows)

    places = everywhere(problem, plan, newcomer)
    for window, witnesses in found.items():
        best = {
            worker.id: min(
                (w for w in places if (w.worker_id, w.window) == (worker.id, window)),
                key=lambda w: (w.extra_s, w.position),
                default=None,
            )
            for worker in problem.workers
        }
        ranked = sorted((w for w in best.values() if w), key=lambda w: (w.extra_s, w.worker_id))
        assert witnesses == ranked
        for worker_id, witness in best.items():
            [asked] = insertion.find(
                alone(problem, plan, worker_id),
                stop=newcomer,
                to_s=to_s,
                from_s=from_s,
                windows=[window],
            ).values()
            assert asked == ([witness] if witness else [])


@given(st.data())
def test_a_witness_tells_the_first_and_the_last_second_it_could_start(
    data: st.DataObject,
) -> None:
    problem = _open_to_the_last(data.draw(problems(rich=data.draw(st.booleans()))))
    plan = data.draw(planned(problem, len(problem.stops) - 1))
    newcomer = problem.stops[-1]

    for witness in everywhere(problem, plan, newcomer):
        alone = Plan((plan.route_of(witness.worker_id),))
        could = [
            second
            for second in range(witness.window.open_s, witness.window.shut_s + 1)
            if (witness.worker_id, witness.position, Window(second, second))
            in accepted(problem, alone, replace(newcomer, windows=(Window(second, second),)))
        ]
        assert witness.start_s == could[0]
        assert witness.start_s + witness.slack_s == could[-1]
        added_s = _travel_s(problem, alone, witness, newcomer) - _travel_s(problem, alone)
        assert witness.extra_s == added_s


def _travel_s(
    problem: Problem,
    plan: Plan,
    witness: insertion.Witness | None = None,
    newcomer: Stop | None = None,
) -> int:
    if witness and newcomer:
        route = plan.routes[0].with_stop(newcomer.id, position=witness.position)
        plan = plan.with_route(route)
    return judge(problem, plan).travel_s


@given(st.data())
def test_nothing_is_found_only_where_no_order_of_its_own_helps_either(
    data: st.DataObject,
) -> None:
    """One visit on an empty day: found for a technician whenever any walk keeps it."""
    problem = data.draw(problems(stops_max=1, rich=data.draw(st.booleans())))
    problem = _open_to_the_last(problem)
    [newcomer] = problem.stops

    found = {worker_id for worker_id, _, _ in proven(problem, Plan(), newcomer)}

    for worker in problem.workers:
        judged = judge(problem, Plan((Route(worker.id, (newcomer.id,)),)))
        paired = not any(breach.rule in PAIR_RULES for breach in judged.broken)
        assert (worker.id in found) is (paired and can_be_kept(problem, worker, (newcomer,)))
