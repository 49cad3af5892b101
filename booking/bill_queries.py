"""Reads of WeChat Pay's bills and of what our books say beside them."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import exists, func, or_, select

from booking.bill_models import BillDifference, BillNote, KeptBill, KeptLine
from booking.models import Booking
from booking.payment_models import Payment, Refund
from booking.payment_queries import ASKED, BY_CODE, DONE, number_of
from booking.queries import visible_to
from booking.reconciling import Line, Name, Ours, RefundState, Trade
from booking.states import PaymentState
from kernel.actor import Actor
from kernel.clock import midnight
from kernel.db import Session

# A refund is ordered a while after it is asked for: one of the day's last hour is looked for in the
# bill of the next day, too.
REFUND_MARGIN = timedelta(hours=1)
DIFFERENCES_MAX = 200
# No branch has this number: whoever sees it sees all.
EVERY = 0
_ASKED_AT_ONCE = 500
_PAID = (PaymentState.PAID, PaymentState.REFUNDING, PaymentState.REFUNDED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A difference with its booking's number ("" for none) and what was noted of it, oldest first."""

    row: BillDifference
    booking: str
    notes: tuple[BillNote, ...]


def name_of(line: Line) -> Name:
    """Return a line's trade and the number that we gave it."""
    return line.trade, number_of(line.number) if line.trade is Trade.PAYMENT else line.number


def bill_of(db: Session, day: date) -> KeptBill | None:
    """Return the last bill of that day that was fetched."""
    found = select(KeptBill).where(KeptBill.day == day).order_by(KeptBill.id.desc())
    return db.scalars(found.limit(1)).first()


def bills(db: Session, *, limit: int, offset: int) -> tuple[Sequence[KeptBill], int]:
    """Return a page of days, newest first, each with its last bill; and how many there are."""
    last = select(func.max(KeptBill.id)).group_by(KeptBill.day)
    page = select(KeptBill).where(KeptBill.id.in_(last)).order_by(KeptBill.day.desc())
    total = db.scalar(select(func.count(KeptBill.day.distinct()))) or 0
    return db.scalars(page.limit(limit).offset(offset)).all(), total


def open_differences(db: Session, days: Collection[date]) -> Mapping[date, int]:
    """Return by day how many differences nobody has noted anything of."""
    noted = exists().where(BillNote.difference_id == BillDifference.id)
    found = (
        select(BillDifference.day, func.count().label("open"))
        .where(BillDifference.day.in_(days), ~noted)
        .group_by(BillDifference.day)
    )
    return {row.day: row.open for row in db.execute(found)}


def differences(db: Session, *, by: Actor, day: date | None = None) -> Sequence[Found]:
    """Return what the actor may see, those without a note first, then the newest: of one day, or all;
    DIFFERENCES_MAX at most.

    What belongs to no booking belongs to no branch: whoever sees every branch sees it.
    """
    noted = exists().where(BillNote.difference_id == BillDifference.id)
    found = (
        select(BillDifference, Booking.number)
        .outerjoin(Booking, Booking.id == BillDifference.booking_id)
        .where(
            or_(visible_to(by), Booking.id.is_(None)) if by.sees_branch(EVERY) else visible_to(by)
        )
        .order_by(noted, BillDifference.day.desc(), BillDifference.id)
        .limit(DIFFERENCES_MAX)
    )
    if day is not None:
        found = found.where(BillDifference.day == day)
    rows = db.execute(found).all()
    notes: dict[int, list[BillNote]] = {}
    asked = select(BillNote).where(BillNote.difference_id.in_([row.id for row, _ in rows]))
    for note in db.scalars(asked.order_by(BillNote.id)):
        notes.setdefault(note.difference_id, []).append(note)
    return [
        Found(row=row, booking=number or "", notes=tuple(notes.get(row.id, ())))
        for row, number in rows
    ]


def known(db: Session, names: Iterable[Name]) -> Mapping[Name, Ours]:
    """Return those of the named trades that our books know."""
    asked = sorted(set(names))
    found: dict[Name, Ours] = {}
    for first in range(0, len(asked), _ASKED_AT_ONCE):
        part = asked[first : first + _ASKED_AT_ONCE]
        payments = [number for trade, number in part if trade is Trade.PAYMENT]
        refunds = [number for trade, number in part if trade is Trade.REFUND]
        ours = [
            *map(_payment, db.scalars(select(Payment).where(Payment.number.in_(payments)))),
            *_refunds(db, Refund.number.in_(refunds)),
        ]
        found |= {(one.trade, one.number): one for one in ours}
    return found


def due(db: Session, day: date) -> Sequence[Ours]:
    """Return what of ours the bill of `day` must tell: paid on that day, and ordered to be paid back."""
    begins, ends = midnight(day), midnight(day + timedelta(days=1))
    paid = select(Payment).where(
        Payment.paid_at >= begins, Payment.paid_at < ends, Payment.state.in_(_PAID)
    )
    has_before = bill_of(db, day - timedelta(days=1)) is not None
    asked_from = begins - REFUND_MARGIN if has_before else begins
    ordered = (
        (Refund.asked_at >= asked_from)
        & (Refund.asked_at < ends - REFUND_MARGIN)
        & Refund.state.in_((ASKED, DONE))
    )
    return [*map(_payment, db.scalars(paid)), *_refunds(db, ordered)]


def told(db: Session, names: Iterable[Name]) -> set[Name]:
    """Return those of the named trades that some bill has told."""
    asked = sorted(set(names))
    found: set[Name] = set()
    for first in range(0, len(asked), _ASKED_AT_ONCE):
        numbers = [number for _, number in asked[first : first + _ASKED_AT_ONCE]]
        codes = [number + BY_CODE for number in numbers]
        rows = db.execute(
            select(KeptLine.trade, KeptLine.number).where(KeptLine.number.in_([*numbers, *codes]))
        )
        found |= {
            (Trade(trade), number_of(number) if trade == Trade.PAYMENT else number)
            for trade, number in rows
        }
    return found


def _payment(row: Payment) -> Ours:
    return Ours(
        trade=Trade.PAYMENT,
        number=row.number,
        serial=row.transaction_id,
        amount=row.amount,
        state=row.state.value,
        booking_id=row.booking_id,
    )


def _refunds(db: Session, where: object) -> list[Ours]:
    found = select(Refund, Payment).join(Payment, Payment.id == Refund.payment_id).where(where)  # type: ignore[arg-type]  # a condition
    return [
        Ours(
            trade=Trade.REFUND,
            number=refund.number,
            serial="",
            amount=payment.amount,
            state=_how_far(refund, payment),
            booking_id=payment.booking_id,
        )
        for refund, payment in db.execute(found)
    ]


def _how_far(refund: Refund, payment: Payment) -> RefundState:
    if payment.state is PaymentState.REFUNDED:
        return RefundState.BACK
    is_ordered = refund.state in (ASKED, DONE)
    return RefundState.ON_THE_WAY if is_ordered else RefundState.NOT_ORDERED
