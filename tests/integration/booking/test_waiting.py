"""The waiting list, on both databases."""

from datetime import datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from booking import jobs, queries, waiting_queries
from booking.models import Booking
from booking.operations import bookings, tryouts, waiting
from booking.operations.placing import OffGrid, SlotPast, TooFar
from booking.operations.waiting import Outcome
from booking.policy import BookingMissing
from booking.states import BookingState, WaitingState
from booking.waiting import BookedAlready, TooManyLines, WaitingMissing
from booking.waiting_models import Waiting
from dispatch import queries as dispatch
from dispatch.planner.problem import Window
from kernel.actor import Actor
from kernel.clock import FixedClock
from kernel.db import transaction
from kernel.outbox import OutboxRow
from members import jobs as member_jobs
from members.operations import strikes
from members.policy import Blocked
from members.risk import StrikeKind
from tests.hands import at_once
from tests.house import (
    HOUR_S,
    MONDAY,
    MONDAY_NINE,
    a_branch,
    a_draft,
    a_member,
    a_technician,
    tomorrow,
)
from tests.integration.booking.promised import DISPATCHER_OF_ALL, MORNING, a_promise, a_service
from tests.samples import a_sample

AFTERNOON = Window(13 * HOUR_S, 13 * HOUR_S + 1200)
NOW = FixedClock(MONDAY_NINE)
MINUTE = timedelta(minutes=1)
# A day with room for one visit in the morning and one in the afternoon.
TWO_PLACES = ((10 * HOUR_S, 12 * HOUR_S), (13 * HOUR_S, 13 * HOUR_S + 1200))


@pytest.fixture
def people(app: Flask) -> list[Actor]:
    """Four members in a city whose one technician works from ten to eleven and after lunch."""
    with transaction() as db:
        branch_id = a_branch(db, windows=TWO_PLACES)
        a_technician(
            db,
            branch_id=branch_id,
            opens_s=11 * HOUR_S,
            shuts_s=14 * HOUR_S + 1800,
            breaks=((12 * HOUR_S, 12 * HOUR_S + 1800, 1800),),
        )
        a_service(db)
        return [a_member(db, openid=f"oTest{n:023d}") for n in range(1, 5)]


def joined(by: Actor, *wanted: Window, draft: str = "") -> str:
    with transaction() as db:
        number = draft or a_draft(db, by=by)
    with transaction() as db:
        return waiting.join(
            db, draft_number=number, day=tomorrow(), wanted=wanted, by=by, now=MONDAY_NINE
        ).number


def row_of(number: str) -> Waiting:
    with transaction(reads_only=True) as db:
        return waiting_queries.waiting_by_number(db, number=number, by=DISPATCHER_OF_ALL)


def states(*numbers: str) -> list[WaitingState]:
    return [row_of(number).state for number in numbers]


def offered(number: str) -> Booking:
    with transaction(reads_only=True) as db:
        booking_id = row_of(number).booking_id
        assert booking_id is not None
        return queries.by_id(db, booking_id)


def freed(number: str, *, now: datetime = MONDAY_NINE) -> None:
    with transaction() as db:
        bookings.release(db, number=number, by=DISPATCHER_OF_ALL, now=now)


def held(by: Actor, window: Window) -> str:
    with transaction() as db:
        draft = a_draft(db, by=by)
    with transaction() as db:
        return bookings.hold(
            db, draft_number=draft, day=tomorrow(), window=window, by=by, now=MONDAY_NINE
        ).number


def told(name: str) -> list[dict[str, object]]:
    with transaction(reads_only=True) as db:
        rows = db.scalars(select(OutboxRow).where(OutboxRow.name == name).order_by(OutboxRow.id))
        return [row.facts for row in rows]


class TestJoin:
    def test_tells_the_place_in_line(self, people: list[Actor]) -> None:
        joined(people[0], MORNING)
        joined(people[1], AFTERNOON)
        joined(people[2])

        assert [fact["position"] for fact in told("WaitingJoined")] == [1, 1, 3]

    def test_twice_keeps_the_place_with_the_new_windows(self, people: list[Actor]) -> None:
        with transaction() as db:
            draft = a_draft(db, by=people[0])
        first = joined(people[0], MORNING, draft=draft)

        again = joined(people[0], AFTERNOON, draft=draft)

        assert again == first
        assert row_of(first).windows == [[AFTERNOON.open_s, AFTERNOON.shut_s]]

    def test_of_what_was_booked_is_refused(self, people: list[Actor]) -> None:
        number = a_promise(people[0])
        with transaction(reads_only=True) as db:
            booking = queries.booking(db, number=number, by=people[0])
            draft = queries.draft_by_id(db, booking.draft_id).number

        with pytest.raises(BookedAlready):
            joined(people[0], draft=draft)

    def test_five_lines_a_member(self, people: list[Actor]) -> None:
        for _ in range(5):
            joined(people[0])

        with pytest.raises(TooManyLines):
            joined(people[0])

    @pytest.mark.parametrize(
        ("days", "window", "refusal"),
        [
            pytest.param(1, Window(9 * HOUR_S, 11 * HOUR_S), OffGrid, id="no_such_window"),
            pytest.param(-1, None, SlotPast, id="yesterday"),
            pytest.param(14, None, TooFar, id="beyond_the_horizon"),
        ],
    )
    def test_of_a_day_that_is_not_on_sale_is_refused(
        self, people: list[Actor], days: int, window: Window | None, refusal: type[Exception]
    ) -> None:
        with transaction() as db:
            draft = a_draft(db, by=people[0])

        with transaction() as db, pytest.raises(refusal):
            waiting.join(
                db,
                draft_number=draft,
                day=MONDAY + timedelta(days=days),
                wanted=[window] if window else [],
                by=people[0],
                now=MONDAY_NINE,
            )

    def test_with_anothers_draft_is_missing(self, people: list[Actor]) -> None:
        with transaction() as db:
            draft = a_draft(db, by=people[0])

        with pytest.raises(BookingMissing):
            joined(people[1], draft=draft)


class TestServe:
    def test_offers_what_came_free_to_the_first_in_line(self, people: list[Actor]) -> None:
        taken = held(people[0], MORNING)
        first, second = joined(people[1], MORNING), joined(people[2], MORNING)
        assert jobs.serve_waiting(NOW) == 0

        freed(taken)
        assert jobs.serve_waiting(NOW) == 1

        assert states(first, second) == [WaitingState.OFFERED, WaitingState.WAITING]
        booking = offered(first)
        assert (booking.state, booking.member_id) == (BookingState.HELD, people[1].id)
        assert booking.held_until == MONDAY_NINE + 30 * MINUTE
        [fact] = told("WaitingOffered")
        assert (fact["waiting_number"], fact["booking_number"]) == (first, booking.number)

    def test_looks_only_when_the_plan_has_moved(self, people: list[Actor]) -> None:
        held(people[0], MORNING)
        number = joined(people[1], MORNING)
        jobs.serve_waiting(NOW)
        seen = row_of(number)

        jobs.serve_waiting(NOW)

        assert row_of(number).version == seen.version

    def test_lets_one_by_who_wants_what_nobody_before_wants(self, people: list[Actor]) -> None:
        held(people[0], MORNING)
        first, second = joined(people[1], MORNING), joined(people[2], AFTERNOON)

        assert jobs.serve_waiting(NOW) == 1

        assert states(first, second) == [WaitingState.WAITING, WaitingState.OFFERED]

    def test_an_unanswered_offer_goes_to_the_next(self, people: list[Actor]) -> None:
        first, second = joined(people[1], MORNING), joined(people[2], MORNING)
        jobs.serve_waiting(NOW)
        later = FixedClock(MONDAY_NINE + 30 * MINUTE)

        jobs.expire_holds(later)
        jobs.serve_waiting(later)

        assert states(first, second) == [WaitingState.LAPSED, WaitingState.OFFERED]
        assert [fact["state"] for fact in told("WaitingEnded")] == ["lapsed"]

    def test_an_answered_one_is_taken(self, people: list[Actor]) -> None:
        number = joined(people[1], MORNING)
        jobs.serve_waiting(NOW)

        with transaction() as db:
            bookings.commit(
                db, number=offered(number).number, by=people[1], now=MONDAY_NINE + 29 * MINUTE
            )
        for _ in range(2):
            jobs.serve_waiting(NOW)

        assert states(number) == [WaitingState.TAKEN]
        assert [fact["state"] for fact in told("WaitingEnded")] == ["taken"]

    def test_passes_over_who_holds_windows_already(self, people: list[Actor]) -> None:
        taken = held(people[0], MORNING)
        busy, next_one = joined(people[1], MORNING), joined(people[2], MORNING)
        with transaction() as db:
            draft = a_draft(db, by=people[1])
            # A hold on another day under the draft of his line is his own to decide on.
            row = waiting_queries.waiting_by_number(db, number=busy, by=people[1])
            draft = queries.draft_by_id(db, row.draft_id).number
        with transaction() as db:
            bookings.hold(
                db,
                draft_number=draft,
                day=tomorrow() + timedelta(days=1),
                window=MORNING,
                by=people[1],
                now=MONDAY_NINE,
            )

        freed(taken)
        jobs.serve_waiting(NOW)

        assert states(busy, next_one) == [WaitingState.WAITING, WaitingState.OFFERED]

    def test_passes_over_who_was_blacklisted_meanwhile(self, people: list[Actor]) -> None:
        first, second = joined(people[1], MORNING), joined(people[2], MORNING)
        for days in (9, 8, 7):
            at = MONDAY_NINE - timedelta(days=days)
            with transaction() as db:
                strikes.open_strike(
                    db,
                    member_id=people[1].id,
                    kind=StrikeKind.NO_SHOW,
                    booking_number=f"B{days}",
                    branch_id=1,
                    evidence={"calls": 2},
                    now=at,
                )
            member_jobs.post_due_strikes(FixedClock(at + timedelta(days=1)))

        assert jobs.serve_waiting(NOW) == 1

        assert states(first, second) == [WaitingState.WAITING, WaitingState.OFFERED]
        with pytest.raises(Blocked):
            joined(people[1], AFTERNOON)

    def test_is_not_asked_before_those_before_him_were(self, people: list[Actor]) -> None:
        first, second = joined(people[1], MORNING), joined(people[2], MORNING)

        with transaction() as db:
            told = [
                waiting.serve(db, number=second, passed=passed, now=MONDAY_NINE)
                for passed in ((), (first,))
            ]

        assert told == [Outcome.NOT_HIS_TURN, Outcome.OFFERED]

    def test_ends_for_who_booked_meanwhile(self, people: list[Actor]) -> None:
        number = joined(people[1], MORNING)
        with transaction(reads_only=True) as db:
            draft = queries.draft_by_id(db, row_of(number).draft_id).number
        with transaction() as db:
            own = bookings.hold(
                db,
                draft_number=draft,
                day=tomorrow(),
                window=AFTERNOON,
                by=people[1],
                now=MONDAY_NINE,
            )
        with transaction() as db:
            bookings.commit(db, number=own.number, by=people[1], now=MONDAY_NINE)

        assert jobs.serve_waiting(NOW) == 0

        assert states(number) == [WaitingState.WITHDRAWN]

    def test_ends_when_the_day_is_too_near(self, people: list[Actor]) -> None:
        held(people[0], MORNING)
        number = joined(people[1], MORNING)
        jobs.serve_waiting(NOW)

        # Nobody moves the plan: the hour before the window opens does it.
        for minutes in (24 * 60, 24 * 60 + 1):
            jobs.serve_waiting(FixedClock(MONDAY_NINE + minutes * MINUTE))

        assert states(number) == [WaitingState.LAPSED]

    def test_offers_one_place_once_though_two_hands_serve(
        self, app: Flask, people: list[Actor]
    ) -> None:
        numbers = [joined(person, MORNING) for person in people[:3]]

        at_once(app, [lambda: jobs.serve_waiting(NOW)] * 2)

        assert states(*numbers) == [
            WaitingState.OFFERED,
            WaitingState.WAITING,
            WaitingState.WAITING,
        ]
        with transaction(reads_only=True) as db:
            assert len(dispatch.visits_in_routes(db, branch_id=1, day=tomorrow())) == 1

    def test_passes_over_one_whose_tryout_was_given_up(self, people: list[Actor]) -> None:
        with transaction() as db:
            sample = a_sample(db, branch_id=1)
        with transaction() as db:
            tryout = tryouts.ask(db, sample_number=sample, by=people[0], now=MONDAY_NINE).number
        with transaction() as db:
            delivery = a_draft(db, by=people[0], service_code="bring_1")
        first, second = joined(people[0], draft=delivery), joined(people[1])
        with transaction() as db:
            tryouts.cancel(db, number=tryout, by=people[0], now=MONDAY_NINE)

        assert jobs.serve_waiting(NOW) == 1

        assert states(first, second) == [WaitingState.WAITING, WaitingState.OFFERED]


class TestLeave:
    def test_gives_back_what_was_offered(self, people: list[Actor]) -> None:
        first, second = joined(people[1], MORNING), joined(people[2], MORNING)
        jobs.serve_waiting(NOW)

        with transaction() as db:
            waiting.leave(db, number=first, by=people[1], now=MONDAY_NINE)
        jobs.serve_waiting(NOW)

        assert states(first, second) == [WaitingState.WITHDRAWN, WaitingState.OFFERED]
        assert offered(first).state is BookingState.EXPIRED

    def test_of_anothers_place_is_missing(self, people: list[Actor]) -> None:
        number = joined(people[1])

        with transaction() as db, pytest.raises(WaitingMissing):
            waiting.leave(db, number=number, by=people[2], now=MONDAY_NINE)
