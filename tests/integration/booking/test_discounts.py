"""What pays for a booking pays again when its promise stands again after all."""

import pytest
from flask import Flask

import app as joinery
from booking import payment_queries
from booking.operations import bookings, discounts, payments, visits
from booking.states import BookingState
from kernel import delivery
from kernel.actor import Actor
from kernel.clock import FixedClock
from kernel.db import transaction
from kernel.money import Money
from members import ledger_queries
from members.ledger import COMPLETION, HOUSE_POINTS, POINTS, Draft, member_owner
from members.operations import postings
from members.operations.redemptions import offer
from members.rule_text import RULES
from tests.house import MONDAY_NINE, a_draft, tomorrow
from tests.integration.booking.living import (
    HOUR,
    MINUTE,
    OPENS,
    at_the_door,
    called_in_vain,
    done,
    struck,
)
from tests.integration.booking.promised import (
    DISPATCHER_OF_ALL,
    MORNING,
    a_city,
    assigned,
    booking_of,
)


@pytest.fixture
def member(app: Flask) -> Actor:
    member = a_city()
    legs = {HOUSE_POINTS: -2000, member_owner(member.id): 2000}
    earned = Draft(key="earn:a", kind=COMPLETION, unit=POINTS, legs=legs, evidence="booking:B1")
    done(postings.post, draft=earned, now=MONDAY_NINE)
    return member


def reacted(hours: float) -> None:
    clock = FixedClock(MONDAY_NINE + hours * HOUR)
    while delivery.deliver_events(joinery.REACTIONS, clock):
        pass


def held(by: Actor) -> str:
    """Hold a window that points are to pay for, ¥80 of its ¥180 or more."""
    draft = done(a_draft, by=by)
    number = done(
        bookings.hold, draft_number=draft, day=tomorrow(), window=MORNING, by=by, now=MONDAY_NINE
    ).number
    chosen = {"points": True, "vouchers": False, "by": by, "now": MONDAY_NINE}
    done(discounts.choose, number=number, **chosen)
    return number


def points_free(by: Actor) -> int:
    with transaction(reads_only=True) as db:
        return ledger_queries.points_free(db, by.id, now=MONDAY_NINE)


def in_vain(number: str, by: Actor) -> str:
    """Let the booking end at a door that nobody opened, and be let go; return its visit."""
    done(bookings.commit, number=number, by=by, now=MONDAY_NINE)
    technician = assigned(number)
    visit = at_the_door(number, technician)
    called_in_vain(visit, technician, now=OPENS)
    done(visits.nobody_home, number=visit.number, by=technician, now=OPENS + HOUR)
    reacted(26)
    return visit.number


@pytest.mark.parametrize("spends", [False, True])
def test_after_a_veto_as_far_as_it_is_still_there(member: Actor, spends: bool) -> None:
    number = held(member)
    kept = booking_of(number).discount
    visit = in_vain(number, member)
    assert (booking_of(number).discount, points_free(member)) == (Money(0), 2000)
    if spends:
        done(offer, points=1000, rules=RULES, by=member, now=OPENS + 2 * HOUR)

    vetoed = {"reason": "门牌拍错了", "by": DISPATCHER_OF_ALL, "now": OPENS + 2 * HOUR}
    done(visits.veto, number=visit, **vetoed)
    reacted(27)
    reacted(27)

    assert booking_of(number).discount == (Money(0) if spends else kept)
    assert points_free(member) == (1000 if spends else 2000 - kept.fen // 5)


def test_when_the_deposit_comes_after_the_hold(member: Actor) -> None:
    struck(member, 100, 60)
    number = held(member)
    kept = booking_of(number).discount
    done(bookings.commit, number=number, by=member, now=MONDAY_NINE, takes_payments=True)
    at = MONDAY_NINE + 16 * MINUTE
    done(bookings.expire_hold, number=number, now=at)
    reacted(0.5)
    assert booking_of(number).discount == Money(0)

    with transaction(reads_only=True) as db:
        [payment] = payment_queries.payments_of(db, booking_of(number).id)
    paid = {"amount": payment.amount, "transaction_id": "4200", "paid_at": at, "now": at}
    done(payments.settle, number=payment.number, **paid)
    reacted(0.5)

    assert booking_of(number).state is BookingState.BOOKED
    assert booking_of(number).discount == kept > Money(0)
