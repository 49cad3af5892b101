"""The judge against a walk through every second of a small day."""

from hypothesis import given, settings
from hypothesis import strategies as st

from dispatch.planner.judge import judge
from tests.properties.planner.small_days import PAIR_RULES, can_be_kept, planned, problems


@given(st.data())
@settings(max_examples=200)
def test_the_judge_keeps_a_route_if_and_only_if_some_walk_does(data: st.DataObject) -> None:
    problem = data.draw(problems(stops_max=3, rich=data.draw(st.booleans())))
    plan = data.draw(planned(problem, len(problem.stops)))

    verdict = judge(problem, plan)

    late = {b.worker_id for b in verdict.broken if b.rule not in PAIR_RULES}
    for route in plan.routes:
        order = tuple(map(problem.stop, route.stop_ids))
        kept = can_be_kept(problem, problem.worker(route.worker_id), order)
        assert kept is (route.worker_id not in late)


@given(st.data())
def test_a_timetable_adds_up(data: st.DataObject) -> None:
    problem = data.draw(problems())
    plan = data.draw(planned(problem, len(problem.stops)))

    for worker_id, told in judge(problem, plan).timetables.items():
        worker = problem.worker(worker_id)
        free_s = worker.shift_open_s
        for visit in told.visits:
            assert free_s <= visit.arrive_s <= visit.start_s
            assert visit.depart_s == visit.start_s + problem.stop(visit.stop_id).work_s
            free_s = visit.depart_s
        assert told.finish_s >= free_s
        assert told.wait_s >= 0
        if told.visits:
            assert len(told.breaks) == len(worker.breaks)
        for start_s, end_s in told.breaks:
            services = [(visit.start_s, visit.depart_s) for visit in told.visits]
            assert all(end_s <= a or start_s >= b for a, b in services)
