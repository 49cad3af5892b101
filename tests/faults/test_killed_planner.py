"""Row "kill -9, planner mid-solve, mid-publish": the plan of before stands, and the work is done again."""

import functools
import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import event, select

from dispatch import jobs, queries
from dispatch.models import BranchDay, Proposal, RouteRow
from dispatch.operations import plan as plans
from dispatch.operations import proposals, publishing
from dispatch.planner import solver
from kernel.clock import FixedClock
from kernel.db import Session, transaction
from tests.faults.lives import Fork
from tests.house import (
    DISPATCHER,
    MONDAY_NINE,
    a_branch,
    a_member,
    a_service,
    a_technician,
    an_app,
    close_connections,
    tomorrow,
)
from tests.integration.booking.promised import a_promise
from tests.patience import wait_until

CLOCK = FixedClock(MONDAY_NINE)


def die(*_: object, **__: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def die_with_the_answer() -> None:
    """The power fails when the solved plan is written and not committed yet."""
    real = jobs.leases.finish  # type: ignore[attr-defined]  # as the job sees it

    def finish(*arguments: object, **values: object) -> None:
        real(*arguments, **values)
        die()

    jobs.leases.finish = finish  # type: ignore[attr-defined]


# When the power fails: what the child replaces before it begins.
MID_SOLVE: dict[str, Callable[[], None]] = {
    "solving": lambda: setattr(solver, "solve", die),
    "writing_the_answer": die_with_the_answer,
}
MID_PUBLISH: dict[str, Callable[[], None]] = {
    "between_the_routes": lambda: setattr(plans, "changed", die),
    "before_the_assignments": lambda: setattr(publishing, "publish", die),
    "before_the_commit": lambda: event.listen(Session, "before_commit", die),
}


@pytest.fixture
def make_app(app: Flask, database_url: str, tmp_path: Path) -> Callable[[], Flask]:
    with transaction() as db:
        branch_id = a_branch(db)
        for _ in range(2):
            a_technician(db, branch_id=branch_id)
        a_service(db)
        member = a_member(db)
    a_promise(member)
    return functools.partial(an_app, database_url, data_dir=tmp_path)


def asked() -> str:
    with transaction() as db:
        facts = {"branch_id": 1, "day": tomorrow(), "by": DISPATCHER, "now": MONDAY_NINE}
        return proposals.ask(db, seconds=1, **facts).number  # type: ignore[arg-type]


def the_plan() -> tuple[object, ...]:
    """Return all that a plan is: versions, routes, who was told."""
    with transaction(reads_only=True) as db:
        days = [(row.version, row.published_at) for row in db.scalars(select(BranchDay))]
        routes = [
            (row.technician_id, row.version, row.stops) for row in db.scalars(select(RouteRow))
        ]
        visits = queries.visits_in_routes(db, branch_id=1, day=tomorrow()).values()
        return days, routes, [(visit.state, visit.technician_id) for visit in visits]


def state_of(number: str) -> str:
    with transaction(reads_only=True) as db:
        return db.scalars(select(Proposal.state).where(Proposal.number == number)).one()


def solved(number: str) -> str:
    wait_until(
        lambda: bool(jobs.solve_proposals(CLOCK)) or state_of(number) != "pending",
        within_s=60,
        what="the dead hand's lease has ended",
    )
    return state_of(number)


@pytest.mark.parametrize("moment", MID_SOLVE)
def test_a_solver_that_dies_leaves_the_plan_and_its_work(
    make_app: Callable[[], Flask], moment: str
) -> None:
    number, before = asked(), the_plan()

    def act() -> None:
        jobs.LEASE_S = 0.2
        MID_SOLVE[moment]()
        jobs.solve_proposals(CLOCK)

    close_connections()
    assert Fork(make_app, act).ended() == -signal.SIGKILL

    assert (the_plan(), state_of(number)) == (before, "pending")
    assert solved(number) == "ready"
    assert the_plan() == before


@pytest.mark.parametrize("moment", MID_PUBLISH)
def test_a_publisher_that_dies_leaves_the_plan_of_before(
    make_app: Callable[[], Flask], moment: str
) -> None:
    number = asked()
    assert solved(number) == "ready"
    before = the_plan()

    def accept() -> None:
        with transaction() as db:
            proposals.accept(db, number=number, by=DISPATCHER, now=MONDAY_NINE)

    def act() -> None:
        MID_PUBLISH[moment]()
        accept()

    close_connections()
    assert Fork(make_app, act).ended() == -signal.SIGKILL

    assert (the_plan(), state_of(number)) == (before, "ready")
    accept()
    assert state_of(number) == "accepted"
    assert the_plan() != before
