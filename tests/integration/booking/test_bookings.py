"""One booking from the offer to the points, on both databases."""

import contextlib
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from booking import jobs, offering, queries
from booking.operations import bookings, placing, visits
from booking.policy import BookingMissing, TooManyHolds
from booking.states import BookingState
from dispatch import live
from dispatch import queries as dispatch
from dispatch.operations import places, publishing
from dispatch.operations import visits as visit_operations
from dispatch.operations.places import PlaceGone
from dispatch.operations.visits import NotNext, PhotoNeeded, WrongCode
from dispatch.planner.problem import Window
from dispatch.states import VisitState
from kernel.actor import Actor, Role
from kernel.clock import FixedClock
from kernel.db import Crossed, transaction
from kernel.outbox import OutboxRow
from members import ledger_queries
from tests.house import (
    DISPATCHER,
    HOUR_S,
    MONDAY,
    MONDAY_NINE,
    a_branch,
    a_draft,
    a_member,
    a_service,
    a_technician,
    tomorrow,
)

MORNING = Window(10 * HOUR_S, 12 * HOUR_S)


@pytest.fixture
def member(app: Flask) -> Actor:
    with transaction() as db:
        branch_id = a_branch(db)
        a_technician(db, branch_id=branch_id)
        a_service(db)
        return a_member(db)


def a_hold(by: Actor) -> str:
    with transaction() as db:
        draft = a_draft(db, by=by)
    with transaction() as db:
        return bookings.hold(
            db, draft_number=draft, day=tomorrow(), window=MORNING, by=by, now=MONDAY_NINE
        ).number


def a_promise(by: Actor) -> str:
    number = a_hold(by)
    with transaction() as db:
        return bookings.commit(db, number=number, by=by, now=MONDAY_NINE).number


class TestOffers:
    def test_every_window_of_fourteen_days_is_proven(self, member: Actor) -> None:
        with transaction() as db:
            draft = queries.draft(db, number=a_draft(db, by=member), by=member)

        with transaction(reads_only=True) as db:
            found = placing.offers(db, draft=draft, now=MONDAY_NINE)

        # Today at 09:00 the windows at 08:00 and, for lead time, none before 10:00 are on sale.
        assert [(o.day - MONDAY).days for o in found] == [0] * 3 + [
            n for n in range(1, 14) for _ in range(4)
        ]
        assert all(o.window.open_s <= o.witness.start_s <= o.window.shut_s for o in found)

    def test_are_the_same_after_every_cache_was_forgotten(self, member: Actor) -> None:
        a_promise(member)
        with transaction() as db:
            draft = queries.draft(db, number=a_draft(db, by=member), by=member)
        with transaction(reads_only=True) as db:
            cached = placing.offers(db, draft=draft, now=MONDAY_NINE)

        live.forget()

        with transaction(reads_only=True) as db:
            assert placing.offers(db, draft=draft, now=MONDAY_NINE) == cached


class TestHold:
    def test_takes_the_place_until_it_runs_out(self, member: Actor) -> None:
        number = a_hold(member)

        with transaction(reads_only=True) as db:
            booking = queries.booking(db, number=number, by=member)
            times = dispatch.times_of(db, dispatch.visit(db, booking.visit_id))

        assert booking.held_until == MONDAY_NINE + timedelta(minutes=10)
        assert times is not None
        assert MORNING.open_s <= times.start_s <= MORNING.shut_s

    def test_the_same_draft_and_window_again_is_the_same_hold(self, member: Actor) -> None:
        with transaction() as db:
            draft = a_draft(db, by=member)
        numbers = []
        for _ in range(2):
            with transaction() as db:
                held = bookings.hold(
                    db,
                    draft_number=draft,
                    day=tomorrow(),
                    window=MORNING,
                    by=member,
                    now=MONDAY_NINE,
                )
                numbers.append(held.number)

        assert numbers[0] == numbers[1]

    def test_another_window_of_the_draft_gives_the_first_one_up(self, member: Actor) -> None:
        with transaction() as db:
            draft = a_draft(db, by=member)
        for opens in (15, 10):
            window = Window(opens * HOUR_S, (opens + 2) * HOUR_S)
            with transaction() as db:
                bookings.hold(
                    db,
                    draft_number=draft,
                    day=tomorrow(),
                    window=window,
                    by=member,
                    now=MONDAY_NINE,
                )

        with transaction(reads_only=True) as db:
            [left] = queries.holds_of(db, member.id, now=MONDAY_NINE)
            rows = dispatch.visits_in_routes(db, branch_id=1, day=tomorrow())
        assert left.state is BookingState.HELD
        assert [v.opens_s for v in rows.values()] == [10 * HOUR_S]

    def test_is_proven_anew_when_somebody_was_faster_than_its_lock(
        self, member: Actor, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with transaction() as db:
            draft = a_draft(db, by=member)
            rival = a_member(db, openid="oRival00000000000000000001")
        lock_days = places.lock_days

        def lock_later(*given: Any, **named: Any) -> Any:
            monkeypatch.setattr(places, "lock_days", lock_days)
            a_hold(rival)
            return lock_days(*given, **named)

        def hold(*, looks_first: bool) -> None:
            with transaction(looks_first=looks_first) as db:
                bookings.hold(
                    db,
                    draft_number=draft,
                    day=tomorrow(),
                    window=MORNING,
                    by=member,
                    now=MONDAY_NINE,
                )

        offering.foresee(draft_number=draft, day=tomorrow(), by=member, now=MONDAY_NINE)
        monkeypatch.setattr(places, "lock_days", lock_later)
        # SQLite itself refuses to write over what was read before.
        with contextlib.suppress(Crossed):
            hold(looks_first=True)
        hold(looks_first=False)

        with transaction(reads_only=True) as db:
            [route] = dispatch.routes(db, branch_id=1, day=tomorrow()).values()
            first, second = sorted(route.stops, key=lambda stop: stop[2])
        assert first[3] <= second[1]

    def test_of_a_draft_that_was_booked_leads_to_that_booking(self, member: Actor) -> None:
        number = a_promise(member)
        with transaction(reads_only=True) as db:
            booked = queries.booking(db, number=number, by=member)
            draft = queries.draft_by_id(db, booked.draft_id)

        with transaction() as db:
            again = bookings.hold(
                db,
                draft_number=draft.number,
                day=MONDAY,
                window=MORNING,
                by=member,
                now=MONDAY_NINE,
            )

        assert again.number == number

    def test_a_third_window_is_refused(self, member: Actor) -> None:
        for _ in range(2):
            a_hold(member)

        with pytest.raises(TooManyHolds):
            a_hold(member)

    def test_is_freed_once_when_it_ran_out(self, app: Flask, member: Actor) -> None:
        number = a_hold(member)
        later = FixedClock(MONDAY_NINE + timedelta(minutes=10))

        freed = [jobs.expire_holds(later), jobs.expire_holds(later)]

        assert freed == [1, 0]
        with transaction(reads_only=True) as db:
            booking = queries.booking(db, number=number, by=member)
            assert booking.state is BookingState.EXPIRED
            assert dispatch.visits_in_routes(db, branch_id=1, day=tomorrow()) == {}

    def test_of_another_member_is_missing(self, member: Actor) -> None:
        number = a_hold(member)
        with transaction() as db:
            stranger = a_member(db, openid="oTest000000000000000000002")

        with transaction() as db, pytest.raises(BookingMissing):
            bookings.commit(db, number=number, by=stranger, now=MONDAY_NINE)


class TestCommit:
    def test_makes_the_promise_and_tells_the_house_once(self, member: Actor) -> None:
        number = a_hold(member)

        for _ in range(2):
            with transaction() as db:
                booking = bookings.commit(db, number=number, by=member, now=MONDAY_NINE)

        assert booking.state is BookingState.BOOKED
        with transaction(reads_only=True) as db:
            told = db.scalars(select(OutboxRow).where(OutboxRow.name == "BookingBooked")).all()
            assert [row.facts["number"] for row in told] == [number]
            assert dispatch.visit(db, booking.visit_id).state is VisitState.PLANNED

    def test_of_a_freed_hold_is_refused(self, app: Flask, member: Actor) -> None:
        number = a_hold(member)
        jobs.expire_holds(FixedClock(MONDAY_NINE + timedelta(minutes=11)))

        with transaction() as db, pytest.raises(PlaceGone):
            bookings.commit(db, number=number, by=member, now=MONDAY_NINE)


class TestTheTechniciansDay:
    @pytest.fixture
    def assigned(self, member: Actor) -> tuple[str, Actor]:
        number = a_promise(member)
        with transaction() as db:
            publishing.publish_day(db, branch_id=1, day=tomorrow(), by=DISPATCHER, now=MONDAY_NINE)
            visit = dispatch.visit(db, queries.booking(db, number=number, by=member).visit_id)
        assert visit.technician_id is not None
        return visit.number, Actor(visit.technician_id, Role.TECHNICIAN)

    def test_goes_from_accepting_to_the_points(
        self, member: Actor, assigned: tuple[str, Actor]
    ) -> None:
        number, technician = assigned
        day = MONDAY_NINE + timedelta(days=1)
        with transaction() as db:
            visit = visit_operations.accept(db, number=number, by=technician, now=MONDAY_NINE)
        with transaction() as db:
            visit_operations.depart(db, number=number, by=technician, now=day)
        with transaction() as db:
            visit_operations.arrive(
                db, number=number, by=technician, now=day + timedelta(minutes=70)
            )
        with transaction() as db, pytest.raises(WrongCode):
            visit_operations.start(
                db, number=number, code="x", by=technician, now=day + timedelta(minutes=72)
            )
        with transaction() as db:
            visit_operations.start(
                db,
                number=number,
                code=visit.service_code,
                by=technician,
                now=day + timedelta(minutes=72),
            )
        with transaction() as db, pytest.raises(PhotoNeeded):
            visits.finish_visit(db, number=number, by=technician, now=day + timedelta(minutes=130))
        with transaction() as db:
            visit_operations.add_photo(
                db, number=number, sha256="0" * 64, by=technician, now=day + timedelta(minutes=129)
            )
        with transaction() as db:
            finished = visits.finish_visit(
                db, number=number, by=technician, now=day + timedelta(minutes=130)
            )
        with transaction() as db:
            booking = visits.sign_off(
                db, number=finished.number, by=member, now=day + timedelta(minutes=135)
            )

        assert booking.state is BookingState.COMPLETED
        with transaction(reads_only=True) as db:
            assert ledger_queries.points_balance(db, member.id) == 180
            told = db.scalars(select(OutboxRow.name).order_by(OutboxRow.id)).all()
        assert [n for n in told if n != "PlanChanged"] == [
            "MemberFollowed",
            "BookingHeld",
            "BookingBooked",
            "VisitAssigned",
            "VisitAccepted",
            "VisitDeparted",
            "VisitArrived",
            "VisitStarted",
            "VisitFinished",
            "WorkFinished",
            "VisitDone",
            "PointsPosted",
            "PhoneConfirmed",
            "BookingCompleted",
        ]

    def test_drives_in_the_order_of_the_route(
        self, member: Actor, assigned: tuple[str, Actor]
    ) -> None:
        _, technician = assigned
        second = a_promise(member)
        with transaction() as db:
            publishing.publish_day(db, branch_id=1, day=tomorrow(), by=DISPATCHER, now=MONDAY_NINE)
            visit = dispatch.visit(db, queries.booking(db, number=second, by=member).visit_id)
            times = dispatch.times_of(db, visit)
        assert times is not None
        later = visit.number if times.stops_before else assigned[0]
        with transaction() as db:
            visit_operations.accept(db, number=later, by=technician, now=MONDAY_NINE)

        with transaction() as db, pytest.raises(NotNext):
            visit_operations.depart(
                db, number=later, by=technician, now=MONDAY_NINE + timedelta(days=1)
            )
