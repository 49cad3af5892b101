"""Solves a day within a time budget: a search proposes routes, OR-Tools decides.

Two engines. CHOICE lets the search fill a pool of routes, of which CP-SAT picks one for
each technician. ROUTING hands the whole day to OR-Tools' routing library: the check on
the other, and what remains where the search cannot run. The judge has the last word on
both. For workers only: OR-Tools takes half a second and 100 MiB to import.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from dispatch.planner import districts, exact, master, mending, routing, tying
from dispatch.planner.across import UNTIED, Ties
from dispatch.planner.judge import Verdict, judge
from dispatch.planner.master import Sides
from dispatch.planner.mending import Part
from dispatch.planner.problem import Plan, Problem
from dispatch.planner.search import (
    QUICKLY,
    SEARCHED_SHARE,
    SLOWLY,
    Cooling,
    Search,
    penalties,
    rounds,
)
from dispatch.planner.trial import Progress, Stopper, Trial

# When OR-Tools chooses among what was found so far, as shares of the way: late, as each choice takes
# time from a search that has not cooled yet; and often where the windows hang on what was chosen.
CHOICES = (0.8, SEARCHED_SHARE)
TIED_CHOICES = (0.12, 0.25, 0.4, 0.55, 0.7, 0.82, SEARCHED_SHARE)
# A search that has so much time for each stop, or so many steps, cools slowly, and with so much again
# once more, up to so often: the routes of every round are chosen among together. It then ends as well
# whatever its seed.
ROUND_S, ROUND_STEPS = 0.06, 5_000
ROUNDS_MAX = 5
SHORT_S = 3.0
# A day of so few visits is solved exactly.
SMALL_DAY = 8
# A large day is searched as a whole for so much of the way, then by districts, cut so often.
WHOLE_SHARE = 0.3
TURNS = 24
# How long one neighbourhood may take that is solved exactly, and how many are where no time is given.
POLISH_S = 0.1
PAIRS = 8
CHOICE_SHARE = 0.05
CHOICE_S_MAX = 3.0
SECONDS_MAX = 600.0
STEPS_A_LOOK = 100


class Engine(StrEnum):
    """Who made a plan; START when nothing better was found than what was given."""

    START = "start"
    CHOICE = "choice"
    ROUTING = "routing"


@dataclass(frozen=True, slots=True)
class Solution:
    """A plan, what the judge says of it, who made it, and the cost by elapsed seconds."""

    plan: Plan
    verdict: Verdict
    curve: tuple[tuple[float, int], ...]
    engine: Engine


def solve(
    problem: Problem,
    start: Plan | None,
    *,
    seconds: float,
    seed: int,
    progress: Progress | None = None,
    stop: Stopper | None = None,
    engine: Engine = Engine.CHOICE,
    iterations: int | None = None,
) -> Solution:
    """Find a better plan within `seconds`, on one core.

    The plan returned ranks no worse than `start` before the judge and serves every stop
    that `start` served; when none such was found it is `start` itself. Where `start`
    breaks rules that cannot all be mended, the routes at fault stay as they are.
    `progress` is told elapsed seconds and the cost so far, a few times a second; the
    search ends early once `stop` answers True. With `iterations` the search takes so many
    steps, however long they take, and does the same for the same seed. Raises ValueError for a budget that is not
    above zero or is above SECONDS_MAX.
    """
    if not 0 < seconds <= SECONDS_MAX:
        raise ValueError(f"seconds must be above 0 and at most {SECONDS_MAX}, not {seconds}")
    run = Trial(problem, start or Plan(), seconds, progress, stop)
    for part, share in _parts(run):
        if run.best is run.start and part.problem.stops and part.problem.workers:
            end = run.began + share * seconds
            if engine is Engine.ROUTING:
                routing.improve(run, part, seed=seed, end=end)
            elif len(part.problem.stops) <= SMALL_DAY and _exactly(run, part, seed):
                continue
            elif len(part.problem.stops) > districts.VISITS_MAX and not problem.ties:
                _by_districts(run, part, seed, end, iterations)
            else:
                _choice(run, part, seed, end, iterations)
    run.show(run.best)
    found = engine if run.best is not run.start else Engine.START
    return Solution(run.best, run.verdict, tuple(run.curve), found)


def _parts(run: Trial) -> list[tuple[Part, float]]:
    """Return what to try in turn, each with the share of the time at which it ends.

    A plan that breaks rules is mended first. Should that leave somebody out, all but the
    routes at fault is improved.
    """
    if run.verdict.is_feasible:
        return [(Part(run.problem, run.start), 1.0)]
    whole = mending.mended(run.problem, run.start)
    rest = mending.without_fault(run.problem, run.start, run.verdict.broken)
    return [(whole, 1.0)] if rest is None else [(whole, 0.5), (rest, 1.0)]


def _exactly(run: Trial, part: Part, seed: int) -> bool:
    """Solve a small day to the very best; return whether it could be."""
    plan = exact.best(part.problem, penalties(part.problem, part.start), seed=seed)
    if plan is not None:
        run.offer(part.whole(plan))
    return plan is not None


def _choice(run: Trial, part: Part, seed: int, end: float, iterations: int | None) -> None:
    """Search, let OR-Tools choose among all routes met, search on from there; it ends so, too.

    Ties of time are kept by windows that are drawn anew around every plan chosen.
    """
    ties = part.problem.ties
    begin = time.monotonic()
    cooling, shares = _cooling(part.problem, end - begin, iterations)
    search = _search(part.problem, _begun(run, part), seed, cooling=cooling)
    seconds = None if iterations else min(CHOICE_S_MAX, CHOICE_SHARE * (end - begin))

    def gone() -> float:
        if iterations:
            return search.taken / iterations
        return (time.monotonic() - begin) / (end - begin)

    steps = max(1, iterations // STEPS_A_LOOK) if iterations else None
    for nth, share in enumerate(shares, start=1):
        for _ in search.run(gone, until=share, steps=steps):
            run.show(part.whole(search.best))
            if run.is_over():
                break
        chosen = _chosen(search, ties, seed, seconds)
        if chosen is not None:
            run.offer(part.whole(chosen))
            search = _from(run, part, search, chosen, seed=seed + nth)
        if run.is_over():
            return
    _polish(run, part, chosen, seed, end=None if iterations else end)


def _begun(run: Trial, part: Part) -> Plan:
    """Return the plan to search from; where it keeps what crosses routes, no choice may lose that."""
    start = tying.placed(part.problem, part.start)
    if part.problem.ties:
        run.offer(part.whole(start))
    return start


def _cooling(
    problem: Problem, seconds: float, iterations: int | None
) -> tuple[Cooling, Sequence[float]]:
    """Return how a search cools, and when OR-Tools chooses, as shares of the way."""
    if problem.ties:
        return QUICKLY, TIED_CHOICES
    if not iterations and seconds < SHORT_S:
        return QUICKLY, CHOICES[-1:]
    spent = iterations / ROUND_STEPS if iterations else seconds / ROUND_S
    times = min(ROUNDS_MAX, int(spent / len(problem.stops)))
    if times <= 1:
        return SLOWLY if times else QUICKLY, CHOICES
    return rounds(times), [SEARCHED_SHARE * nth / times for nth in range(1, times + 1)]


def _polish(run: Trial, part: Part, plan: Plan | None, seed: int, *, end: float | None) -> None:
    """Let OR-Tools deal out the last visits of routes that lie together, while there is time.

    Without an end, of a fixed number of pairs. Ties are not known there.
    """
    if plan is None or part.problem.ties:
        return
    pairs = districts.pairs(part.problem, plan)
    if pairs:
        at = seed % len(pairs)
        pairs = (pairs[at:] + pairs[:at])[: None if end else PAIRS]
    for pair in pairs:
        if run.is_over() or (end and time.monotonic() > end - POLISH_S):
            break
        better = exact.tails_improved(part.problem, plan, pair, seed=seed)
        if better is not None:
            plan = better
            run.offer(part.whole(plan))


def _by_districts(run: Trial, part: Part, seed: int, end: float, iterations: int | None) -> None:
    """Search a large day as a whole at first, then in districts that are cut anew at every turn.

    OR-Tools chooses the routes of each district in the last turn, or when it is to end.
    """
    begin = time.monotonic()
    whole = Search(part.problem, part.start, seed=seed)
    budget = _Budget(iterations, end - begin)
    for _ in whole.run(budget.since(whole, 0.0), until=WHOLE_SHARE, steps=budget.steps):
        run.show(part.whole(whole.best))
        if run.is_over():
            break
    plan = whole.best
    for turn in range(TURNS):
        is_last = turn == TURNS - 1 or run.is_over()
        plan = _turned(run, part, plan, seed, budget, turn=turn, is_last=is_last)
        run.show(part.whole(plan))
        if is_last:
            break
    run.offer(part.whole(plan))


def _turned(
    run: Trial, part: Part, plan: Plan, seed: int, budget: "_Budget", *, turn: int, is_last: bool
) -> Plan:
    """Return the plan with each of its districts searched for its share of one turn."""
    way = SEARCHED_SHARE - WHOLE_SHARE
    low, high = (WHOLE_SHARE + way * at / TURNS for at in (turn, turn + 1))
    cuts = districts.cut(part.problem, plan, turn=turn)
    for nth, district in enumerate(cuts, start=turn * len(cuts)):
        inner = district.problem
        share = len(inner.stops) / len(part.problem.stops)
        search = Search(inner, district.start, seed=seed + nth)
        gone = budget.since(search, low, share=share)
        for _ in search.run(gone, until=high, steps=budget.steps):
            if run.is_over():
                break
        seconds = None if budget.iterations else CHOICE_SHARE * budget.seconds * share
        better = search.best
        chosen = _chosen(search, UNTIED, seed, seconds) if is_last else None
        # In too little time it may choose worse than what it was given to begin from.
        if chosen and judge(inner, chosen).rank < judge(inner, better).rank:
            better = chosen
        # A choice names only who drives: whoever is left at home must lose what he had.
        for worker in inner.workers:
            plan = plan.with_route(better.route_of(worker.id))
    return plan


@dataclass(frozen=True, slots=True)
class _Budget:
    """What there is of time or steps in all."""

    iterations: int | None
    seconds: float

    @property
    def steps(self) -> int | None:
        return max(1, self.iterations // STEPS_A_LOOK) if self.iterations else None

    def since(self, search: Search, low: float, *, share: float = 1.0) -> Callable[[], float]:
        """Return what tells how far a search has come from `low` on, with its share of the way."""
        began = time.monotonic()

        def gone() -> float:
            if self.iterations:
                spent = search.taken / self.iterations
            else:
                spent = (time.monotonic() - began) / self.seconds
            return low + spent / share

        return gone


def _from(run: Trial, part: Part, search: Search, chosen: Plan, *, seed: int) -> Search:
    """Return the search that goes on from a choice."""
    ties = part.problem.ties
    if not (ties.groups or ties.tools):
        search.price()
        # Where the search is still hot, a choice no better than its best would only set it back.
        if ties or judge(part.problem, chosen).rank < judge(part.problem, search.best).rank:
            search.adopt(chosen)
        return search
    plan = tying.placed(part.problem, chosen)
    run.offer(part.whole(plan))
    return _search(part.problem, plan, seed, taken=search.taken)


def _search(
    problem: Problem, plan: Plan, seed: int, *, cooling: Cooling = QUICKLY, taken: int = 0
) -> Search:
    """Return a search from a plan, which has made so many steps before."""
    if problem.ties.groups or problem.ties.tools:
        problem = tying.loosened(problem, plan)
    return Search(problem, plan, seed=seed, cooling=cooling, taken=taken)


def _chosen(search: Search, ties: Ties, seed: int, seconds: float | None) -> Plan | None:
    """Return the cheapest choice of one route each that OR-Tools finds; None if none in time."""
    columns = search.pooled()
    chosen = master.choose(
        columns,
        technicians=np.bincount(search.hunt.kind),
        penalty_s=search.hunt.penalty,
        held=int((search.kept.length > 0).sum()),
        seconds=seconds,
        seed=seed,
        sides=_sides(search, ties),
    )
    return None if chosen is None else search.plan_of(columns, chosen)


def _sides(search: Search, ties: Ties) -> Sides:
    """Put what crosses routes into the words of the choice."""
    if not (ties.quotas or ties.tools or ties.is_fair):
        return master.FREE
    kind, problem = search.hunt.kind, search.problem
    by_kind = [problem.workers[n] for n in np.unique(kind, return_index=True)[1]]
    stops = {stop.id: nth for nth, stop in enumerate(problem.stops)}
    return Sides(
        quotas=[
            (
                frozenset(n for n, worker in enumerate(by_kind) if worker.id in quota.worker_ids),
                quota.visits_max,
            )
            for quota in ties.quotas
        ],
        tools=[
            (frozenset(stops[i] for i in tool.stop_ids if i in stops), tool.count)
            for tool in ties.tools
        ],
        worked_s=np.array([w.worked_s for w in by_kind], np.int64) if ties.is_fair else None,
    )
