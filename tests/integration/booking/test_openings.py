"""Room is made for one who fits nowhere, and nobody loses by it; on both databases."""

import pytest
from flask import Flask

from booking import jobs, offering, waiting_queries
from booking.models import Booking
from booking.operations import bookings, waiting
from booking.states import WaitingState
from dispatch import live, openings
from dispatch import queries as dispatch
from dispatch.openings import Opening
from dispatch.operations import publishing
from dispatch.operations.places import PlaceGone
from dispatch.planner.judge import judge
from kernel.actor import Actor
from kernel.clock import FixedClock
from kernel.db import Session, transaction
from tests.house import (
    DISPATCHER,
    HOUR_S,
    MONDAY_NINE,
    a_branch,
    a_draft,
    a_member,
    a_service,
    a_technician,
    tomorrow,
)
from tests.integration.booking.promised import DISPATCHER_OF_ALL, visit_of
from tests.integration.booking.rooms import NOON, a_gas_service, a_visit_in_the_way

GAS, AIR = 1, 2


@pytest.fixture
def in_the_way(app: Flask, monkeypatch: pytest.MonkeyPatch) -> str:
    """The one who knows gas mounts an air conditioner, and another has come who could do so too."""
    monkeypatch.setattr(openings, "BUDGET_S", 30.0)
    with transaction() as db:
        a_branch(db, windows=[(NOON.open_s, NOON.shut_s)])
        a_service(db)
        a_gas_service(db)
        one_visit_long(db, {"air": 1, "gas": 1})
    number = a_visit_in_the_way()
    with transaction() as db:
        one_visit_long(db, {"air": 1})
    return number


@pytest.fixture
def member(in_the_way: str) -> Actor:
    with transaction() as db:
        return a_member(db)


@pytest.fixture
def draft(member: Actor) -> str:
    with transaction() as db:
        return a_draft(db, by=member, service_code="gas_install")


def one_visit_long(db: Session, skills: dict[str, int]) -> None:
    """Take on a technician who has time for one visit a day."""
    a_technician(
        db,
        branch_id=1,
        days=2,
        skills=skills,
        opens_s=NOON.open_s,
        shuts_s=NOON.open_s + HOUR_S,
    )


def is_offered(by: Actor, draft: str) -> bool:
    found = offering.offers(draft_number=draft, by=by, now=MONDAY_NINE)
    return (tomorrow(), NOON) in [(offer.day, offer.window) for offer in found]


def held(by: Actor, draft: str, opening: Opening | None) -> Booking:
    with transaction() as db:
        return bookings.hold(
            db,
            draft_number=draft,
            day=tomorrow(),
            window=NOON,
            by=by,
            now=MONDAY_NINE,
            opening=opening,
        )


def held_with_room(by: Actor, draft: str) -> Booking:
    return offering.with_room(
        lambda opening: held(by, draft, opening),
        draft_number=draft,
        day=tomorrow(),
        window=NOON,
        by=by,
        now=MONDAY_NINE,
    )


def holder_of(visit_id: int) -> int:
    with transaction(reads_only=True) as db:
        times = dispatch.times_of(db, dispatch.visit(db, visit_id))
        assert times is not None
        return times.technician_id


class TestRoom:
    def test_is_offered_and_held_and_the_other_changes_hands(
        self, in_the_way: str, member: Actor, draft: str
    ) -> None:
        assert is_offered(member, draft)

        booking = held_with_room(member, draft)

        assert holder_of(booking.visit_id) == GAS
        assert holder_of(visit_of(in_the_way).id) == AIR
        live.forget()
        with transaction(reads_only=True) as db:
            plan = live.day_plan(db, branch_id=1, day=tomorrow(), now=MONDAY_NINE)
        assert judge(plan.problem, plan.plan).is_feasible
        assert plan.plan.served() == {booking.visit_id, visit_of(in_the_way).id}

    def test_is_not_taken_without_being_asked_for(
        self, in_the_way: str, member: Actor, draft: str
    ) -> None:
        with pytest.raises(PlaceGone):
            held(member, draft, None)

    def test_is_not_made_by_him_whose_technician_people_were_told(
        self, in_the_way: str, member: Actor, draft: str
    ) -> None:
        with transaction() as db:
            publishing.publish_day(db, branch_id=1, day=tomorrow(), by=DISPATCHER, now=MONDAY_NINE)

        assert not is_offered(member, draft)
        with pytest.raises(PlaceGone):
            held_with_room(member, draft)


class TestAPlanThatMovedOn:
    def test_is_looked_at_again(self, in_the_way: str, member: Actor, draft: str) -> None:
        given = []

        def take(opening: Opening | None) -> Booking:
            given.append(opening)
            if len(given) == 2:
                a_visit_in_the_way(2)  # Takes the place that the room was made of.
                with transaction() as db:
                    one_visit_long(db, {"air": 1})
            return held(member, draft, opening)

        booking = offering.with_room(
            take, draft_number=draft, day=tomorrow(), window=NOON, by=member, now=MONDAY_NINE
        )

        assert len(given) == 3
        assert holder_of(booking.visit_id) == GAS

    def test_to_a_technician_who_was_told_is_refused(
        self, in_the_way: str, member: Actor, draft: str
    ) -> None:
        given = []

        def take(opening: Opening | None) -> Booking:
            given.append(opening)
            if opening is not None:
                # No route changes by it: what people were told does.
                with transaction() as db:
                    publishing.publish_day(
                        db, branch_id=1, day=tomorrow(), by=DISPATCHER, now=MONDAY_NINE
                    )
            return held(member, draft, opening)

        with pytest.raises(PlaceGone):
            offering.with_room(
                take, draft_number=draft, day=tomorrow(), window=NOON, by=member, now=MONDAY_NINE
            )

        assert len(given) == 2
        assert holder_of(visit_of(in_the_way).id) == GAS


def test_who_waits_in_line_is_served_by_room(in_the_way: str, member: Actor, draft: str) -> None:
    with transaction() as db:
        number = waiting.join(
            db, draft_number=draft, day=tomorrow(), by=member, now=MONDAY_NINE
        ).number

    assert jobs.serve_waiting(FixedClock(MONDAY_NINE)) == 1

    with transaction(reads_only=True) as db:
        row = waiting_queries.waiting_by_number(db, number=number, by=DISPATCHER_OF_ALL)
        assert row.state is WaitingState.OFFERED
