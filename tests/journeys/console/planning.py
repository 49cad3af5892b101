"""What a worker leaves in a proposal, so that its page can be seen without a search."""

from typing import Any

from sqlalchemy import update

from dispatch import live
from dispatch.models import Proposal
from dispatch.operations.proposals import READY
from dispatch.orders import order_of, totals_of
from dispatch.planner import judge
from dispatch.planner.problem import Plan, Route
from kernel.db import transaction
from tests.house import MONDAY_NINE, tomorrow


def write(number: str, **values: Any) -> None:
    """Write into the proposal what a worker would."""
    with transaction() as db:
        db.execute(update(Proposal).where(Proposal.number == number).values(**values))


def solved(number: str, branch_id: int) -> None:
    """Finish the proposal as a worker does, with everything given to the second technician."""
    live.forget()
    with transaction(reads_only=True) as db:
        day = live.day_plan(db, branch_id=branch_id, day=tomorrow(), now=MONDAY_NINE)
    first, second = (worker.id for worker in day.problem.workers)
    every = sorted(day.plan.served(), key=lambda i: day.problem.stop(i).windows[0].open_s)
    plan = Plan((Route(first, ()), Route(second, tuple(every))))
    before, after = judge.judge(day.problem, day.plan), judge.judge(day.problem, plan)
    assert after.is_feasible
    write(
        number,
        state=READY,
        base_version=day.version,
        route_versions={str(t): v for t, v in day.route_versions.items()},
        before=order_of(day.plan),
        after=order_of(plan),
        totals=totals_of(before, after),
        curve={"elapsed_s": [0.0, 1.5], "cost": [before.cost, after.cost]},
        fingerprint="0123456789ab·24",
    )
