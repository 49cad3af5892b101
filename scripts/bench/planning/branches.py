"""One branch's day of the nation: planned by an RQ job, its result a file that outlives it."""

import json
import os
import time
from pathlib import Path
from typing import Any

from dispatch.planner import solver, warming, wire
from dispatch.planner.problem import Plan, Problem, Route
from scripts.bench.planning import days

TECHNICIANS, VISITS = 40, 320
JOB = "scripts.bench.planning.branches.plan"


def problem_of(branch: int) -> Problem:
    text = days.city(branch, technicians=TECHNICIANS, visits=VISITS, lunch=True)
    return wire.read_problem(text).problem


def result_path(folder: Path, branch: int, seconds: float) -> Path:
    return folder / f"{branch:03d}-{seconds:g}s.json"


def plan(folder: str, branch: int, seconds: float) -> None:
    """Plan the branch's day and write the plan; a second run of the job writes the same name anew."""
    warming.exercise()
    problem = problem_of(branch)
    began_s = time.process_time()
    solution = solver.solve(problem, None, seconds=seconds, seed=branch)
    told = {
        "core_s": time.process_time() - began_s,
        "driven_s": solution.verdict.travel_s,
        "left_out": len(solution.verdict.unserved),
        "routes": {route.worker_id: route.stop_ids for route in solution.plan.routes},
    }
    path = result_path(Path(folder), branch, seconds)
    partial = path.with_suffix(f".{os.getpid()}")
    partial.write_text(json.dumps(told))
    # Whole or not at all: a worker may be killed at any moment.
    partial.replace(path)


def read(path: Path) -> tuple[dict[str, Any], Plan]:
    """Return what a job told, and its plan."""
    told = json.loads(path.read_text())
    orders = {int(worker): tuple(ids) for worker, ids in told["routes"].items()}
    return told, Plan(tuple(Route(worker, ids) for worker, ids in orders.items()))
