"""Asking for money and paying it back. WeChat is called by jobs and pages, outside any transaction."""

from datetime import datetime

from sqlalchemy import update

from booking import payment_queries
from booking.models import Booking
from booking.payment_models import Payment, Refund
from booking.payment_queries import DEAD, DEPOSIT, DOOR, SAMPLE, Stuck
from booking.states import PaymentAction, PaymentState
from kernel import db as kernel_db
from kernel import leases
from kernel.actor import Actor
from kernel.db import Session
from kernel.errors import Conflict
from kernel.money import Money
from kernel.numbers import new_number
from kernel.words import msg

REFUND_BELL = "refunds"


class PaymentDue(Conflict):
    """The work is signed for by paying for it."""

    code = "payment_due"
    says = msg("请先支付 %(amount)s，付好就算验收。")


def ask_deposit(db: Session, booking: Booking, *, now: datetime) -> Payment:
    """Ask for the deposit of a held window; the same sum again is the same payment."""
    known = payment_queries.latest(db, booking.id, purpose=DEPOSIT)
    if known is not None and known.state is PaymentState.OPEN:
        return known
    until = booking.held_until
    return _open(db, booking, DEPOSIT, booking.deposit, expires_at=until, now=now)


def ask_at_door(db: Session, booking: Booking, *, now: datetime) -> Payment | None:
    """Ask for the price of finished work; None when it costs nothing."""
    known = payment_queries.latest(db, booking.id, purpose=DOOR)
    if known is not None or booking.due.fen <= 0:
        return known
    return _open(db, booking, DOOR, booking.due, expires_at=None, now=now)


def ask_for_sample(db: Session, booking: Booking, price: Money, *, now: datetime) -> Payment:
    """Ask for the price of the sample that a booking brought; the same again is the same payment."""
    known = payment_queries.latest(db, booking.id, purpose=SAMPLE)
    if known is not None and known.state is not PaymentState.CLOSED:
        return known
    return _open(db, booking, SAMPLE, price, expires_at=None, now=now)


def close(db: Session, booking: Booking, *, now: datetime) -> None:
    """Ask no longer for the deposit of a window that was let go."""
    known = payment_queries.latest(db, booking.id, purpose=DEPOSIT)
    if known is not None and known.state is PaymentState.OPEN:
        known.advance(PaymentAction.CLOSE, now=now)


def check_paid(db: Session, booking: Booking) -> None:
    """Refuse to sign for work that has not been paid for. Raises PaymentDue."""
    owed = payment_queries.owed(db, booking.id)
    if owed is not None:
        raise PaymentDue(amount=str(owed.amount))


def pay_back(db: Session, payment: Payment, *, reason: str, now: datetime) -> Refund:
    """Order a payment to be paid back whole, once. Raises IllegalMove when it was not paid."""
    known = payment_queries.refund_of(db, payment.id)
    if known is not None:
        return known
    payment.advance(PaymentAction.REFUND, now=now)
    refund = Refund(number=new_number("R"), payment_id=payment.id, reason=reason, asked_at=now)
    db.add(refund)
    db.flush()
    kernel_db.ring_after_commit(db, REFUND_BELL)
    return refund


def order_again(db: Session, *, number: str, by: Actor) -> Stuck:
    """Have a refund that waits for a person ordered once more. Raises RefundGone."""
    stuck = payment_queries.stuck_refund(db, number=number, by=by)
    again = update(Refund).where(Refund.id == stuck.refund.id, Refund.state == DEAD)
    db.execute(again.values(**leases.anew(Refund.__table__.c.fence)))
    kernel_db.ring_after_commit(db, REFUND_BELL)
    return stuck


def _open(
    db: Session,
    booking: Booking,
    purpose: str,
    amount: Money,
    *,
    expires_at: datetime | None,
    now: datetime,
) -> Payment:
    payment = Payment(
        number=new_number("P"),
        booking_id=booking.id,
        purpose=purpose,
        amount=amount,
        opened_at=now,
        expires_at=expires_at,
        state=PaymentState.OPEN,
        state_since=now,
    )
    db.add(payment)
    db.flush()
    return payment
