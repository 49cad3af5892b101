"""Orders: placed by the merchant, paid by a person, closed or refunded.

An order's state is WeChat's trade_state: NOTPAY, SUCCESS, REFUND or CLOSED. Past its end nobody can
pay it any more, yet it stays NOTPAY until the merchant closes it.
"""

import json
import secrets
import sqlite3
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from kernel.errors import Conflict, Missing
from kernel.words import msg
from sandbox import faults, phones
from sandbox.errors import ApiError
from sandbox.moment import Moment
from sandbox.pay import notices, requests
from sandbox.pay.errors import PayRefusal
from sandbox.pay.requests import OrderAsked
from sandbox.pay.shop import Shop
from sandbox.pay.times import rfc3339
from sandbox.phones import Phone
from sandbox.settings import Account

PREPAY_LIFE_S = 7_200
CODE_PREFIX = "weixin://wxpay/bizpayurl?pr="
LISTED_MAX = 100
STATE_WORDS = {
    "NOTPAY": "订单未支付",
    "SUCCESS": "支付成功",
    "REFUND": "订单发生过退款，退款详情请查询退款单",
    "CLOSED": "订单已关闭",
}


class PaymentMissing(Missing):
    code = "no_such_payment"
    says = msg("没有这笔付款。")


class PaymentOver(Conflict):
    code = "payment_over"
    says = msg("该订单已过期")


class PaymentClosed(Conflict):
    code = "payment_closed"
    says = msg("该订单已关闭")


class PaidAlready(Conflict):
    code = "paid_already"
    says = msg("该订单已支付")


class PaymentRefused(Conflict):
    code = "payment_refused"
    says = msg("支付失败：银行卡余额不足")


class WrongPayer(Conflict):
    code = "wrong_payer"
    says = msg("下单账号与支付账号不一致，请核实后再支付")


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One order. `openid`: who may pay it, then who paid; empty while anybody may."""

    id: int
    out_trade_no: str
    trade_type: str
    description: str
    total_fen: int
    attach: str
    notify_url: str
    openid: str
    made_at_s: int
    shuts_at_s: int
    state: str
    paid_at_s: int
    transaction_id: str
    refuses: bool
    loses_notices: bool
    notice_delay_s: int

    @property
    def is_paid(self) -> bool:
        return self.state in ("SUCCESS", "REFUND")


def place(
    db: sqlite3.Connection,
    *,
    body: Mapping[str, Any],
    trade_type: str,
    shop: Shop,
    account: Account,
    moment: Moment,
) -> str:
    """Place an order, or find the same one again; return a fresh prepay_id or code_url.

    Raises PayRefusal APPID_MCHID_NOT_MATCH, MCH_NOT_EXISTS, PARAM_ERROR, OPENID_MISMATCH,
    OUT_TRADE_NO_USED, ORDERPAID, ORDER_CLOSED, INVALID_REQUEST (past its end).
    """
    check_merchant(body, shop=shop)
    if body.get("appid") != account.appid:
        raise PayRefusal("APPID_MCHID_NOT_MATCH")
    asked = requests.order_asked(body, needs_payer=trade_type == "JSAPI")
    if asked.openid:
        _check_known(db, asked.openid)
    known = _row(db, asked.out_trade_no)
    if known is None:
        _insert(db, asked=asked, trade_type=trade_type, at_s=moment.at_s)
    else:
        _check_same(known, asked=asked, trade_type=trade_type, at_s=moment.at_s)
    return _lend_key(db, asked.out_trade_no, trade_type=trade_type, wall_s=moment.wall_s)


def find(db: sqlite3.Connection, *, out_trade_no: str = "", transaction_id: str = "") -> Order:
    """Return the order. Raises PaymentMissing."""
    row = db.execute(
        "SELECT * FROM payment WHERE out_trade_no = ? OR (transaction_id = ? AND ? != '')",
        (out_trade_no, transaction_id, transaction_id),
    ).fetchone()
    if row is None:
        raise PaymentMissing
    return _order(row)


def by_key(db: sqlite3.Connection, *, key: str, wall_s: float) -> Order:
    """Return the order of a prepay_id or a code's text. Raises PaymentMissing, PaymentOver."""
    row = db.execute("SELECT * FROM prepay WHERE key = ?", (key.removeprefix(CODE_PREFIX),))
    lent = row.fetchone()
    if lent is None:
        raise PaymentMissing
    if lent["dies_wall_s"] <= wall_s:
        raise PaymentOver
    return find(db, out_trade_no=lent["out_trade_no"])


def listed(db: sqlite3.Connection, *, most: int = LISTED_MAX) -> list[Order]:
    """Return the newest `most` orders, oldest first."""
    rows = db.execute("SELECT * FROM payment ORDER BY id DESC LIMIT ?", (most,)).fetchall()
    return [_order(row) for row in reversed(rows)]


def paid_within(db: sqlite3.Connection, *, begins_s: int, ends_s: int) -> list[Order]:
    """Return the orders paid from `begins_s` until before `ends_s`, in their order."""
    rows = db.execute(
        "SELECT * FROM payment WHERE paid_at_s >= ? AND paid_at_s < ? ORDER BY paid_at_s, id",
        (begins_s, ends_s),
    )
    return [_order(row) for row in rows]


def code_url(db: sqlite3.Connection, order: Order, *, wall_s: float) -> str:
    """Return the newest living code of a NATIVE order, or nothing."""
    if order.trade_type != "NATIVE":
        return ""
    row = db.execute(
        "SELECT key FROM prepay WHERE out_trade_no = ? AND dies_wall_s > ?"
        " ORDER BY dies_wall_s DESC LIMIT 1",
        (order.out_trade_no, wall_s),
    ).fetchone()
    return CODE_PREFIX + str(row["key"]) if row else ""


def close(db: sqlite3.Connection, *, out_trade_no: str) -> None:
    """Close an unpaid order. Raises PayRefusal ORDER_NOT_EXIST, ORDERPAID, ORDER_CLOSED."""
    try:
        order = find(db, out_trade_no=out_trade_no)
    except PaymentMissing as error:
        raise PayRefusal("ORDER_NOT_EXIST") from error
    if order.is_paid:
        raise PayRefusal("ORDERPAID")
    if order.state == "CLOSED":
        raise PayRefusal("ORDER_CLOSED")
    set_state(db, order, state="CLOSED")


def check_payable(order: Order, *, phone: Phone, at_s: int) -> None:
    """Raise PaidAlready, PaymentClosed, PaymentOver or WrongPayer unless this phone may pay."""
    if order.is_paid:
        raise PaidAlready
    if order.state == "CLOSED":
        raise PaymentClosed
    if order.shuts_at_s <= at_s:
        raise PaymentOver
    _check_payer(order, phone=phone)


def bank_refuses(db: sqlite3.Connection, order: Order) -> bool:
    """Return whether the payer's bank says no this time; a fault that says so is used up."""
    return order.refuses or faults.strikes(db, "refuse_payment")


def pay(
    db: sqlite3.Connection,
    *,
    order: Order,
    phone: Phone,
    shop: Shop,
    account: Account,
    moment: Moment,
    even_if_over: bool = False,
) -> Order:
    """Let the phone's person pay, and tell the merchant by TRANSACTION.SUCCESS.

    With `even_if_over` the end and a close are passed over, as when somebody was typing his
    password just then. Raises as `check_payable`.
    """
    if even_if_over and not order.is_paid:
        _check_payer(order, phone=phone)
    else:
        check_payable(order, phone=phone, at_s=moment.at_s)

    db.execute(
        "UPDATE payment SET state = 'SUCCESS', paid_at_s = ?, openid = ?, transaction_id = ?"
        " WHERE id = ?",
        (moment.at_s, phone.openid, _new_transaction_id(order), order.id),
    )
    paid = find(db, out_trade_no=order.out_trade_no)

    notices.queue(
        db,
        out_trade_no=paid.out_trade_no,
        event="TRANSACTION.SUCCESS",
        url=paid.notify_url,
        resource=told(paid, shop=shop, account=account),
        moment=moment,
        is_lost=paid.loses_notices,
        delay_s=paid.notice_delay_s,
    )
    return paid


def told(order: Order, *, shop: Shop, account: Account) -> dict[str, Any]:
    """Return the order as a query answers it and, once paid, as its notice says it."""
    head: dict[str, Any] = {
        "mchid": shop.mchid,
        "appid": account.appid,
        "out_trade_no": order.out_trade_no,
        "trade_state": order.state,
        "trade_state_desc": STATE_WORDS[order.state],
    }
    if not order.is_paid:
        return head | {"amount": {"total": order.total_fen, "currency": "CNY"}}
    return head | {
        "transaction_id": order.transaction_id,
        "trade_type": order.trade_type,
        "bank_type": "OTHERS",
        "attach": order.attach,
        "success_time": rfc3339(order.paid_at_s),
        "payer": {"openid": order.openid},
        "amount": {
            "total": order.total_fen,
            "payer_total": order.total_fen,
            "currency": "CNY",
            "payer_currency": "CNY",
        },
    }


def check_merchant(body: Mapping[str, Any], *, shop: Shop) -> None:
    """Raise PayRefusal MCH_NOT_EXISTS unless the body names this merchant."""
    if body.get("mchid") != shop.mchid:
        raise PayRefusal("MCH_NOT_EXISTS")


def set_state(db: sqlite3.Connection, order: Order, *, state: str) -> None:
    """Make `state` the order's."""
    db.execute("UPDATE payment SET state = ? WHERE id = ?", (state, order.id))


def set_wish(db: sqlite3.Connection, order: Order, *, name: str, value: int) -> None:
    """Set what a test or a person wants of this order: refuses, loses_notices, notice_delay_s."""
    assert name in ("refuses", "loses_notices", "notice_delay_s")
    db.execute(f"UPDATE payment SET {name} = ? WHERE id = ?", (value, order.id))  # noqa: S608 - asserted above


def _check_payer(order: Order, *, phone: Phone) -> None:
    if order.openid and order.openid != phone.openid:
        raise WrongPayer


def _check_known(db: sqlite3.Connection, openid: str) -> None:
    try:
        phones.by_openid(db, openid=openid)
    except ApiError as error:
        raise PayRefusal("OPENID_MISMATCH") from error


def _check_same(row: sqlite3.Row, *, asked: OrderAsked, trade_type: str, at_s: int) -> None:
    order = _order(row)
    if order.is_paid:
        raise PayRefusal("ORDERPAID")
    if order.state == "CLOSED":
        raise PayRefusal("ORDER_CLOSED")
    if order.trade_type != trade_type or row["asked"] != _canonical(asked):
        raise PayRefusal("OUT_TRADE_NO_USED")
    if order.shuts_at_s <= at_s:
        raise PayRefusal(
            "INVALID_REQUEST", message="订单已超过支付结束时间，请使用新的商户订单号下单"
        )


def _insert(db: sqlite3.Connection, *, asked: OrderAsked, trade_type: str, at_s: int) -> None:
    db.execute(
        "INSERT INTO payment (out_trade_no, trade_type, asked, description, total_fen, attach,"
        " notify_url, openid, made_at_s, shuts_at_s) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            asked.out_trade_no,
            trade_type,
            _canonical(asked),
            asked.description,
            asked.total_fen,
            asked.attach,
            asked.notify_url,
            asked.openid,
            at_s,
            requests.life_end_s(asked.shuts_at_s, at_s=at_s),
        ),
    )


def _lend_key(db: sqlite3.Connection, out_trade_no: str, *, trade_type: str, wall_s: float) -> str:
    db.execute("DELETE FROM prepay WHERE dies_wall_s < ?", (wall_s - PREPAY_LIFE_S,))
    is_code = trade_type == "NATIVE"
    key = secrets.token_urlsafe(9) if is_code else f"wx{int(wall_s)}{secrets.token_hex(12)}"
    db.execute("INSERT INTO prepay VALUES (?, ?, ?)", (key, out_trade_no, wall_s + PREPAY_LIFE_S))
    return CODE_PREFIX + key if is_code else key


def _canonical(asked: OrderAsked) -> str:
    return json.dumps(asdict(asked), ensure_ascii=False, sort_keys=True)


def _new_transaction_id(order: Order) -> str:
    return f"4200{order.id:08d}{secrets.randbelow(10**16):016d}"


def _row(db: sqlite3.Connection, out_trade_no: str) -> sqlite3.Row | None:
    row: sqlite3.Row | None = db.execute(
        "SELECT * FROM payment WHERE out_trade_no = ?", (out_trade_no,)
    ).fetchone()
    return row


def _order(row: sqlite3.Row) -> Order:
    facts = {key: row[key] for key in row.keys() if key != "asked"}  # noqa: SIM118 - a row is no dict
    facts["refuses"] = bool(row["refuses"])
    facts["loses_notices"] = bool(row["loses_notices"])
    return Order(**facts)
