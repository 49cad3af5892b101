"""Strategies for days small enough to try everything on, and what trying everything finds."""

import math
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
from hypothesis import strategies as st

from dispatch.planner import arrays, constraints, insertion
from dispatch.planner.compiling import kernel
from dispatch.planner.insertion import Witness
from dispatch.planner.judge import judge
from dispatch.planner.problem import Break, Plan, Problem, Route, Seconds, Stop, Window, Worker

# A day of so few seconds can be walked through second by second.
DUSK_S = 24
DRIVE_S_MAX = 6
SECONDS = st.integers(0, DUSK_S)
TIGHT_WINDOWS = (Window(0, 8), Window(4, 12), Window(8, 20))
PAIR_RULES = {rule.name for rule in constraints.PAIR_RULES}


@st.composite
def spans(draw: st.DrawFn) -> tuple[int, int]:
    first, second = draw(SECONDS), draw(SECONDS)
    return min(first, second), max(first, second)


@st.composite
def windows(draw: st.DrawFn) -> tuple[Window, ...]:
    cuts = sorted(draw(st.sets(SECONDS, min_size=2, max_size=6)))
    return tuple(Window(a, b) for a, b in zip(cuts[::2], cuts[1::2], strict=False))


@st.composite
def stops(draw: st.DrawFn, stop_id: int, place: int, *, rich: bool) -> Stop:
    """Draw a stop; a rich one may need a set-up and have hours closed to work."""
    more: dict[str, Any] = {}
    if rich:
        more = {
            "setup_s": draw(st.integers(0, 3)),
            "closed": draw(st.one_of(st.just(()), windows())),
            "area": draw(st.sampled_from(["east", "west"])),
        }
    return Stop(
        stop_id,
        place,
        work_s=draw(st.integers(0, 5)),
        windows=draw(windows()),
        skill=draw(st.sampled_from([None, None, "gas"])),
        level=draw(st.sampled_from([1, 1, 2])),
        worker_id=draw(st.sampled_from([None, None, None, 1])),
        barred=draw(st.sampled_from([frozenset(), frozenset(), frozenset({2})])),
        **more,
    )


@st.composite
def breaks(draw: st.DrawFn) -> tuple[Break, ...]:
    bounds = draw(st.lists(spans(), max_size=2))
    opens, shuts = sorted(a for a, _ in bounds), sorted(b for _, b in bounds)
    return tuple(Break(a, b, draw(st.integers(0, 4))) for a, b in zip(opens, shuts, strict=True))


@st.composite
def workers(draw: st.DrawFn, worker_id: int, places: int, *, rich: bool) -> Worker:
    """Draw a technician; a rich one has a pace of his own, areas and overtime."""
    opens_s, shuts_s = draw(spans())
    more: dict[str, Any] = {}
    if rich:
        more = {
            "pace": draw(st.sampled_from([1.0, 0.5, 1.7])),
            "overtime_s": draw(st.integers(0, 4)),
            "areas": draw(st.sampled_from([None, frozenset({"east"})])),
        }
    return Worker(
        worker_id,
        draw(st.integers(0, places - 1)),
        draw(st.one_of(st.none(), st.integers(0, places - 1))),
        opens_s,
        shuts_s,
        draw(breaks()),
        draw(st.sampled_from([{}, {"gas": 1}, {"gas": 2}])),
        **more,
    )


@st.composite
def matrices(draw: st.DrawFn, places: int, *, metric: bool) -> Seconds:
    size = places * places
    drives = draw(st.lists(st.integers(0, DRIVE_S_MAX), min_size=size, max_size=size))
    matrix = np.array(drives, np.int32).reshape(places, places)
    np.fill_diagonal(matrix, 0)
    if metric:
        for via in range(places):
            matrix = np.minimum(matrix, matrix[:, [via]] + matrix[[via], :])
    return matrix


@st.composite
def problems(
    draw: st.DrawFn, *, stops_max: int = 4, metric: bool = False, rich: bool = False
) -> Problem:
    count = draw(st.integers(1, stops_max))
    places = 4
    at = st.integers(0, places - 1)
    return Problem(
        tuple(draw(stops(n, draw(at), rich=rich)) for n in range(1, count + 1)),
        tuple(draw(workers(n, places, rich=rich)) for n in (1, 2)),
        draw(matrices(places, metric=metric)),
    )


@st.composite
def planned(draw: st.DrawFn, problem: Problem, count: int) -> Plan:
    """Deal the first `count` stops out to two technicians in any order."""
    order = draw(st.permutations([stop.id for stop in problem.stops[:count]]))
    cut = draw(st.integers(0, count))
    return Plan((Route(1, tuple(order[:cut])), Route(2, tuple(order[cut:]))))


@st.composite
def tight_days(draw: st.DrawFn) -> tuple[Problem, Plan]:
    """Draw a day of three technicians, filled as far as it goes; its last stop has yet to come."""
    places = 4
    matrix = draw(matrices(places, metric=draw(st.booleans())))
    stops = [
        Stop(
            n,
            draw(st.integers(0, places - 1)),
            work_s=draw(st.integers(2, 6)),
            windows=(draw(st.sampled_from(TIGHT_WINDOWS)),),
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


# --- A walk through every second -----------------------------------------------------------


def can_be_kept(problem: Problem, worker: Worker, order: tuple[Stop, ...]) -> bool:
    """Try everything a technician may do in every second of the day.

    A state is the second, stops served, seconds driven on the way to the next place, breaks
    taken, and whether one was taken on this way already.
    """
    if not order:
        return True
    places = [worker.start_place, *(stop.place for stop in order)]
    legs = [problem.drive_s(a, b) for a, b in pairwise(places)]
    legs.append(problem.drive_s(places[-1], worker.end_place))
    states = [(worker.shift_open_s, 0, 0, 0, False)]
    seen = set(states)
    while states:
        state = states.pop()
        now, served, driven, taken, _ = state
        done = served == len(order) and taken == len(worker.breaks)
        if done and driven == legs[-1] and now <= worker.ends_s:
            return True
        for following in _steps(worker, order, legs, state):
            if following[0] <= 3 * DUSK_S and following not in seen:
                seen.add(following)
                states.append(following)
    return False


def _steps(
    worker: Worker, order: tuple[Stop, ...], legs: list[int], state: tuple[int, int, int, int, bool]
) -> Iterator[tuple[int, int, int, int, bool]]:
    now, served, driven, taken, interrupted = state
    on_the_last_way = served == len(order)
    yield now + 1, served, driven, taken, interrupted
    if taken < len(worker.breaks) and not (on_the_last_way and driven) and not interrupted:
        rest = worker.breaks[taken]
        if rest.open_s <= now <= rest.shut_s:
            # What is left after the last service may be taken one after the other.
            yield now + rest.work_s, served, driven, taken + 1, not on_the_last_way
    if driven < legs[served] and (not on_the_last_way or taken == len(worker.breaks)):
        yield now + 1, served, driven + 1, taken, interrupted
    if not on_the_last_way and driven == legs[served]:
        stop = order[served]
        is_open = any(window.open_s <= now <= window.shut_s for window in stop.windows)
        if is_open and not any(span.open_s <= now <= span.shut_s for span in stop.closed):
            work_s = math.ceil(stop.work_s * worker.pace)
            work_s += stop.setup_s if legs[served] else 0
            yield now + work_s, served + 1, 0, taken, False


# --- Insertion against the judge -----------------------------------------------------------


def accepted(problem: Problem, plan: Plan, newcomer: Stop) -> set[tuple[int, int, Window]]:
    """Try the newcomer everywhere and ask the judge; other stops' own faults do not count."""
    found = set()
    for window in newcomer.windows:
        held = replace(newcomer, windows=(window,))
        asked = Problem(
            tuple(held if stop.id == held.id else stop for stop in problem.stops),
            problem.workers,
            problem.travel_s,
        )
        for route in plan.routes:
            for position in range(len(route.stop_ids) + 1):
                tried = Plan((route.with_stop(held.id, position=position),))
                broken = judge(asked, tried).broken
                if all(b.rule in PAIR_RULES and b.stop_id != held.id for b in broken):
                    found.add((route.worker_id, position, window))
    return found


def proven(problem: Problem, plan: Plan, newcomer: Stop) -> set[tuple[int, int, Window]]:
    return {(w.worker_id, w.position, w.window) for w in everywhere(problem, plan, newcomer)}


def everywhere(problem: Problem, plan: Plan, newcomer: Stop) -> list[Witness]:
    """Ask the kernel about every technician, position and window, one by one."""
    to_s, from_s = problem.travel_of(newcomer.place)
    day = insertion.prepare_day(problem, plan)
    who = arrays.newcomer_of(
        day.day,
        newcomer,
        workers=problem.workers,
        to_s=to_s,
        from_s=from_s,
        windows=newcomer.windows,
    )
    assert not newcomer.closed
    found = []
    for w, worker in enumerate(problem.workers):
        for r in range(len(plan.route_of(worker.id).stop_ids) + 1):
            there, onward = kernel().drives(day.day, day.routes, who, w, r)
            for k, window in enumerate(newcomer.windows):
                arrive_s, start_s, last_s = kernel().starts(day.day, day.routes, who, w, r, k)
                if who.able[w] and start_s < arrays.FAR:
                    slack_s = int(last_s) - int(start_s)
                    extra_s = int(there + onward - day.routes.leg[w, r])
                    times = int(arrive_s), int(start_s), slack_s, extra_s
                    found.append(Witness(worker.id, r, window, *times))
    return found
