"""Whatever is earned, taken, kept, spent and undone, in any order: the ledger follows from its entries."""

import itertools
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

from flask import Flask
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import func, select

from kernel.clock import FixedClock
from kernel.db import Session, transaction
from kernel.errors import Refusal
from members import jobs, ledger_queries
from members.ledger import (
    CANCEL_FEE,
    COMPLETION,
    DEBT_SETTLED,
    EXPIRED,
    HOUSE_CHARGES,
    HOUSE_POINTS,
    HOUSE_REDEEMED,
    POINTS,
    REDEEMED,
    Draft,
    member_owner,
)
from members.ledger_models import Account, Hold, Lot, Posting
from members.operations import holds, postings
from scripts import truths
from tests.house import MONDAY_NINE, a_member

DAY = timedelta(days=1)
_numbers = itertools.count(1)
some_points = st.sampled_from([1, 7, 50, 120])
which = st.integers(0, 1)
# Against which of the house's accounts each kind is posted, and whether it is earned or taken.
KINDS = {
    COMPLETION: (HOUSE_POINTS, 1),
    CANCEL_FEE: (HOUSE_CHARGES, -1),
    REDEEMED: (HOUSE_REDEEMED, -1),
}


class APurse(RuleBasedStateMachine):
    """One member's points, and beside them the sum of what was posted."""

    def __init__(self) -> None:
        super().__init__()
        self.now: datetime = MONDAY_NINE
        self.net = 0
        self.posted: list[tuple[str, int]] = []
        self.held: dict[str, int] = {}
        with transaction() as db:
            self.member_id = a_member(db, openid=f"oPurse{next(_numbers):022d}").id
        self.owner = member_owner(self.member_id)

    def tried(self, act: Callable[[Session], object]) -> bool:
        try:
            with transaction() as db:
                act(db)
        except Refusal:
            return False
        return True

    def draft(self, kind: str, points: int, *, key: str) -> Draft:
        house, sign = KINDS[kind]
        legs = {house: -sign * points, self.owner: sign * points}
        return Draft(key=key, kind=kind, unit=POINTS, legs=legs, evidence="booking:B1")

    def spendable(self) -> int:
        """Return what is free of the lots whose time is not over."""
        free = (
            select(func.sum(Lot.remaining - Lot.held))
            .join(Account, Account.id == Lot.account_id)
            .where(Account.owner == self.owner, Lot.expires_at > self.now)
        )
        with transaction(reads_only=True) as db:
            return db.scalar(free) or 0

    @rule(kind=st.sampled_from([COMPLETION, CANCEL_FEE]), points=some_points)
    def something_is_posted(self, kind: str, points: int) -> None:
        key = f"{kind}:{next(_numbers)}"
        for _ in range(2):
            with transaction() as db:
                postings.post(db, self.draft(kind, points, key=key), now=self.now)
        self.posted.append((key, KINDS[kind][1] * points))
        self.net += self.posted[-1][1]

    @rule(points=some_points)
    def he_spends(self, points: int) -> None:
        key, spendable = f"spent:{next(_numbers)}", self.spendable()
        draft = self.draft(REDEEMED, points, key=key)
        is_done = self.tried(lambda db: postings.post(db, draft, now=self.now))
        assert is_done == (points <= spendable)
        if is_done:
            self.posted.append((key, -points))
            self.net -= points

    @rule(points=some_points, minutes=st.sampled_from([5, 3 * 24 * 60]))
    def he_keeps(self, points: int, minutes: int) -> None:
        key, spendable = f"hold:{next(_numbers)}", self.spendable()
        is_done = self.tried(
            lambda db: holds.open_hold(
                db,
                key=key,
                member_id=self.member_id,
                amount=points,
                evidence="redeem:R1",
                expires_at=self.now + timedelta(minutes=minutes),
                now=self.now,
            )
        )
        assert is_done == (points <= spendable)
        if is_done:
            self.held[key] = points

    @initialize()
    def everything_has_happened(self) -> None:
        """Whatever follows, follows a history in which each kind of thing is there."""
        self.something_is_posted(COMPLETION, 120)
        self.all_is_kept_while_a_fee_comes_and_let_go()
        self.some_is_kept_and_taken(is_whole=False)
        self.he_keeps(7, 5)
        self.time_passes(400)

    @rule()
    def all_is_kept_while_a_fee_comes_and_let_go(self) -> None:
        if points := self.spendable():
            self.he_keeps(points, 5)
            self.something_is_posted(CANCEL_FEE, 7)
            self.he_lets_go(len(self.held) - 1)

    @rule(is_whole=st.booleans())
    def some_is_kept_and_taken(self, *, is_whole: bool) -> None:
        if self.spendable() > 1:
            self.he_keeps(2, 5)
            self.what_he_kept_is_taken(0, is_whole=is_whole)

    @rule(place=which, is_whole=st.booleans())
    def what_he_kept_is_taken(self, place: int, *, is_whole: bool) -> None:
        for key in list(reversed(self.held))[place : place + 1]:
            points = self.held[key] if is_whole else (self.held[key] + 1) // 2
            draft = self.draft(REDEEMED, points, key=f"of:{key}")
            act = partial(holds.take, draft=draft, key=key, now=self.now)
            if self.tried(act):
                self.posted.append((draft.key, -points))
                self.net -= points
                del self.held[key]

    @rule(place=which)
    def he_lets_go(self, place: int) -> None:
        for key in list(self.held)[place : place + 1]:
            assert self.tried(partial(holds.let_go, key=key, now=self.now))
            del self.held[key]

    @rule(place=which)
    def something_is_undone(self, place: int) -> None:
        for key, amount in self.posted[place : place + 1]:
            with transaction() as db:
                postings.reverse(db, key=key, evidence="appeal:A1", now=self.now)
            self.posted.remove((key, amount))
            self.net -= amount

    @rule(days=st.sampled_from([1, 40, 400]))
    def time_passes(self, days: int) -> None:
        self.now += days * DAY
        before = self.balance()
        jobs.let_holds_go(FixedClock(self.now))
        jobs.expire_points(FixedClock(self.now))
        self.net += self.balance() - before

    def balance(self) -> int:
        with transaction(reads_only=True) as db:
            return ledger_queries.points_balance(db, self.member_id)

    @invariant()
    def the_ledger_follows(self) -> None:
        with transaction(reads_only=True) as db:
            truths.the_ledger_keeps_its_promises(db, now=self.now)
            lines = ledger_queries.points_lines(db, self.member_id, limit=200)
        assert self.balance() == self.net
        assert sum(line.amount for line in lines) == self.net
        assert not lines or lines[0].balance_after == self.net


def test_a_purse_keeps_every_promise(app: Flask) -> None:
    run_state_machine_as_test(
        APurse, settings=settings(max_examples=8, stateful_step_count=20, deadline=None)
    )

    # A run that never came so far would prove nothing.
    with transaction(reads_only=True) as db:
        kinds = set(db.scalars(select(Posting.kind)))
        states = set(db.scalars(select(Hold.state)))
    assert {DEBT_SETTLED, EXPIRED, REDEEMED} <= kinds
    assert {"posted", "released", "expired"} <= states
