"""What of the bookings needs a person now, derived from the rows."""

from datetime import datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import update

from booking import alerts, jobs
from booking.alerts import BookingAlertKind
from booking.goods import LateAnswer
from booking.models import Booking
from booking.operations import late_goods, presence
from booking.operations import visits as door
from dispatch.states import Trouble
from kernel.actor import Actor
from kernel.clock import FixedClock
from kernel.db import transaction
from tests.house import MONDAY_NINE
from tests.integration.booking.promised import (
    TUESDAY_TEN,
    a_city,
    a_promise,
    assigned,
    at_work,
    visit_of,
)

AIR = [{"kind": "goods", "name": "挂机"}]


@pytest.fixture
def member(app: Flask) -> Actor:
    return a_city(brings=AIR)


@pytest.fixture
def number(member: Actor) -> str:
    """A booking of tomorrow, 10 to 12, that brings something."""
    return a_promise(member)


def kinds_at(now: datetime, *, branch_id: int = 1) -> list[BookingAlertKind]:
    with transaction(reads_only=True) as db:
        found = alerts.branch_alerts(db, branch_id=branch_id, now=now)
        assert [a.breaks_at for a in found] == sorted(a.breaks_at for a in found)
        return [alert.kind for alert in found]


def risky(tier: int) -> None:
    with transaction() as db:
        db.execute(update(Booking).values(tier=tier))


class TestAnUnconfirmedBooking:
    @pytest.mark.parametrize(
        ("before", "tier", "told"),
        [
            pytest.param(timedelta(hours=2), 2, True, id="two_hours_before_at_a_risk"),
            pytest.param(timedelta(hours=2, seconds=1), 2, False, id="a_second_sooner"),
            pytest.param(timedelta(hours=2), 1, False, id="at_no_great_risk"),
            pytest.param(timedelta(0), 2, False, id="once_its_window_has_opened"),
        ],
    )
    def test_is_named_when_it_is_risky_and_near(
        self, number: str, before: timedelta, tier: int, told: bool
    ) -> None:
        risky(tier)

        found = kinds_at(TUESDAY_TEN - before)

        assert (BookingAlertKind.UNCONFIRMED in found) is told

    def test_is_none_once_it_is_confirmed(self, number: str, member: Actor) -> None:
        risky(3)
        with transaction() as db:
            presence.confirm(db, number=number, by=member, now=MONDAY_NINE)

        assert kinds_at(TUESDAY_TEN - timedelta(hours=1)) == []

    def test_of_another_branch_is_not_told_here(self, number: str) -> None:
        risky(3)

        assert kinds_at(TUESDAY_TEN - timedelta(hours=1), branch_id=2) == []


class TestLateGoods:
    LATE = TUESDAY_TEN - timedelta(hours=24)

    def test_are_named_until_the_member_has_answered(self, number: str, member: Actor) -> None:
        jobs.find_late_goods(FixedClock(self.LATE + timedelta(hours=1)))
        before = kinds_at(self.LATE + timedelta(hours=1))

        with transaction() as db:
            late_goods.answer_late_goods(
                db,
                booking_number=number,
                answer=LateAnswer.GO_AHEAD,
                by=member,
                now=self.LATE + timedelta(hours=2),
            )

        assert before == [BookingAlertKind.GOODS_LATE]
        assert kinds_at(self.LATE + timedelta(hours=2)) == []


def test_a_second_visit_without_a_window_is_named(app: Flask) -> None:
    number = a_promise(a_city())
    technician = assigned(number)
    at_work(number, technician)

    with transaction() as db:
        door.break_off(
            db,
            number=visit_of(number).number,
            cause=Trouble.MISSING_PART,
            by=technician,
            now=TUESDAY_TEN,
        )

    assert kinds_at(TUESDAY_TEN) == [BookingAlertKind.SECOND_VISIT]
