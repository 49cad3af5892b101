"""Plan thousands of random days of seven visits and three technicians, and try every plan there is.

The planner must reach the very least cost, by rules that the trial has written down a second time.
"""

from dataclasses import dataclass

from dispatch.planner import solver, warming
from dispatch.planner.constraints import RULES, Weight
from dispatch.planner.judge import Verdict, judge
from dispatch.planner.problem import Plan
from dispatch.planner.search import Search
from scripts.bench.planning import exhaustive
from scripts.benches import Result, Stand

DAYS, DAYS_QUICK = 2_000, 100
STEPS = 1_500
TELL_EVERY = 100
WEIGHTS = {rule.name: rule.weight for rule in RULES}


@dataclass(frozen=True, slots=True)
class Tried:
    """What a day costs: the best of all plans, ours, and that of the search alone."""

    least_s: int
    ours_s: int
    searched_s: int
    made: int


def run(stand: Stand) -> Result:
    result = Result()
    warming.exercise()
    count = DAYS_QUICK if stand.is_quick else DAYS
    off: list[int] = []
    below: list[int] = []
    missed = made = 0
    for seed in range(count):
        tried = planned(seed)
        made += tried.made
        off += [seed] if tried.ours_s != tried.least_s else []
        below += [seed] if tried.searched_s < tried.least_s else []
        missed += tried.searched_s > tried.least_s
        if (seed + 1) % TELL_EVERY == 0:
            stand.tell(f"{seed + 1} days, {len(off)} off the optimum")
    result.count("days", count)
    result.count("visits made a day", round(made / count, 2))
    result.count("days off the optimum", len(off))
    result.count("days that the search alone misses", missed)
    result.claim("the least cost on every day", is_so=not off, but=f"days {off[:5]}")
    result.claim("no plan that the trial does not know", is_so=not below, but=f"days {below[:5]}")
    return result


def planned(seed: int) -> Tried:
    """Plan a day by the solver, by the search alone, and in every way there is."""
    problem = exhaustive.a_day(seed)
    solution = solver.solve(problem, None, seconds=60, seed=seed, iterations=STEPS)
    search = Search(problem, Plan(), seed=seed)
    for _ in search.run(lambda: search.taken / STEPS, until=1.0, steps=STEPS // 100):
        pass
    searched = judge(problem, search.best)
    assert solution.verdict.is_feasible, seed
    assert searched.is_feasible, seed
    return Tried(
        least_s=exhaustive.least_s(problem),
        ours_s=cost_s(solution.verdict),
        searched_s=cost_s(searched),
        made=len(problem.stops) - len(solution.verdict.unserved),
    )


def cost_s(verdict: Verdict) -> int:
    """Return the cost in seconds of driving without the waiting, which is the judge's alone."""
    paid = {name: units for name, units in verdict.paid.items() if name != "seconds_waited"}
    return sum(units * WEIGHTS[name] for name, units in paid.items()) // Weight.DRIVING
