"""What a payment brings about: the promise of a deposit, the signature of a door payment."""

from dataclasses import replace
from datetime import datetime

from sqlalchemy import select, update

from booking import payment_queries, queries
from booking.events import DepositSettled, PaymentReceived, RefundArrived, RefundOrdered
from booking.models import Booking
from booking.operations import billing, bookings, tryouts, visits
from booking.operations.refunding import REFUNDED
from booking.operations.steps import facts_of, locked
from booking.payment_models import Payment, Refund
from booking.payment_queries import DEPOSIT, DONE, SAMPLE, PaymentMissing, Stuck
from booking.states import BookingState, PaymentAction, PaymentState
from dispatch import queries as dispatch
from dispatch.states import VisitState
from kernel import leases, outbox
from kernel.actor import SYSTEM, Actor, Role
from kernel.db import Session
from kernel.errors import Conflict, Refusal
from kernel.money import Money
from kernel.words import msg
from members import deposits, ledger, ledger_queries, rule_queries
from members.ledger import Draft
from members.ledger_models import Posting
from members.operations import postings
from members.rules import Rules

PLACE_GONE = "place_gone"
_FENCE = Refund.__table__.c.fence


class PaidTwice(Conflict):
    """Paid on the page and by the code as well: an alarm, for a person must give one back."""

    code = "paid_twice"
    says = msg("这笔款付了两次，要退一次。")


class WrongAmount(Conflict):
    """WeChat speaks of another sum than we asked for: an alarm, and nothing is done."""

    code = "wrong_amount"
    says = msg("付款金额和应付金额不一致。")


def settle(
    db: Session,
    *,
    number: str,
    amount: Money,
    transaction_id: str,
    paid_at: datetime,
    now: datetime,
) -> Payment:
    """Take note that WeChat has the money, and do what it was paid for. Told twice it is once.

    A deposit makes the promise; when nothing fits into its window any more, the window is let go and
    the money goes back at once. Money at the door signs for the work, that of a sample keeps it. Raises PaymentMissing, WrongAmount,
    PaidTwice.
    """
    known = payment_queries.by_number(db, number)
    booking = locked(db, queries.by_id(db, known.booking_id).number, SYSTEM)
    db.refresh(known)
    if known.amount != amount:
        raise WrongAmount(number=number, amount=str(amount))
    if known.state not in (PaymentState.OPEN, PaymentState.CLOSED):
        if known.transaction_id != transaction_id:
            raise PaidTwice(number=number)
        return known
    known.advance(PaymentAction.PAY, now=now)
    known.paid_at, known.transaction_id = paid_at, transaction_id
    outbox.record(
        db, PaymentReceived(at=now, payment_number=number, fen=amount.fen, **facts_of(booking))
    )
    if known.purpose == DEPOSIT:
        _promise(db, booking, known, now=now)
    elif known.purpose == SAMPLE:
        tryouts.paid(db, booking, known, now=now)
    elif booking.refunded_at is not None:
        # Paid after all by who had been asked for it before.
        billing.pay_back(db, known, reason=REFUNDED, now=now)
    else:
        _sign(db, booking, now=now)
    return known


def returned(db: Session, *, number: str, now: datetime) -> Payment:
    """Take note that a refund has reached its payer; told twice it is once. Raises PaymentMissing."""
    refund = db.scalars(select(Refund).where(Refund.number == number)).one_or_none()
    if refund is None:
        raise PaymentMissing
    payment = db.scalars(
        select(Payment).where(Payment.id == refund.payment_id).with_for_update()
    ).one()
    if payment.state is PaymentState.REFUNDING:
        payment.advance(PaymentAction.RETURN, now=now)
        told = RefundArrived(
            at=now,
            payment_number=payment.number,
            fen=payment.amount.fen,
            **facts_of(queries.by_id(db, payment.booking_id)),
        )
        outbox.record(db, told)
        # Whoever is ordering it, or asking after it, just now writes no more.
        db.execute(
            update(Refund).where(Refund.id == refund.id).values(**leases.ended(_FENCE, state=DONE))
        )
    return payment


def returned_by_hand(db: Session, *, number: str, by: Actor, now: datetime) -> Stuck:
    """Take note that a person gave back what WeChat could not. Raises RefundGone."""
    stuck = payment_queries.stuck_refund(db, number=number, by=by)
    returned(db, number=number, now=now)
    return stuck


def settle_deposit(
    db: Session, *, booking_number: str, keep: bool, reason: str, now: datetime
) -> None:
    """Give the deposit of an ended booking back, or keep it for a journey in vain; once. One that was kept
    goes back after all when the strike is undone."""
    booking = locked(db, booking_number, SYSTEM)
    payment = payment_queries.latest(db, booking.id, purpose=DEPOSIT)
    if payment is None or payment.state is not PaymentState.PAID:
        return
    kept = _posted(db, booking, ledger.DEPOSIT_KEPT)
    if _posted(db, booking, ledger.DEPOSIT_RETURNED) or (keep and kept):
        return
    if not keep:
        billing.pay_back(db, payment, reason=reason, now=now)
    paid = _posted(db, booking, ledger.DEPOSIT_PAID)
    rules = rule_queries.cited_by(db, paid) if paid else None
    draft = deposits.deposit_draft(
        member_id=booking.member_id,
        booking_number=booking.number,
        kind=ledger.DEPOSIT_KEPT if keep else ledger.DEPOSIT_RETURNED,
        amount=payment.amount,
        # Those by which it was asked for.
        rules=rules or _rules(db, booking),
    )
    postings.post_all(db, [draft] if kept is None else _after_all(db, kept, draft), now=now)
    told = DepositSettled(at=now, fen=payment.amount.fen, is_kept=keep, **facts_of(booking))
    outbox.record(db, told)


def _after_all(db: Session, kept: Posting, returned: Draft) -> list[Draft]:
    """Return what undoes that a deposit was kept, then returns it out of the same account: its member may
    have been merged since."""
    key = kept.idempotency_key
    undone = postings.reversal_of(db, key=key, evidence=returned.evidence)
    whose = {amount > 0: owner for owner, amount in undone.legs.items()}
    fen = undone.legs[whose[True]]
    legs = {ledger.HOUSE_DEPOSITS: fen, whose[True]: -fen}
    return [undone, replace(returned, legs=legs)]


def _promise(db: Session, booking: Booking, payment: Payment, *, now: datetime) -> None:
    try:
        # What a proof that fails has begun is undone alone; that the money came stays.
        with db.begin_nested():
            bookings.commit_paid(db, number=booking.number, by=_payer(booking), now=now)
    except Refusal:
        db.refresh(booking)
        if booking.state is BookingState.AWAITING_DEPOSIT:
            # The money goes back: nothing is left that the window could wait for.
            bookings.release(db, number=booking.number, by=SYSTEM, now=now)
        billing.pay_back(db, payment, reason=PLACE_GONE, now=now)
        told = RefundOrdered(
            at=now,
            payment_number=payment.number,
            fen=payment.amount.fen,
            reason=PLACE_GONE,
            **facts_of(booking),
        )
        outbox.record(db, told)
        return
    postings.post(
        db,
        deposits.deposit_draft(
            member_id=booking.member_id,
            booking_number=booking.number,
            kind=ledger.DEPOSIT_PAID,
            amount=payment.amount,
            rules=_rules(db, booking),
        ),
        now=now,
    )


def _sign(db: Session, booking: Booking, *, now: datetime) -> None:
    if dispatch.fresh_visit(db, booking.visit_id).state is VisitState.WORK_DONE:
        visits.sign_off(db, number=booking.number, by=_payer(booking), now=now)


def _payer(booking: Booking) -> Actor:
    return Actor(booking.member_id, Role.MEMBER)


def _posted(db: Session, booking: Booking, kind: str) -> Posting | None:
    return ledger_queries.posting_of(db, deposits.deposit_key(kind, booking.number))


def _rules(db: Session, booking: Booking) -> Rules:
    return rule_queries.governing(db, booking)
