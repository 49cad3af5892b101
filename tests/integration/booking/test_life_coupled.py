"""送装一体: a delivery and its installation hold all places or none, and move together."""

from datetime import timedelta

import pytest
from flask import Flask

from booking import queries
from booking.models import Promise
from booking.operations import bookings, cancelling, moving, visits
from booking.states import BookingState
from dispatch import queries as dispatch
from dispatch.models import Visit
from dispatch.operations import publishing
from dispatch.operations import visits as visit_operations
from dispatch.operations.places import PlaceGone
from dispatch.states import MOVABLE, Trouble, VisitState
from kernel.actor import Actor, Role
from kernel.db import transaction
from tests.house import (
    DISPATCHER,
    HOUR_S,
    MONDAY,
    MONDAY_NINE,
    NORTH,
    a_branch,
    a_member,
    a_technician,
    tomorrow,
)
from tests.integration.booking.living import (
    AFTERNOON,
    HOUR,
    LATE_AFTERNOON,
    OPENS,
    a_coupled_city,
    a_coupled_draft,
    a_coupled_promise,
    done,
    earnings,
    points,
    promises_of,
)
from tests.integration.booking.promised import MORNING, a_service, booking_of

WEDNESDAY = MONDAY + timedelta(days=2)


@pytest.fixture
def member(app: Flask) -> Actor:
    return a_coupled_city()


@pytest.fixture
def number(member: Actor) -> str:
    return a_coupled_promise(member)


def standing(number: str) -> dict[str, Promise]:
    """Return the windows that stand by their services."""
    with transaction(reads_only=True) as db:
        services = queries.services_by_id(db)
        rows = queries.standing_promises(db, booking_of(number).id)
        return {services[row.service_id].code: row for row in rows}


def visit_for(number: str, code: str) -> Visit:
    with transaction(reads_only=True) as db:
        return dispatch.visit(db, standing(number)[code].visit_id)


def set_out(number: str, code: str) -> tuple[Visit, Actor]:
    """Publish the day and let him who has that visit set out for it."""
    done(publishing.publish_day, branch_id=1, day=tomorrow(), by=DISPATCHER, now=MONDAY_NINE)
    visit = visit_for(number, code)
    assert visit.technician_id is not None
    by = Actor(visit.technician_id, Role.TECHNICIAN)
    done(visit_operations.accept, number=visit.number, by=by, now=MONDAY_NINE)
    done(visit_operations.depart, number=visit.number, by=by, now=OPENS - HOUR)
    return visit, by


def test_both_stand_and_the_delivery_comes_first(number: str) -> None:
    both = standing(number)

    assert set(both) == {"air_delivery", "air_install"}
    assert both["air_delivery"].ends_at <= both["air_install"].ends_at
    assert booking_of(number).visit_id == both["air_delivery"].visit_id
    for code in both:
        assert visit_for(number, code).route_id is not None


def test_hold_all_places_or_none(app: Flask) -> None:
    with transaction() as db:
        # Room for one visit of an hour and for no second.
        a_technician(db, branch_id=a_branch(db), opens_s=13 * HOUR_S, shuts_s=14 * HOUR_S + 1800)
        a_service(db, code="air_delivery", category="delivery")
        a_service(db, delivery_code="air_delivery")
        member = a_member(db)

    with pytest.raises(PlaceGone):
        done(
            bookings.hold,
            draft_number=a_coupled_draft(member),
            day=tomorrow(),
            window=AFTERNOON,
            by=member,
            now=MONDAY_NINE,
        )

    with transaction(reads_only=True) as db:
        assert db.query(Visit).all() == []
        assert db.query(Promise).all() == []


def test_move_both(member: Actor, number: str) -> None:
    done(
        moving.reschedule,
        number=number,
        day=WEDNESDAY,
        window=LATE_AFTERNOON,
        by=member,
        now=MONDAY_NINE,
    )

    both = standing(number)
    assert set(both) == {"air_delivery", "air_install"}
    assert {visit_for(number, code).day for code in both} == {WEDNESDAY}
    assert [row.ending for row in promises_of(number)].count("moved") == 2


def test_moved_both_never_go_to_who_has_declined_one(app: Flask) -> None:
    member = a_coupled_city(technicians=2)
    number = a_coupled_promise(member)
    done(publishing.publish_day, branch_id=1, day=tomorrow(), by=DISPATCHER, now=MONDAY_NINE)
    visit = visit_for(number, "air_delivery")
    assert visit.technician_id is not None
    by = Actor(visit.technician_id, Role.TECHNICIAN)
    done(visit_operations.decline, number=visit.number, reason="太重", by=by, now=MONDAY_NINE)

    done(
        moving.reschedule,
        number=number,
        day=WEDNESDAY,
        window=LATE_AFTERNOON,
        by=member,
        now=MONDAY_NINE,
    )

    moved = visit_for(number, "air_delivery").id
    with transaction(reads_only=True) as db:
        assert dispatch.barred_from(db, [moved]) == {moved: {by.id}}


def test_are_cancelled_both(member: Actor, number: str) -> None:
    done(cancelling.cancel, number=number, by=member, now=MONDAY_NINE)

    assert standing(number) == {}
    with transaction(reads_only=True) as db:
        assert {visit.state for visit in db.query(Visit)} == {VisitState.CANCELLED}


def test_cancelled_late_they_pay_each_who_had_accepted(member: Actor, number: str) -> None:
    done(publishing.publish_day, branch_id=1, day=tomorrow(), by=DISPATCHER, now=MONDAY_NINE)
    visit = visit_for(number, "air_install")
    assert visit.technician_id is not None
    installer = Actor(visit.technician_id, Role.TECHNICIAN)
    done(visit_operations.accept, number=visit.number, by=installer, now=MONDAY_NINE)

    done(cancelling.cancel, number=number, by=member, now=OPENS)

    assert earnings(installer) == 25_00


def test_with_the_delivery_on_the_road_the_installation_moves_alone(
    member: Actor, number: str
) -> None:
    delivery, _ = set_out(number, "air_delivery")
    before = visit_for(number, "air_install")

    done(
        moving.reschedule,
        number=number,
        day=WEDNESDAY,
        window=MORNING,
        by=member,
        now=OPENS - HOUR,
    )

    both = standing(number)
    assert both["air_delivery"].visit_id == delivery.id
    moved = visit_for(number, "air_install")
    assert (moved.day, moved.label) == (WEDNESDAY, before.label)
    assert moved.state in MOVABLE
    assert points(member) == -20


@pytest.mark.parametrize("way", ["shut_out", "break_off"])
def test_a_delivery_that_failed_comes_again_with_its_installation(
    member: Actor, number: str, way: str
) -> None:
    visit, by = set_out(number, "air_delivery")
    done(visit_operations.arrive, number=visit.number, by=by, now=OPENS, place=NORTH)
    cause = Trouble.NO_ACCESS if way == "shut_out" else Trouble.MISSING_PART
    done(getattr(visits, way), number=visit.number, cause=cause, by=by, now=OPENS)
    assert (standing(number), booking_of(number).needs_window) == ({}, True)

    done(
        moving.reschedule,
        number=number,
        day=WEDNESDAY,
        window=AFTERNOON,
        by=member,
        now=OPENS,
    )

    assert set(standing(number)) == {"air_delivery", "air_install"}
    assert booking_of(number).state is BookingState.BOOKED
    assert points(member) == 0


def test_an_installation_that_failed_comes_again_alone(member: Actor, number: str) -> None:
    visit, by = set_out(number, "air_delivery")
    delivered = OPENS + HOUR
    done(visit_operations.arrive, number=visit.number, by=by, now=OPENS, place=NORTH)
    done(visit_operations.start, number=visit.number, code=visit.service_code, by=by, now=OPENS)
    done(visit_operations.add_photo, number=visit.number, sha256="0" * 64, by=by, now=OPENS)
    done(visits.finish_visit, number=visit.number, by=by, now=delivered)
    assert set(standing(number)) == {"air_install"}
    second = visit_for(number, "air_install")
    done(visit_operations.accept, number=second.number, by=by, now=delivered)
    done(visit_operations.depart, number=second.number, by=by, now=delivered)
    at = OPENS + 3 * HOUR
    done(visit_operations.arrive, number=second.number, by=by, now=at, place=NORTH)
    done(visits.break_off, number=second.number, cause=Trouble.NOT_INSTALLABLE, by=by, now=at)

    done(moving.reschedule, number=number, day=WEDNESDAY, window=MORNING, by=member, now=at)

    assert set(standing(number)) == {"air_install"}
    assert visit_for(number, "air_install").parent_id == second.id
    assert sorted(row.ending for row in promises_of(number)) == ["", "kept", "unfinished"]


def test_who_books_the_same_draft_again_is_led_to_it(member: Actor, number: str) -> None:
    with transaction(reads_only=True) as db:
        draft = queries.draft_by_id(db, booking_of(number).draft_id).number

    again = done(
        bookings.hold,
        draft_number=draft,
        day=WEDNESDAY,
        window=MORNING,
        by=member,
        now=MONDAY_NINE,
    )

    assert again.number == number
