"""What takes two persons: to lift a blacklisting early, to set one by hand, to uphold an appeal."""

from datetime import timedelta

import pytest
from flask import Flask

from kernel.actor import Actor
from kernel.db import transaction
from kernel.errors import Forbidden
from kernel.machine import IllegalMove
from members import queries, strike_queries
from members.operations import appeals, blacklist
from members.policy import (
    AppealFirst,
    AskedBefore,
    BadTerm,
    BlacklistingMissing,
    Blocked,
    BlockedByHand,
    NotBlacklisted,
    NotIndependent,
    OverrideMissing,
    SamePerson,
    TooLateToAppeal,
)
from members.risk import OverrideKind
from members.states import AppealState, BlacklistingState, OverrideState
from members.strike_models import Appeal, Override
from tests.house import MONDAY_NINE, a_member
from tests.integration.members.cases import (
    AUDITOR,
    DAY,
    HOUR,
    MEMBER,
    NEIGHBOUR,
    SECOND,
    STORY,
    STRANGER,
    SUN,
    WORDS,
    ZOU,
    a_posted_strike,
    a_release_asked,
    an_appeal,
    decided,
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


def confirmed(asked: Override, *, by: Actor = SUN, at: timedelta = HOUR) -> Override:
    with transaction() as db:
        return blacklist.confirm_release(db, number=asked.number, by=by, now=BEGINS + at)


class TestARelease:
    def test_takes_two(self) -> None:
        three_strikes()
        asked = a_release_asked(at=BEGINS)
        assert not may_book(HOUR)

        confirmed(asked)

        [row] = the_blacklistings()
        assert (row.state, row.ended_at) == (BlacklistingState.RELEASED, BEGINS + HOUR)
        assert may_book(HOUR)
        assert told()[-3:] == ["OverrideAsked", "OverrideSettled", "BlacklistEnded"]

    def test_is_two_entries_with_actor_and_reason(self) -> None:
        three_strikes()
        asked = a_release_asked(at=BEGINS)
        confirmed(asked)

        with transaction(reads_only=True) as db:
            entries = strike_queries.override_entries(db, asked.number)
        assert [(e.seq, e.state, e.actor_id, e.reason) for e in entries] == [
            (1, OverrideState.ASKED, ZOU.id, WORDS),
            (2, OverrideState.CONFIRMED, SUN.id, WORDS),
        ]

    def test_is_not_confirmed_by_the_same_person(self) -> None:
        three_strikes()
        asked = a_release_asked(at=BEGINS)

        with pytest.raises(SamePerson):
            confirmed(asked, by=ZOU)

    @pytest.mark.parametrize(
        ("by", "refusal"),
        [(AUDITOR, Forbidden), (MEMBER, Forbidden), (STRANGER, BlacklistingMissing)],
    )
    def test_is_not_for_others(self, by: Actor, refusal: type[Exception]) -> None:
        three_strikes()

        with pytest.raises(refusal):
            a_release_asked(by=by, at=BEGINS)
        asked = a_release_asked(at=BEGINS)
        with pytest.raises(refusal):
            confirmed(asked, by=by)

    def test_is_settled_once(self) -> None:
        three_strikes()
        asked = a_release_asked(at=BEGINS)
        with transaction() as db:
            blacklist.refuse_override(db, number=asked.number, by=SUN, reason=WORDS, now=BEGINS)

        with pytest.raises(IllegalMove):
            confirmed(asked)
        assert not may_book(HOUR)

    def test_is_asked_for_once_at_a_time(self) -> None:
        three_strikes()
        a_release_asked(at=BEGINS)

        with pytest.raises(AskedBefore):
            a_release_asked(by=SUN, at=BEGINS)

    def test_of_nothing_is_refused(self) -> None:
        with pytest.raises(NotBlacklisted):
            a_release_asked(at=BEGINS)

    def test_of_what_has_run_out_meanwhile_is_refused(self) -> None:
        three_strikes()
        asked = a_release_asked(at=BEGINS)

        with pytest.raises(NotBlacklisted):
            confirmed(asked, at=90 * DAY)

    def test_does_not_keep_a_fourth_strike_from_counting(self) -> None:
        three_strikes()
        confirmed(a_release_asked(at=BEGINS))

        a_posted_strike("B9", at=BEGINS + DAY)

        assert not may_book(2 * DAY)

    def test_waits_in_a_list_for_a_second_person(self) -> None:
        three_strikes()
        asked = a_release_asked(at=BEGINS)

        def waiting(by: Actor) -> list[str]:
            with transaction(reads_only=True) as db:
                return [row.number for row in strike_queries.overrides_waiting(db, by=by)]

        assert (waiting(SUN), waiting(MEMBER)) == ([asked.number], [])
        confirmed(asked)
        assert waiting(SUN) == []


class TestByHand:
    UNTIL = BEGINS + 10 * DAY

    def asked(self, *, until: timedelta = 10 * DAY) -> Override:
        with transaction() as db:
            return blacklist.ask_blacklisting(
                db,
                member_id=MEMBER.id,
                until=BEGINS + until,
                by=ZOU,
                reason="多次辱骂师傅，录音为证。",
                now=BEGINS,
            )

    def set(self, *, by: Actor = SUN) -> Override:
        asked = self.asked()
        with transaction() as db:
            return blacklist.confirm_blacklisting(db, number=asked.number, by=by, now=BEGINS)

    def test_takes_two_as_well(self) -> None:
        with pytest.raises(SamePerson):
            self.set(by=ZOU)
        assert may_book(HOUR)

    def test_stops_bookings_until_the_day_they_say(self) -> None:
        override = self.set()

        [row] = the_blacklistings()
        assert (row.cause, row.review_due_at) == (f"override:{override.number}", None)
        assert [may_book(at) for at in (0 * DAY, 10 * DAY - SECOND, 10 * DAY)] == [
            False,
            False,
            True,
        ]

    def test_tells_the_member_the_reason(self) -> None:
        self.set()

        with transaction() as db, pytest.raises(BlockedByHand) as refused:
            queries.check_may_book(db, MEMBER.id, now=BEGINS)

        assert refused.value.facts["reason"] == "多次辱骂师傅，录音为证。"

    def test_is_lifted_by_two(self) -> None:
        self.set()

        confirmed(a_release_asked(at=BEGINS))

        assert may_book(HOUR)

    @pytest.mark.parametrize("until", [0 * DAY, 365 * DAY + SECOND])
    def test_has_an_end_within_a_year(self, until: timedelta) -> None:
        with pytest.raises(BadTerm):
            self.asked(until=until)

    def test_is_no_release_and_a_release_is_no_blacklisting(self) -> None:
        asked = self.asked()

        assert asked.kind is OverrideKind.BLACKLIST
        with pytest.raises(OverrideMissing):
            confirmed(asked)


class TestAnAppealAgainstIt:
    def opened(self, *, by: Actor = MEMBER, at: timedelta = HOUR) -> Appeal:
        with transaction() as db:
            return appeals.open_blacklisting_appeal(
                db,
                blacklisting_number=the_blacklistings()[0].number,
                reason="other",
                text=STORY,
                by=by,
                now=BEGINS + at,
            )

    def decided(self, appeal: Appeal, *, upheld: bool, by: Actor) -> Appeal:
        return decided(appeal, upheld=upheld, by=by, at=BEGINS + 2 * HOUR)

    def test_is_upheld_by_two(self) -> None:
        three_strikes()
        appeal = self.opened()

        assert self.decided(appeal, upheld=True, by=ZOU).state is AppealState.PROPOSED
        assert not may_book(2 * HOUR)
        with pytest.raises(SamePerson):
            self.decided(appeal, upheld=True, by=ZOU)
        assert self.decided(appeal, upheld=True, by=SUN).state is AppealState.UPHELD

        assert may_book(2 * HOUR)
        assert told()[-6:] == [
            "AppealOpened",
            "OverrideAsked",
            "AppealProposed",
            "OverrideSettled",
            "BlacklistEnded",
            "AppealDecided",
        ]

    def test_is_rejected_by_one(self) -> None:
        three_strikes()

        assert self.decided(self.opened(), upheld=False, by=ZOU).state is AppealState.REJECTED
        assert not may_book(2 * HOUR)

    def test_is_rejected_by_the_second_who_refuses_the_release_with_it(self) -> None:
        three_strikes()
        appeal = self.decided(self.opened(), upheld=True, by=ZOU)

        self.decided(appeal, upheld=False, by=SUN)

        with transaction(reads_only=True) as db:
            assert strike_queries.overrides_waiting(db, by=SUN) == []
        assert not may_book(2 * HOUR)

    def test_is_not_settled_around_the_appeal(self) -> None:
        three_strikes()
        self.decided(self.opened(), upheld=True, by=ZOU)
        with transaction(reads_only=True) as db:
            [asked] = strike_queries.overrides_waiting(db, by=SUN)

        with pytest.raises(AppealFirst):
            confirmed(asked)

    def test_waits_for_nobody_when_nothing_is_in_force_any_more(self) -> None:
        strikes = three_strikes()
        appeal = self.opened()
        proposed = self.decided(appeal, upheld=True, by=ZOU)
        decided(an_appeal(strikes[0], at=BEGINS + HOUR), upheld=True, at=BEGINS + HOUR)

        self.decided(proposed, upheld=True, by=SUN)

        assert the_blacklistings()[0].state is BlacklistingState.REVERSED
        with transaction(reads_only=True) as db:
            assert strike_queries.overrides_waiting(db, by=SUN) == []

    def test_is_open_while_it_is_in_force(self) -> None:
        three_strikes()

        with pytest.raises(TooLateToAppeal):
            self.opened(at=90 * DAY + SECOND)

    @pytest.mark.parametrize("by", [NEIGHBOUR, STRANGER])
    def test_is_not_for_others(self, by: Actor) -> None:
        three_strikes()

        with pytest.raises(BlacklistingMissing):
            self.opened(by=by)

    def test_is_not_decided_by_those_who_blacklisted_by_hand(self) -> None:
        TestByHand().set()
        appeal = self.opened()

        for by in (ZOU, SUN):
            with pytest.raises(NotIndependent):
                self.decided(appeal, upheld=False, by=by)
