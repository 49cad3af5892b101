"""Plan thousands of random days of seven visits and three technicians, and try every plan there is.

The planner must reach the very least cost, by rules that the trial has written down a second time.
"""

from dispatch.planner import solver, warming
from dispatch.planner.constraints import RULES, Weight
from dispatch.planner.judge import Verdict
from scripts.bench.planning import exhaustive
from scripts.benches import Result, Stand

DAYS, DAYS_QUICK = 2_000, 100
STEPS = 1_500
TELL_EVERY = 100
WEIGHTS = {rule.name: rule.weight for rule in RULES}


def run(stand: Stand) -> Result:
    result = Result()
    warming.exercise()
    count = DAYS_QUICK if stand.is_quick else DAYS
    off = []
    served = 0
    for seed in range(count):
        ours_s, least_s, made = planned(seed)
        served += made
        if ours_s != least_s:
            off.append(seed)
        if (seed + 1) % TELL_EVERY == 0:
            stand.tell(f"{seed + 1} days, {len(off)} off the optimum")
    result.count("days", count)
    result.count("visits made a day", round(served / count, 2))
    result.count("days off the optimum", len(off))
    result.claim("the least cost on every day", is_so=not off, but=f"days {off[:5]}")
    return result


def planned(seed: int) -> tuple[int, int, int]:
    """Return what our plan costs, what the best of all costs, and how many visits ours makes."""
    problem = exhaustive.a_day(seed)
    solution = solver.solve(problem, None, seconds=60, seed=seed, iterations=STEPS)
    assert solution.verdict.is_feasible, seed
    made = len(problem.stops) - len(solution.verdict.unserved)
    return cost_s(solution.verdict), exhaustive.least_s(problem), made


def cost_s(verdict: Verdict) -> int:
    """Return the cost in seconds of driving without the waiting, which is the judge's alone."""
    paid = {name: units for name, units in verdict.paid.items() if name != "seconds_waited"}
    return sum(units * WEIGHTS[name] for name, units in paid.items()) // Weight.DRIVING
