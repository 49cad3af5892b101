"""Whatever people and clocks do, the stored blacklist is what the ledger and the entries compute to."""

import itertools
from collections.abc import Callable
from datetime import datetime, timedelta

from flask import Flask
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from sqlalchemy import select

from kernel.actor import Actor, Role
from kernel.clock import FixedClock
from kernel.db import Session, transaction
from kernel.errors import Refusal
from members import jobs, ledger_queries, queries, strike_queries
from members.ledger import STRIKES, member_owner
from members.operations import appeals, blacklist, strikes
from members.policy import Blocked
from members.risk import StrikeKind
from members.states import AppealState, StrikeState
from members.strike_models import Appeal, Blacklisting, Strike
from scripts import truths
from tests.house import MONDAY_NINE, a_member

DAY = timedelta(days=1)
WORDS = "看过记录和照片，按规定处理。"
STAFF = [Actor(place, Role.MANAGER) for place in (11, 12, 13)]
_numbers = itertools.count(1)

someone = st.sampled_from(STAFF)
place = st.integers(0, 2)


class ALife(RuleBasedStateMachine):
    """One member through strikes, appeals, releases and time; whoever is refused changes nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.now: datetime = MONDAY_NINE
        with transaction() as db:
            self.member = a_member(db, openid=f"oLife{next(_numbers):023d}")

    def tried(self, act: Callable[[Session], object]) -> None:
        try:
            with transaction() as db:
                act(db)
        except Refusal:
            pass

    def strikes(self) -> list[Strike]:
        with transaction(reads_only=True) as db:
            return list(strike_queries.strikes_of(db, member_id=self.member.id))

    def waiting(self) -> list[Appeal]:
        with transaction(reads_only=True) as db:
            return list(strike_queries.appeals(db, by=self.member)[0])

    @rule(days=st.sampled_from([1, 7, 30, 90]))
    def time_passes(self, days: int) -> None:
        self.now += days * DAY

    @rule(kinds=st.lists(st.sampled_from(list(StrikeKind)[:3]), min_size=1, max_size=3))
    def something_happens(self, kinds: list[StrikeKind]) -> None:
        for kind in kinds:
            with transaction() as db:
                strikes.open_strike(
                    db,
                    kind=kind,
                    booking_number=f"B{next(_numbers)}",
                    evidence={"calls": 2},
                    member_id=self.member.id,
                    now=self.now,
                )

    @rule()
    def its_time_comes(self) -> None:
        self.now += DAY
        jobs.post_due_strikes(FixedClock(self.now))

    @rule()
    def the_clock_closes_what_is_over(self) -> None:
        jobs.end_blacklistings(FixedClock(self.now))

    @rule(which=place)
    def he_contests(self, which: int) -> None:
        for strike in self.strikes()[which : which + 1]:
            self.tried(
                lambda db, number=strike.number: appeals.open_appeal(  # type: ignore[misc]  # bound now
                    db,
                    strike_number=number,
                    reason="other",
                    text=WORDS,
                    by=self.member,
                    now=self.now,
                )
            )

    @rule()
    def he_contests_the_blacklisting(self) -> None:
        with transaction(reads_only=True) as db:
            rows = strike_queries.blacklistings_in_force(db, member_id=self.member.id, now=self.now)
        for row in rows[:1]:
            self.tried(
                lambda db, number=row.number: appeals.open_blacklisting_appeal(  # type: ignore[misc]  # bound now
                    db,
                    blacklisting_number=number,
                    reason="other",
                    text=WORDS,
                    by=self.member,
                    now=self.now,
                )
            )

    @rule(by=someone, upheld=st.booleans())
    def somebody_decides(self, by: Actor, *, upheld: bool) -> None:
        for appeal in self.waiting():
            self.tried(
                lambda db, number=appeal.number: appeals.decide_appeal(  # type: ignore[misc]  # bound now
                    db, number=number, upheld=upheld, words=WORDS, by=by, now=self.now
                )
            )

    @rule(by=someone)
    def somebody_asks_for_a_release(self, by: Actor) -> None:
        self.tried(
            lambda db: blacklist.ask_release(
                db, member_id=self.member.id, by=by, reason=WORDS, now=self.now
            )
        )

    @rule(by=someone, days=st.sampled_from([1, 30, 200]))
    def somebody_asks_for_a_blacklisting(self, by: Actor, days: int) -> None:
        self.tried(
            lambda db: blacklist.ask_blacklisting(
                db,
                member_id=self.member.id,
                until=self.now + days * DAY,
                by=by,
                reason=WORDS,
                now=self.now,
            )
        )

    @rule(by=someone, refused=st.booleans())
    def somebody_settles(self, by: Actor, *, refused: bool) -> None:
        with transaction(reads_only=True) as db:
            asked = strike_queries.overrides_waiting(db, by=by, member_id=self.member.id)
        for entry in asked:
            facts = {"number": entry.number, "by": by, "now": self.now}
            if refused:
                self.tried(lambda db, f=facts: blacklist.refuse_override(db, reason=WORDS, **f))  # type: ignore[misc]  # bound now
            else:
                self.tried(lambda db, f=facts: blacklist.confirm_release(db, **f))  # type: ignore[misc]  # bound now
                self.tried(lambda db, f=facts: blacklist.confirm_blacklisting(db, **f))  # type: ignore[misc]  # bound now

    @invariant()
    def what_is_stored_is_what_is_computed(self) -> None:
        with transaction(reads_only=True) as db:
            truths.the_ledger_keeps_its_promises(db, now=self.now)

    @invariant()
    def who_may_book_is_one_truth(self) -> None:
        with transaction(reads_only=True) as db:
            stands = queries.standing_of(db, self.member.id, now=self.now)
            try:
                queries.check_may_book(db, self.member.id, now=self.now)
                until = None
            except Blocked as refusal:
                until = refusal.facts["until"]
        assert stands.blacklisted_until == until

    @invariant()
    def every_strike_stands_in_the_ledger_as_its_state_says(self) -> None:
        with transaction(reads_only=True) as db:
            mine = strike_queries.strikes_of(db, member_id=self.member.id, limit=500)
            facts = {fact.number: fact for fact in strike_queries.strike_facts(db, self.member.id)}
            owner = member_owner(self.member.id)
            balance = ledger_queries.balance(db, owner=owner, unit=STRIKES)
            for strike in mine:
                steps = strike_queries.strike_steps(db, strike.id)
                assert [step.seq for step in steps] == list(range(1, len(steps) + 1))
                assert steps[-1].state is strike.state
        assert balance == sum(strike.state is StrikeState.POSTED for strike in mine)
        for strike in mine:
            fact = facts.get(strike.number)
            assert (fact is not None) == (
                strike.state in (StrikeState.POSTED, StrikeState.REVERSED)
            )
            assert (fact is not None and fact.reversed_at is not None) == (
                strike.state is StrikeState.REVERSED
            )

    def teardown(self) -> None:
        contested = [s for s in self.strikes() if s.state is StrikeState.CONTESTED]
        open_ = [a for a in self.waiting() if a.state is AppealState.OPEN]
        assert {s.number for s in contested} <= {a.subject_number for a in open_}


def test_a_life_leaves_one_truth(app: Flask) -> None:
    run_state_machine_as_test(
        ALife, settings=settings(max_examples=15, stateful_step_count=25, deadline=None)
    )

    # A run that never came so far would prove nothing.
    with transaction(reads_only=True) as db:
        assert db.scalars(select(Blacklisting)).all()
