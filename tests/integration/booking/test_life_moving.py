"""A promise moves: never both windows, never neither, and at a price that was said."""

from datetime import timedelta

import pytest
from flask import Flask

from booking.models import Booking
from booking.operations import moving, presence, visits
from booking.operations.moving import SameWindow
from booking.operations.placing import OffGrid, SlotPast, TooFar, TooSoon
from booking.policy import Cause
from booking.states import BookingState
from dispatch.operations import visits as visit_operations
from dispatch.operations.places import PlaceGone
from dispatch.planner.problem import Window
from dispatch.states import Trouble, VisitState
from kernel.actor import Actor
from kernel.db import transaction
from kernel.machine import IllegalMove
from tests.house import HOUR_S, MONDAY, MONDAY_NINE, a_branch, a_member, a_technician, tomorrow
from tests.integration.booking.living import (
    AFTERNOON,
    HOUR,
    LATE_AFTERNOON,
    OPENS,
    SECOND,
    at_the_door,
    done,
    endings,
    points,
    promises_of,
    told,
)
from tests.integration.booking.promised import (
    DISPATCHER_OF_ALL,
    MORNING,
    a_city,
    a_promise,
    a_service,
    assigned,
    booking_of,
    visit_of,
)

WEDNESDAY = MONDAY + timedelta(days=2)


@pytest.fixture
def member(app: Flask) -> Actor:
    return a_city()


def moved(number: str, by: Actor, **changes: object) -> Booking:
    facts = {"day": tomorrow(), "window": AFTERNOON, "now": MONDAY_NINE, **changes}
    return done(moving.reschedule, number=number, by=by, **facts)


class TestReschedule:
    @pytest.mark.parametrize(("before", "costs"), [(24 * HOUR, 0), (24 * HOUR - SECOND, -20)])
    def test_costs_what_its_notice_says(self, member: Actor, before: timedelta, costs: int) -> None:
        number = a_promise(member)

        moved(number, member, now=OPENS - before)

        assert points(member) == costs
        assert endings(number) == ["moved", ""]
        assert [fact["points"] for fact in told("BookingMoved")] == [-costs]

    def test_does_not_offer_the_window_it_has(self, member: Actor) -> None:
        booking = booking_of(a_promise(member))

        with transaction(reads_only=True) as db:
            offered = moving.offers(db, booking=booking, now=MONDAY_NINE)

        windows = {(offer.day, offer.window) for offer in offered}
        assert (tomorrow(), MORNING) not in windows
        assert (tomorrow(), AFTERNOON) in windows

    def test_leaves_one_window_with_its_own_visit(self, member: Actor) -> None:
        number = a_promise(member)
        old = visit_of(number)

        moved(number, member)

        booking, new = booking_of(number), visit_of(number)
        assert booking.starts_at == OPENS + 3 * HOUR
        assert (new.state, new.route_id is None) == (VisitState.PLANNED, False)
        assert promises_of(number)[0].visit_id == old.id
        with transaction(reads_only=True) as db:
            gone = db.get_one(type(old), old.id)
        assert (gone.state, gone.route_id) == (VisitState.CANCELLED, None)

    def test_to_its_own_window_is_refused(self, member: Actor) -> None:
        number = a_promise(member)

        with pytest.raises(SameWindow):
            moved(number, member, window=MORNING)

    @pytest.mark.parametrize(
        ("changes", "refusal"),
        [
            ({"window": Window(9 * HOUR_S, 10 * HOUR_S)}, OffGrid),
            ({"day": MONDAY + timedelta(days=14)}, TooFar),
            ({"day": MONDAY, "window": MORNING, "now": MONDAY_NINE + SECOND}, TooSoon),
            ({"day": MONDAY, "window": MORNING, "now": MONDAY_NINE + 3 * HOUR - SECOND}, TooSoon),
            ({"day": MONDAY, "window": MORNING, "now": MONDAY_NINE + 3 * HOUR}, SlotPast),
        ],
    )
    def test_to_what_is_not_on_sale_is_refused(
        self, member: Actor, changes: dict[str, object], refusal: type[Exception]
    ) -> None:
        number = a_promise(member)

        with pytest.raises(refusal):
            moved(number, member, **changes)

        assert endings(number) == [""]

    def test_that_does_not_fit_leaves_the_old_window(self, app: Flask) -> None:
        with transaction() as db:
            branch_id = a_branch(db)
            a_technician(db, branch_id=branch_id, shuts_s=12 * HOUR_S)
            a_service(db)
            member = a_member(db)
        number = a_promise(member)
        before = visit_of(number)

        with pytest.raises(PlaceGone):
            moved(number, member, now=OPENS - HOUR)

        after = visit_of(number)
        assert (after.id, after.route_id, after.state) == (
            before.id,
            before.route_id,
            VisitState.PLANNED,
        )
        assert booking_of(number).starts_at == OPENS
        assert endings(number) == [""]
        assert points(member) == 0

    def test_by_the_house_for_its_own_fault_is_free(self, member: Actor) -> None:
        number = a_promise(member)

        moved(number, DISPATCHER_OF_ALL, now=OPENS - HOUR, cause=Cause.PROVIDER)

        assert points(member) == 0
        assert [fact["by_provider"] for fact in told("BookingMoved")] == [True]

    def test_once_somebody_is_on_the_way_is_refused(self, member: Actor) -> None:
        number = a_promise(member)
        technician = assigned(number)
        done(
            visit_operations.depart, number=visit_of(number).number, by=technician, now=OPENS - HOUR
        )

        with pytest.raises(IllegalMove):
            moved(number, member, now=OPENS - HOUR)

        assert endings(number) == [""]

    def test_asks_anew_whether_he_will_be_at_home(self, member: Actor) -> None:
        number = a_promise(member)

        done(presence.confirm, number=number, by=member, now=MONDAY_NINE)

        moved(number, member)

        assert booking_of(number).state is BookingState.BOOKED
        assert booking_of(number).asks == 0


class TestWhoDeclined:
    @pytest.fixture
    def two(self, app: Flask) -> Actor:
        with transaction() as db:
            branch_id = a_branch(db)
            a_technician(db, branch_id=branch_id)
            a_technician(db, branch_id=branch_id)
            a_service(db)
            return a_member(db)

    def test_is_never_offered_it_again(self, two: Actor) -> None:
        number = a_promise(two)
        first = assigned(number)
        done(
            visit_operations.decline,
            number=visit_of(number).number,
            reason="太远",
            by=first,
            now=MONDAY_NINE,
        )

        assert visit_of(number).technician_id not in (None, first.id)

    def test_nor_after_a_move(self, two: Actor) -> None:
        number = a_promise(two)
        first = assigned(number)
        done(
            visit_operations.decline,
            number=visit_of(number).number,
            reason="太远",
            by=first,
            now=MONDAY_NINE,
        )

        moved(number, two, window=AFTERNOON)
        moved(number, two, day=WEDNESDAY)
        second = assigned(number, day=WEDNESDAY)

        assert second.id != first.id
        with transaction(reads_only=True) as db:
            offered = moving.offers(db, booking=booking_of(number), now=MONDAY_NINE)
        assert offered
        assert first.id not in {offer.witness.worker_id for offer in offered}

    def test_leaves_no_window_when_all_have(self, member: Actor) -> None:
        number = a_promise(member)
        done(
            visit_operations.decline,
            number=visit_of(number).number,
            reason="太远",
            by=assigned(number),
            now=MONDAY_NINE,
        )

        with transaction(reads_only=True) as db:
            assert moving.offers(db, booking=booking_of(number), now=MONDAY_NINE) == []


class TestSecondVisit:
    def test_gets_its_window_free_and_names_the_first(self, member: Actor) -> None:
        number = a_promise(member)
        technician = assigned(number)
        first = at_the_door(number, technician)
        done(
            visits.break_off,
            number=first.number,
            cause=Trouble.MISSING_PART,
            by=technician,
            now=OPENS,
        )
        assert booking_of(number).needs_window
        assert endings(number) == ["unfinished"]

        moved(number, member, window=LATE_AFTERNOON, now=OPENS)

        second = visit_of(number)
        assert (second.parent_id, second.attempt) == (first.id, first.attempt + 1)
        assert endings(number) == ["unfinished", ""]
        assert not booking_of(number).needs_window
        assert points(member) == 0
