"""What yesterday's visits say of tomorrow's, and that promises keep the length they were made with."""

from datetime import datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import update

from booking.operations import bookings
from dispatch import board, learning
from dispatch.models import Visit
from dispatch.service_times import Done, ServiceTimes
from kernel.actor import Actor
from kernel.db import transaction
from tests.house import HOUR_S, MONDAY_NINE, a_draft, tomorrow
from tests.integration.booking.living import AFTERNOON, LATE_AFTERNOON
from tests.integration.booking.promised import (
    TUESDAY_TEN,
    a_city,
    a_promise,
    assigned,
    at_work,
    finished,
    visit_of,
)

WEDNESDAY = MONDAY_NINE + timedelta(days=2)
DAY = timedelta(days=1)


@pytest.fixture
def member(app: Flask) -> Actor:
    return a_city()


def over(by: Actor) -> str:
    """Let one visit of an hour by the price card take an hour and a half, on Tuesday."""
    number = a_promise(by)
    technician = assigned(number)
    at_work(number, technician)
    finished(number, technician)
    with transaction() as db:
        longer = TUESDAY_TEN + timedelta(minutes=90)
        of_it = Visit.id == visit_of(number).id
        db.execute(update(Visit).where(of_it).values(finished_at=longer))
    return number


def held(by: Actor, now: datetime) -> Visit:
    with transaction() as db:
        draft = a_draft(db, by=by, now=now)
    with transaction() as db:
        number = bookings.hold(
            db,
            draft_number=draft,
            day=tomorrow() + 2 * DAY,
            window=AFTERNOON,
            by=by,
            now=now,
        ).number
    return visit_of(number)


def test_the_next_visit_is_planned_by_what_was_seen_and_says_so(member: Actor) -> None:
    over(member)

    visit = held(member, WEDNESDAY)

    assert (visit.card_s, visit.learned_from) == (HOUR_S, 1)
    assert visit.work_s > HOUR_S
    assert (visit.service, visit.estate) == ("air_install", "浮山后三小区")


def test_nothing_is_learned_before_the_day_is_over(member: Actor) -> None:
    over(member)

    visit = held(member, TUESDAY_TEN + timedelta(hours=2))

    assert (visit.work_s, visit.learned_from) == (HOUR_S, 0)


def test_what_was_promised_keeps_its_length(member: Actor) -> None:
    promised = a_promise(member, day=tomorrow() + 2 * DAY, window=LATE_AFTERNOON)
    over(member)

    held(member, WEDNESDAY)

    assert visit_of(promised).work_s == HOUR_S


def test_the_spread_of_a_visit_is_in_shares_of_its_planned_length(member: Actor) -> None:
    over(member)
    visit = held(member, WEDNESDAY)

    with transaction(reads_only=True) as db:
        times = learning.service_times(db, branch_id=1, now=WEDNESDAY)
    spread = learning.spread_of(visit, times, technician_id=None)

    assert spread.median < 1
    assert spread.sigma > 0


def test_the_chance_on_the_board_is_drawn_by_what_that_technicians_visits_took(
    member: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(2):
        a_promise(member, day=tomorrow(), window=AFTERNOON)

    def chance(slow: int) -> int:
        """Return the greatest when that technician takes two hours and a half for every hour."""
        done = [
            Done(
                service="air_install",
                estate="",
                technician_id=technician_id,
                card_s=HOUR_S,
                actual_s=HOUR_S * 5 // 2 if technician_id == slow else HOUR_S // 2,
            )
            for technician_id in (1, 2)
            for _ in range(200)
        ]
        monkeypatch.setattr(learning, "service_times", lambda *_, **__: ServiceTimes(done))
        with transaction(reads_only=True) as db:
            day = board.day_board(db, branch_id=1, day=tomorrow(), now=MONDAY_NINE + DAY)
        return max(bar.chance.percent for bar in day.bars if bar.chance)

    assert chance(slow=1) > 50
    assert chance(slow=2) == 0
