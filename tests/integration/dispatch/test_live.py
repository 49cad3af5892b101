"""Offers are the same whoever derives them, whenever, from the rows alone."""

from datetime import timedelta

import pytest
from flask import Flask

from booking import queries
from booking.operations import bookings
from dispatch import live, travel
from dispatch import queries as dispatch
from dispatch.live import Offer, VisitShape
from dispatch.operations import places, roster
from dispatch.planner.problem import Window
from kernel.actor import Actor
from kernel.clock import SHANGHAI
from kernel.db import transaction
from kernel.geo import Point
from tests.house import (
    DISPATCHER,
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

pytestmark = pytest.mark.both_databases

MORNING = Window(10 * HOUR_S, 12 * HOUR_S)
SHAPE = VisitShape(point=Point(36.12, 120.40), work_s=HOUR_S, skill="air")


@pytest.fixture
def member(app: Flask) -> Actor:
    with transaction() as db:
        branch_id = a_branch(db)
        a_technician(db, branch_id=branch_id)
        a_service(db)
        return a_member(db)


def found(*, seconds_later: int = 0, days: int = 3) -> list[Offer]:
    now = MONDAY_NINE + timedelta(seconds=seconds_later)
    with transaction(reads_only=True) as db:
        return live.find(db, branch_id=1, shape=SHAPE, now=now, days=days)


class TestOffersWithoutTheCache:
    @pytest.mark.parametrize("first_s", [0, 1, 30, 59])
    @pytest.mark.parametrize("then_s", [0, 1, 30, 59])
    def test_are_the_same_all_through_a_minute(
        self, member: Actor, first_s: int, then_s: int
    ) -> None:
        # Whoever fills the cache first in a minute must find what anybody else would find in it.
        live.forget()
        found(seconds_later=60 + first_s)
        cached = found(seconds_later=60 + then_s)

        live.forget()

        assert found(seconds_later=60 + then_s) == cached

    def test_promise_nobody_before_he_could_be_sent(self, member: Actor) -> None:
        live.forget()
        first = found(seconds_later=30)[0]

        # At 9:00:30 nobody leaves before 9:01.
        travel_s = travel.between_s(NORTH, SHAPE.point)
        assert first.witness.arrive_s == 9 * HOUR_S + 60 + travel_s


class TestTheDetours:
    def test_are_those_of_all_days_on_sale_that_have_any(self, member: Actor) -> None:
        assert _detours() == []

        for day in (tomorrow(), tomorrow() + timedelta(days=2)):
            with transaction() as db:
                places.hold_place(
                    db,
                    branch_id=1,
                    day=day,
                    window=MORNING,
                    shape=SHAPE,
                    label="",
                    until=MONDAY_NINE,
                    by=member,
                    now=MONDAY_NINE,
                )

        there_and_back = 2 * travel.between_s(NORTH, SHAPE.point)
        assert _detours() == [there_and_back] * 2


def _detours() -> list[int]:
    with transaction(reads_only=True) as db:
        return live.detours(db, branch_id=1, now=MONDAY_NINE)


class TestTheRoster:
    def test_that_grows_is_seen_at_once(self, member: Actor) -> None:
        before = found()

        with transaction() as db:
            a_technician(db, branch_id=1, home=SHAPE.point)

        after = found()
        live.forget()
        assert after == found()
        assert after != before

    def test_that_grows_between_proof_and_hold_is_no_reason_to_refuse(self, member: Actor) -> None:
        found()
        with transaction() as db:
            second = a_technician(db, branch_id=1, home=SHAPE.point)

        with transaction() as db:
            visit = places.hold_place(
                db,
                branch_id=1,
                day=tomorrow(),
                window=MORNING,
                shape=SHAPE,
                label="",
                until=MONDAY_NINE,
                by=member,
                now=MONDAY_NINE,
            )
            times = dispatch.times_of(db, visit)

        assert times is not None
        assert times.technician_id == second

    def test_of_a_day_nobody_has_touched_moves_its_version_too(self, member: Actor) -> None:
        with transaction(reads_only=True) as db:
            before = live.day_plan(db, branch_id=1, day=tomorrow(), now=MONDAY_NINE).version

        with transaction() as db:
            technician = roster.add_technician(
                db,
                branch_id=1,
                work_number="QD900",
                name="赵六",
                phone="13900000000",
                home=NORTH,
                skills={"air": 1},
            )
            roster.add_shift(
                db, technician=technician, day=tomorrow(), opens_s=8 * HOUR_S, shuts_s=9 * HOUR_S
            )

        with transaction(reads_only=True) as db:
            after = live.day_plan(db, branch_id=1, day=tomorrow(), now=MONDAY_NINE)
        assert after.version > before
        assert after.problem.has_worker(technician.id)


class TestReading:
    def test_sees_one_moment_though_others_write(self, member: Actor) -> None:
        """An offer's search reads shifts, routes and visits one after the other: were a place freed
        between them, a route would name a visit that is not there."""
        with transaction() as db:
            draft = a_draft(db, by=member)
        with transaction() as db:
            held = bookings.hold(
                db, draft_number=draft, day=tomorrow(), window=MORNING, by=member, now=MONDAY_NINE
            )

        with transaction(reads_only=True) as reading:
            routes = dispatch.routes(reading, branch_id=1, day=tomorrow())
            with transaction() as db:
                bookings.release(db, number=held.number, by=member, now=MONDAY_NINE)
            visits = dispatch.visits_in_routes(reading, branch_id=1, day=tomorrow())

        assert {stop[0] for row in routes.values() for stop in row.stops} == set(visits)

    def test_of_a_freed_place_finds_it_again(self, member: Actor) -> None:
        with transaction() as db:
            draft = a_draft(db, by=member)
        before = found()
        with transaction() as db:
            held = bookings.hold(
                db, draft_number=draft, day=tomorrow(), window=MORNING, by=member, now=MONDAY_NINE
            )
        assert [o.witness for o in found()] != [o.witness for o in before]

        with transaction() as db:
            bookings.release(db, number=held.number, by=member, now=MONDAY_NINE)

        after = found()
        assert [(o.day, o.window, o.witness) for o in after] == [
            (o.day, o.window, o.witness) for o in before
        ]


class TestAHoldThatIsLost:
    def test_leaves_no_trace_in_the_cache(self, member: Actor) -> None:
        before = found()
        with transaction() as db:
            draft = a_draft(db, by=member)

        class Cut(Exception):
            pass

        def hold_and_die() -> None:
            with transaction() as db:
                bookings.hold(
                    db,
                    draft_number=draft,
                    day=tomorrow(),
                    window=MORNING,
                    by=member,
                    now=MONDAY_NINE,
                )
                live.day_plan(db, branch_id=1, day=tomorrow(), now=MONDAY_NINE)
                raise Cut

        with pytest.raises(Cut):
            hold_and_die()

        assert found() == before
        with transaction(reads_only=True) as db:
            assert queries.holds_of(db, member.id, now=MONDAY_NINE) == []


def test_monday_nine_is_nine_in_shanghai() -> None:
    assert MONDAY_NINE.astimezone(SHANGHAI).hour == 9
    assert DISPATCHER.id == 1
