"""Work of dispatch that runs by itself. Imports the solver: for workers only."""

import logging
import time
from datetime import timedelta

from sqlalchemy import select, update

from dispatch import live, repairs, ties
from dispatch.daybook import DayPlan
from dispatch.models import Proposal
from dispatch.orders import order_of, totals_of
from dispatch.planner import judge, solver
from dispatch.planner.judge import Verdict
from dispatch.planner.solver import Engine, Solution
from dispatch.states import PROPOSAL_MACHINE, ProposalAction, ProposalState
from kernel import leases
from kernel.clock import Clock, wall_s
from kernel.db import transaction

log = logging.getLogger(__name__)

PROGRESS_EVERY_S = 0.5
# Renewed with every look at the stop button, so that a dead solver's work is soon taken over.
LEASE_S = 30.0
ATTEMPTS_MAX = 3
SEARCH_MAX_S = 60
# What solving and deciding take together; a plan to be followed from this moment would be late.
DECIDE_S = 300


def solve_proposals(clock: Clock) -> int:
    """Solve the oldest proposal that waits; return how many were solved (0 or 1).

    Solving runs outside any transaction. A solver that dies leaves its proposal to the next hand
    once the lease ends, ATTEMPTS_MAX times; the live plan is untouched until somebody accepts.
    """
    with transaction() as db:
        rows = leases.claim(db, Proposal, lease_s=LEASE_S, limit=1)
    for row in rows:
        if row.attempts > ATTEMPTS_MAX:
            with transaction() as db:
                leases.finish(
                    db,
                    row,
                    state=_after(row, ProposalAction.FAIL),
                    note="the solver died three times",
                )
            continue
        _solve(row, clock)
    return len(rows)


def _solve(row: Proposal, clock: Clock) -> None:
    with transaction(reads_only=True) as db:
        # As if nobody left before it could be looked at, decided and told.
        decided_at = clock.now() + timedelta(seconds=DECIDE_S)
        plan = live.day_plan(db, branch_id=row.branch_id, day=row.day, now=decided_at)
        # What has no route is tried for, too.
        plan = repairs.with_homeless(db, plan, repairs.homeless(db, plan))
        plan = ties.for_solving(db, plan)
    before, solution, watch = _solved(row, plan)
    if before.broken and solution.engine is Engine.START:
        # What cannot all be kept must not keep the rest of the day as it is.
        plan = ties.eased(plan)
        before, solution, watch = _solved(row, plan)
    with transaction() as db:
        leases.finish(
            db,
            row,
            state=_after(row, ProposalAction.SOLVE),
            base_version=plan.version,
            route_versions={str(t): v for t, v in plan.route_versions.items()},
            before=order_of(plan.plan),
            after=order_of(solution.plan),
            totals=totals_of(before, solution.verdict),
            curve=watch.curve,
            fingerprint=_fingerprint(plan, row.seed),
            note=solution.engine,
        )


def _solved(row: Proposal, plan: DayPlan) -> tuple[Verdict, Solution, "_Watch"]:
    before = judge.judge(plan.problem, plan.plan)
    watch = _Watch(row, before)
    solution = solver.solve(
        plan.problem,
        plan.plan,
        seconds=min(row.seconds, SEARCH_MAX_S),
        seed=row.seed,
        progress=watch.progress,
        stop=watch.asked_to_stop,
    )
    return before, solution, watch


class _Watch:
    """Writes the cost curve into the proposal's row as the solver goes, and hears the stop button."""

    def __init__(self, row: Proposal, before: Verdict) -> None:
        self._row = row
        self._wrote_s = time.monotonic()
        self._stop = False
        self.curve: dict[str, list[float]] = {
            "elapsed_s": [0.0],
            "cost": [before.cost],
            "unserved": [len(before.unserved)],
        }

    def progress(self, elapsed_s: float, cost: int, unserved: int) -> None:
        self.curve["elapsed_s"].append(round(elapsed_s, 2))
        self.curve["cost"].append(cost)
        self.curve["unserved"].append(unserved)

    def asked_to_stop(self) -> bool:
        """Called often by the solver; looks into the database every PROGRESS_EVERY_S."""
        if time.monotonic() - self._wrote_s >= PROGRESS_EVERY_S:
            self._wrote_s = time.monotonic()
            self._write()
        return self._stop

    def _write(self) -> None:
        with transaction() as db:
            db.execute(
                update(Proposal)
                .where(Proposal.id == self._row.id, Proposal.fence == self._row.fence)
                .values(curve=dict(self.curve), lease_until_s=wall_s() + LEASE_S)
            )
            self._stop = bool(
                db.scalar(select(Proposal.stop_asked).where(Proposal.id == self._row.id))
            )


def _after(row: Proposal, action: ProposalAction) -> str:
    """Return the state in which the lease leaves the proposal."""
    return PROPOSAL_MACHINE.after(ProposalState(row.state), action).value


def _fingerprint(plan: DayPlan, seed: int) -> str:
    return f"{plan.problem.fingerprint()[:12]}·{seed}"
