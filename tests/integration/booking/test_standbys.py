"""Stand-bys: a place that may come free is promised to one who waits, and there are never two for it."""

from datetime import datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import update

from booking import jobs, queries, standby_queries
from booking.models import Booking, Promise
from booking.operations import bookings, cancelling, moving, presence, standbys, waiting
from booking.operations.steps import locked
from booking.standby_models import Standby
from booking.states import BookingState, StandbyState, WaitingState
from booking.waiting import STANDBY_EVERY, STANDBY_GRACE, STANDBY_LIFE
from booking.waiting_models import Waiting
from dispatch import queries as dispatch
from dispatch.operations import ties
from dispatch.planner.problem import Window
from faces.chrome import forgetting
from kernel.actor import SYSTEM, Actor, Role
from kernel.clock import FixedClock
from kernel.db import transaction
from members.operations import tags
from scripts import truths
from tests.house import (
    HOUR_S,
    MONDAY,
    MONDAY_NINE,
    a_branch,
    a_draft,
    a_member,
    a_technician,
)
from tests.integration.booking.living import HOUR, OPENS, SECOND, done, looked_after, struck, told
from tests.integration.booking.promised import MORNING, a_promise, a_service, booking_of, visit_of

THURSDAY, TEN = MONDAY + timedelta(days=3), OPENS + timedelta(days=2)
ASKED = TEN - 24 * HOUR + HOUR
RELEASED = TEN - 2 * HOUR


@pytest.fixture
def people(app: Flask) -> list[Actor]:
    """One who failed us twice, and two others, in a city with one place a day."""
    with transaction() as db:
        here = a_branch(db, windows=[(MORNING.open_s, MORNING.shut_s)])
        a_technician(db, branch_id=here, opens_s=10 * HOUR_S, shuts_s=11 * HOUR_S + 3000)
        a_service(db)
        members = [a_member(db, openid=f"oTest{n:023d}") for n in range(1, 4)]
    struck(members[0], 60, 20)
    return members


def waits(by: Actor, *, wanted: tuple[Window, ...] = ()) -> str:
    draft = done(a_draft, by=by)
    row = done(
        waiting.join, draft_number=draft, day=THURSDAY, wanted=wanted, by=by, now=MONDAY_NINE
    )
    return row.number


def served(at: datetime) -> int:
    return jobs.serve_waiting(FixedClock(at))


def standby_for(number: str) -> Standby | None:
    with transaction(reads_only=True) as db:
        found = standby_queries.open_of_booking(db, booking_of(number).id)
        return found[0] if found else None


def his_bookings(by: Actor) -> list[Booking]:
    with transaction(reads_only=True) as db:
        return list(queries.bookings_of(db, by.id))


def accepted(people: list[Actor]) -> str:
    """Let the first have the day's place, unanswered, and the second stand by for it."""
    risky, line = a_promise(people[0], day=THURSDAY), waits(people[1])
    looked_after(TEN - 24 * HOUR)
    assert served(ASKED) == 1
    done(standbys.accept, number=line, by=people[1], now=ASKED)
    return risky


class TestWhoIsAsked:
    def test_is_the_first_in_line_once_the_risky_one_was_asked(self, people: list[Actor]) -> None:
        risky = a_promise(people[0], day=THURSDAY)
        waits(people[1])
        waits(people[2])

        assert served(TEN - 40 * HOUR) == 0
        looked_after(TEN - 24 * HOUR)
        assert (served(ASKED), served(ASKED)) == (1, 0)

        asked = standby_for(risky)
        assert asked is not None
        assert (asked.until, asked.opens_s, asked.state) == (
            RELEASED,
            MORNING.open_s,
            StandbyState.OFFERED,
        )
        assert [fact["member_id"] for fact in told("StandbyOffered")] == [people[1].id]

    def test_is_the_next_when_he_does_not_say(self, people: list[Actor]) -> None:
        a_promise(people[0], day=THURSDAY)
        waits(people[1])
        waits(people[2])
        looked_after(TEN - 24 * HOUR)
        served(ASKED)

        assert served(ASKED + STANDBY_LIFE) == 1

        assert [fact["member_id"] for fact in told("StandbyOffered")] == [
            people[1].id,
            people[2].id,
        ]
        assert [fact["why"] for fact in told("StandbyEnded")] == ["unanswered"]

    def test_is_nobody_for_who_is_on_no_such_step_or_at_night(self, people: list[Actor]) -> None:
        a_promise(people[2], day=THURSDAY)
        waits(people[1])
        looked_after(TEN - 24 * HOUR)

        assert served(ASKED) == 0
        assert served(ASKED + 12 * HOUR) == 0

    def test_is_nobody_for_a_window_that_is_kept_for_others(self, people: list[Actor]) -> None:
        leader = Actor(1, Role.MANAGER)
        vip = done(tags.make_tag, name="VIP", rule=None, by=leader, now=MONDAY_NINE)
        a_promise(people[0], day=THURSDAY)
        waits(people[1])
        done(ties.set_keeping, branch_id=1, tag_id=vip.id, windows=[MORNING], hours=1)
        looked_after(TEN - 24 * HOUR)

        assert served(ASKED) == 0

    def test_is_nobody_whose_window_opens_too_soon_after(self, people: list[Actor]) -> None:
        with transaction() as db:
            # Sold an hour earlier than the moment of letting go allows.
            windows = [[8 * HOUR_S, 9 * HOUR_S], [MORNING.open_s, MORNING.shut_s]]
            dispatch.branch(db, 1).windows = windows
        a_promise(people[0], day=THURSDAY)
        waits(people[1], wanted=(Window(8 * HOUR_S, 9 * HOUR_S),))
        looked_after(TEN - 24 * HOUR)

        assert served(ASKED) == 0


class TestThePlace:
    def test_is_his_though_he_holds_a_window_of_an_earlier_day(self, people: list[Actor]) -> None:
        risky, line = a_promise(people[0], day=THURSDAY), waits(people[1])
        looked_after(TEN - 48 * HOUR)
        served(TEN - 47 * HOUR)
        done(standbys.accept, number=line, by=people[1], now=TEN - 47 * HOUR)
        with transaction(reads_only=True) as db:
            draft = queries.draft_by_id(db, db.query(Waiting).one().draft_id).number
        at, wednesday = TEN - 46 * HOUR, THURSDAY - timedelta(days=1)
        held = done(
            bookings.hold, draft_number=draft, day=wednesday, window=MORNING, by=people[1], now=at
        )

        done(cancelling.cancel, number=risky, by=people[0], now=at)

        [mine] = [row for row in his_bookings(people[1]) if row.number != held.number]
        assert (mine.state, mine.starts_at) == (BookingState.BOOKED, TEN)
        assert booking_of(held.number).state is BookingState.EXPIRED

    def test_is_his_by_itself_when_it_is_let_go(self, people: list[Actor]) -> None:
        risky = accepted(people)

        looked_after(RELEASED - SECOND)
        assert his_bookings(people[1]) == []
        looked_after(RELEASED)

        [mine] = his_bookings(people[1])
        assert (booking_of(risky).state, mine.state) == (
            BookingState.CANCELLED,
            BookingState.BOOKED,
        )
        assert mine.starts_at == TEN
        assert visit_of(mine.number).route_id is not None
        assert visit_of(risky).route_id is None

    def test_is_his_when_the_other_cancels(self, people: list[Actor]) -> None:
        risky = accepted(people)

        done(cancelling.cancel, number=risky, by=people[0], now=ASKED + HOUR)

        assert [one.state for one in his_bookings(people[1])] == [BookingState.BOOKED]

    def test_is_had_after_it_by_one_who_was_asked_meanwhile(self, people: list[Actor]) -> None:
        struck(people[2], 61, 21)
        risky, line = a_promise(people[2], day=THURSDAY), waits(people[1])
        looked_after(TEN - 24 * HOUR)
        served(ASKED)
        done(standbys.accept, number=line, by=people[1], now=ASKED)

        with transaction() as db:
            # The clock has locked the member before anybody was asked to stand by.
            locked(db, risky, SYSTEM)
            cancelling.cancel(db, number=risky, by=people[2], now=ASKED + HOUR)
        assert his_bookings(people[1]) == []
        served(ASKED + HOUR)

        assert [one.state for one in his_bookings(people[1])] == [BookingState.BOOKED]

    def test_is_his_before_the_line_when_the_other_moves(self, people: list[Actor]) -> None:
        risky, first, second = (
            a_promise(people[0], day=THURSDAY),
            waits(people[2]),
            waits(people[1]),
        )
        looked_after(TEN - 24 * HOUR)
        served(ASKED)
        done(standbys.decline, number=first, by=people[2], now=ASKED)
        served(ASKED + STANDBY_EVERY)
        done(standbys.accept, number=second, by=people[1], now=ASKED + STANDBY_EVERY)

        friday = THURSDAY + timedelta(days=1)
        at = ASKED + HOUR
        done(moving.reschedule, number=risky, day=friday, window=MORNING, by=people[0], now=at)
        served(at)

        assert [one.state for one in his_bookings(people[1])] == [BookingState.BOOKED]

    def test_is_the_others_who_answers(self, people: list[Actor]) -> None:
        risky = accepted(people)
        done(presence.confirm, number=risky, by=people[0], now=ASKED + HOUR)

        served(ASKED + HOUR)
        looked_after(RELEASED)

        assert (booking_of(risky).state, his_bookings(people[1])) == (BookingState.CONFIRMED, [])
        assert [fact["why"] for fact in told("StandbyEnded")] == ["kept"]

    def test_is_nobodys_who_has_left_the_line(self, people: list[Actor]) -> None:
        risky = accepted(people)
        line = told("WaitingJoined")[0]["waiting_number"]
        done(waiting.leave, number=line, by=people[1], now=ASKED)

        looked_after(RELEASED)

        assert (booking_of(risky).state, his_bookings(people[1])) == (BookingState.CANCELLED, [])
        assert [fact["why"] for fact in told("StandbyEnded")] == ["left"]

    def test_is_nobodys_when_the_clock_comes_too_late(self, people: list[Actor]) -> None:
        risky = accepted(people)

        looked_after(RELEASED + STANDBY_GRACE)

        assert (booking_of(risky).state, his_bookings(people[1])) == (BookingState.CANCELLED, [])
        assert [fact["why"] for fact in told("StandbyEnded")] == ["gone"]

    def test_is_nobodys_who_is_forgotten(self, people: list[Actor]) -> None:
        accepted(people)

        done(lambda db: forgetting.forget(db, people[1].id, now=ASKED))
        looked_after(RELEASED)

        assert his_bookings(people[1]) == []
        assert [fact["why"] for fact in told("StandbyEnded")] == ["left"]


# What of a place that was taken each is no more, and would be had in spite of every operation.
PLANTS: dict[str, tuple[type[Standby | Waiting | Promise], dict[str, object]]] = {
    "in another window": (Standby, {"opens_s": 9 * HOUR_S}),
    "too late": (Standby, {"until": RELEASED - HOUR}),
    "taken and kept": (Standby, {"why": "kept"}),
    "open for one who has it": (Standby, {"state": StandbyState.ACCEPTED}),
    "without a booking": (Waiting, {"booking_id": None}),
    "by one who waits": (Waiting, {"state": WaitingState.WAITING}),
    "had by both": (Promise, {"ended_at": None, "ending": ""}),
    "before it was free": (Promise, {"ended_at": RELEASED + SECOND}),
}


class TestTheTruth:
    """What holds after every step of the machine and after every race finds what breaks it."""

    def test_of_a_place_that_was_taken(self, people: list[Actor]) -> None:
        accepted(people)
        looked_after(RELEASED)

        found = []
        with transaction() as db:
            for fault, (model, facts) in PLANTS.items():
                with db.begin_nested() as planted:
                    db.execute(update(model).where(model.id == 1).values(**facts))
                    try:
                        truths.who_stands_by_has_the_place_or_waits(db)
                    except AssertionError:
                        found.append(fault)
                    planted.rollback()
            truths.who_stands_by_has_the_place_or_waits(db)
            truths.stand_bys_are_decided(db, now=RELEASED)

        assert found == list(PLANTS)

    def test_of_one_that_is_open(self, people: list[Actor]) -> None:
        risky = accepted(people)
        with transaction(reads_only=True) as db:
            truths.who_stands_by_has_the_place_or_waits(db)
            truths.stand_bys_are_decided(db, now=RELEASED)

        with transaction(reads_only=True) as db, pytest.raises(AssertionError):
            truths.stand_bys_are_decided(db, now=RELEASED + STANDBY_GRACE)
        done(presence.confirm, number=risky, by=people[0], now=ASKED)
        with transaction(reads_only=True) as db, pytest.raises(AssertionError):
            truths.stand_bys_are_decided(db, now=ASKED)
