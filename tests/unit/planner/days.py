"""Builders of small days for the planner's tests, and of one a city's size.

Places lie on a line, `STEP_S` of driving apart, unless a matrix is given.
"""

import math
import random
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from dispatch.planner import insertion
from dispatch.planner.problem import (
    Break,
    Plan,
    Problem,
    Route,
    Seconds,
    Stop,
    Window,
    Worker,
)

STEP_S = 600
HOUR_S = 3_600
DOOR_S = 8 * HOUR_S
SHUT_S = 18 * HOUR_S


def a_stop(
    stop_id: int, *, place: int = 0, opens_s: int = DOOR_S, shuts_s: int = SHUT_S, **fields: Any
) -> Stop:
    fields.setdefault("work_s", HOUR_S)
    fields.setdefault("windows", (Window(opens_s, shuts_s),))
    return Stop(stop_id, place, **fields)


def a_worker(worker_id: int = 1, *, place: int = 0, **fields: Any) -> Worker:
    fields.setdefault("end_place", None)
    fields.setdefault("shift_open_s", DOOR_S)
    fields.setdefault("shift_shut_s", SHUT_S)
    return Worker(worker_id, place, **fields)


def a_line(places: int, step_s: int = STEP_S) -> Seconds:
    where = np.arange(places, dtype=np.int32) * step_s
    drives: Seconds = np.abs(where[:, None] - where[None, :])
    return drives


def a_problem(
    stops: Iterable[Stop], workers: Iterable[Worker] = (), travel_s: Seconds | None = None
) -> Problem:
    return Problem(tuple(stops), tuple(workers), a_line(10) if travel_s is None else travel_s)


def a_plan(**routes: Sequence[int]) -> Plan:
    """Build a plan from `w1=(3, 4)`: technician 1 serves stops 3 and 4."""
    return Plan(tuple(Route(int(name[1:]), tuple(ids)) for name, ids in routes.items()))


def a_city(*, workers: int, stops: int, seed: int) -> Problem:
    """Build a day of clustered homes, four skills, two-hour windows and a floating lunch."""
    rng = random.Random(seed)
    hubs = [(rng.uniform(0, 20), rng.uniform(0, 20)) for _ in range(6)]
    homes = [_near(rng, rng.choice(hubs)) for _ in range(workers + stops)]
    minutes = [[round(math.dist(a, b) * 150) for b in homes] for a in homes]
    return Problem(
        tuple(_visit(rng, nth + 1, workers + nth) for nth in range(stops)),
        tuple(_technician(rng, nth + 1, nth) for nth in range(workers)),
        np.array(minutes, np.int32),
    )


def _near(rng: random.Random, hub: tuple[float, float]) -> tuple[float, float]:
    return rng.gauss(hub[0], 1.5), rng.gauss(hub[1], 1.5)


def _visit(rng: random.Random, stop_id: int, place: int) -> Stop:
    opens_s = rng.choice([8, 10, 13, 15]) * HOUR_S
    return a_stop(
        stop_id,
        place=place,
        opens_s=opens_s,
        shuts_s=opens_s + 2 * HOUR_S,
        work_s=rng.choice([1_800, 2_700, 3_600]),
        skill=rng.choice("aabc"),
    )


def _technician(rng: random.Random, worker_id: int, place: int) -> Worker:
    skills = {"a": 1} | {code: 1 for code in "bc" if rng.random() < 0.6}
    return a_worker(worker_id, place=place, breaks=(Break(41_400, 45_900, 2_700),), skills=skills)


def inserted_greedily(problem: Problem, *, seed: int) -> Plan:
    """Put the stops into a plan one by one in random order, each where it adds least."""
    stops = list(problem.stops)
    random.Random(seed).shuffle(stops)
    plan = Plan()
    for stop in stops:
        to_s, from_s = problem.travel_of(stop.place)
        day = insertion.prepare_day(problem, plan)
        found = insertion.find(day, stop=stop, to_s=to_s, from_s=from_s, windows=stop.windows)
        witnesses = [witness for few in found.values() for witness in few]
        if witnesses:
            best = min(witnesses, key=lambda witness: witness.extra_s)
            route = plan.route_of(best.worker_id).with_stop(stop.id, position=best.position)
            plan = plan.with_route(route)
    return plan
