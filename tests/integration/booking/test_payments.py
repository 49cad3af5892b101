"""Deposits and door payments: paid in time, too late, wrongly, twice, and given back."""

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

import app as joinery
from booking import jobs, payment_queries
from booking.operations import billing, bookings, cancelling, payments, refunding, visits
from booking.operations.billing import PaymentDue
from booking.operations.payments import PaidTwice, WrongAmount
from booking.payment_models import Payment, Refund
from booking.states import BookingState, PaymentState
from dispatch.operations import visits as visit_operations
from kernel import delivery
from kernel.actor import SYSTEM, Actor, Role
from kernel.clock import FixedClock
from kernel.db import transaction
from kernel.money import Money
from kernel.outbox import OutboxRow
from members import ledger_proof, ledger_queries, strike_queries
from members.ledger import DEPOSITS, HOUSE_DEPOSITS, HOUSE_DEPOSITS_KEPT
from members.operations import strikes
from members.risk import StrikeKind
from tests.house import MONDAY_NINE, a_draft, tomorrow
from tests.integration.booking.promised import (
    MORNING,
    TUESDAY_TEN,
    a_city,
    a_promise,
    assigned,
    at_work,
    booking_of,
    visit_of,
)

DEPOSIT = Money(30_00)
AFTER = MONDAY_NINE + timedelta(minutes=16)


@pytest.fixture
def member(app: Flask) -> Actor:
    return a_city()


@pytest.fixture
def risky(member: Actor) -> Actor:
    """A member with two strikes: tier 2, who pays a deposit."""
    for days, number in ((100, "BFIRST"), (60, "BSECOND")):
        then = MONDAY_NINE - timedelta(days=days)
        with transaction() as db:
            strike = strikes.open_strike(
                db,
                member_id=member.id,
                kind=StrikeKind.LATE_CANCEL,
                booking_number=number,
                evidence={"cancelled_at": then.isoformat()},
                now=then,
            )
        with transaction() as db:
            strikes.post_strike(db, number=strike.number, now=then + timedelta(days=2))
    return member


def awaiting(by: Actor) -> str:
    with transaction() as db:
        draft = a_draft(db, by=by)
    with transaction() as db:
        held = bookings.hold(
            db, draft_number=draft, day=tomorrow(), window=MORNING, by=by, now=MONDAY_NINE
        )
    with transaction() as db:
        return bookings.commit(
            db, number=held.number, by=by, now=MONDAY_NINE, takes_payments=True
        ).number


def payment_of(number: str) -> Payment:
    with transaction(reads_only=True) as db:
        return payment_queries.payments_of(db, booking_of(number).id)[-1]


def paid(
    number: str, *, amount: Money = DEPOSIT, minutes: int = 2, transaction_id: str = "4200"
) -> Payment:
    at = MONDAY_NINE + timedelta(minutes=minutes)
    with transaction() as db:
        return payments.settle(
            db,
            number=payment_of(number).number,
            amount=amount,
            transaction_id=transaction_id,
            paid_at=at,
            now=at,
        )


def too_late() -> int:
    """Return when the window opens in less than anybody needs to get there."""
    return int((TUESDAY_TEN - MONDAY_NINE).total_seconds() // 60) - 30


def expired(number: str) -> None:
    with transaction() as db:
        bookings.expire_hold(db, number=number, now=AFTER)


def react(at: FixedClock) -> None:
    while delivery.deliver_events(joinery.REACTIONS, at):
        pass


def told(name: str) -> list[dict[str, object]]:
    with transaction(reads_only=True) as db:
        return [r.facts for r in db.scalars(select(OutboxRow).where(OutboxRow.name == name))]


class TestDeposit:
    def test_is_asked_of_the_risky_and_the_window_waits(self, risky: Actor) -> None:
        number = awaiting(risky)

        booking, asked = booking_of(number), payment_of(number)

        assert (booking.state, booking.tier) == (BookingState.AWAITING_DEPOSIT, 2)
        assert (asked.amount, asked.state) == (DEPOSIT, PaymentState.OPEN)
        assert asked.expires_at == MONDAY_NINE + timedelta(minutes=15)

    def test_is_not_asked_by_a_house_that_takes_no_payments(self, risky: Actor) -> None:
        assert booking_of(a_promise(risky)).state is BookingState.BOOKED

    def test_is_not_asked_of_others(self, member: Actor) -> None:
        assert booking_of(awaiting(member)).state is BookingState.BOOKED

    def test_paid_makes_the_promise_and_told_twice_it_is_once(self, risky: Actor) -> None:
        number = awaiting(risky)

        paid(number)
        again = paid(number)

        assert booking_of(number).state is BookingState.BOOKED
        assert again.state is PaymentState.PAID
        assert len(told("PaymentReceived")) == len(told("BookingBooked")) == 1

    def test_that_was_paid_by_two_orders_calls_a_person(self, risky: Actor) -> None:
        number = awaiting(risky)
        paid(number)

        with pytest.raises(PaidTwice):
            paid(number, transaction_id="4201")

        assert payment_of(number).transaction_id == "4200"

    def test_of_another_sum_changes_nothing(self, risky: Actor) -> None:
        number = awaiting(risky)

        with pytest.raises(WrongAmount):
            paid(number, amount=Money(1))

        assert booking_of(number).state is BookingState.AWAITING_DEPOSIT
        assert payment_of(number).state is PaymentState.OPEN

    def test_paid_too_late_is_proven_anew(self, risky: Actor) -> None:
        number = awaiting(risky)
        expired(number)
        assert payment_of(number).state is PaymentState.CLOSED

        paid(number, minutes=20)

        booking = booking_of(number)
        assert booking.state is BookingState.BOOKED
        assert visit_of(number).route_id is not None

    def test_paid_too_late_for_a_window_that_is_gone_goes_back_whole(self, risky: Actor) -> None:
        number = awaiting(risky)
        expired(number)

        paid(number, minutes=too_late())

        with transaction(reads_only=True) as db:
            [refund] = db.scalars(select(Refund)).all()
        assert booking_of(number).state is BookingState.EXPIRED
        assert payment_of(number).state is PaymentState.REFUNDING
        assert refund.reason == "place_gone"
        assert len(told("RefundOrdered")) == 1

    def test_paid_too_late_before_the_house_has_looked_goes_back_and_frees_the_window(
        self, risky: Actor
    ) -> None:
        number = awaiting(risky)

        # The window is still kept for him, but has passed.
        paid(number, minutes=too_late() + 4 * 60)

        assert booking_of(number).state is BookingState.EXPIRED
        assert visit_of(number).route_id is None
        assert payment_of(number).state is PaymentState.REFUNDING

    def test_that_has_reached_its_payer_again_is_told_once(self, risky: Actor) -> None:
        number = awaiting(risky)
        paid(number, minutes=too_late() + 4 * 60)
        with transaction(reads_only=True) as db:
            refund = db.scalars(select(Refund)).one().number

        for _ in range(2):
            with transaction() as db:
                payments.returned(db, number=refund, now=AFTER)

        assert payment_of(number).state is PaymentState.REFUNDED
        assert [facts["fen"] for facts in told("RefundArrived")] == [DEPOSIT.fen]

    def test_goes_back_when_the_booking_is_cancelled_in_time(self, risky: Actor) -> None:
        number = awaiting(risky)
        paid(number)
        with transaction() as db:
            cancelling.cancel(db, number=number, by=risky, now=MONDAY_NINE + timedelta(minutes=5))

        react(FixedClock(AFTER))
        react(FixedClock(AFTER))

        assert payment_of(number).state is PaymentState.REFUNDING
        [settled] = told("DepositSettled")
        assert settled["is_kept"] is False

    def test_is_kept_when_the_strike_of_a_late_cancel_is_posted(self, risky: Actor) -> None:
        number = awaiting(risky)
        paid(number)
        late = TUESDAY_TEN - timedelta(minutes=90)
        with transaction() as db:
            cancelling.cancel(db, number=number, by=risky, now=late)
        react(FixedClock(late))
        assert payment_of(number).state is PaymentState.PAID
        with transaction() as db:
            [strike] = strike_queries.strikes_of_booking(db, booking_number=number)
            strikes.post_strike(db, number=strike.number, now=late + timedelta(days=1))

        react(FixedClock(late + timedelta(days=1)))

        assert payment_of(number).state is PaymentState.PAID
        [settled] = told("DepositSettled")
        assert settled["is_kept"] is True

    def test_that_was_kept_goes_back_once_the_strike_is_reversed(self, risky: Actor) -> None:
        number = awaiting(risky)
        paid(number)
        late = TUESDAY_TEN - timedelta(minutes=90)
        with transaction() as db:
            cancelling.cancel(db, number=number, by=risky, now=late)
        posted, decided = late + timedelta(days=1), late + timedelta(days=2)
        with transaction() as db:
            [strike] = strike_queries.strikes_of_booking(db, booking_number=number)
            strikes.post_strike(db, number=strike.number, now=posted)
        react(FixedClock(posted))

        with transaction() as db:
            row = strikes.locked_with_its_person(db, strike.number)
            strikes.undo_strike(
                db, row, words="门铃坏了", evidence="appeal:A1", by=SYSTEM, now=decided
            )
        for _ in range(2):
            react(FixedClock(decided))

        assert payment_of(number).state is PaymentState.REFUNDING
        assert [settled["is_kept"] for settled in told("DepositSettled")] == [True, False]
        with transaction(reads_only=True) as db:
            assert ledger_proof.prove(db, now=decided).bad is None
            assert ledger_queries.balance(db, owner=HOUSE_DEPOSITS_KEPT, unit=DEPOSITS) == 0
            assert ledger_queries.balance(db, owner=HOUSE_DEPOSITS, unit=DEPOSITS) == 0

    def test_is_not_kept_for_the_strike_of_a_technician(self, risky: Actor) -> None:
        number = awaiting(risky)
        paid(number)
        assigned(number)
        missed = TUESDAY_TEN + timedelta(hours=5)
        with transaction() as db:
            visits.missed(db, number=number, by=SYSTEM, now=missed)
        with transaction() as db:
            [strike] = strike_queries.strikes_of_booking(db, booking_number=number)
            strikes.post_strike(db, number=strike.number, now=missed + timedelta(days=1))
        react(FixedClock(missed + timedelta(days=1)))
        assert told("DepositSettled") == []

        with transaction() as db:
            cancelling.cancel(db, number=number, by=risky, now=missed + timedelta(days=1))
        react(FixedClock(missed + timedelta(days=1)))

        assert payment_of(number).state is PaymentState.REFUNDING


class TestAtTheDoor:
    def finished(self, by: Actor) -> str:
        number = a_promise(by)
        technician = assigned(number)
        at_work(number, technician)
        visit = visit_of(number)
        with transaction() as db:
            visit_operations.add_photo(
                db, number=visit.number, sha256="0" * 64, by=technician, now=TUESDAY_TEN
            )
        with transaction() as db:
            visits.finish_visit(
                db, number=visit.number, by=technician, now=TUESDAY_TEN, takes_payments=True
            )
        return number

    def test_paying_signs_for_the_work(self, member: Actor) -> None:
        number = self.finished(member)
        with transaction() as db, pytest.raises(PaymentDue):
            visits.sign_off(db, number=number, by=member, now=TUESDAY_TEN)

        paid(number, amount=Money(180_00))

        assert booking_of(number).state is BookingState.COMPLETED

    def test_a_day_signs_unpaid(self, member: Actor) -> None:
        number = self.finished(member)
        clock = FixedClock(TUESDAY_TEN + timedelta(hours=24))

        jobs.look_after_bookings(clock)

        assert booking_of(number).state is BookingState.COMPLETED
        assert payment_of(number).state is PaymentState.OPEN

    def test_what_is_refunded_is_asked_for_no_longer(self, member: Actor) -> None:
        number = self.finished(member)
        signed = TUESDAY_TEN + timedelta(hours=24)
        jobs.look_after_bookings(FixedClock(signed))

        with transaction() as db:
            by = Actor(12, Role.MANAGER)
            refunding.refund(db, number=number, words="装好又漏水，整单退回。", by=by, now=signed)

        assert payment_of(number).state is PaymentState.CLOSED
        # WeChat had his money already.
        assert paid(number, amount=Money(180_00)).state is PaymentState.REFUNDING

    def test_costs_nothing_twice(self, member: Actor) -> None:
        number = self.finished(member)

        with transaction() as db:
            again = billing.ask_at_door(db, booking_of(number), now=TUESDAY_TEN)

        assert again is not None
        assert again.number == payment_of(number).number
