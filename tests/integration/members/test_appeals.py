"""Appeals: in time, by him whom it concerns, decided by somebody else, carried out by counter-entries."""

from datetime import datetime, timedelta
from functools import partial

import pytest
from flask import Flask

from kernel.actor import Actor
from kernel.db import transaction
from kernel.errors import Forbidden, Invalid
from kernel.machine import IllegalMove
from members import ledger, ledger_queries
from members.ledger import EARNINGS, POINTS, STRIKES, PostingMissing, errand_draft
from members.ledger_proof import prove
from members.operations import appeals, postings
from members.policy import (
    AppealMissing,
    AppealSubject,
    AppealUnderWay,
    BadPhotos,
    BadReason,
    NoMoreAppeals,
    NotIndependent,
    StoryTooShort,
    StrikeMissing,
    TooLateToAppeal,
    TooLong,
    TooShort,
)
from members.risk import StrikeKind
from members.rule_text import RULES
from members.states import AppealState, StrikeState
from members.strike_models import Appeal
from tests.house import MONDAY_NINE, a_member
from tests.integration.members.cases import (
    AUDITOR,
    BRANCH,
    DAY,
    HOUR,
    MEMBER,
    NEIGHBOUR,
    PHOTO,
    SECOND,
    STORY,
    STRANGER,
    SUN,
    TECHNICIAN,
    VETOER,
    WORDS,
    ZOU,
    a_posted_strike,
    a_strike,
    an_appeal,
    decided,
    post_due,
    the_strike,
    told,
)


@pytest.fixture(autouse=True)
def _members(app: Flask) -> None:
    with transaction() as db:
        for place in (1, 2):
            a_member(db, openid=f"oTest{place:023d}")


def balances(owner: str = "member:1") -> tuple[int, int]:
    with transaction(reads_only=True) as db:
        assert prove(db, now=MONDAY_NINE).bad is None
        return (
            ledger_queries.balance(db, owner=owner, unit=POINTS),
            ledger_queries.balance(db, owner=owner, unit=STRIKES),
        )


class TestOpenAppeal:
    def test_keeps_a_strike_from_being_posted(self) -> None:
        strike = a_strike()

        appeal = an_appeal(strike)

        assert the_strike(strike.number).state is StrikeState.CONTESTED
        assert (appeal.state, appeal.photos, appeal.text) == (AppealState.OPEN, [PHOTO], STORY)
        assert (appeal.booking_number, appeal.branch_id) == ("B1", BRANCH)
        assert told() == ["StrikeOpened", "AppealOpened"]

    def test_leaves_standing_what_is_posted(self) -> None:
        strike = a_posted_strike()

        an_appeal(strike, at=MONDAY_NINE + 2 * DAY)

        assert the_strike(strike.number).state is StrikeState.POSTED
        assert balances() == (-200, 1)

    def test_is_due_at_the_end_of_the_second_working_day(self) -> None:
        # Monday, so Wednesday's midnight in Shanghai.
        assert an_appeal(a_strike()).due_at == MONDAY_NINE + 2 * DAY + 15 * HOUR

    @pytest.mark.parametrize(
        ("late", "is_open"),
        [
            pytest.param(timedelta(0), True, id="at_the_last_instant"),
            pytest.param(SECOND, False, id="one_second_late"),
        ],
    )
    def test_is_open_for_seven_days(self, late: timedelta, *, is_open: bool) -> None:
        strike, at = a_posted_strike(), MONDAY_NINE + 7 * DAY + late

        if is_open:
            an_appeal(strike, at=at)
            return
        with pytest.raises(TooLateToAppeal):
            an_appeal(strike, at=at)

    @pytest.mark.parametrize("by", [NEIGHBOUR, TECHNICIAN, STRANGER])
    def test_is_not_for_anybody_else(self, by: Actor) -> None:
        with pytest.raises(StrikeMissing):
            an_appeal(a_strike(), by=by)

    def test_may_be_made_by_one_of_ours_on_the_phone_who_then_decides_nothing(self) -> None:
        appeal = an_appeal(a_strike(), by=ZOU)

        with pytest.raises(NotIndependent):
            decided(appeal, upheld=True, by=ZOU)
        assert decided(appeal, upheld=True, by=SUN).state is AppealState.UPHELD

    def test_while_one_is_open_is_refused(self) -> None:
        strike = a_strike()
        an_appeal(strike)

        with pytest.raises(AppealUnderWay):
            an_appeal(strike)

    def test_of_what_was_waived_is_refused(self) -> None:
        strike = a_strike()
        decided(an_appeal(strike), upheld=True)

        with pytest.raises(NoMoreAppeals):
            an_appeal(strike)

    @pytest.mark.parametrize(
        ("changes", "refusal", "field"),
        [
            ({"reason": "the weather"}, BadReason, "reason"),
            ({"text": "门铃坏了"}, StoryTooShort, "text"),
            ({"text": " " * 20 + "门铃坏了"}, StoryTooShort, "text"),
            ({"text": "长" * 301}, TooLong, "text"),
            ({"photos": [PHOTO] * 2}, BadPhotos, "photos"),
            ({"photos": [f"{n:064x}" for n in range(7)]}, BadPhotos, "photos"),
            ({"photos": ["../../etc/passwd"]}, BadPhotos, "photos"),
        ],
    )
    def test_says_what_is_wrong_at_the_field(
        self, changes: dict[str, str], refusal: type[Invalid], field: str
    ) -> None:
        strike = a_strike()

        with pytest.raises(refusal) as refused:
            an_appeal(strike, **changes)  # type: ignore[arg-type]  # each case changes one thing

        assert refused.value.field == field
        assert the_strike(strike.number).state is StrikeState.PENDING

    def test_counts_the_characters_that_are_missing(self) -> None:
        with pytest.raises(StoryTooShort) as refused:
            an_appeal(a_strike(), text="门铃坏了")

        assert refused.value.facts == {"missing": 6}


class TestDecideAppeal:
    def test_upheld_before_the_posting_is_a_waiver(self) -> None:
        strike = a_strike()

        appeal = decided(an_appeal(strike), upheld=True)

        assert the_strike(strike.number).state is StrikeState.WAIVED
        assert (appeal.state, appeal.decided_by_id, appeal.words) == (
            AppealState.UPHELD,
            ZOU.id,
            WORDS,
        )
        assert (balances(), post_due(MONDAY_NINE + 9 * DAY)) == ((0, 0), 0)
        assert told()[-2:] == ["StrikeWaived", "AppealDecided"]

    def test_upheld_after_the_posting_is_a_counter_entry(self) -> None:
        strike = a_posted_strike()
        appeal = an_appeal(strike, at=MONDAY_NINE + 2 * DAY)

        decided(appeal, upheld=True, at=MONDAY_NINE + 3 * DAY)

        assert the_strike(strike.number).state is StrikeState.REVERSED
        assert balances() == (0, 0)
        with transaction(reads_only=True) as db:
            undoing, undone = ledger_queries.points_lines(db, 1)
        assert (undoing.amount, undoing.evidence) == (200, f"appeal:{appeal.number}")
        assert undone.reversed_at == MONDAY_NINE + 3 * DAY
        assert told()[-2:] == ["StrikeReversed", "AppealDecided"]

    def test_rejected_lets_the_strike_be_posted_by_the_next_run(self) -> None:
        strike = a_strike()

        decided(an_appeal(strike), upheld=False, at=MONDAY_NINE + 3 * DAY)

        assert the_strike(strike.number).state is StrikeState.PENDING
        assert post_due(MONDAY_NINE + 3 * DAY) == 1
        assert balances() == (-200, 1)

    def test_rejected_leaves_standing_what_is_posted(self) -> None:
        strike = a_posted_strike()

        decided(an_appeal(strike, at=MONDAY_NINE + 2 * DAY), upheld=False)

        assert the_strike(strike.number).state is StrikeState.POSTED
        assert balances() == (-200, 1)

    def test_is_not_for_him_whom_the_evidence_names(self) -> None:
        with pytest.raises(NotIndependent):
            decided(an_appeal(a_strike()), upheld=False, by=VETOER)

    @pytest.mark.parametrize("by", [AUDITOR, MEMBER, TECHNICIAN])
    def test_is_not_for_those_who_do_not_decide(self, by: Actor) -> None:
        with pytest.raises(Forbidden):
            decided(an_appeal(a_strike()), upheld=True, by=by)

    def test_is_not_for_another_branch(self) -> None:
        with pytest.raises(AppealMissing):
            decided(an_appeal(a_strike()), upheld=True, by=STRANGER)

    def test_twice_is_refused(self) -> None:
        appeal = decided(an_appeal(a_strike()), upheld=True)

        with pytest.raises(IllegalMove):
            decided(appeal, upheld=False, by=SUN)

    @pytest.mark.parametrize(("words", "refusal"), [("属实", TooShort), ("长" * 201, TooLong)])
    def test_gives_a_reason_that_can_be_read(self, words: str, refusal: type[Invalid]) -> None:
        appeal = an_appeal(a_strike())

        with pytest.raises(refusal):
            decided(appeal, upheld=True, words=words)


class TestASecondAppeal:
    def rejected(self) -> Appeal:
        return decided(an_appeal(a_strike()), upheld=False, by=ZOU)

    def again(self, appeal: Appeal, *, at: datetime = MONDAY_NINE + 3 * HOUR) -> Appeal:
        return an_appeal(the_strike(appeal.subject_number), at=at)

    def test_goes_to_somebody_who_has_not_decided_before(self) -> None:
        second = self.again(self.rejected())

        assert (second.round, second.barred) == (2, [VETOER.id, ZOU.id])
        with pytest.raises(NotIndependent):
            decided(second, upheld=False, by=ZOU)
        decided(second, upheld=True, by=SUN)
        assert the_strike(second.subject_number).state is StrikeState.WAIVED

    def test_is_the_last(self) -> None:
        second = self.again(self.rejected())
        decided(second, upheld=False, by=SUN)

        with pytest.raises(NoMoreAppeals):
            self.again(second)

    def test_has_the_same_time(self) -> None:
        first = self.rejected()

        with pytest.raises(TooLateToAppeal):
            self.again(first, at=MONDAY_NINE + 7 * DAY + SECOND)


class TestATechnician:
    def test_contests_his_own_strike(self) -> None:
        strike = a_strike(
            kind=StrikeKind.PROVIDER_NO_SHOW, member_id=None, technician_id=TECHNICIAN.id
        )
        with pytest.raises(StrikeMissing):
            an_appeal(strike, by=Actor(4, TECHNICIAN.role))

        appeal = an_appeal(strike, by=TECHNICIAN)
        decided(appeal, upheld=True)

        assert (appeal.technician_id, appeal.member_id) == (TECHNICIAN.id, None)
        assert the_strike(strike.number).state is StrikeState.WAIVED

    def an_earnings_appeal(self, key: str, *, by: Actor = TECHNICIAN) -> Appeal:
        with transaction() as db:
            return appeals.open_earnings_appeal(
                db, posting_key=key, reason="other", text=STORY, by=by, now=MONDAY_NINE
            )

    def an_errand(self, *, taken_back: bool) -> str:
        """Credit a fee, take it back if asked to, and return the key of the last posting."""
        draft = errand_draft(technician_id=3, visit_number="V1", rules=RULES)
        with transaction() as db:
            postings.post(db, draft, now=MONDAY_NINE)
            if taken_back:
                postings.reverse(db, key=draft.key, evidence="visit:V1", now=MONDAY_NINE)
        return f"reversal:{draft.key}" if taken_back else draft.key

    def earned(self) -> int:
        with transaction(reads_only=True) as db:
            assert prove(db, now=MONDAY_NINE).bad is None
            return ledger_queries.balance(db, owner="technician:3", unit=EARNINGS)

    def test_gets_back_a_fee_that_was_taken(self) -> None:
        appeal = self.an_earnings_appeal(self.an_errand(taken_back=True))
        assert (appeal.subject_kind, self.earned()) == (AppealSubject.EARNINGS, 0)

        decided(appeal, upheld=True)

        assert self.earned() == 25_00

    def test_rejected_gets_nothing(self) -> None:
        appeal = self.an_earnings_appeal(self.an_errand(taken_back=True))

        decided(appeal, upheld=False)

        assert self.earned() == 0

    @pytest.mark.parametrize("by", [Actor(4, TECHNICIAN.role), MEMBER])
    def test_contests_nobody_elses_account(self, by: Actor) -> None:
        key = self.an_errand(taken_back=False)

        with pytest.raises(PostingMissing):
            self.an_earnings_appeal(key, by=by)
        with pytest.raises(PostingMissing):
            self.an_earnings_appeal("errand:V9")


class TestADispute:
    def opened(
        self, *, by: Actor = MEMBER, at: datetime = MONDAY_NINE, reason: str = "other"
    ) -> Appeal:
        with transaction() as db:
            return appeals.open_dispute(
                db,
                booking_number="B1",
                until=MONDAY_NINE + 7 * DAY,
                member_id=MEMBER.id,
                branch_id=BRANCH,
                barred=[VETOER.id],
                reason=reason,
                text=STORY,
                by=by,
                now=at,
            )

    def test_of_a_booking_is_decided_like_any_other_and_changes_no_account(self) -> None:
        appeal = self.opened()

        with pytest.raises(NotIndependent):
            decided(appeal, upheld=True, by=VETOER)
        decided(appeal, upheld=True)

        assert (balances(), told()) == ((0, 0), ["AppealOpened", "AppealDecided"])

    def test_upheld_gives_back_the_fees_of_this_booking_once(self) -> None:
        draft = partial(ledger.fee_draft, member_id=1, points=20, rules=RULES)
        fees = [
            draft(kind=ledger.MOVE_FEE, booking_number=number, once=once)
            for number, once in (("B1", "1"), ("B1", "2"), ("B2", "1"))
        ]
        with transaction() as db:
            postings.post_all(db, fees, now=MONDAY_NINE)
            # One of them was given back before.
            postings.reverse(db, key=fees[0].key, evidence="desk:1", now=MONDAY_NINE)
        assert balances() == (-40, 0)

        decided(self.opened(), upheld=True)

        assert balances() == (-20, 0)

    def test_rejected_gives_back_nothing(self) -> None:
        kind = ledger.MOVE_FEE
        fee = ledger.fee_draft(member_id=1, booking_number="B1", kind=kind, points=20, rules=RULES)
        with transaction() as db:
            postings.post(db, fee, now=MONDAY_NINE)

        decided(self.opened(), upheld=False)

        assert balances() == (-20, 0)

    def test_has_reasons_of_its_own(self) -> None:
        with pytest.raises(BadReason):
            self.opened(reason="not_heard")
        with pytest.raises(BadReason):
            an_appeal(a_strike(), reason="not_right")

    def test_is_refused_to_others_and_late(self) -> None:
        with pytest.raises(AppealMissing):
            self.opened(by=NEIGHBOUR)
        with pytest.raises(TooLateToAppeal):
            self.opened(at=MONDAY_NINE + 7 * DAY + SECOND)
