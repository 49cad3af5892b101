"""Sums of which no notice came are asked after, however many others are open."""

from datetime import timedelta

from flask import Flask

from booking import payment_queries
from booking.payment_models import Payment
from kernel.db import transaction
from kernel.money import Money
from tests.house import MONDAY_NINE
from tests.integration.booking.promised import a_city, a_promise, booking_of


def test_the_oldest_is_not_passed_over_for_newer_ones(app: Flask) -> None:
    booking_id = booking_of(a_promise(a_city())).id
    asked = {"purpose": "door", "amount": Money(100), "state_since": MONDAY_NINE}
    with transaction() as db:
        for nth in range(30):
            opened = MONDAY_NINE + timedelta(seconds=nth)
            row = Payment(number=f"P{nth}", booking_id=booking_id, opened_at=opened, **asked)
            db.add(row)
            db.flush()

    seen = []
    for _ in range(40):
        with transaction(reads_only=True) as db:
            now = MONDAY_NINE + timedelta(hours=1)
            seen.append({row.number for row in payment_queries.unanswered(db, now=now, limit=20)})

    assert all(len(each) == 20 and {"P29", "P20"} <= each for each in seen)
    assert {f"P{nth}" for nth in range(30)} == set().union(*seen)
