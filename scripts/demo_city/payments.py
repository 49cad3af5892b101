"""What was paid at the door in the week behind us, and WeChat Pay's bills of those days.

The sandbox's WeChat Pay knows nothing of that week, so its bills are here already, as the mornings would
have kept them: nobody will ask for them.
"""

import hashlib
from collections.abc import Iterable, Sequence
from datetime import date

from booking.checking_bills import ready_at
from booking.operations import bills
from booking.payment_models import Payment
from booking.payment_queries import DOOR
from booking.reconciling import DayBill, Line, Trade
from booking.states import BookingState, PaymentState
from kernel.db import Session
from scripts.demo_city.records import Written
from scripts.demo_city.stage import NOW, PAST_DAYS, TODAY, day_at, dice, number

_SERIAL_DIGITS = 28


def write(db: Session, written: Iterable[Written]) -> None:
    """Write a payment for each booking of the past days that was signed for, and the days' bills."""
    throw = dice("payments")
    paid: dict[date, list[Payment]] = {day_at(offset): [] for offset in range(-PAST_DAYS, 0)}
    for one in written:
        booking, signed_at = one.booking, one.visit.signed_at
        is_done = booking.state is BookingState.COMPLETED and signed_at is not None
        if not is_done or one.sheet.day >= TODAY or booking.price.fen <= 0:
            continue
        payment = Payment(
            number=number(throw, "P"),
            booking_id=booking.id,
            purpose=DOOR,
            amount=booking.price,
            opened_at=one.visit.finished_at,
            paid_at=signed_at,
            transaction_id="42" + "".join(throw.choices("0123456789", k=_SERIAL_DIGITS - 2)),
            state=PaymentState.PAID,
            state_since=signed_at,
        )
        paid[one.sheet.day].append(payment)
    db.add_all(payment for day in paid.values() for payment in day)
    db.flush()
    for day, payments in paid.items():
        bills.keep(db, _bill(day, payments), now=min(ready_at(day), NOW))


def _bill(day: date, payments: Sequence[Payment]) -> DayBill:
    text = "\n".join(f"{row.number} {row.amount.fen}" for row in payments)
    lines = tuple(
        Line(
            trade=Trade.PAYMENT,
            number=row.number,
            serial=row.transaction_id,
            amount=row.amount,
            state="SUCCESS",
            at=row.paid_at or row.opened_at,
        )
        for row in payments
    )
    # As WeChat does, which signs the SHA-1 of a bill's text.
    return DayBill(day=day, sha1=hashlib.sha1(text.encode()).hexdigest(), lines=lines)
