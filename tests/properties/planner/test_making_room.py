"""Room that was made against the judge: everyone is served within his windows, the fixed by their own."""

from dataclasses import replace

from hypothesis import event, given, settings
from hypothesis import strategies as st

from dispatch.planner.judge import judge
from dispatch.planner.making_room import Room, make_room
from dispatch.planner.problem import Plan, Problem, Stop, Window
from tests.properties.planner.small_days import tight_days


@given(tight_days(), st.data())
@settings(max_examples=150)
def test_the_judge_accepts_all_room_that_is_made(
    day: tuple[Problem, Plan], data: st.DataObject
) -> None:
    problem, plan = day
    newcomer = problem.stops[-1]
    fixed = data.draw(st.sets(st.sampled_from([stop.id for stop in problem.stops[:-1]])))

    found = make_room(
        problem,
        plan,
        newcomer_id=newcomer.id,
        windows=newcomer.windows,
        fixed=fixed,
        is_over=lambda: False,
    )

    event(
        f"made room: {bool(found)}, others moved: {any(len(r.routes) > 1 for r in found.values())}"
    )
    for window, room in found.items():
        changed = _with(plan, room)
        held = _held(problem, newcomer, window)
        verdict = judge(held, changed)
        assert verdict.is_feasible
        assert changed.served() == plan.served() | {newcomer.id}
        assert verdict.travel_s - judge(held, plan).travel_s == room.witness.extra_s
        timed = verdict.timetables[room.witness.worker_id].visits[room.witness.position]
        assert (timed.stop_id, timed.start_s) == (newcomer.id, room.witness.start_s)
        assert _holders(changed, fixed) == _holders(plan, fixed)


def _with(plan: Plan, room: Room) -> Plan:
    for route in room.routes:
        plan = plan.with_route(route)
    return plan


def _held(problem: Problem, newcomer: Stop, window: Window) -> Problem:
    stops = (*problem.stops[:-1], replace(newcomer, windows=(window,)))
    return Problem(stops, problem.workers, problem.travel_s)


def _holders(plan: Plan, fixed: set[int]) -> dict[int, int]:
    return {
        i: r.worker_id for r in plan.routes for i in r.stop_ids if i in fixed and i in r.stop_ids
    }
