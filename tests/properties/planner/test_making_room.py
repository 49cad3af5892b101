"""Room that was made against the judge: everyone is served within his windows, the fixed by their own."""

from dataclasses import replace

from hypothesis import event, given, settings
from hypothesis import strategies as st

from dispatch.planner import insertion
from dispatch.planner.judge import judge
from dispatch.planner.making_room import Room, make_room
from dispatch.planner.problem import Plan, Problem, Stop, Window, Worker
from tests.properties.planner.small_days import DUSK_S, matrices

WINDOWS = (Window(0, 8), Window(4, 12), Window(8, 20))


@st.composite
def _tight(draw: st.DrawFn) -> tuple[Problem, Plan]:
    """Draw a day of three technicians, filled as far as it goes; its last stop has yet to come."""
    places = 4
    matrix = draw(matrices(places, metric=draw(st.booleans())))
    stops = [
        Stop(
            n,
            draw(st.integers(0, places - 1)),
            work_s=draw(st.integers(2, 6)),
            windows=(draw(st.sampled_from(WINDOWS)),),
            skill=draw(st.sampled_from([None, None, "gas"])),
        )
        for n in range(1, draw(st.integers(4, 9)))
    ]
    workers = [
        Worker(n, 0, draw(st.sampled_from([None, 0])), 0, DUSK_S, (), skills)
        for n, skills in enumerate(({"gas": 1}, {}, {"gas": 1}), start=1)
    ]
    plan = Plan()
    problem = Problem(tuple(stops), tuple(workers), matrix)
    for stop in stops:
        to_s, from_s = problem.travel_of(stop.place)
        found = insertion.find(
            insertion.prepare_day(problem, plan),
            stop=stop,
            to_s=to_s,
            from_s=from_s,
            windows=stop.windows,
        )[stop.windows[0]]
        if not found:
            break
        where = draw(st.sampled_from(found))
        route = plan.route_of(where.worker_id)
        plan = plan.with_route(route.with_stop(stop.id, position=where.position))
    served = [other for other in stops if other.id in plan.served() - {stop.id}]
    routes = tuple(route.without_stop(stop.id) for route in plan.routes)
    return Problem((*served, stop), tuple(workers), matrix), Plan(routes)


@given(_tight(), st.data())
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
