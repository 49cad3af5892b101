"""What time itself does to a promise: asks, lets go, pays for lateness, signs, closes."""

from datetime import datetime, timedelta

import pytest
from flask import Flask

from booking.operations import closing, moving, presence, visits
from booking.states import BookingState
from dispatch.operations import visits as visit_operations
from dispatch.states import Trouble, VisitState
from kernel.actor import Actor, Role
from kernel.db import transaction
from kernel.machine import IllegalMove
from members import strike_queries
from members.operations import appeals, ruling, strikes
from members.risk import StrikeKind
from members.rule_text import standard_text
from tests.house import MONDAY, MONDAY_NINE
from tests.integration.booking.living import (
    HOUR,
    MINUTE,
    OPENS,
    SECOND,
    SHUTS,
    a_coupled_city,
    a_coupled_promise,
    at_the_door,
    compensation,
    done,
    endings,
    looked_after,
    points,
    struck,
    told,
)
from tests.integration.booking.promised import (
    DISPATCHER_OF_ALL,
    MORNING,
    a_city,
    a_promise,
    assigned,
    at_work,
    booking_of,
    finished,
    visit_of,
)

DAY = timedelta(days=1)
THURSDAY = MONDAY + 3 * DAY
THURSDAY_TEN = OPENS + 2 * DAY


@pytest.fixture
def member(app: Flask) -> Actor:
    return a_city()


def asked_by(number: str, *instants: datetime) -> list[int]:
    """Let the clock look at each of those instants; return how often he had been asked after each."""
    counts = []
    for instant in instants:
        looked_after(instant)
        counts.append(len(told("ConfirmationAsked")))
    assert booking_of(number).state is BookingState.BOOKED
    return counts


class TestAsking:
    def test_of_a_new_member_is_two_days_and_one_day_before(self, member: Actor) -> None:
        number = a_promise(member, day=THURSDAY)
        two_days, one_day = THURSDAY_TEN - 48 * HOUR, THURSDAY_TEN - 24 * HOUR

        counts = asked_by(
            number,
            two_days - SECOND,
            two_days,
            two_days,
            one_day - SECOND,
            one_day,
            THURSDAY_TEN - 2 * HOUR,
        )

        assert counts == [0, 1, 1, 1, 2, 2]

    def test_of_a_member_with_strikes_is_also_two_hours_before(self, member: Actor) -> None:
        struck(member, 100, 60)
        number = a_promise(member, day=THURSDAY)

        counts = asked_by(number, *(THURSDAY_TEN - n * HOUR for n in (48, 24, 2, 1)))

        assert counts == [1, 2, 3, 3]

    def test_that_was_slept_through_is_not_made_up_for(self, member: Actor) -> None:
        number = a_promise(member, day=THURSDAY)

        assert asked_by(number, THURSDAY_TEN - 23 * HOUR) == [1]

    def test_stops_when_he_answers_and_begins_anew_after_a_move(self, member: Actor) -> None:
        number = a_promise(member, day=THURSDAY)
        looked_after(THURSDAY_TEN - 48 * HOUR)
        now = THURSDAY_TEN - 40 * HOUR
        done(presence.confirm, number=number, by=member, now=now)
        done(presence.confirm, number=number, by=member, now=now)
        looked_after(THURSDAY_TEN - 24 * HOUR)
        assert (len(told("ConfirmationAsked")), len(told("BookingConfirmed"))) == (1, 1)

        done(
            moving.reschedule, number=number, day=THURSDAY + DAY, window=MORNING, by=member, now=now
        )
        looked_after(THURSDAY_TEN)

        assert len(told("ConfirmationAsked")) == 2

    def test_has_no_answer_while_there_is_no_window(self, member: Actor) -> None:
        number = a_promise(member)
        looked_after(SHUTS + 2 * HOUR)

        with pytest.raises(IllegalMove):
            done(presence.confirm, number=number, by=member, now=SHUTS + 2 * HOUR)


class TestLettingGo:
    """Two strikes, one within thirty days: the highest tier."""

    @pytest.fixture
    def number(self, member: Actor) -> str:
        struck(member, 60, 20)
        return a_promise(member, day=THURSDAY)

    def test_of_the_unanswered_is_two_hours_before_and_costs_nothing(
        self, member: Actor, number: str
    ) -> None:
        before = points(member)
        looked_after(THURSDAY_TEN - 24 * HOUR)
        looked_after(THURSDAY_TEN - 2 * HOUR - SECOND)
        assert booking_of(number).state is BookingState.BOOKED

        looked_after(THURSDAY_TEN - 2 * HOUR)

        booking = booking_of(number)
        assert (booking.state, booking.cause) == (BookingState.CANCELLED, "unanswered")
        assert visit_of(number).route_id is None
        assert points(member) == before
        assert len(told("StrikeOpened")) == 2

    def test_spares_him_who_answered(self, member: Actor, number: str) -> None:
        looked_after(THURSDAY_TEN - 24 * HOUR)
        done(presence.confirm, number=number, by=member, now=THURSDAY_TEN - 3 * HOUR)

        looked_after(THURSDAY_TEN - 2 * HOUR)

        assert booking_of(number).state is BookingState.CONFIRMED

    def test_spares_him_who_was_asked_at_the_last_moment(self, number: str) -> None:
        looked_after(THURSDAY_TEN - 2 * HOUR)
        looked_after(THURSDAY_TEN - HOUR)

        assert booking_of(number).state is BookingState.BOOKED

    def test_spares_him_to_whom_we_are_late(self, number: str) -> None:
        looked_after(THURSDAY_TEN - 24 * HOUR)

        looked_after(THURSDAY_TEN + 3 * HOUR)

        assert booking_of(number).state is BookingState.BOOKED


class TestLateness:
    @pytest.mark.parametrize(
        ("late", "owed"),
        [
            (15 * MINUTE - SECOND, 0),
            (15 * MINUTE, 10_00),
            (60 * MINUTE - SECOND, 10_00),
            (60 * MINUTE, 30_00),
        ],
    )
    def test_is_paid_for_by_steps_each_once(
        self, member: Actor, late: timedelta, owed: int
    ) -> None:
        number = a_promise(member)

        looked_after(SHUTS + 15 * MINUTE - SECOND)
        for _ in range(2):
            looked_after(SHUTS + late)

        assert compensation(member) == owed
        # Two steps that fell due together are one piece of news.
        assert [news["fen"] for news in told("PromiseBroken")] == ([owed] if owed else [])
        assert booking_of(number).state is BookingState.BOOKED

    def test_that_nobody_ended_is_a_missed_promise_paid_for_once(self, member: Actor) -> None:
        number = a_promise(member)
        looked_after(SHUTS + 60 * MINUTE)

        looked_after(SHUTS + 120 * MINUTE - SECOND)
        assert visit_of(number).state is VisitState.PLANNED
        looked_after(SHUTS + 120 * MINUTE)

        assert visit_of(number).state is VisitState.PROVIDER_NO_SHOW
        assert (booking_of(number).needs_window, endings(number)) == (True, ["missed"])
        assert compensation(member) == 30_00

    @pytest.mark.parametrize(("yuan", "owed"), [(50, 50_00), (20, 30_00)])
    def test_is_paid_for_as_the_rules_say_of_who_does_not_come(
        self, member: Actor, yuan: int, owed: int
    ) -> None:
        ruler = Actor(12, Role.MANAGER)
        text = standard_text().replace("broken_yuan: 30", f"broken_yuan: {yuan}")
        version = done(ruling.write, text=text, about="没有去的赔付", by=ruler, now=MONDAY_NINE)
        done(ruling.publish, version=version, words="没有去的赔付", by=ruler, now=MONDAY_NINE)
        number = a_promise(member)
        looked_after(SHUTS + 60 * MINUTE)

        looked_after(SHUTS + 120 * MINUTE)

        assert (endings(number), compensation(member)) == (["missed"], owed)

    def test_leaves_a_dispute_to_its_own_decision_when_the_technician_appeals(
        self, member: Actor
    ) -> None:
        number = a_promise(member)
        technician = assigned(number)
        at_work(number, technician)
        finished(number, technician)
        strike = done(
            strikes.open_strike,
            kind=StrikeKind.PROVIDER_NO_SHOW,
            technician_id=technician.id,
            booking_number=number,
            branch_id=1,
            evidence={"missed_at": OPENS.isoformat()},
            now=OPENS + HOUR,
        )
        said = {"reason": "other", "text": "那天的情况，请再核对一下。", "photos": []}
        at = OPENS + 2 * HOUR
        his = done(
            closing.dispute,
            number=number,
            by=member,
            now=at,
            **(said | {"reason": "not_right"}),
        )
        other = done(
            appeals.open_appeal, strike_number=strike.number, by=technician, now=at, **said
        )
        states = []
        for appeal in (other, his):
            done(
                closing.decide,
                appeal_number=appeal.number,
                upheld=False,
                words="记录属实，已逐项核对过。",
                by=Actor(12, Role.MANAGER),
                now=at + HOUR,
            )
            states.append(booking_of(number).state)

        assert states == [BookingState.DISPUTED, BookingState.CLOSED]

    def test_of_a_technician_who_had_accepted_is_a_strike_he_may_contest(
        self, member: Actor
    ) -> None:
        number = a_promise(member)
        technician = assigned(number)

        for _ in range(2):
            looked_after(SHUTS + 120 * MINUTE)

        with transaction() as db:
            [strike] = strike_queries.strikes_of_technician(db, technician_id=technician.id)
            assert (strike.kind, strike.points) == (StrikeKind.PROVIDER_NO_SHOW, 0)
            assert strike_queries.strikes_of(db, member_id=member.id) == []
            appeal = appeals.open_appeal(
                db,
                strike_number=strike.number,
                reason="other",
                text="车在路上坏了，已打电话给调度说明。",
                by=technician,
                now=SHUTS + 3 * HOUR,
            )
        assert appeal.technician_id == technician.id

    def test_slept_through_is_paid_for_all_the_same(self, member: Actor) -> None:
        number = a_promise(member)

        looked_after(SHUTS + DAY)

        assert endings(number) == ["missed"]
        assert compensation(member) == 30_00
        assert [news["fen"] for news in told("PromiseBroken")] == [30_00]
        assert len(told("ReturnNeeded")) == 1

    def test_of_a_delivery_and_its_installation_is_paid_for_once(self, app: Flask) -> None:
        member = a_coupled_city()
        number = a_coupled_promise(member)

        looked_after(SHUTS + DAY)

        assert sorted(endings(number)) == ["missed", "moved"]
        assert compensation(member) == 30_00

    def test_admitted_by_a_dispatcher_is_paid_for_in_full(self, member: Actor) -> None:
        number = a_promise(member)

        done(visits.missed, number=number, by=DISPATCHER_OF_ALL, now=OPENS)
        looked_after(SHUTS + DAY)

        assert compensation(member) == 30_00

    def test_of_him_who_is_on_the_way_is_no_miss(self, member: Actor) -> None:
        number = a_promise(member)
        technician = assigned(number)
        done(
            visit_operations.depart, number=visit_of(number).number, by=technician, now=OPENS - HOUR
        )

        looked_after(SHUTS + 3 * HOUR)

        assert visit_of(number).state is VisitState.EN_ROUTE
        assert compensation(member) == 30_00

    def test_ends_with_the_arrival(self, member: Actor) -> None:
        number = a_promise(member)
        at_the_door(number, assigned(number))

        looked_after(SHUTS + DAY)

        assert compensation(member) == 0


class TestTheEnd:
    def test_the_clock_signs_after_a_day(self, member: Actor) -> None:
        number = a_promise(member)
        technician = assigned(number)
        at_work(number, technician)
        visit, at = visit_of(number), OPENS + HOUR
        done(
            visit_operations.add_photo, number=visit.number, sha256="0" * 64, by=technician, now=at
        )
        done(visits.finish_visit, number=visit.number, by=technician, now=at, takes_payments=True)

        looked_after(at + DAY - SECOND)
        assert visit_of(number).state is VisitState.WORK_DONE
        looked_after(at + DAY)

        assert visit_of(number).state is VisitState.DONE
        assert (booking_of(number).state, endings(number)) == (BookingState.COMPLETED, ["kept"])
        assert points(member) == 180

    def test_and_closes_after_a_week(self, member: Actor) -> None:
        number = a_promise(member)
        technician = assigned(number)
        at_work(number, technician)
        finished(number, technician)
        end = OPENS + HOUR

        looked_after(end + 7 * DAY - SECOND)
        assert booking_of(number).state is BookingState.COMPLETED
        looked_after(end + 7 * DAY)

        assert booking_of(number).state is BookingState.CLOSED
        with pytest.raises(IllegalMove):
            done(closing.close, number=number, by=member, now=end + 8 * DAY)

    def test_a_second_visit_has_a_lateness_of_its_own(self, member: Actor) -> None:
        number = a_promise(member)
        technician = assigned(number)
        at_the_door(number, technician)
        done(
            visits.break_off,
            number=visit_of(number).number,
            cause=Trouble.UNFINISHED,
            by=technician,
            now=OPENS,
        )
        done(moving.reschedule, number=number, day=THURSDAY, window=MORNING, by=member, now=OPENS)

        looked_after(THURSDAY_TEN + 2 * HOUR + 15 * MINUTE)

        assert compensation(member) == 10_00
