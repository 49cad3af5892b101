"""Payments: the sheet on a phone, and what tests and people do to an order and its notices."""

import sqlite3
from typing import Any

from flask import Response, jsonify
from flask.typing import ResponseReturnValue

from kernel.errors import Invalid, Refusal
from kernel.words import msg
from sandbox import codes, journal, layout, phones, sentences
from sandbox.control import call
from sandbox.errors import ApiError
from sandbox.journal import Direction, Entry
from sandbox.pay import notices, orders, refunds, sheet
from sandbox.pay.orders import Order
from sandbox.pay.shop import Shop
from sandbox.stage import Stage, stage

DELAY_S_MAX = 7 * 86_400

blueprint = call.blueprint("control_payments")


class NobodyPays(Invalid):
    code = "nobody_pays"
    says = msg("要写明哪部手机付款：phone。")


@blueprint.get("/payments")
def every_payment() -> ResponseReturnValue:
    here = stage()
    with here.memory.reading() as db:
        return jsonify(payments=[told(db, here, order) for order in orders.listed(db)])


@blueprint.get("/payments/<number>")
def one_payment(number: str) -> ResponseReturnValue:
    return _told(number)


@blueprint.get("/payments/<number>/code.png")
def picture(number: str) -> ResponseReturnValue:
    """Draw the code of a NATIVE order, as somebody's screen would show it."""
    here = stage()
    with here.memory.reading() as db:
        address = orders.code_url(db, orders.find(db, out_trade_no=number), wall_s=here.wall())
    if not address:
        raise orders.PaymentMissing
    return Response(codes.png(address), mimetype="image/png")


@blueprint.post("/payments/<number>/pay")
def pay(number: str) -> ResponseReturnValue:
    """Pay without a sheet; `even_if_over` also past the end or after a close."""
    body = call.body(phone=str, even_if_over=bool)
    return _paid(
        number,
        phone_id=body.get("phone", ""),
        even_if_over=body.get("even_if_over", False),
    )


@blueprint.post("/payments/<number>/refuse")
def refuse(number: str) -> ResponseReturnValue:
    """Let every attempt to pay fail, until told otherwise."""
    refuses = call.body(refuses=bool).get("refuses", True)
    with stage().memory.transaction() as db:
        order = orders.find(db, out_trade_no=number)
        orders.set_wish(db, order, name="refuses", value=int(refuses))
    return _told(number)


@blueprint.post("/payments/<number>/lose_notices")
def lose_notices(number: str) -> ResponseReturnValue:
    """Let no notice of this order arrive, neither those that wait nor those to come."""
    loses = call.body(loses=bool).get("loses", True)
    with stage().memory.transaction() as db:
        order = orders.find(db, out_trade_no=number)
        orders.set_wish(db, order, name="loses_notices", value=int(loses))
        if loses:
            notices.lose(db, out_trade_no=number)
    return _told(number)


@blueprint.post("/payments/<number>/delay_notices")
def delay_notices(number: str) -> ResponseReturnValue:
    """Let the notices of this order, waiting and to come, be tried `by_s` from now or later."""
    by_s = call.body(by_s=int).get("by_s", 0)
    if not 0 <= by_s <= DELAY_S_MAX:
        raise call.BadBody(field="by_s")
    here = stage()
    with here.memory.transaction() as db:
        order = orders.find(db, out_trade_no=number)
        orders.set_wish(db, order, name="notice_delay_s", value=by_s)
        notices.delay(db, out_trade_no=number, due_wall_s=here.wall() + by_s)
    return _told(number)


@blueprint.post("/payments/<number>/send_notices")
def send_notices(number: str) -> ResponseReturnValue:
    """Send every notice of this order now, also those that were lost or have arrived."""
    call.body()
    here = stage()
    with here.memory.transaction() as db:
        order = orders.find(db, out_trade_no=number)
        orders.set_wish(db, order, name="loses_notices", value=0)
        orders.set_wish(db, order, name="notice_delay_s", value=0)
        notices.send_all(db, out_trade_no=number, wall_s=here.wall())
    here.ring()
    return _told(number)


@blueprint.post("/phones/<phone_id>/sheet")
def open_sheet(phone_id: str) -> ResponseReturnValue:
    """Open the sheet that a page asks for by wx.chooseWXPay; its signature is checked."""
    params = call.body(appid=str, timestamp=str, nonce=str, package=str, sign_type=str, sign=str)
    here = stage()
    here.clock.refresh()
    try:
        with here.memory.reading() as db:
            order = sheet.open_by_page(
                db,
                phone=phones.get(db, phone_id=phone_id),
                params=params,
                shop=_shop(here),
                account=here.account,
                moment=here.moment(),
            )
    except Refusal as refusal:
        _write(phone_id, "chooseWXPay", request=layout.readable(params), refusal=refusal)
        raise
    _write(phone_id, "chooseWXPay", request=layout.readable(params))
    return jsonify(screen="pay", payment=order.out_trade_no)


@blueprint.post("/phones/<phone_id>/pay")
def press(phone_id: str) -> ResponseReturnValue:
    """Press 立即支付 on the phone's sheet."""
    body = call.body(payment=str, method=str)
    method = body.get("method", "balance")
    sheet.check_method(method)
    return _paid(body.get("payment", ""), phone_id=phone_id, has_money=method != "empty_card")


def told(db: sqlite3.Connection, here: Stage, order: Order) -> dict[str, Any]:
    """Return the payment as the interface documents it."""
    return {
        "payment": order.out_trade_no,
        "trade_type": order.trade_type,
        "description": order.description,
        "total_fen": order.total_fen,
        "state": order.state,
        "phone": _phone_id(db, order),
        "made_at_s": order.made_at_s,
        "shuts_at_s": order.shuts_at_s,
        "paid_at_s": order.paid_at_s,
        "transaction_id": order.transaction_id,
        "code_url": orders.code_url(db, order, wall_s=here.wall()),
        "refuses": order.refuses,
        "loses_notices": order.loses_notices,
        "notice_delay_s": order.notice_delay_s,
        "refunds": [
            {
                "refund": one.out_refund_no,
                "refund_id": one.refund_id,
                "amount_fen": one.amount_fen,
                "reason": one.reason,
                "state": one.state,
                "at_s": one.done_at_s,
            }
            for one in refunds.of_order(db, out_trade_no=order.out_trade_no)
        ],
        "notices": [
            {
                "event": one.event,
                "state": one.state,
                "tries": one.tries,
                "due_in_s": max(0, round(one.due_wall_s - here.wall()))
                if one.state == "waiting"
                else None,
            }
            for one in notices.of_order(db, out_trade_no=order.out_trade_no)
        ],
    }


def _paid(
    number: str, *, phone_id: str, even_if_over: bool = False, has_money: bool = True
) -> ResponseReturnValue:
    """Let the phone's person pay, or the bank refuse it; the log keeps either."""
    here = stage()
    here.clock.refresh()
    try:
        with here.memory.transaction() as db:
            order = orders.find(db, out_trade_no=number)
            phone_id = phone_id or _phone_id(db, order)
            is_paid = _let_pay(
                db, here, order, phone_id=phone_id, even_if_over=even_if_over, has_money=has_money
            )
        # Past the transaction, so that a fault that struck is used up.
        if not is_paid:
            raise orders.PaymentRefused
    except Refusal as refusal:
        _write(phone_id, sentences.PAYMENT % {"name": number}, refusal=refusal)
        raise
    here.ring()
    _write(phone_id, sentences.PAYMENT % {"name": number})
    return _told(number)


def _let_pay(
    db: sqlite3.Connection,
    here: Stage,
    order: Order,
    *,
    phone_id: str,
    even_if_over: bool,
    has_money: bool,
) -> bool:
    """Pay the order; False when the bank refuses."""
    if not phone_id:
        raise NobodyPays(field="phone")
    phone = phones.get(db, phone_id=phone_id)
    if not even_if_over:
        orders.check_payable(order, phone=phone, at_s=here.clock.now_s())
        if not has_money or orders.bank_refuses(db, order):
            return False
    orders.pay(
        db,
        order=order,
        phone=phone,
        shop=_shop(here),
        account=here.account,
        moment=here.moment(),
        even_if_over=even_if_over,
    )
    return True


def _write(phone_id: str, name: str, *, request: str = "", refusal: Refusal | None = None) -> None:
    here = stage()
    with here.memory.transaction() as db:
        journal.add(
            db,
            Entry(
                direction=Direction.PAGE,
                name=name,
                phone=phone_id,
                result=msg("拒绝") if refusal else msg("同意"),
                ok=refusal is None,
                at_s=here.clock.now_s(),
                took_ms=0,
                request=request,
                rule=f"{refusal.says}。".replace("。。", "。") if refusal else "",
            ),
        )


def _told(number: str) -> ResponseReturnValue:
    here = stage()
    with here.memory.reading() as db:
        return jsonify(told(db, here, orders.find(db, out_trade_no=number)))


def _phone_id(db: sqlite3.Connection, order: Order) -> str:
    try:
        return phones.by_openid(db, openid=order.openid).id
    except ApiError:
        return ""


def _shop(here: Stage) -> Shop:
    if here.settings.shop is None:
        raise sheet.NoShop
    return here.settings.shop
