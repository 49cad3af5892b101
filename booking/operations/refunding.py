"""A finished booking that is paid back whole: the money, what it earned, and what else paid for it."""

from datetime import datetime

from booking import payment_queries
from booking.events import BookingRefunded
from booking.models import Booking
from booking.operations import billing, discounts
from booking.operations.steps import facts_of, locked
from booking.payment_queries import DOOR
from booking.states import BookingState, PaymentAction, PaymentState
from kernel import outbox
from kernel.actor import Actor
from kernel.db import Session
from kernel.errors import Conflict
from kernel.words import msg
from members import ledger_queries, policy
from members.ledger import ON_THE_WAY
from members.operations import postings

REFUNDED = "refunded"
_SERVED = (BookingState.COMPLETED, BookingState.CLOSED, BookingState.DISPUTED)


class NothingToRefund(Conflict):
    """The booking's work was never accepted, or it was paid back already."""

    code = "nothing_to_refund"
    says = msg("这一单没有完成，或者已经退过了。")


def refund(db: Session, *, number: str, words: str, by: Actor, now: datetime) -> Booking:
    """Pay a finished booking back whole, once: the money to its payer, points and vouchers that paid
    for it to the member, and what it earned back to the house, each by exact negation.

    What was not paid yet is asked for no longer. Points of it that are spent already are owed. Raises
    BookingMissing, Forbidden, TooShort, TooLong, NothingToRefund.
    """
    policy.check_decider(by)
    policy.check_words(words)
    booking = locked(db, number, by)
    earned = [f"completion:{number}", f"{ON_THE_WAY}:{number}"]
    posted = [key for key in earned if ledger_queries.posting_of(db, key) is not None]
    if booking.state not in _SERVED or booking.refunded_at is not None or not posted:
        raise NothingToRefund
    evidence = f"{REFUNDED}:{number}"
    drafts = [postings.reversal_of(db, key=key, evidence=evidence) for key in posted]
    drafts += discounts.returning(db, booking, evidence=evidence, now=now)

    booking.refunded_at = now
    paid = payment_queries.latest(db, booking.id, purpose=DOOR)
    fen = 0
    if paid is not None and paid.state is PaymentState.PAID:
        billing.pay_back(db, paid, reason=REFUNDED, now=now)
        fen = paid.amount.fen
    elif paid is not None and paid.state is PaymentState.OPEN:
        paid.advance(PaymentAction.CLOSE, now=now)
    postings.post_all(db, drafts, now=now)

    outbox.record(db, BookingRefunded(at=now, fen=fen, words=words.strip(), **facts_of(booking)))
    return booking
