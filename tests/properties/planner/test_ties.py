"""The judge of tied visits against every choice of starts that two technicians have."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import product

from hypothesis import given, settings
from hypothesis import strategies as st

from dispatch.planner.across import After, Ties, Together
from dispatch.planner.judge import judge
from dispatch.planner.problem import Plan, Problem, Route, Stop, Worker
from tests.properties.planner.small_days import DUSK_S, PAIR_RULES, problems

Starts = dict[int, tuple[int, int]]


@st.composite
def tied_days(draw: st.DrawFn) -> Problem:
    problem = draw(problems(stops_max=3, rich=True))
    ids = [stop.id for stop in problem.stops]
    pairs = st.permutations(ids).map(lambda order: (order[0], order[-1]))
    after, together = [], []
    if len(ids) > 1:
        for first, second in draw(st.lists(pairs, max_size=2)):
            gap_s = draw(st.integers(0, 3))
            after.append(After(first, second, gap_s, gap_s + draw(st.integers(0, 6))))
        together = [Together(pair) for pair in draw(st.lists(pairs, max_size=1))]
    # Where breaks lie is the route's own choice, made before ties are looked at.
    workers = tuple(replace(worker, breaks=()) for worker in problem.workers)
    ties = Ties(after=tuple(after), together=tuple(together))
    return Problem(problem.stops, workers, problem.travel_s, ties)


@given(st.data())
@settings(max_examples=150)
def test_a_tied_plan_is_kept_if_and_only_if_some_starts_keep_it(data: st.DataObject) -> None:
    problem = data.draw(tied_days())
    order = data.draw(st.permutations([stop.id for stop in problem.stops]))
    cut = data.draw(st.integers(0, len(order)))
    plan = Plan((Route(1, tuple(order[:cut])), Route(2, tuple(order[cut:]))))

    broken = [b for b in judge(problem, plan).broken if b.rule not in PAIR_RULES]

    assert (not broken) is can_be_kept(problem, plan)


def can_be_kept(problem: Problem, plan: Plan) -> bool:
    who = {stop_id: route.worker_id for route in plan.routes for stop_id in route.stop_ids}
    if any(len({who[i] for i in crew.stop_ids}) < 2 for crew in problem.ties.together):
        return False
    choices = [
        list(_starts(problem, problem.worker(r.worker_id), [problem.stop(i) for i in r.stop_ids]))
        for r in plan.routes
    ]
    return any(
        _keeps(problem.ties, {k: v for one in some for k, v in one.items()})
        for some in product(*choices)
    )


def _keeps(ties: Ties, at: Starts) -> bool:
    gaps = all(
        tie.min_gap_s <= at[tie.second][0] - at[tie.first][1] <= tie.max_gap_s for tie in ties.after
    )
    return gaps and all(len({at[i][0] for i in crew.stop_ids}) == 1 for crew in ties.together)


def _starts(problem: Problem, worker: Worker, stops: list[Stop]) -> Iterator[Starts]:
    """Yield every choice of (start, end) by stop with which the technician is home in time."""

    def walk(place: int, free_s: int, left: list[Stop], done: Starts) -> Iterator[Starts]:
        if not left:
            home_s = problem.drive_s(place, worker.end_place) if done else 0
            if not done or free_s + home_s <= worker.ends_s:
                yield done
            return
        stop, *others = left
        drive_s = problem.drive_s(place, stop.place)
        work_s = worker.service_s(stop) + (stop.setup_s if drive_s else 0)
        for second in range(free_s + drive_s, DUSK_S + 1):
            is_open = any(w.open_s <= second <= w.shut_s for w in stop.open_windows)
            if is_open:
                times = {stop.id: (second, second + work_s)}
                yield from walk(stop.place, second + work_s, others, done | times)

    yield from walk(worker.start_place, worker.shift_open_s, stops, {})
