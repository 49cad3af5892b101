"""Reads of payments."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select

from booking.models import Booking
from booking.payment_models import Payment, Refund
from booking.queries import visible_to
from booking.states import PaymentState
from kernel import leases
from kernel.actor import Actor
from kernel.clock import wall_s
from kernel.db import Session, transaction
from kernel.errors import Conflict, Missing
from kernel.words import msg

DEPOSIT, DOOR, SAMPLE = "deposit", "door", "sample"
# WeChat takes an order either from a page or by a code, never both under one number: what a technician
# shows at the door is an order of its own, whose number ends with this.
BY_CODE = "-Q"
# A refund that WeChat has taken on, one that has arrived, and one that only a person can help.
ASKED, DONE, DEAD = "asked", "done", "dead"
STUCK_MAX = 200


class PaymentMissing(Missing):
    """No such payment, or somebody else's."""

    says = msg("没有这笔付款。")


class RefundGone(Conflict):
    """It waits for nobody any more, or it is somebody else's."""

    code = "refund_gone"
    says = msg("这笔退款已经处理过了，请刷新页面。")


@dataclass(frozen=True, slots=True, kw_only=True)
class Stuck:
    """A refund that does not reach its payer, what was paid, and its booking's number."""

    refund: Refund
    payment: Payment
    booking: str


def payment(db: Session, *, number: str, by: Actor) -> Payment:
    """Return a payment of a booking that the actor may see. Raises PaymentMissing."""
    found = (
        select(Payment)
        .join(Booking, Booking.id == Payment.booking_id)
        .where(Payment.number == number, visible_to(by))
    )
    row = db.scalars(found).one_or_none()
    if row is None:
        raise PaymentMissing
    return row


def by_number(db: Session, number: str) -> Payment:
    """Return a payment whoever asks. Raises PaymentMissing."""
    row = db.scalars(select(Payment).where(Payment.number == number)).one_or_none()
    if row is None:
        raise PaymentMissing
    return row


def payments_of(db: Session, booking_id: int) -> Sequence[Payment]:
    """Return all sums ever asked for a booking, oldest first."""
    found = select(Payment).where(Payment.booking_id == booking_id).order_by(Payment.id)
    return db.scalars(found).all()


def latest(db: Session, booking_id: int, *, purpose: str) -> Payment | None:
    """Return the last sum asked for that purpose."""
    rows = [row for row in payments_of(db, booking_id) if row.purpose == purpose]
    return rows[-1] if rows else None


def owed(db: Session, booking_id: int) -> Payment | None:
    """Return what still has to be paid at the door; None when nothing has."""
    row = latest(db, booking_id, purpose=DOOR)
    return row if row is not None and row.state is PaymentState.OPEN else None


def orders_of(payment: Payment) -> tuple[str, ...]:
    """Return the out_trade_nos under which WeChat may know a payment: the page's, then the code's."""
    code = (payment.number + BY_CODE,) if payment.purpose == DOOR else ()
    return (payment.number, *code)


def number_of(out_trade_no: str) -> str:
    """Return the number of the payment that an order was placed for."""
    return out_trade_no.removesuffix(BY_CODE)


def refund_of(db: Session, payment_id: int) -> Refund | None:
    """Return the order to pay it back."""
    return db.scalars(select(Refund).where(Refund.payment_id == payment_id)).one_or_none()


def refunds_due() -> bool:
    """Tell whether a refund waits to be ordered."""
    with transaction(reads_only=True) as db:
        return db.scalar(select(Refund.id).where(leases.due(Refund)).limit(1)) is not None


def refunds_unanswered(db: Session, *, limit: int) -> Sequence[Refund]:
    """Return refunds that WeChat has taken on a while ago and of which nothing was heard, those first
    that have waited longest."""
    found = (
        select(Refund)
        .join(Payment, Payment.id == Refund.payment_id)
        .where(
            Refund.state == ASKED,
            Refund.due_s <= wall_s(),
            Payment.state == PaymentState.REFUNDING,
        )
    )
    return db.scalars(found.order_by(Refund.due_s, Refund.id).limit(limit)).all()


def stuck_refunds(db: Session, *, by: Actor) -> list[Stuck]:
    """Return the refunds that wait for a person, of bookings that the actor may see, those first that
    have waited longest; STUCK_MAX at most."""
    found = (
        select(Refund, Payment, Booking.number)
        .join(Payment, Payment.id == Refund.payment_id)
        .join(Booking, Booking.id == Payment.booking_id)
        .where(Refund.state == DEAD, visible_to(by))
        .order_by(Refund.id)
        .limit(STUCK_MAX)
    )
    return [
        Stuck(refund=refund, payment=paid, booking=number)
        for refund, paid, number in db.execute(found)
    ]


def stuck_refund(db: Session, *, number: str, by: Actor) -> Stuck:
    """Return one of them. Raises RefundGone."""
    for stuck in stuck_refunds(db, by=by):
        if stuck.refund.number == number:
            return stuck
    raise RefundGone


def unanswered(db: Session, *, now: datetime, limit: int) -> Sequence[Payment]:
    """Return sums that were asked for a while ago and of which nothing was heard: half of them the newest,
    as most is paid at once, the others by chance, so that none is passed over for long."""
    found = select(Payment).where(
        Payment.state == PaymentState.OPEN, Payment.opened_at <= now - timedelta(minutes=1)
    )
    newest = db.scalars(found.order_by(Payment.id.desc()).limit(limit // 2)).all()
    others = found.where(Payment.id.not_in([row.id for row in newest]))
    rest = others.order_by(func.random()).limit(limit - len(newest))
    return [*newest, *db.scalars(rest)]
