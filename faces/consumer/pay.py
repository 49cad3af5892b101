"""Paying inside WeChat: the deposit of a held window, the price of finished work."""

from flask import current_app, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from booking import paying, payment_queries, queries, tryout_queries
from booking.payment_queries import DEPOSIT
from booking.states import PaymentState
from faces.chrome import call
from faces.chrome.once import repeatable
from faces.chrome.sign_in import signed_in
from faces.consumer.routes import blueprint
from gateways.wechat.pay import WeChatPay
from gateways.wechat.pay_errors import PayError
from kernel.actor import Role
from kernel.db import transaction
from kernel.errors import Conflict, Unavailable
from kernel.words import msg
from members import queries as members

# As it stands in his WeChat's statement, the same however often it is asked for.
DEPOSIT_WORD = "上门押金"


class PaymentOver(Conflict):
    """It was paid, or is no longer asked for."""

    code = "payment_over"
    says = msg("这笔款已经付过，或不用再付。")


class PayUnavailable(Unavailable):
    """WeChat Pay did not answer."""

    code = "pay_unavailable"
    says = msg("微信支付暂时没有回应，请稍后再试，不会重复扣款。")


@blueprint.get("/payments/<number>")
@signed_in(Role.MEMBER)
def payment(number: str) -> ResponseReturnValue:
    """Show what is to be paid and why; what is paid leads back to its booking."""
    with transaction(reads_only=True) as db:
        row = payment_queries.payment(db, number=number, by=call.actor())
        booking = queries.by_id(db, row.booking_id)
        tried = tryout_queries.paid_by(db, row)
        service = tried.name if tried else queries.service_name(db, booking.service_id)
    done = (
        url_for("consumer.tryout_page", number=tried.number)
        if tried
        else url_for("consumer.booking", number=booking.number)
    )
    if row.state is not PaymentState.OPEN:
        return redirect(done, 303)
    return render_template(
        "consumer/pay.html",
        payment=row,
        booking=booking,
        service=service,
        is_deposit=row.purpose == DEPOSIT,
        is_sample=tried is not None,
        done=done,
    )


@blueprint.post("/payments/<number>/sheet")
@signed_in(Role.MEMBER)
@repeatable("WeChat knows one order for one number, however often it is asked for")
def sheet(number: str) -> ResponseReturnValue:
    """Order the payment at WeChat and return what opens its pay sheet on this page."""
    with transaction(reads_only=True) as db:
        row = payment_queries.payment(db, number=number, by=call.actor())
        openid = members.member(db, call.actor().id).openid
        booking = queries.by_id(db, row.booking_id)
        tried = tryout_queries.paid_by(db, row)
        service = tried.name if tried else queries.service_name(db, booking.service_id)
    if row.state is not PaymentState.OPEN:
        raise PaymentOver
    pay: WeChatPay = current_app.extensions["doorbell.pay"]
    try:
        made = pay.prepay(
            out_trade_no=row.number,
            description=f"{service} {DEPOSIT_WORD}" if row.purpose == DEPOSIT else service,
            amount=row.amount,
            openid=openid,
            expires_at=row.expires_at,
        )
    except PayError as error:
        raise PayUnavailable from error
    return {"pay": dict(made.params)}


@blueprint.post("/payments/<number>/ask")
@signed_in(Role.MEMBER)
@repeatable("WeChat is asked, and what it says is written down once")
def ask_after(number: str) -> ResponseReturnValue:
    """Ask WeChat whether it was paid: the page hears so before a notice comes, and some never come."""
    with transaction(reads_only=True) as db:
        row = payment_queries.payment(db, number=number, by=call.actor())
    if row.state is PaymentState.OPEN:
        extensions = current_app.extensions
        paying.ask_after_payment(row, extensions["doorbell.pay"], extensions["doorbell.clock"])
    return "", 204
