"""The questions of a branch, from the visits that were made and what was written."""

from datetime import timedelta

from flask import Flask

from booking import leak_queries
from booking.feedback import Topic
from booking.leaks import LeakKind, Rate
from booking.operations import feedback
from kernel.db import transaction
from tests.house import MONDAY, MONDAY_NINE
from tests.integration.booking.promised import (
    TUESDAY_TEN,
    a_city,
    a_promise,
    assigned,
    at_work,
    finished,
)


def test_a_regular_who_stopped_and_what_he_wrote(app: Flask) -> None:
    member = a_city()
    for days in (0, 2, 4):
        number = a_promise(member, day=MONDAY + timedelta(days=1 + days))
        at = TUESDAY_TEN + timedelta(days=days)
        technician = assigned(number, day=MONDAY + timedelta(days=1 + days))
        at_work(number, technician, now=at)
        finished(number, technician, now=at)
    with transaction() as db:
        feedback.complain(
            db,
            booking_number=number,
            topic=Topic.MANNER,
            text="师傅让我加微信zhang_6688，说私下修",
            by=member,
            now=TUESDAY_TEN + timedelta(days=4, hours=2),
        )

    def asked(days: int) -> list[LeakKind]:
        with transaction(reads_only=True) as db:
            now = MONDAY_NINE + timedelta(days=days)
            return [one.kind for one in leak_queries.signals(db, branch_id=1, now=now)]

    with transaction(reads_only=True) as db:
        later = MONDAY_NINE + timedelta(days=100)
        [first, *_] = leak_queries.signals(db, branch_id=1, now=later)

    assert asked(7) == [LeakKind.PRICE, LeakKind.CONTACT]
    assert asked(100) == [LeakKind.STOPPED]
    assert (first.visits, first.usual_days, first.quiet_days) == (3, 2, 95)
    assert (first.his, first.others) == (Rate(1, 1), Rate(0, 0))
