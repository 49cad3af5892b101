"""WeChat tells of a deposit, twice, as its window is let go and another member takes it.

The money is kept for a promise, or goes back; never both, never neither, never twice. The race runs
twice: as it is, and with the member's lock taken out, to show that the stage can show the fault: money
kept for a promise to which no place belongs.
"""

from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from flask import Flask
from sqlalchemy import select

from booking import payment_queries
from booking.operations import bookings, payments
from booking.payment_models import Payment
from booking.policy import DEPOSIT_LIFE
from booking.states import BookingState, PaymentState
from dispatch.planner.problem import Window
from kernel.db import Session, transaction
from kernel.money import Money
from kernel.outbox import OutboxRow
from members import queries as members
from members.ledger_models import Posting
from tests.hands import in_processes
from tests.house import (
    HOUR_S,
    MONDAY_NINE,
    a_branch,
    a_draft,
    a_member,
    a_service,
    a_technician,
    tomorrow,
)
from tests.integration.booking.promised import booking_of
from tests.races import duels
from tests.races.duels import DONE, Act, Meet

ROUNDS = 6
THE_END = MONDAY_NINE + DEPOSIT_LIFE
# With two hours of work each, one visit a window for the one technician.
WINDOWS = tuple((hour * HOUR_S, hour * HOUR_S + 1200) for hour in (8, 10, 12, 14, 16, 18))
DEPOSIT = Money(30_00)


class Asked:
    """A window that waits for its deposit, and the draft of another who wants the same."""

    def __init__(self, place: int) -> None:
        self.window = Window(*WINDOWS[place])
        with transaction() as db:
            member = a_member(db, openid=f"oPayer{place:022d}")
            self.rival = a_member(db, openid=f"oRival{place:022d}")
            draft = a_draft(db, by=member)
            self.draft = a_draft(db, by=self.rival)
        with transaction() as db:
            held = bookings.hold(
                db,
                draft_number=draft,
                day=tomorrow(),
                window=self.window,
                by=member,
                now=MONDAY_NINE,
            )
        self.number = held.number
        with transaction() as db, _risky():
            bookings.commit(db, number=self.number, by=member, now=MONDAY_NINE, takes_payments=True)
        self.payment = _payment(self.number).number


def _risky() -> AbstractContextManager[object]:
    """Let everybody be asked for a deposit."""
    real = members.standing_of

    def risky(db: Session, member_id: int, **facts: Any) -> mock.Mock:
        return mock.Mock(wraps=real(db, member_id, **facts), tier=2, deposit=DEPOSIT)

    return mock.patch.object(members, "standing_of", risky)


def asked() -> list[Asked]:
    with transaction() as db:
        branch_id = a_branch(db, windows=WINDOWS)
        a_technician(db, branch_id=branch_id, shuts_s=22 * HOUR_S)
        a_service(db, work_s=6000)
    return [Asked(place) for place in range(ROUNDS)]


def settle(db: Session, *, number: str) -> None:
    payments.settle(
        db,
        number=number,
        amount=DEPOSIT,
        transaction_id="4200",
        paid_at=THE_END,
        now=THE_END,
    )


def take(db: Session, *, wanted: Asked) -> None:
    """Take the window for the other member, once it is free."""
    held = bookings.hold(
        db,
        draft_number=wanted.draft,
        day=tomorrow(),
        window=wanted.window,
        by=wanted.rival,
        now=THE_END,
    )
    bookings.commit(db, number=held.number, by=wanted.rival, now=THE_END)


def acts_of(place: int, against: list[Asked]) -> list[Act]:
    """The clock lets go; the second tells of the money, and the last again; a rival wants the window."""
    if place == 0:
        return duels.acts_of(bookings.expire_hold, [each.number for each in against], now=THE_END)
    if place == 2:
        return [partial(take, wanted=each) for each in against]
    return duels.acts_of(settle, [each.payment for each in against])


def play(place: int, meet: Meet, *, against: list[Asked], is_blind: bool) -> list[str]:
    acts = acts_of(place, against)
    if not is_blind:
        return duels.together(meet, acts)
    # The lock taken out.
    duels.unlock(bookings, payments)
    return duels.one_after_the_other(place, meet, acts)


def _payment(number: str) -> Payment:
    with transaction(reads_only=True) as db:
        return payment_queries.payments_of(db, booking_of(number).id)[-1]


def times_told(name: str, number: str) -> int:
    with transaction(reads_only=True) as db:
        rows = db.scalars(select(OutboxRow).where(OutboxRow.name == name)).all()
    return sum(row.facts["number"] == number for row in rows)


def kept_for(number: str) -> int:
    """Return how often the deposit of a booking was posted as kept for it."""
    with transaction(reads_only=True) as db:
        keys = db.scalars(select(Posting.idempotency_key)).all()
    return sum(number in key for key in keys)


def check_money(number: str) -> str:
    """The money is there for a promise, or it was ordered back, once; return which."""
    state, payment = booking_of(number).state, _payment(number)
    with transaction(reads_only=True) as db:
        is_back = payment_queries.refund_of(db, payment.id) is not None
    assert times_told("PaymentReceived", number) == 1
    if state is BookingState.BOOKED:
        assert (payment.state, is_back, kept_for(number)) == (PaymentState.PAID, False, 1)
        return "kept"
    assert state is BookingState.EXPIRED
    assert (payment.state, is_back, kept_for(number)) == (PaymentState.REFUNDING, True, 0)
    assert times_told("RefundOrdered", number) == 1
    return "back"


def test_the_money_is_kept_for_a_promise_or_goes_back(
    app: Flask, database_url: str, tmp_path: Path
) -> None:
    against = asked()
    scene = partial(play, against=against, is_blind=False)

    told = in_processes(database_url, scene, count=4, data_dir=tmp_path)

    for each, (expired, paid, taken, again) in zip(against, duels.rounds(told), strict=True):
        assert (paid, again) == (DONE, DONE)
        assert {expired, taken} <= {DONE, "bad_state", "slot_full"}
        assert check_money(each.number) == ("back" if taken == DONE else "kept")
    duels.check_house()


def test_the_stage_shows_the_fault(app: Flask, database_url: str, tmp_path: Path) -> None:
    against = asked()
    scene = partial(play, against=against, is_blind=True)

    told = in_processes(database_url, scene, count=2, data_dir=tmp_path)

    assert duels.rounds(told) == [(DONE, DONE)] * ROUNDS
    assert [check_money(each.number) for each in against] == ["kept"] * ROUNDS
    assert duels.is_house_broken()


pytestmark = pytest.mark.timeout(600)
