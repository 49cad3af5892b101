"""A promise ends before the visit: what it costs at each edge, and when the house may withdraw it."""

from datetime import datetime, timedelta

import pytest
from flask import Flask

from booking.operations import cancelling, visits
from booking.operations.cancelling import NotAsked, StillServable
from booking.states import BookingState
from dispatch import watching
from dispatch.operations import visits as visit_operations
from dispatch.operations import withdrawals
from dispatch.states import VisitState
from kernel.actor import Actor
from kernel.clock import FixedClock
from kernel.db import transaction
from kernel.machine import IllegalMove
from members import strike_queries
from members.risk import StrikeKind
from tests.house import DISPATCHER, tomorrow
from tests.integration.booking.living import (
    HOUR,
    MINUTE,
    OPENS,
    SECOND,
    SHUTS,
    at_the_door,
    compensation,
    done,
    earnings,
    endings,
    points,
    told,
)
from tests.integration.booking.promised import (
    DISPATCHER_OF_ALL,
    a_city,
    a_promise,
    assigned,
    at_work,
    booking_of,
    visit_of,
)


@pytest.fixture
def member(app: Flask) -> Actor:
    return a_city()


def late_cancels(number: str) -> int:
    with transaction(reads_only=True) as db:
        kind = StrikeKind.LATE_CANCEL
        return int(
            strike_queries.strike_of_booking(db, booking_number=number, kind=kind) is not None
        )


class TestCancel:
    @pytest.mark.parametrize(
        ("before", "costs", "strikes"),
        [
            (24 * HOUR, 0, 0),
            (24 * HOUR - SECOND, -20, 0),
            (2 * HOUR, -20, 0),
            # The strike has points of its own, which wait with it.
            (2 * HOUR - SECOND, 0, 1),
        ],
    )
    def test_costs_what_its_notice_says(
        self, member: Actor, before: timedelta, costs: int, strikes: int
    ) -> None:
        number = a_promise(member)
        with transaction(reads_only=True) as db:
            said = cancelling.quote(db, booking_of(number), now=OPENS - before).tariff

        done(cancelling.cancel, number=number, by=member, now=OPENS - before)

        assert points(member) == costs == -said.points
        assert late_cancels(number) == strikes == said.is_strike
        assert booking_of(number).state is BookingState.CANCELLED
        assert visit_of(number).state is VisitState.CANCELLED
        assert visit_of(number).route_id is None
        assert endings(number) == ["cancelled"]
        assert len(told("BookingCancelled")) == 1

    @pytest.mark.parametrize(("before", "errand"), [(2 * HOUR, 0), (2 * HOUR - SECOND, 25_00)])
    def test_pays_the_journey_of_him_who_has_accepted(
        self, member: Actor, before: timedelta, errand: int
    ) -> None:
        number = a_promise(member)
        technician = assigned(number)

        done(cancelling.cancel, number=number, by=member, now=OPENS - before)

        assert earnings(technician) == errand

    def test_pays_nobody_who_has_not(self, member: Actor) -> None:
        number = a_promise(member)
        technician = assigned(number)
        with transaction() as db:
            visit_operations.decline(
                db,
                number=visit_of(number).number,
                reason="病了",
                by=technician,
                now=OPENS - 3 * HOUR,
            )

        done(cancelling.cancel, number=number, by=member, now=OPENS - HOUR)

        assert earnings(technician) == 0

    def test_is_free_when_nobody_can_come(self, member: Actor) -> None:
        number = a_promise(member)
        technician = assigned(number)
        done(
            withdrawals.send_home,
            technician_id=technician.id,
            day=tomorrow(),
            reason="病了",
            by=DISPATCHER,
            now=OPENS - 3 * HOUR,
        )

        done(cancelling.cancel, number=number, by=member, now=OPENS - HOUR)

        assert (points(member), late_cancels(number)) == (0, 0)

    def test_once_somebody_is_on_the_way_still_can(self, member: Actor) -> None:
        number = a_promise(member)
        technician = assigned(number)
        done(
            visit_operations.depart, number=visit_of(number).number, by=technician, now=OPENS - HOUR
        )

        done(cancelling.cancel, number=number, by=member, now=OPENS - HOUR)

        assert earnings(technician) == 25_00

    def test_at_the_door_cannot(self, member: Actor) -> None:
        number = a_promise(member)
        at_the_door(number, assigned(number))

        with pytest.raises(IllegalMove):
            done(cancelling.cancel, number=number, by=member, now=OPENS)

        assert booking_of(number).state is BookingState.BOOKED

    def test_of_finished_work_cannot(self, member: Actor) -> None:
        number = a_promise(member)
        technician = assigned(number)
        at_work(number, technician)
        visit = visit_of(number)
        done(
            visit_operations.add_photo,
            number=visit.number,
            sha256="0" * 64,
            by=technician,
            now=OPENS,
        )
        done(visits.finish_visit, number=visit.number, by=technician, now=OPENS + HOUR)

        with pytest.raises(IllegalMove):
            done(cancelling.cancel, number=number, by=member, now=OPENS + HOUR)

        assert booking_of(number).state is BookingState.BOOKED
        assert endings(number) == [""]

    def test_twice_is_refused(self, member: Actor) -> None:
        number = a_promise(member)
        done(cancelling.cancel, number=number, by=member, now=OPENS - HOUR)

        with pytest.raises(IllegalMove):
            done(cancelling.cancel, number=number, by=member, now=OPENS - HOUR)


class TestWithdraw:
    def at(self, number: str, now: datetime) -> None:
        done(cancelling.ask_withdrawal, number=number, by=DISPATCHER_OF_ALL, now=now)
        done(cancelling.withdraw, number=number, by=DISPATCHER_OF_ALL, now=now)

    def test_is_refused_while_somebody_fits(self, member: Actor) -> None:
        number = a_promise(member)

        with pytest.raises(StillServable):
            self.at(number, OPENS - 3 * HOUR)

    def test_needs_its_first_step(self, member: Actor) -> None:
        number = a_promise(member)

        with pytest.raises(NotAsked):
            done(cancelling.withdraw, number=number, by=DISPATCHER_OF_ALL, now=OPENS - 3 * HOUR)

    def test_compensates_when_nobody_does(self, member: Actor) -> None:
        number = a_promise(member)
        self.all_away(number)

        self.at(number, OPENS - 3 * HOUR)

        assert booking_of(number).cause == "provider"
        assert endings(number) == ["withdrawn"]
        assert compensation(member) == 30_00
        assert (points(member), late_cancels(number)) == (0, 0)

    def test_is_refused_when_somebody_fits_again(self, member: Actor) -> None:
        number = a_promise(member)
        technician_id = self.all_away(number)
        now = OPENS - 3 * HOUR
        done(cancelling.ask_withdrawal, number=number, by=DISPATCHER_OF_ALL, now=now)
        done(withdrawals.call_back, technician_id=technician_id, day=tomorrow(), now=now)

        with pytest.raises(StillServable):
            done(cancelling.withdraw, number=number, by=DISPATCHER_OF_ALL, now=now)

        assert booking_of(number).state is BookingState.BOOKED

    def all_away(self, number: str) -> int:
        technician = assigned(number)
        left = done(
            withdrawals.send_home,
            technician_id=technician.id,
            day=tomorrow(),
            reason="病了",
            by=DISPATCHER,
            now=OPENS - 4 * HOUR,
        )
        assert left == [visit_of(number).id]
        return technician.id


def test_a_late_promise_is_given_up_for_nothing(member: Actor) -> None:
    number = a_promise(member)
    assigned(number)
    watching.watch_days(FixedClock(SHUTS + MINUTE))

    done(cancelling.cancel, number=number, by=member, now=SHUTS + 2 * MINUTE)

    assert (points(member), late_cancels(number)) == (0, 0)
