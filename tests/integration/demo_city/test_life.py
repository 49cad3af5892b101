"""The demo city as its clock goes: its technicians do their visits, those of the phones wait."""

from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from booking.models import Booking
from booking.states import BookingState
from dispatch import live
from dispatch.models import Visit
from dispatch.planner import judge
from dispatch.states import MOVABLE, VisitState
from kernel.clock import FixedClock, instant_at
from kernel.db import transaction
from members.models import Member
from scripts.demo_city import life
from scripts.demo_city.stage import NOW, NOW_S, TODAY

TURNS_MAX = 20
HOUR_LATER = NOW + timedelta(hours=1)


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    return tmp_path


def live_on(photos: Path, clock: FixedClock) -> int:
    """Take turns until nothing is due any more; return how many acts were done."""
    acts = 0
    for _ in range(TURNS_MAX):
        done = life.go_on(photos, clock)
        acts += done
        if not done:
            return acts
    raise AssertionError("the city finds no end")


def test_an_hour_on_everybody_has_gone_on_in_time(lived_city: Flask, photos: Path) -> None:
    with transaction(reads_only=True) as db:
        before = Counter(db.scalars(select(Visit.state).where(Visit.day == TODAY)))

    acts = live_on(photos, FixedClock(HOUR_LATER))

    with transaction(reads_only=True) as db:
        visits = db.scalars(select(Visit).where(Visit.day == TODAY)).all()
        plans = [live.day_plan(db, branch_id=b, day=TODAY, now=HOUR_LATER) for b in (1, 2, 3)]
    after = Counter(visit.state for visit in visits)
    assert acts > 50
    assert after[VisitState.DONE] > before[VisitState.DONE] + 10
    for visit in visits:
        if visit.arrived_at is not None:
            assert visit.arrived_at <= instant_at(visit.day, visit.shuts_s)
        assert visit.state_since <= HOUR_LATER
    for plan in plans:
        assert not plan.late
        assert judge.judge(plan.problem, plan.plan).is_feasible


def test_a_turn_with_nothing_due_does_nothing(lived_city: Flask, photos: Path) -> None:
    clock = FixedClock(NOW)
    live_on(photos, clock)

    assert life.go_on(photos, clock) == 0


def test_finished_visits_end_their_bookings(lived_city: Flask, photos: Path) -> None:
    live_on(photos, FixedClock(NOW + timedelta(minutes=20)))

    with transaction(reads_only=True) as db:
        states = set(
            db.scalars(
                select(Booking.state)
                .join(Visit, Visit.id == Booking.visit_id)
                .where(Visit.state == VisitState.DONE)
            )
        )
    assert states == {BookingState.COMPLETED}


def test_visits_of_a_played_member_wait_for_who_plays_them(lived_city: Flask, photos: Path) -> None:
    with transaction() as db:
        played = db.scalars(
            select(Visit)
            .where(
                Visit.day == TODAY,
                Visit.state == VisitState.ACCEPTED,
                Visit.opens_s < NOW_S + 3600,
                Visit.branch_id == 1,
            )
            .order_by(Visit.opens_s, Visit.id)
        ).first()
        assert played is not None
        booking = db.scalars(select(Booking).where(Booking.visit_id == played.id)).one()
        db.get_one(Member, booking.member_id).openid = "oPhone1"

    live_on(photos, FixedClock(HOUR_LATER))

    with transaction(reads_only=True) as db:
        assert db.get_one(Visit, played.id).state in MOVABLE
