"""Plan days beside VROOM and PyVRP, and public instances beside their best known solutions.

The instances (Solomon's and Homberger's, a NAME.txt each with NAME.sol beside it) are read from
the folder that BENCH_INSTANCES names; without it they are left out, and so are peers that are not
installed. Every plan is held against the judge; one that breaks a rule, or leaves out more than
the peer does, holds nothing.
"""

import os
import statistics
import time
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any

from dispatch.planner import solver, warming, wire
from dispatch.planner.judge import judge
from dispatch.planner.problem import Plan
from scripts.bench.planning import days, peers
from scripts.benches import Result, Stand

TECHNICIANS, VISITS = 40, 320
SEEDS = (1, 2, 3)
# Seconds given, and what is owed: our driving over the best of VROOM's levels that took no longer.
AGAINST_VROOM = {1.0: 0.94, 5.0: 0.94, 30.0: 0.94}
LONGER = 1.1
AGAINST_PYVRP, PYVRP_S = 0.98, 30.0
FIRST_SECOND_MORE = 0.08
SOLOMON_S, SOLOMON_GAP = 10.0, 0.20
HOMBERGER_S = 60.0
HOMBERGER_GAPS = {"R1_2_3": 0.6, "RC2_4_2": 0.7, "R1_10_2": 1.7}

Cost = tuple[int, int]  # left out, seconds driven


def run(stand: Stand) -> Result:
    result = Result()
    warming.exercise()
    seeds = SEEDS[:1] if stand.is_quick else SEEDS
    budgets = (1.0, 5.0) if stand.is_quick else tuple(AGAINST_VROOM)
    _days_with_lunch(stand, result, seeds, budgets)
    _days_without_lunch(stand, result, seeds, 5.0 if stand.is_quick else PYVRP_S)
    folder = os.environ.get("BENCH_INSTANCES")
    if folder is None:
        stand.tell("no instances: BENCH_INSTANCES names no folder")
    else:
        _instances(stand, result, Path(folder), seeds)
    return result


def _days_with_lunch(
    stand: Stand, result: Result, seeds: tuple[int, ...], budgets: tuple[float, ...]
) -> None:
    ours: dict[float, list[int]] = {seconds: [] for seconds in budgets}
    ratios: dict[float, list[float]] = {seconds: [] for seconds in budgets}
    fewer = True
    for seed in seeds:
        text = days.city(seed, technicians=TECHNICIANS, visits=VISITS, lunch=True)
        rivals = list(_vroom(text)) if peers.has_vroom() else []
        for seconds in budgets:
            (left_out, driven_s), took_s = _solved(text, seconds, seed)
            ours[seconds].append(driven_s)
            in_time = [cost for cost, rival_s in rivals if rival_s <= took_s * LONGER]
            words = f"day {seed}, {seconds:.0f} s: {left_out} left out, {driven_s} s driven"
            if in_time:
                best = min(in_time)
                fewer = fewer and left_out <= best[0]
                ratios[seconds].append(driven_s / best[1])
                words += f"; VROOM {best[0]}, {best[1]} s: {driven_s / best[1]:.3f}"
            stand.tell(words)
    for seconds, found in ratios.items():
        if found:
            ratio = statistics.mean(found)
            result.count(f"with lunch, {seconds:.0f} s, ours over VROOM", round(ratio, 3))
            result.claim(
                f"at most {AGAINST_VROOM[seconds]} of VROOM's driving in {seconds:.0f} s",
                is_so=ratio <= AGAINST_VROOM[seconds],
                but=f"{ratio:.3f}",
            )
    if any(ratios.values()):
        result.claim("never more left out than VROOM", is_so=fewer)
    if 30.0 in ours:
        more = statistics.mean(ours[1.0]) / statistics.mean(ours[30.0]) - 1
        result.count("1 s over our own 30 s, %", round(100 * more, 1))
        result.claim("1 s within 8 % of 30 s", is_so=more <= FIRST_SECOND_MORE, but=f"{more:.3f}")


def _days_without_lunch(
    stand: Stand, result: Result, seeds: tuple[int, ...], seconds: float
) -> None:
    if not peers.has_pyvrp():
        stand.tell("no PyVRP: requirements-bench.txt is not installed")
        return
    ratios = []
    # What PyVRP finds on one day differs by a twentieth from seed to seed: each day with each of them.
    for day, seed in product(seeds, seeds):
        text = days.city(day, technicians=TECHNICIANS, visits=VISITS, lunch=False)
        (left_out, driven_s), _ = _solved(text, seconds, seed)
        rival = _cost(text, peers.pyvrp(text, seconds=seconds, seed=seed).plan)
        ratios.append(driven_s / rival[1] if left_out <= rival[0] else 2.0)
        stand.tell(
            f"day {day} without lunch, seed {seed}, {seconds:.0f} s: {left_out}, {driven_s} s; "
            f"PyVRP {rival[0]}, {rival[1]} s: {ratios[-1]:.3f}"
        )
    ratio = statistics.mean(ratios)
    result.count(f"without lunch, {seconds:.0f} s, ours over PyVRP", round(ratio, 3))
    result.claim(
        f"at most {AGAINST_PYVRP} of PyVRP's driving",
        is_so=ratio <= AGAINST_PYVRP,
        but=f"{ratio:.3f}",
    )


def _instances(stand: Stand, result: Result, folder: Path, seeds: tuple[int, ...]) -> None:
    small = sorted(path for path in folder.glob("*.txt") if path.stem not in HOMBERGER_GAPS)
    gaps = []
    for path in small[:3] if stand.is_quick else small:
        found = [_gap(path, SOLOMON_S, seed) for seed in seeds]
        gaps += found
        stand.tell(f"{path.stem}: {', '.join(f'{gap:.2f} %' for gap in found)}")
    if gaps:
        gap = statistics.mean(gaps)
        result.count(f"Solomon, {len(small)} instances, 10 s, mean gap %", round(gap, 3))
        result.claim("mean gap at most 0.20 %", is_so=gap <= SOLOMON_GAP, but=f"{gap:.3f} %")
    for name, owed in () if stand.is_quick else HOMBERGER_GAPS.items():
        path = folder / f"{name}.txt"
        if path.exists():
            found = [_gap(path, HOMBERGER_S, seed) for seed in seeds]
            gap = statistics.mean(found)
            stand.tell(f"{name}: {', '.join(f'{gap:.2f} %' for gap in found)}")
            result.count(f"{name}, 60 s, gap %", round(gap, 3))
            result.claim(f"{name} within {owed} %", is_so=gap <= owed, but=f"{gap:.3f} %")


def _gap(path: Path, seconds: float, seed: int) -> float:
    """Return by how many per cent our plan costs more than the best known; 100 when it lacks any."""
    (left_out, cost), _ = _solved(days.instance(path), seconds, seed)
    return 100.0 if left_out else 100 * (cost / days.best_known(path) - 1)


def _solved(text: dict[str, Any], seconds: float, seed: int) -> tuple[Cost, float]:
    problem = wire.read_problem(text).problem
    began = time.monotonic()
    solution = solver.solve(problem, None, seconds=seconds, seed=seed)
    took_s = time.monotonic() - began
    return _cost(text, solution.plan), took_s


def _vroom(text: dict[str, Any]) -> Iterator[tuple[Cost, float]]:
    """Run every level to its own end, for half a minute at most."""
    for level in peers.LEVELS:
        found = peers.vroom(text, level=level, seconds=30.0)
        yield _cost(text, found.plan), found.took_s


def _cost(text: dict[str, Any], plan: Plan) -> Cost:
    verdict = judge(wire.read_problem(text).problem, plan)
    assert verdict.is_feasible, verdict.broken
    return len(verdict.unserved), verdict.travel_s
