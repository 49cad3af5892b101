"""A deposit that comes when its draft holds, or became, something else: one draft is one booking."""

import pytest
from flask import Flask

from booking import payment_queries
from booking.models import Booking, Draft
from booking.operations import bookings, payments, tryouts
from booking.payment_models import Payment
from booking.policy import HOLD_LIFE
from booking.states import PROMISED, BookingState, PaymentState
from dispatch.planner.problem import Window
from kernel.actor import Actor
from kernel.db import transaction
from kernel.money import Money
from tests.house import MONDAY_NINE, a_draft, tomorrow
from tests.integration.booking.living import AFTERNOON, MINUTE, done, struck, told
from tests.integration.booking.promised import MORNING, a_city, booking_of
from tests.samples import a_sample

DEPOSIT = Money(30_00)


@pytest.fixture
def risky(app: Flask) -> Actor:
    member = a_city()
    struck(member, 100, 60)
    return member


@pytest.fixture
def draft(risky: Actor) -> str:
    with transaction() as db:
        return a_draft(db, by=risky)


def awaiting(draft: str, window: Window, *, by: Actor) -> str:
    """Hold that window and come as far as the deposit."""
    held = done(
        bookings.hold, draft_number=draft, day=tomorrow(), window=window, by=by, now=MONDAY_NINE
    )
    done(bookings.commit, number=held.number, by=by, now=MONDAY_NINE, takes_payments=True)
    return held.number


def paid(number: str) -> Payment:
    with transaction(reads_only=True) as db:
        payment = payment_queries.payments_of(db, booking_of(number).id)[-1]
    at = MONDAY_NINE + MINUTE
    return done(
        payments.settle,
        number=payment.number,
        amount=DEPOSIT,
        transaction_id="4200",
        paid_at=at,
        now=at,
    )


def promised(draft: str) -> list[Booking]:
    with transaction(reads_only=True) as db:
        draft_id = db.query(Draft).filter_by(number=draft).one().id
        rows = db.query(Booking).filter_by(draft_id=draft_id).all()
        return [row for row in rows if row.state in PROMISED]


def test_for_a_window_given_up_takes_its_place_back_from_the_other_hold(
    risky: Actor, draft: str
) -> None:
    first = awaiting(draft, MORNING, by=risky)
    second = awaiting(draft, AFTERNOON, by=risky)
    assert booking_of(first).state is BookingState.EXPIRED

    paid(first)

    assert [booking.number for booking in promised(draft)] == [first]
    assert booking_of(second).state is BookingState.EXPIRED


def test_after_another_window_was_paid_for_goes_back_whole(risky: Actor, draft: str) -> None:
    first = awaiting(draft, MORNING, by=risky)
    second = awaiting(draft, AFTERNOON, by=risky)
    paid(second)

    payment = paid(first)

    assert payment.state is PaymentState.REFUNDING
    assert [booking.number for booking in promised(draft)] == [second]
    assert [fact["number"] for fact in told("RefundOrdered")] == [first]


def test_of_both_windows_makes_one_promise(risky: Actor, draft: str) -> None:
    first = awaiting(draft, MORNING, by=risky)
    second = awaiting(draft, AFTERNOON, by=risky)
    paid(first)

    assert paid(second).state is PaymentState.REFUNDING

    assert [booking.number for booking in promised(draft)] == [first]


def test_for_a_tryout_that_was_given_up_goes_back(app: Flask) -> None:
    member = a_city()
    with transaction() as db:
        sample = a_sample(db, branch_id=1)
    tryout = done(tryouts.ask, sample_number=sample, by=member, now=MONDAY_NINE).number
    struck(member, 100, 60)
    with transaction() as db:
        draft = a_draft(db, by=member, service_code="bring_1")
    number = awaiting(draft, MORNING, by=member)
    done(bookings.release, number=number, by=member, now=MONDAY_NINE)
    done(tryouts.cancel, number=tryout, by=member, now=MONDAY_NINE)

    assert paid(number).state is PaymentState.REFUNDING
    assert promised(draft) == []


def test_a_hold_that_waits_for_its_deposit_outlives_the_ten_minutes(
    risky: Actor, draft: str
) -> None:
    number = awaiting(draft, MORNING, by=risky)

    with pytest.raises(bookings.StillHeld):
        done(bookings.expire_hold, number=number, now=MONDAY_NINE + HOLD_LIFE)

    done(bookings.expire_hold, number=number, now=booking_of(number).held_until)
    assert booking_of(number).state is BookingState.EXPIRED
