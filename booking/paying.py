"""Work with WeChat Pay that runs by itself: refunds to be ordered, what nobody told us of asked after.

WeChat is called outside any transaction; what it says is written in one of its own.
"""

import logging
from functools import partial

from sqlalchemy import update

from booking import payment_queries
from booking.operations import payments
from booking.payment_models import Payment, Refund
from booking.payment_queries import ASKED, DEAD, orders_of
from gateways.wechat.errors import Retry
from gateways.wechat.pay import WeChatPay
from gateways.wechat.pay_errors import PayError
from gateways.wechat.pay_values import Payment as Told
from gateways.wechat.pay_values import RefundState
from kernel import leases
from kernel.clock import Clock, wall_s
from kernel.db import transaction
from kernel.errors import Refusal

log = logging.getLogger(__name__)

LEASE_S = 35.0
REFUNDS_MAX = 50
QUERIES_MAX = 20
ATTEMPTS_MAX = 30
BACKOFF_MAX_S = 600.0
_FENCE = Refund.__table__.c.fence
# So long a refund's notice is waited for; then WeChat is asked, later and later: a bank may take days.
NOTICE_S = 60.0
ASK_AGAIN_MAX_S = 6 * 3600.0


def order_refunds(pay: WeChatPay, clock: Clock) -> int:
    """Order the refunds that are due, REFUNDS_MAX at most; return how many were tried.

    Safe to run twice, side by side, and to be killed at any step: WeChat pays one refund number back
    once, however often it is asked.
    """
    tried = 0
    while pay.is_on and tried < REFUNDS_MAX:
        with transaction() as db:
            rows = leases.claim(db, Refund, lease_s=LEASE_S, limit=1)
            paid = [db.get_one(Payment, row.payment_id) for row in rows]
        if not rows:
            break
        _order(rows[0], paid[0], pay, clock)
        tried += 1
    return tried


def ask_after(pay: WeChatPay, clock: Clock) -> int:
    """Ask WeChat after payments and refunds of which no notice came; return how many had come true."""
    return ask_after_payments(pay, clock) + ask_after_refunds(pay, clock)


def ask_after_payments(pay: WeChatPay, clock: Clock) -> int:
    """Ask WeChat what became of payments of which no notice came; return how many had been paid."""
    if not pay.is_on:
        return 0
    with transaction(reads_only=True) as db:
        waiting = payment_queries.unanswered(db, now=clock.now(), limit=QUERIES_MAX)
    return sum(ask_after_payment(row, pay, clock) for row in waiting)


def ask_after_payment(row: Payment, pay: WeChatPay, clock: Clock) -> bool:
    """Ask WeChat what became of one payment; tell whether it had been paid, and now is in our books."""
    told = next((paid for paid in map(partial(_asked, pay), orders_of(row)) if paid), None)
    if told is None or told.amount is None:
        return False
    now = clock.now()
    try:
        with transaction() as db:
            payments.settle(
                db,
                number=row.number,
                amount=told.amount,
                transaction_id=told.transaction_id,
                paid_at=told.success_at or now,
                now=now,
            )
    except Refusal as refusal:
        log.error("payment %s was made and could not be settled: %s", row.number, refusal)
        return False
    close_others(pay, told.out_trade_no)
    return True


def ask_after_refunds(pay: WeChatPay, clock: Clock) -> int:
    """Ask WeChat how far refunds are of which no notice came; return how many had arrived.

    Safe to run twice and side by side. One that cannot reach its payer waits for a person (`dead`).
    """
    if not pay.is_on:
        return 0
    with transaction(reads_only=True) as db:
        waiting = payment_queries.refunds_unanswered(db, limit=QUERIES_MAX)
    return sum(_has_arrived(row, pay, clock) for row in waiting)


def close_others(pay: WeChatPay, out_trade_no: str) -> None:
    """See to it that what was paid by one order cannot be paid by its other one."""
    with transaction(reads_only=True) as db:
        paid = payment_queries.by_number(db, payment_queries.number_of(out_trade_no))
    for other in orders_of(paid):
        if other == out_trade_no:
            continue
        try:
            pay.close(other)
        except PayError as error:
            # Most often nobody has ever placed it.
            log.info("order %s was not closed: %s", other, error.code)


def _asked(pay: WeChatPay, out_trade_no: str) -> Told | None:
    """Return what WeChat says of an order that was paid, None of any other."""
    try:
        told = pay.query(out_trade_no)
    except PayError as error:
        log.info("nothing is known of order %s: %s", out_trade_no, error.code)
        return None
    return told if told.is_paid else None


def _has_arrived(row: Refund, pay: WeChatPay, clock: Clock) -> bool:
    state, error = RefundState.PROCESSING, ""
    try:
        state = pay.query_refund(row.number).state
    except PayError as problem:
        log.warning("refund %s could not be asked after: %s", row.number, problem)
        error = str(problem)
    with transaction() as db:
        if state is RefundState.SUCCESS:
            payments.returned(db, number=row.number, now=clock.now())
            return True
        told = {"due_s": wall_s() + min(NOTICE_S * 2.0**row.attempts, ASK_AGAIN_MAX_S)}
        if state is not RefundState.PROCESSING:
            log.error("refund %s cannot reach its payer: %s", row.number, state)
            error, told = f"WeChat: {state}", leases.ended(_FENCE, state=DEAD)
        db.execute(
            update(Refund)
            .where(Refund.id == row.id, Refund.state == ASKED)
            .values(error=error, attempts=row.attempts + 1, **told)
        )
    return False


def _order(row: Refund, paid: Payment, pay: WeChatPay, clock: Clock) -> None:
    try:
        told = pay.refund(
            out_trade_no=paid.number,
            out_refund_no=row.number,
            amount=paid.amount,
            total=paid.amount,
            reason=row.reason,
        )
    except PayError as error:
        log.warning("refund %s was not taken: %s", row.number, error)
        is_hopeless = error.retry is Retry.USELESS or row.attempts >= ATTEMPTS_MAX
        with transaction() as db:
            leases.finish(
                db,
                row,
                state=DEAD if is_hopeless else leases.PENDING,
                retry_in_s=max(float(error.wait_s), min(2.0**row.attempts, BACKOFF_MAX_S)),
                error=str(error),
            )
        return
    with transaction() as db:
        if told.state is RefundState.SUCCESS:
            payments.returned(db, number=row.number, now=clock.now())
        else:
            leases.finish(db, row, state=ASKED, retry_in_s=NOTICE_S, error="", attempts=0)
