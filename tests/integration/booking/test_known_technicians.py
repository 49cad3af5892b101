"""Who came before and was rated well is tried first: soft, unless he is asked for by name."""

from datetime import timedelta

import pytest
from flask import Flask

from booking import feedback_queries, offering, windows
from booking.feedback_models import Rating
from booking.models import Booking
from booking.operations import bookings
from dispatch import live
from dispatch import queries as dispatch
from dispatch.operations.places import PlaceGone
from kernel.actor import Actor
from kernel.db import transaction
from kernel.geo import Point
from tests.house import (
    HOUR_S,
    MONDAY_NINE,
    NORTH,
    a_branch,
    a_draft,
    a_member,
    a_service,
    a_technician,
    tomorrow,
)
from tests.integration.booking.promised import MORNING, a_promise, booking_of

NEAR, KNOWN = 1, 2
# Some minutes from the door of the draft, less than KNOWN_MORE_S there and back.
A_LITTLE_FURTHER = Point(NORTH.lat + 0.004, NORTH.lon)
FAR = Point(NORTH.lat + 0.08, NORTH.lon)


def a_city(known_lives: Point) -> Actor:
    with transaction() as db:
        branch_id = a_branch(db)
        # For three visits, or with no time but for one.
        for home in (NORTH, known_lives):
            a_technician(
                db, branch_id=branch_id, home=home, opens_s=9 * HOUR_S, shuts_s=12 * HOUR_S
            )
        a_service(db)
        return a_member(db)


def rated(by: Actor, technician_id: int, stars: int, *, days_ago: int = 1) -> None:
    number = booking_of(a_promise(by, day=tomorrow() + timedelta(days=3))).id
    with transaction() as db:
        db.add(
            Rating(
                booking_id=number,
                member_id=by.id,
                technician_id=technician_id,
                stars=stars,
                at=MONDAY_NINE - timedelta(days=days_ago),
            )
        )


def known(by: Actor) -> list[int]:
    with transaction(reads_only=True) as db:
        return list(
            feedback_queries.known_technicians(db, member_id=by.id, branch_id=1, now=MONDAY_NINE)
        )


def held(by: Actor, *, only: int | None = None) -> Booking:
    with transaction() as db:
        draft = a_draft(db, by=by)
    with transaction() as db:
        return bookings.hold(
            db,
            draft_number=draft,
            day=tomorrow(),
            window=MORNING,
            by=by,
            now=MONDAY_NINE,
            only=only,
        )


def holder_of(booking: Booking) -> int:
    with transaction(reads_only=True) as db:
        times = dispatch.times_of(db, dispatch.visit(db, booking.visit_id))
        assert times is not None
        return times.technician_id


class TestWhoIsKnown:
    @pytest.mark.parametrize(("stars", "names"), [(4, [KNOWN]), (3, [])])
    def test_was_rated_well(self, app: Flask, stars: int, names: list[int]) -> None:
        member = a_city(NORTH)
        rated(member, KNOWN, stars)

        assert known(member) == names

    def test_by_what_was_said_last(self, app: Flask) -> None:
        member = a_city(NORTH)
        rated(member, KNOWN, 5, days_ago=9)
        rated(member, KNOWN, 2, days_ago=1)
        rated(member, NEAR, 5, days_ago=4)

        assert known(member) == [NEAR]


class TestAHold:
    def test_puts_the_visit_with_him_whom_the_member_knows(self, app: Flask) -> None:
        member = a_city(A_LITTLE_FURTHER)
        assert holder_of(held(member)) == NEAR
        rated(member, KNOWN, 5)

        booking = held(member)

        assert holder_of(booking) == KNOWN
        with transaction(reads_only=True) as db:
            assert dispatch.visit(db, booking.visit_id).wish_id == KNOWN

    def test_does_not_when_his_way_is_much_longer(self, app: Flask) -> None:
        member = a_city(FAR)
        rated(member, KNOWN, 5)

        booking = held(member)

        assert holder_of(booking) == NEAR
        with transaction(reads_only=True) as db:
            assert dispatch.visit(db, booking.visit_id).wish_id is None

    def test_asks_him_alone_when_he_is_named(self, app: Flask) -> None:
        member = a_city(FAR)
        rated(member, KNOWN, 5)

        assert holder_of(held(member, only=KNOWN)) == KNOWN

    def test_is_refused_when_he_who_is_named_has_no_time(self, app: Flask) -> None:
        member = a_city(A_LITTLE_FURTHER)
        rated(member, KNOWN, 5)
        others = []
        for number in (2, 3):
            with transaction() as db:
                others.append(a_member(db, openid=f"oTest{number:023d}"))
        for other in others:
            rated(other, KNOWN, 5)
            held(other)

        with pytest.raises(PlaceGone):
            held(member, only=KNOWN)
        assert holder_of(held(member)) == NEAR


class TestOffers:
    def test_for_him_alone_are_those_that_he_can_keep(self, app: Flask) -> None:
        member = a_city(FAR)
        rated(member, KNOWN, 5)
        with transaction() as db:
            draft = a_draft(db, by=member)

        found = offering.offers(
            draft_number=draft, by=member, now=MONDAY_NINE, wish=KNOWN, is_only=True
        )

        assert found
        assert {offer.witness.worker_id for offer in found} == {KNOWN}

    def test_of_one_who_would_have_to_come_from_far_are_not_his(self, app: Flask) -> None:
        member = a_city(FAR)
        with transaction() as db:
            draft = a_draft(db, by=member)

        found = offering.offers(draft_number=draft, by=member, now=MONDAY_NINE, wish=KNOWN)

        assert not any(windows.is_by_known(offer) for offer in found)


def test_who_stands_with_him_whom_he_knows_makes_no_room(app: Flask) -> None:
    member = a_city(A_LITTLE_FURTHER)
    rated(member, KNOWN, 5)

    booking = held(member)

    with transaction(reads_only=True) as db:
        plan = live.day_plan(db, branch_id=1, day=tomorrow(), now=MONDAY_NINE)
    assert plan.as_wished == {booking.visit_id}
