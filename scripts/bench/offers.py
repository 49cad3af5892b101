"""Measure how long it takes to prove every window of fourteen days, beside a bare JSON view.

Fourteen planned days of a branch with a partner's quota and a shared tool, a newcomer at a random
door who needs it, every window of every day asked for: what a consumer's page waits for, but for the database. The floor is a Flask view that answers
one JSON object, called in the same process and run.
"""

import random
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from flask import Flask

from dispatch.planner import insertion, keeping, solver, warming, wire
from dispatch.planner.across import Quota, Ties, Tool
from dispatch.planner.insertion import PreparedDay
from dispatch.planner.problem import Problem, Stop, Window
from scripts.bench.planning import days
from scripts.benches import Result, Stand

DAYS = 14
TECHNICIANS_A_VISIT = 1 / 8
SIZES = (80, 160, 320, 640)
MEASURED = 320
NEWCOMER_ID = 0
ASKED, ASKED_QUICK = 400, 60
P99_OVER_FLOOR = 170
# From 80 visits to 640 the time may grow eightfold, and half as much again for what is no loop.
GROWTH_MAX = 12.0
WINDOWS = tuple(Window(int(a * days.HOUR_S), int(b * days.HOUR_S)) for a, b in days.WINDOWS_H)


@dataclass(frozen=True, slots=True)
class Shelf:
    """One planned day, ready for proofs."""

    problem: Problem
    prepared: PreparedDay
    # To whom quotas and tools close it, which a live plan works out once.
    closed: frozenset[int]


def run(stand: Stand) -> Result:
    result = Result()
    warming.exercise()
    asked = ASKED_QUICK if stand.is_quick else ASKED
    floor_s = _p99(_bare_view(), asked * 5)
    result.count("bare JSON view, p99 µs", round(floor_s * 1e6, 1))
    medians = {}
    for visits in SIZES:
        shelves = [_shelf(visits, seed) for seed in range(DAYS)]
        times = _times(_asking(shelves), asked)
        medians[visits] = statistics.median(times)
        p99_s = _quantile(times)
        stand.tell(
            f"{visits} visits a day: median {medians[visits] * 1e3:.2f} ms, p99 {p99_s * 1e3:.2f} ms"
        )
        if visits == MEASURED:
            ratio = p99_s / floor_s
            result.count("find over 14 days of 320 visits, p99 ms", round(p99_s * 1e3, 2))
            result.count("over the bare view", round(ratio, 1))
            result.claim(
                f"at most {P99_OVER_FLOOR} bare views",
                is_so=ratio <= P99_OVER_FLOOR,
                but=f"{ratio:.0f}",
            )
    growth = medians[SIZES[-1]] / medians[SIZES[0]]
    result.count("640 visits over 80", round(growth, 2))
    result.claim(
        "grows with the visits, not faster", is_so=growth <= GROWTH_MAX, but=f"{growth:.1f}"
    )
    return result


def _shelf(visits: int, seed: int) -> Shelf:
    technicians = round(visits * TECHNICIANS_A_VISIT)
    text = days.city(seed, technicians=technicians, visits=visits, lunch=True)
    problem = wire.read_problem(text).problem
    plan = solver.solve(problem, None, seconds=60.0, seed=seed, iterations=400).plan
    tied = replace(problem, ties=_ties(problem))
    problem = replace(tied, ties=keeping.eased(tied, plan))
    tools = tuple(
        replace(tool, stop_ids=tool.stop_ids | {NEWCOMER_ID}) for tool in problem.ties.tools
    )
    prepared = insertion.prepare_day(keeping.held(problem, plan), plan)
    people = [worker.id for worker in problem.workers]
    ties = replace(problem.ties, tools=tools)
    return Shelf(problem, prepared, keeping.barred(ties, people, plan, NEWCOMER_ID))


def _ties(problem: Problem) -> Ties:
    """Return a partner of every fourth technician, and a tool that every tenth visit needs."""
    partner = frozenset(worker.id for worker in problem.workers[::4])
    needing = frozenset(stop.id for stop in problem.stops[::10])
    return Ties(
        quotas=(Quota("partner", partner, 8 * len(partner)),),
        tools=(Tool("ladder", needing, len(problem.workers) // 3),),
    )


def _asking(shelves: list[Shelf]) -> Callable[[random.Random], None]:
    """Return what proves all windows of all days for a newcomer at the door of some visit."""

    def ask(rng: random.Random) -> None:
        for shelf in shelves:
            like = rng.choice(shelf.problem.stops)
            newcomer = Stop(
                NEWCOMER_ID,
                like.place,
                like.work_s,
                (WINDOWS[0],),
                skill=like.skill,
                barred=shelf.closed,
            )
            to_s, from_s = shelf.problem.travel_of(like.place)
            insertion.find(
                shelf.prepared, stop=newcomer, to_s=to_s, from_s=from_s, windows=WINDOWS, few=1
            )

    return ask


def _bare_view() -> Callable[[random.Random], None]:
    app = Flask("bare")
    app.add_url_rule("/", view_func=lambda: {"windows": []})
    client = app.test_client()

    def ask(_: random.Random) -> None:
        client.get("/")

    return ask


def _p99(ask: Callable[[random.Random], None], times: int) -> float:
    return _quantile(_times(ask, times))


def _times(ask: Callable[[random.Random], None], times: int) -> list[float]:
    rng = random.Random(1)
    for _ in range(10):
        ask(rng)
    found = []
    for _ in range(times):
        began = time.perf_counter()
        ask(rng)
        found.append(time.perf_counter() - began)
    return found


def _quantile(times: list[float]) -> float:
    return statistics.quantiles(times, n=100)[98]
