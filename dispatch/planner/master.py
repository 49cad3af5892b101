"""Chooses one route for each technician out of those the search met: OR-Tools has the last word.

The linear relaxation (GLOP) prices the visits, column by column as they are asked for; what its
prices show cannot be part of a better plan is left out, and CP-SAT decides over the rest.
"""

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray
from ortools.linear_solver import pywraplp
from ortools.sat.python import cp_model

from dispatch.planner import constraints
from dispatch.planner.arrays import Ints
from dispatch.planner.problem import DAY_S
from dispatch.planner.search import Columns

# Columns that enter the relaxation at a time, and at most so many are left to CP-SAT.
PRICED_MAX = 1_000
CHOSEN_FROM_MAX = 4_000
# And so many where time did not suffice to price them all.
UNPRICED_MAX = 300
ROUNDS_MAX = 30
EFFORT_MAX = 1.0  # CP-SAT's own deterministic seconds
# How much of the time the relaxation may take.
PRICING_SHARE = 0.4

Floats = NDArray[np.float64]
# Costs come in seconds of driving; fairness weighs a part of one.
PARTS = constraints.Weight.DRIVING // constraints.Weight.FAIRNESS


@dataclass(frozen=True, slots=True, eq=False)
class Sides:
    """The rules that cross routes: at most so many visits for those kinds of technicians, at most
    so many routes with one of those stops; and by kind the seconds worked before this day, which
    are to be evened out.
    """

    quotas: Sequence[tuple[frozenset[int], int]] = ()
    tools: Sequence[tuple[frozenset[int], int]] = ()
    worked_s: Ints | None = None


FREE = Sides()


def choose(
    columns: Columns,
    *,
    technicians: Ints,
    penalty_s: Ints,
    held: int,
    seconds: float | None,
    seed: int,
    sides: Sides = FREE,
) -> list[int] | None:
    """Return the cheapest choice found in `seconds`, as columns; None when there is none in time.

    Without `seconds` it works for a fixed effort, so that the same is found at every run.

    `technicians` counts those of each kind, `penalty_s` is what leaving a stop out costs, and the
    first `held` columns are a choice to begin from, which need not keep what crosses the routes.
    """
    began = time.monotonic()
    until = began + (math.inf if seconds is None else PRICING_SHARE * seconds)
    reduced_s, bound_s = _priced(columns, technicians, penalty_s, held, until=until)
    left_out = np.ones(len(penalty_s), np.bool_)
    left_out[columns.visits[: columns.begin[held]]] = False
    held_s = int(columns.cost[:held].sum() + penalty_s[left_out].sum())
    if sides is not FREE:
        # What the sides cost is not in the prices: any column may be needed to keep them.
        kept = reduced_s.argsort(kind="stable")[:CHOSEN_FROM_MAX]
    elif bound_s > -math.inf:
        kept = np.flatnonzero(reduced_s <= held_s - bound_s + 1e-6)
        kept = kept[reduced_s[kept].argsort(kind="stable")[:CHOSEN_FROM_MAX]]
    else:
        kept = reduced_s.argsort(kind="stable")[:UNPRICED_MAX]
    remaining = seconds and max(0.01, seconds - (time.monotonic() - began))
    chosen_from = [*range(held), *(int(nth) for nth in kept if nth >= held)]
    model_of = partial(
        _Model, columns, technicians=technicians, penalty_s=penalty_s, held=held, sides=sides
    )
    chosen = model_of(chosen_from).solved(remaining, seed)
    if chosen is None:
        # Too little time to choose: at least what is held is to be confirmed.
        chosen = model_of(list(range(held))).solved(None, seed)
    return chosen


def _priced(
    columns: Columns, technicians: Ints, penalty_s: Ints, held: int, *, until: float
) -> tuple[Floats, float]:
    """Return every column's reduced cost and a lower bound of what any choice costs.

    The bound is -inf when time did not suffice to price all columns.
    """
    solver = pywraplp.Solver.CreateSolver("GLOP")
    assert solver is not None
    objective = solver.Objective()
    rows = [solver.Constraint(1, 1) for _ in penalty_s]
    limits = [solver.Constraint(0, int(count)) for count in technicians]
    for row, penalty in zip(rows, penalty_s, strict=True):
        leave = solver.NumVar(0, solver.infinity(), "")
        row.SetCoefficient(leave, 1)
        objective.SetCoefficient(leave, float(penalty))
    is_in = np.zeros(len(columns), np.bool_)
    entering = np.arange(held)
    reduced_s = columns.cost.astype(np.float64)
    for _ in range(ROUNDS_MAX):
        for nth in entering:
            take = solver.NumVar(0, solver.infinity(), "")
            objective.SetCoefficient(take, float(columns.cost[nth]))
            limits[columns.kind[nth]].SetCoefficient(take, 1)
            for visit in columns.visits_of(int(nth)):
                rows[visit].SetCoefficient(take, 1)
        is_in[entering] = True
        if solver.Solve() != pywraplp.Solver.OPTIMAL:
            break
        prices = np.array([row.dual_value() for row in rows])
        rents = np.array([limit.dual_value() for limit in limits])
        earned = np.concatenate([[0.0], prices[columns.visits].cumsum()])
        worth = earned[columns.begin[1:]] - earned[columns.begin[:-1]]
        reduced_s = columns.cost - worth - rents[columns.kind]
        better = np.flatnonzero((reduced_s < -1e-6) & ~is_in)
        if not len(better):
            return reduced_s, float(prices.sum() + (rents * technicians).sum())
        if time.monotonic() >= until:
            break
        entering = better[reduced_s[better].argsort(kind="stable")[:PRICED_MAX]]
    return reduced_s, -math.inf


class _Model:
    """The choice as CP-SAT sees it: every stop on one column or left out, no more than there are."""

    def __init__(
        self,
        columns: Columns,
        chosen_from: list[int],
        *,
        technicians: Ints,
        penalty_s: Ints,
        held: int,
        sides: Sides,
    ) -> None:
        self.columns = columns
        self.model = cp_model.CpModel()
        self.takes = {nth: self.model.new_bool_var("") for nth in chosen_from}
        leaves = [self.model.new_bool_var("") for _ in penalty_s]
        by_kind: list[list[cp_model.IntVar]] = [[] for _ in technicians]
        by_stop: list[list[cp_model.IntVar]] = [[leave] for leave in leaves]
        for nth, take in self.takes.items():
            by_kind[columns.kind[nth]].append(take)
            for visit in columns.visits_of(nth):
                by_stop[visit].append(take)
            self.model.add_hint(take, nth < held)
        for some, count in zip(by_kind, technicians, strict=True):
            self.model.add(cp_model.LinearExpr.sum(some) <= int(count))
        for some in by_stop:
            self.model.add_exactly_one(some)
        for kinds, visits_max in sides.quotas:
            self._within_quota(kinds, visits_max)
        for stops, count in sides.tools:
            self._within_tool(stops, count)
        costs = cp_model.LinearExpr.weighted_sum(
            list(self.takes.values()), columns.cost[chosen_from].tolist()
        ) + cp_model.LinearExpr.weighted_sum(leaves, penalty_s.tolist())
        if sides.worked_s is None:
            self.model.minimize(costs)
        else:
            self.model.minimize(PARTS * costs + self._apart_s(sides.worked_s, technicians))

    def _within_quota(self, kinds: frozenset[int], visits_max: int) -> None:
        taken = {nth: take for nth, take in self.takes.items() if self.columns.kind[nth] in kinds}
        sizes = [len(self.columns.visits_of(nth)) for nth in taken]
        given = cp_model.LinearExpr.weighted_sum(list(taken.values()), sizes)
        self.model.add(given <= visits_max)

    def _within_tool(self, stops: frozenset[int], count: int) -> None:
        users = [
            take
            for nth, take in self.takes.items()
            if not stops.isdisjoint(self.columns.visits_of(nth).tolist())
        ]
        self.model.add(cp_model.LinearExpr.sum(users) <= count)

    def _apart_s(self, worked_s: Ints, technicians: Ints) -> cp_model.IntVar:
        """Return the seconds between the most and the least worked."""
        far_s = int(worked_s.max()) + 2 * DAY_S
        most_s, least_s = (self.model.new_int_var(0, far_s, "") for _ in range(2))
        by_kind: list[list[cp_model.IntVar]] = [[] for _ in technicians]
        for nth, take in self.takes.items():
            kind = self.columns.kind[nth]
            by_kind[kind].append(take)
            total_s = int(worked_s[kind] + self.columns.busy[nth])
            self.model.add(most_s >= total_s).only_enforce_if(take)
            self.model.add(least_s <= total_s).only_enforce_if(take)
        for kind, some in enumerate(by_kind):
            stays = self.model.new_bool_var("")
            self.model.add(cp_model.LinearExpr.sum(some) + stays >= int(technicians[kind]))
            self.model.add(most_s >= int(worked_s[kind])).only_enforce_if(stays)
            self.model.add(least_s <= int(worked_s[kind])).only_enforce_if(stays)
        apart_s = self.model.new_int_var(0, far_s, "")
        self.model.add(apart_s >= most_s - least_s)
        return apart_s

    def solved(self, seconds: float | None, seed: int) -> list[int] | None:
        solver = cp_model.CpSolver()
        solver.parameters.num_workers = 1
        solver.parameters.random_seed = seed % (1 << 31)
        if seconds is None:
            solver.parameters.max_deterministic_time = EFFORT_MAX
        else:
            solver.parameters.max_time_in_seconds = seconds
        if solver.solve(self.model) not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
            return None
        return [nth for nth, take in self.takes.items() if solver.boolean_value(take)]
