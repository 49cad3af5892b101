"""What ties and vans leave to a visit more against the judge: nothing is found that tears one or is too
much for one, and where only quotas, tools and room bind, nothing is missed."""

from dataclasses import replace

from hypothesis import event, given, settings
from hypothesis import strategies as st

from dispatch.planner import insertion, keeping, widening
from dispatch.planner.across import After, Quota, Ties, Together, Tool
from dispatch.planner.insertion import Witness
from dispatch.planner.judge import judge
from dispatch.planner.making_room import make_room
from dispatch.planner.problem import Plan, Problem, Window
from tests.properties.planner.small_days import everywhere, tight_days


@st.composite
def _ties(draw: st.DrawFn, problem: Problem, *, timed: bool) -> Ties:
    """Draw what crosses the routes of three technicians; the last stop is in no tie of time."""
    *served, newcomer = [stop.id for stop in problem.stops]
    some = st.sets(st.sampled_from([*served, newcomer]), max_size=len(problem.stops))
    after: list[After] = []
    together: list[Together] = []
    if timed and len(served) > 1:
        pair = st.permutations(served).map(lambda order: (order[0], order[1]))
        for first, second in draw(st.lists(pair, max_size=2)):
            gap_s = draw(st.integers(0, 3))
            most_s = gap_s + draw(st.integers(0, 9))
            after.append(After(first, second, gap_s, most_s, draw(st.booleans())))
        together = [Together(two) for two in draw(st.lists(pair, max_size=2))]
    people = draw(st.sets(st.sampled_from([1, 2, 3])))
    return Ties(
        after=tuple(after),
        together=tuple(together),
        quotas=(Quota("partner", frozenset(people), draw(st.integers(0, 4))),),
        tools=(Tool("ladder", frozenset(draw(some)), draw(st.integers(0, 2))),),
    )


@st.composite
def tied_days(draw: st.DrawFn, *, timed: bool) -> tuple[Problem, Plan]:
    """Draw a day whose ties give way as far as its plan breaks them."""
    problem, plan = draw(tight_days())
    tied = replace(problem, ties=draw(_ties(problem, timed=timed)))
    return replace(tied, ties=keeping.eased(tied, plan)), plan


@given(tied_days(timed=True))
@settings(max_examples=200)
def test_eased_ties_are_kept_by_their_plan(day: tuple[Problem, Plan]) -> None:
    problem, plan = day

    assert judge(problem, plan).is_feasible


@given(tied_days(timed=True))
@settings(max_examples=300)
def test_nothing_is_found_that_the_judge_says_tears_a_tie(day: tuple[Problem, Plan]) -> None:
    problem, plan = day

    found = _found(problem, plan)

    event(f"found: {bool(found)}, tied in time: {bool(problem.ties.groups)}")
    for witness in found:
        assert judge(_at(problem, witness.window), _with(problem, plan, witness)).is_feasible


@st.composite
def loaded_days(draw: st.DrawFn, *, timed: bool) -> tuple[Problem, Plan]:
    """Draw such a day with vans that hold at least what the plan has in them."""
    problem, plan = draw(tied_days(timed=timed))
    load = st.integers(0, 2).map(lambda units: (units,))
    stops = tuple(replace(s, down=draw(load), up=draw(load)) for s in problem.stops)
    room = st.one_of(st.just(()), st.integers(0, 5).map(lambda units: (units,)))
    workers = tuple(replace(worker, room=draw(room)) for worker in problem.workers)
    return widening.roomier(replace(problem, stops=stops, workers=workers), plan), plan


@given(loaded_days(timed=True))
@settings(max_examples=200)
def test_a_van_that_was_made_roomier_holds_its_plan_and_nothing_more(
    day: tuple[Problem, Plan],
) -> None:
    problem, plan = day

    assert judge(problem, plan).is_feasible
    assert widening.roomier(problem, plan) is problem


@given(loaded_days(timed=True))
@settings(max_examples=300)
def test_nothing_is_found_that_the_judge_says_is_too_much_for_a_van(
    day: tuple[Problem, Plan],
) -> None:
    problem, plan = day

    found = _found(problem, plan)

    event(f"found: {bool(found)}, limited: {any(w.room for w in problem.workers)}")
    for witness in found:
        assert judge(_at(problem, witness.window), _with(problem, plan, witness)).is_feasible


@given(st.one_of(tied_days(timed=False), loaded_days(timed=False)))
@settings(max_examples=250)
def test_nothing_is_missed_where_no_times_are_tied(day: tuple[Problem, Plan]) -> None:
    problem, plan = day
    found = {(w.worker_id, w.window) for w in _found(problem, plan)}

    every = everywhere(problem, plan, problem.stops[-1])
    kept = [w for w in every if judge(problem, _with(problem, plan, w)).is_feasible]

    assert {(w.worker_id, w.window) for w in kept} == found


@given(tied_days(timed=True))
@settings(max_examples=100)
def test_room_is_made_without_tearing_a_tie(day: tuple[Problem, Plan]) -> None:
    problem, plan = day
    newcomer = problem.stops[-1]

    def laid(routes: tuple[object, ...]) -> Plan:
        whole = plan
        for route in routes:
            whole = whole.with_route(route)  # type: ignore[arg-type]
        return whole

    found = make_room(
        keeping.held(problem, plan),
        plan,
        newcomer_id=newcomer.id,
        windows=newcomer.windows,
        fixed=(),
        is_over=lambda: False,
        keeps=lambda routes: judge(problem, laid(tuple(routes))).is_feasible,
    )

    event(f"made room: {bool(found)}")
    for window, room in found.items():
        assert judge(_at(problem, window), laid(room.routes)).is_feasible


def _found(problem: Problem, plan: Plan) -> list[Witness]:
    newcomer = problem.stops[-1]
    people = [worker.id for worker in problem.workers]
    closed = keeping.barred(problem.ties, people, plan, newcomer.id)
    to_s, from_s = problem.travel_of(newcomer.place)
    found = insertion.find(
        insertion.prepare_day(keeping.held(problem, plan), plan),
        stop=replace(newcomer, barred=newcomer.barred | closed),
        to_s=to_s,
        from_s=from_s,
        windows=newcomer.windows,
    )
    return [witness for few in found.values() for witness in few]


def _with(problem: Problem, plan: Plan, witness: Witness) -> Plan:
    route = plan.route_of(witness.worker_id)
    return plan.with_route(route.with_stop(problem.stops[-1].id, position=witness.position))


def _at(problem: Problem, window: Window) -> Problem:
    newcomer = replace(problem.stops[-1], windows=(window,))
    return replace(problem, stops=(*problem.stops[:-1], newcomer))
