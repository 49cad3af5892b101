"""The morning that goes wrong: what a dispatcher finds when he opens the demo."""

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from booking import queries as bookings
from booking.models import Booking
from booking.states import BookingState
from booking.waiting_models import Waiting
from dispatch import live, queries
from dispatch.models import BarredPair, Visit
from dispatch.planner import judge
from dispatch.states import VisitState
from kernel.actor import Actor, Role
from kernel.db import Session, transaction
from members import queries as members
from members.models import Member
from members.strike_models import Appeal, Strike
from scripts.demo_city import lively
from scripts.demo_city.stage import NOW, TODAY
from tests.integration.demo_city.conftest import Seeded, a_copy

BRANCHES = (1, 2, 3)
ADMINISTRATOR = Actor(4, Role.ADMINISTRATOR)


@pytest.fixture(scope="module")
def morning(sqlite_city: Seeded, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    """The city once it has gone wrong, for reading only."""
    with a_copy(sqlite_city, tmp_path_factory.mktemp("morning")):
        lively.enliven(ADMINISTRATOR)
        with transaction(reads_only=True) as db:
            yield db


def test_every_strike_leads_to_the_booking_that_brought_it(morning: Session) -> None:
    found = morning.scalars(select(Strike).order_by(Strike.id)).all()
    older = [strike for strike in found if strike.happened_at < NOW - timedelta(days=1)]

    assert len(older) == 8
    for strike in older:
        by = Actor(strike.member_id or 0, Role.MEMBER)
        booking = bookings.booking(morning, number=strike.booking_number, by=by)
        assert booking.state is BookingState.CANCELLED
        visit = queries.visit(morning, booking.visit_id)
        assert visit.state in {VisitState.NO_SHOW, VisitState.REFUSED, VisitState.CANCELLED}
        steps = bookings.steps(morning, booking.id)
        assert [step.seq for step in steps] == [1, 2, 3]
        assert (steps[-1].at, steps[-1].state) == (strike.happened_at, booking.state)


def test_goes_wrong_in_every_way_and_the_judge_still_keeps_the_rest(morning: Session) -> None:
    db = morning
    states = Counter(db.scalars(select(Visit.state).where(Visit.day == TODAY)))
    unserved = [v for b in BRANCHES for v in queries.unserved(db, branch_id=b, day=TODAY)]
    late = db.scalar(select(func.count()).where(Visit.late_since.is_not(None)))
    struck = [i for i in db.scalars(select(Strike.member_id).distinct()) if i is not None]
    # Of the many against whom nothing was ever recorded, a few stand for all.
    clean = db.scalars(select(Member.id).where(Member.id.not_in(struck)).order_by(Member.id)).all()
    standings = [members.standing_of(db, i, now=NOW) for i in [*struck, *clean[:40]]]

    assert {
        VisitState.REFUSED,
        VisitState.ACCESS_FAILED,
        VisitState.INCOMPLETE,
        VisitState.PAUSED,
        VisitState.WORK_DONE,
        VisitState.PROVIDER_NO_SHOW,
    } <= set(states)
    assert unserved
    assert late
    assert db.scalar(select(func.count(Appeal.id))) == 3
    assert db.scalar(select(func.count(Waiting.id))) == 4
    assert db.scalar(select(func.count(BarredPair.id)))
    assert {standing.tier for standing in standings} == {0, 1, 2, 3}
    assert sum(standing.blacklisted_until is not None for standing in standings) == 1
    assert db.scalar(select(func.count()).where(Booking.needs_window))
    for branch_id in BRANCHES:
        plan = live.day_plan(db, branch_id=branch_id, day=TODAY, now=NOW)
        assert not judge.judge(plan.problem, plan.plan).broken
