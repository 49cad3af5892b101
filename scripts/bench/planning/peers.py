"""The peers, on the same problem and core; there when requirements-bench.txt is installed."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import numpy as np

from dispatch.planner.problem import Plan, Route

# Dearer than any drive of a day: whoever lacks the skill is that far away.
FAR_S = 200_000
PRIZE = 100_000
LEVELS = range(6)


@dataclass(frozen=True, slots=True)
class Found:
    """A peer's plan and the seconds it took."""

    plan: Plan
    took_s: float


def has_vroom() -> bool:
    return find_spec("vroom") is not None


def has_pyvrp() -> bool:
    return find_spec("pyvrp") is not None


def vroom(problem: dict[str, Any], *, level: int, seconds: float) -> Found:
    """Run VROOM at a level of exploration, to its own end or for so many seconds."""
    engine = import_module("vroom")

    def window(span: list[int]) -> Any:
        return engine.TimeWindow(*span)

    data = engine.Input()
    matrix = np.array(problem["matrices"]["car"]["durations"], dtype=np.uint32)
    data.set_durations_matrix(profile="car", matrix_input=matrix)
    for v in problem["vehicles"]:
        rests = [
            engine.Break(
                b["id"], time_windows=list(map(window, b["time_windows"])), service=b["service"]
            )
            for b in v.get("breaks", [])
        ]
        data.add_vehicle(
            engine.Vehicle(
                v["id"],
                start=v["start_index"],
                end=v.get("end_index"),
                skills=set(v.get("skills", [])),
                time_window=window(v["time_window"]),
                capacity=v.get("capacity", []),
                breaks=rests,
            )
        )
    for j in problem["jobs"]:
        data.add_job(
            engine.Job(
                j["id"],
                location=j["location_index"],
                default_service=j["service"],
                skills=set(j.get("skills", [])),
                delivery=engine.Amount(j.get("delivery", [])),
                time_windows=list(map(window, j["time_windows"])),
            )
        )
    limit = timedelta(seconds=seconds)
    return _timed(lambda: _orders(data.solve(exploration_level=level, nb_threads=1, timeout=limit)))


def _orders(solution: Any) -> Plan:
    steps = solution.routes[solution.routes["type"] == "job"]
    return Plan(
        tuple(
            Route(int(vehicle), tuple(map(int, group["id"])))
            for vehicle, group in steps.groupby("vehicle_id")
        )
    )


def pyvrp(problem: dict[str, Any], *, seconds: float, seed: int) -> Found:
    """Run PyVRP, which knows no breaks, on a day whose routes end at the last door."""
    engine = import_module("pyvrp")

    durations = np.array(problem["matrices"]["car"]["durations"], dtype=np.int64)
    places = len(durations)
    base = np.zeros((places + 1, places + 1), dtype=np.int64)
    base[:places, :places] = durations
    skills = sorted({tuple(v["skills"]) for v in problem["vehicles"]})
    matrices = [_without_strangers(problem, base, set(has)) for has in skills]
    starts = sorted({v["start_index"] for v in problem["vehicles"]})
    clients = [
        engine.Client(
            j["location_index"],
            delivery=[0],
            service_duration=j["service"],
            tw_early=j["time_windows"][0][0],
            tw_late=j["time_windows"][0][1],
            prize=PRIZE,
            required=False,
        )
        for j in problem["jobs"]
    ]
    types = [
        engine.VehicleType(
            1,
            capacity=[0],
            start_depot=starts.index(v["start_index"]),
            end_depot=len(starts),
            tw_early=v["time_window"][0],
            tw_late=v["time_window"][1],
            profile=skills.index(tuple(v["skills"])),
        )
        for v in problem["vehicles"]
    ]
    depots = [engine.Depot(start) for start in (*starts, places)]
    locations = [engine.Location(0, 0) for _ in range(places + 1)]
    data = engine.ProblemData(locations, clients, depots, types, matrices, matrices)
    ids = [j["id"] for j in problem["jobs"]]
    vehicles = [v["id"] for v in problem["vehicles"]]

    def solved() -> Plan:
        result = engine.solve(data, engine.stop.MaxRuntime(seconds), seed=seed, display=False)
        return Plan(
            tuple(
                Route(
                    vehicles[int(route.vehicle_type())],
                    tuple(ids[int(one.idx)] for one in route if one.is_client()),
                )
                for route in result.best.routes()
            )
        )

    return _timed(solved)


def _without_strangers(problem: dict[str, Any], base: Any, has: set[int]) -> Any:
    matrix = base.copy()
    for job in problem["jobs"]:
        if not set(job["skills"]) <= has:
            place = job["location_index"]
            matrix[:, place] = matrix[place, :] = FAR_S
            matrix[place, place] = 0
    return matrix


def _timed(solve: Callable[[], Plan]) -> Found:
    began = time.monotonic()
    plan = solve()
    return Found(plan, time.monotonic() - began)
