"""Ratings, complaints and 催单, on both databases."""

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from booking import feedback_queries, queries
from booking.feedback import AlreadyRated, BadStars, NotOver, TooManyComplaints, Topic
from booking.feedback_models import Complaint, Rating
from booking.feedback_queries import ComplaintMissing
from booking.operations import cancelling, closing, feedback, refunding
from booking.policy import BookingMissing
from booking.states import BookingState, ComplaintState
from booking.urging import Answer, UrgedJustNow, Where
from dispatch import live
from dispatch.operations import visits as visit_operations
from dispatch.planner.problem import Window
from kernel.actor import Actor, Role
from kernel.db import transaction
from kernel.machine import IllegalMove
from kernel.outbox import OutboxRow
from members import ledger_queries, strike_queries
from tests.hands import at_once
from tests.house import HOUR_S, MONDAY_NINE, a_member
from tests.integration.booking.promised import (
    DISPATCHER_OF_ALL,
    TUESDAY_TEN,
    a_city,
    a_promise,
    assigned,
    at_work,
    booking_of,
    finished,
    visit_of,
)

MINUTE = timedelta(minutes=1)
ELSEWHERE = Actor(2, Role.DISPATCHER, frozenset({2}))


@pytest.fixture
def member(app: Flask) -> Actor:
    return a_city()


@pytest.fixture
def stranger(member: Actor) -> Actor:
    with transaction() as db:
        return a_member(db, openid="oTest000000000000000000002")


@pytest.fixture
def done(member: Actor) -> str:
    """A booking whose work is done."""
    number = a_promise(member)
    technician = assigned(number)
    at_work(number, technician)
    finished(number, technician)
    return number


def rated(number: str, by: Actor, *, stars: int = 5, text: str = "") -> Rating:
    with transaction() as db:
        return feedback.rate(
            db,
            booking_number=number,
            stars=stars,
            tags=["on_time"],
            text=text,
            by=by,
            now=TUESDAY_TEN + timedelta(hours=2),
        )


def complained(number: str, by: Actor) -> Complaint:
    with transaction() as db:
        return feedback.complain(
            db,
            booking_number=number,
            topic=Topic.LATENESS,
            text="迟到两小时",
            by=by,
            now=TUESDAY_TEN,
        )


def told(name: str) -> list[dict[str, object]]:
    with transaction(reads_only=True) as db:
        rows = db.scalars(select(OutboxRow).where(OutboxRow.name == name).order_by(OutboxRow.id))
        return [row.facts for row in rows]


class TestRating:
    @pytest.mark.parametrize("stars", [1, 5])
    def test_earns_twenty_points_whatever_the_stars(
        self, member: Actor, done: str, stars: int
    ) -> None:
        rated(done, member, stars=stars)

        with transaction(reads_only=True) as db:
            assert ledger_queries.points_balance(db, member.id) == 180 + 20
        assert [fact["stars"] for fact in told("BookingRated")] == [stars]

    def test_is_not_of_what_was_cancelled_though_an_appeal_has_closed_it(
        self, member: Actor
    ) -> None:
        number, late = a_promise(member), TUESDAY_TEN - MINUTE
        with transaction() as db:
            cancelling.cancel(db, number=number, by=member, now=late)
        with transaction() as db:
            [strike] = strike_queries.strikes_of_booking(db, booking_number=number)
            appeal = closing.appeal(
                db,
                strike_number=strike.number,
                booking_number=number,
                reason="other",
                text="家里临时有人住院，来不及。",
                photos=[],
                by=member,
                now=late,
            )
        with transaction() as db:
            closing.decide(
                db,
                appeal_number=appeal.number,
                upheld=False,
                words="记录属实，已逐项核对过。",
                by=Actor(12, Role.MANAGER),
                now=late,
            )
        assert booking_of(number).state is BookingState.CLOSED

        with pytest.raises(NotOver):
            rated(number, member)

    def test_closes_the_booking(self, member: Actor, done: str) -> None:
        rating = rated(done, member)

        assert booking_of(done).state is BookingState.CLOSED
        assert rating.technician_id == visit_of(done).technician_id

    def test_sent_twice_is_one(self, member: Actor, done: str) -> None:
        assert rated(done, member).id == rated(done, member).id

        with transaction(reads_only=True) as db:
            assert ledger_queries.points_balance(db, member.id) == 200
        assert len(told("BookingRated")) == 1

    def test_stays_as_it_was_given(self, member: Actor, done: str) -> None:
        rated(done, member)

        with pytest.raises(AlreadyRated):
            rated(done, member, stars=1)

    def test_is_one_though_two_devices_send_it_at_once(
        self, app: Flask, member: Actor, done: str
    ) -> None:
        at_once(app, [lambda: rated(done, member).id] * 2)

        with transaction(reads_only=True) as db:
            assert ledger_queries.points_balance(db, member.id) == 200

    def test_before_the_work_is_done_is_refused(self, member: Actor) -> None:
        number = a_promise(member)

        with pytest.raises(NotOver):
            rated(number, member)

    def test_of_anothers_booking_is_missing(self, stranger: Actor, done: str) -> None:
        with pytest.raises(BookingMissing):
            rated(done, stranger)

    def test_with_no_stars_changes_nothing(self, member: Actor, done: str) -> None:
        with pytest.raises(BadStars):
            rated(done, member, stars=0)

        assert booking_of(done).state is BookingState.COMPLETED


class TestComplaints:
    def test_wait_in_the_queue_of_the_branch_until_answered(self, member: Actor, done: str) -> None:
        complaint = complained(done, member)

        with transaction(reads_only=True) as db:
            [(waiting, booking)], total = feedback_queries.complaints(db, by=DISPATCHER_OF_ALL)
            assert feedback_queries.complaints(db, by=ELSEWHERE) == ([], 0)
        assert (waiting.number, booking.number, total) == (complaint.number, done, 1)

        with transaction() as db:
            answered = feedback.answer_complaint(
                db,
                number=complaint.number,
                words="抱歉，已补偿",
                by=DISPATCHER_OF_ALL,
                now=TUESDAY_TEN,
            )

        assert (answered.state, answered.answer) == (ComplaintState.ANSWERED, "抱歉，已补偿")
        with transaction(reads_only=True) as db:
            assert feedback_queries.complaints(db, by=DISPATCHER_OF_ALL)[1] == 0
            assert feedback_queries.complaint(db, number=complaint.number, by=member).answer
        assert len(told("ComplaintOpened")) == len(told("ComplaintAnswered")) == 1

    def test_are_answered_once(self, member: Actor, done: str) -> None:
        complaint = complained(done, member)

        def answered() -> None:
            with transaction() as db:
                feedback.answer_complaint(
                    db,
                    number=complaint.number,
                    words="好的",
                    by=DISPATCHER_OF_ALL,
                    now=TUESDAY_TEN,
                )

        answered()
        with pytest.raises(IllegalMove):
            answered()

    def test_are_three_at_most_while_none_is_answered(self, member: Actor, done: str) -> None:
        for _ in range(3):
            complained(done, member)

        with pytest.raises(TooManyComplaints):
            complained(done, member)

    def test_of_others_are_missing(self, member: Actor, stranger: Actor, done: str) -> None:
        complaint = complained(done, member)

        for actor in (stranger, ELSEWHERE):
            with transaction(reads_only=True) as db, pytest.raises(ComplaintMissing):
                feedback_queries.complaint(db, number=complaint.number, by=actor)


class TestUrge:
    """Two visits of one technician: at 10:00 and, two doors on, in the afternoon."""

    AFTERNOON = Window(13 * HOUR_S, 15 * HOUR_S)

    @pytest.fixture
    def second(self, member: Actor) -> str:
        self.first = a_promise(member)
        number = a_promise(member, window=self.AFTERNOON)
        self.technician = assigned(self.first)
        return number

    def asked(self, number: str, *, minutes: int) -> Answer:
        """Ask that many minutes after ten."""
        live.forget()
        with transaction() as db:
            return feedback.urge(
                db, number=number, by=DISPATCHER_OF_ALL, now=TUESDAY_TEN + minutes * MINUTE
            )

    def test_the_day_before_repeats_the_promise(self, member: Actor) -> None:
        number = a_promise(member)

        with transaction() as db:
            answer = feedback.urge(db, number=number, by=member, now=MONDAY_NINE)

        assert (answer.where, answer.stops_before, answer.eta) == (Where.ANOTHER_DAY, None, None)

    def test_counts_the_doors_that_are_not_left_yet(self, second: str) -> None:
        ahead = self.asked(second, minutes=-60)
        at_work(self.first, self.technician)
        while_he_works = self.asked(second, minutes=10)

        assert [(a.where, a.stops_before) for a in (ahead, while_he_works)] == [
            (Where.AHEAD, 1),
            (Where.AHEAD, 1),
        ]
        assert ahead.late_s == while_he_works.late_s == 0

    def test_says_so_when_standing_still_has_made_it_late(self, second: str) -> None:
        # Nobody has set out for the first door, and it is past the end of its promise.
        answer = self.asked(self.first, minutes=150)

        assert answer.where is Where.AHEAD
        assert answer.eta is not None
        assert answer.eta >= TUESDAY_TEN + 150 * MINUTE
        assert answer.late_s >= 30 * 60

    def test_follows_the_technician(self, second: str) -> None:
        visit = visit_of(self.first)
        with transaction() as db:
            visit_operations.depart(
                db, number=visit.number, by=self.technician, now=TUESDAY_TEN - 30 * MINUTE
            )
        under_way = self.asked(self.first, minutes=-20)
        with transaction() as db:
            visit_operations.arrive(db, number=visit.number, by=self.technician, now=TUESDAY_TEN)

        at_the_door = self.asked(self.first, minutes=1)

        assert under_way.where is Where.ON_THE_WAY
        assert under_way.eta is not None
        assert under_way.eta >= TUESDAY_TEN - 20 * MINUTE
        assert (at_the_door.where, at_the_door.eta) == (Where.AT_THE_DOOR, None)

    def test_of_finished_work_says_so(self, done: str) -> None:
        assert self.asked(done, minutes=90).where is Where.OVER

    def test_is_answered_once_in_ten_minutes_and_kept(self, second: str) -> None:
        answer = self.asked(second, minutes=0)

        with pytest.raises(UrgedJustNow):
            self.asked(second, minutes=9)
        self.asked(second, minutes=10)

        with transaction(reads_only=True) as db:
            booking = queries.booking(db, number=second, by=DISPATCHER_OF_ALL)
            kept = feedback_queries.urges(db, booking.id)
        assert feedback_queries.answer_of(kept[-1]) == answer
        assert len(kept) == len(told("BookingUrged")) == 2

    def test_is_answered_once_though_pressed_twice_at_once(self, app: Flask, member: Actor) -> None:
        number = a_promise(member)

        answers = at_once(app, [lambda: self.asked(number, minutes=0)] * 2)

        assert sorted(type(answer).__name__ for answer in answers) == ["Answer", "UrgedJustNow"]

    def test_of_anothers_booking_is_missing(self, stranger: Actor, second: str) -> None:
        with transaction() as db, pytest.raises(BookingMissing):
            feedback.urge(db, number=second, by=stranger, now=MONDAY_NINE)


def test_what_was_paid_back_is_rated_no_more(member: Actor, done: str) -> None:
    with transaction() as db:
        refunding.refund(
            db, number=done, words="装好又漏水，整单退回。", by=DISPATCHER_OF_ALL, now=TUESDAY_TEN
        )

    with pytest.raises(NotOver):
        rated(done, member)
