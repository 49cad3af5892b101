"""The clock looks at the city's bookings as it does at all others: it asks, and it closes."""

from datetime import datetime, timedelta

from flask import Flask
from sqlalchemy import func, select

import booking.jobs
from booking import policy
from booking.models import Booking
from booking.operations import looking
from booking.states import PROMISED, BookingState
from dispatch.models import Visit
from dispatch.states import VisitState
from kernel.clock import FixedClock
from kernel.db import transaction
from kernel.outbox import OutboxRow
from scripts.demo_city.stage import NOW

SAMPLED = 12
AT_WORK = {VisitState.ARRIVED, VisitState.IN_SERVICE}
# Of the thousand that are booked; what three hours may ask at most.
FLOOD = 200
A_DAY = timedelta(days=1)


def look_until(now: datetime) -> int:
    """Let the clock look at everything that is due then; return at how many bookings it looked."""
    looked = 0
    while step := booking.jobs.look_after_bookings(FixedClock(now)):
        looked += step
    return looked


def told(name: str) -> int:
    with transaction(reads_only=True) as db:
        found = select(func.count()).select_from(OutboxRow).where(OutboxRow.name == name)
        return db.scalar(found) or 0


def test_every_look_is_the_one_that_the_house_would_have_planned(lived_city: Flask) -> None:
    with transaction() as db:
        live = db.scalars(select(Booking).where(Booking.state.in_(PROMISED)).order_by(Booking.id))
        for one in list(live)[::SAMPLED]:
            before = one.look_at
            looking.plan_next(db, one, now=NOW)
            assert one.look_at == before, one.number


def test_no_booking_that_time_can_change_is_overlooked(city: Flask) -> None:
    with transaction(reads_only=True) as db:
        overlooked = (
            select(Visit.state)
            .join(Booking, Booking.visit_id == Visit.id)
            .where(
                Booking.look_at.is_(None), Booking.state.in_([*PROMISED, BookingState.COMPLETED])
            )
        )
        # Who stands at the door or works there is waited for, however long it takes.
        assert set(db.scalars(overlooked)) <= AT_WORK


def test_the_first_turn_asks_nobody_and_closes_what_was_silent_for_a_week(
    lived_city: Flask,
) -> None:
    look_until(NOW)

    with transaction(reads_only=True) as db:
        closed = db.scalars(select(Booking).where(Booking.state == BookingState.CLOSED)).all()
        silent = db.scalars(
            select(Booking).where(
                Booking.state == BookingState.COMPLETED,
                Booking.state_since <= NOW - policy.CLOSE_AFTER,
            )
        ).all()
    assert closed
    assert silent == []
    assert told("ConfirmationAsked") == 0


def test_members_are_asked_before_their_window_and_not_all_at_once(lived_city: Flask) -> None:
    until = NOW + timedelta(hours=3)

    look_until(until)

    with transaction(reads_only=True) as db:
        asked = db.scalars(select(Booking).where(Booking.asks > 0)).all()
        booked = db.scalars(select(Booking).where(Booking.state == BookingState.BOOKED)).all()
    # Whose phone was never reached is asked two days before, and once more.
    due = {
        one.number
        for one in booked
        if any(NOW < one.starts_at - before <= until for before in (A_DAY, 2 * A_DAY))
    }
    assert due
    assert {one.number for one in asked} == due
    assert told("ConfirmationAsked") == len(due) < FLOOD
