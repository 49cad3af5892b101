"""The blacklist: it begins with the posting, ends by itself, and is looked at by a person."""

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from kernel.actor import Actor
from kernel.clock import FixedClock
from kernel.db import transaction
from kernel.errors import Forbidden
from kernel.machine import IllegalMove
from kernel.outbox import OutboxRow
from members import jobs, queries, strike_queries
from members.operations import blacklist
from members.policy import (
    BlacklistingMissing,
    Blocked,
)
from members.states import BlacklistingState
from tests.house import MONDAY_NINE, a_member
from tests.integration.members.cases import (
    AUDITOR,
    DAY,
    HOUR,
    MEMBER,
    NEIGHBOUR,
    SECOND,
    STRANGER,
    SUN,
    WORDS,
    ZOU,
    a_posted_strike,
    a_strike,
    an_appeal,
    decided,
    post_due,
    the_blacklistings,
    three_strikes,
    told,
)

# Three strikes on three days, each posted a day later.
BEGINS = MONDAY_NINE + 4 * DAY
ENDS = BEGINS + 90 * DAY


@pytest.fixture(autouse=True)
def _members(app: Flask) -> None:
    with transaction() as db:
        for place in (1, 2):
            a_member(db, openid=f"oTest{place:023d}")


def may_book(at: timedelta) -> bool:
    with transaction() as db:
        try:
            queries.check_may_book(db, MEMBER.id, now=BEGINS + at)
        except Blocked:
            return False
    return True


class TestABlacklisting:
    def test_begins_with_the_third_strike_that_is_posted(self) -> None:
        strikes = three_strikes()

        [row] = the_blacklistings()

        assert (row.begins_at, row.until, row.state) == (BEGINS, ENDS, BlacklistingState.IN_FORCE)
        assert row.cause == f"strike:{strikes[-1].number}"
        assert row.strikes == [strike.number for strike in strikes]
        assert told()[-2:] == ["Blacklisted", "StrikePosted"]

    def test_stops_bookings_until_it_ends_by_itself(self) -> None:
        three_strikes()

        blocked = [not may_book(at) for at in (0 * DAY, 90 * DAY - SECOND, 90 * DAY)]

        # The row says so before any job has run.
        assert blocked == [True, True, False]
        assert the_blacklistings()[0].state is BlacklistingState.IN_FORCE

    def test_says_why_until_when_and_where_to_appeal(self) -> None:
        three_strikes()

        with transaction() as db, pytest.raises(Blocked) as refused:
            queries.check_may_book(db, MEMBER.id, now=BEGINS)

        assert refused.value.code == "blocked"
        assert refused.value.facts == {
            "until": ENDS,
            "number": the_blacklistings()[0].number,
            "count": 3,
            "days": 180,
        }

    def test_is_closed_and_told_once_when_its_time_is_over(self) -> None:
        three_strikes()

        closed = [
            jobs.end_blacklistings(FixedClock(ENDS + at)) for at in (-SECOND, 0 * DAY, 1 * DAY)
        ]

        assert closed == [0, 1, 0]
        assert the_blacklistings()[0].state is BlacklistingState.RAN_OUT
        assert told()[-1] == "BlacklistEnded"

    def test_begins_anew_with_a_fourth(self) -> None:
        three_strikes()
        a_posted_strike("B9", at=BEGINS + 10 * DAY)

        fourth, third = the_blacklistings()

        assert (third.until, fourth.until) == (ENDS, ENDS + 11 * DAY)
        jobs.end_blacklistings(FixedClock(ENDS))
        assert not may_book(90 * DAY)
        with transaction(reads_only=True) as db:
            row = db.scalars(select(OutboxRow).where(OutboxRow.name == "BlacklistEnded")).one()
        assert row.facts["is_free"] is False

    def test_ends_when_an_appeal_against_one_of_three_is_upheld(self) -> None:
        third = three_strikes()[-1]
        appeal = an_appeal(third, at=BEGINS + HOUR)

        decided(appeal, upheld=True, at=BEGINS + 2 * HOUR)

        [row] = the_blacklistings()
        assert (row.state, row.ended_at) == (BlacklistingState.REVERSED, BEGINS + 2 * HOUR)
        assert may_book(2 * HOUR)
        assert told()[-3:] == ["BlacklistEnded", "StrikeReversed", "AppealDecided"]

    def test_begins_with_the_last_of_three_that_one_run_posts(self) -> None:
        for place in (1, 2, 3):
            a_strike(f"B{place}")
        assert post_due(MONDAY_NINE + DAY) == 3

        [row] = the_blacklistings()

        with transaction(reads_only=True) as db:
            facts = strike_queries.strike_facts(db, MEMBER.id)
            [term] = blacklist.recomputed(db, MEMBER.id)
        assert row.cause == term.cause == f"strike:{facts[-1].number}"
        assert [fact.seq for fact in facts] == sorted({fact.seq for fact in facts})

    def test_is_of_one_member_alone(self) -> None:
        three_strikes()

        with transaction() as db:
            queries.check_may_book(db, NEIGHBOUR.id, now=BEGINS)


class TestReview:
    def reviewed(self, *, by: Actor = ZOU) -> None:
        with transaction() as db:
            blacklist.review(
                db, number=the_blacklistings()[0].number, words=WORDS, by=by, now=BEGINS
            )

    def waiting(self, by: Actor = ZOU) -> int:
        with transaction(reads_only=True) as db:
            rows, total = strike_queries.reviews(db, by=by)
        assert len(rows) == total
        return total

    def test_is_due_at_the_end_of_the_third_working_day(self) -> None:
        three_strikes()

        # It begins on a Friday, so Wednesday's midnight in Shanghai.
        assert the_blacklistings()[0].review_due_at == BEGINS + 5 * DAY + 15 * HOUR
        assert [self.waiting(), self.waiting(STRANGER), self.waiting(SUN)] == [1, 0, 1]

    def test_is_done_once_and_leaves_it_in_force(self) -> None:
        three_strikes()

        self.reviewed()

        [row] = the_blacklistings()
        assert (row.reviewed_by_id, row.review_words) == (ZOU.id, WORDS)
        assert (self.waiting(), may_book(HOUR)) == (0, False)
        with pytest.raises(IllegalMove):
            self.reviewed(by=SUN)

    def test_is_for_those_who_decide_in_that_branch(self) -> None:
        three_strikes()

        with pytest.raises(Forbidden):
            self.reviewed(by=AUDITOR)
        with pytest.raises(BlacklistingMissing):
            self.reviewed(by=STRANGER)
