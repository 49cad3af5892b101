"""Refunds: asked for by the merchant, accepted as PROCESSING and done a moment later."""

import secrets
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from kernel.words import msg
from sandbox import faults
from sandbox.moment import Moment
from sandbox.pay import notices, orders, requests
from sandbox.pay.errors import PayRefusal
from sandbox.pay.orders import Order, PaymentMissing
from sandbox.pay.requests import RefundAsked
from sandbox.pay.shop import Shop
from sandbox.pay.times import rfc3339

PARTS_MAX = 50
TERM_S = 365 * 86_400
MISMATCH = "订单金额或退款金额与之前请求不一致，请核实后再试"


@dataclass(frozen=True, slots=True, kw_only=True)
class Refund:
    """One refund; its state is PROCESSING, SUCCESS or ABNORMAL."""

    out_refund_no: str
    refund_id: str
    out_trade_no: str
    amount_fen: int
    reason: str
    state: str
    made_at_s: int
    done_at_s: int


def ask(
    db: sqlite3.Connection, *, body: Mapping[str, Any], shop: Shop, moment: Moment
) -> dict[str, Any]:
    """Accept a refund, or find the same one again; return WeChat's answer.

    The answer to a new one says PROCESSING; the row is at its end already and its notice queued.
    Raises PayRefusal PARAM_ERROR, RESOURCE_NOT_EXISTS, INVALID_REQUEST.
    """
    asked = requests.refund_asked(body)
    order = _order(db, asked)
    known = _row(db, asked.out_refund_no)
    if known is not None:
        _check_same(known, order=order, asked=asked)
        return told(_refund(known), order)
    _check_may_refund(db, order=order, asked=asked, at_s=moment.at_s)

    refund = _insert(db, order=order, asked=asked, at_s=moment.at_s)
    orders.set_state(db, order, state="REFUND")
    done = _done(db, refund, at_s=moment.at_s)

    is_lost = faults.strikes(db, "lose_refund_notice") or order.loses_notices
    if asked.notify_url:
        notices.queue(
            db,
            out_trade_no=order.out_trade_no,
            event=f"REFUND.{done.state}",
            url=asked.notify_url,
            resource=_noticed(done, order, shop=shop),
            moment=moment,
            is_lost=is_lost,
            delay_s=order.notice_delay_s,
        )
    return told(refund, order)


def find(db: sqlite3.Connection, *, out_refund_no: str) -> Refund:
    """Return the refund. Raises PayRefusal RESOURCE_NOT_EXISTS."""
    row = _row(db, out_refund_no)
    if row is None:
        raise PayRefusal("RESOURCE_NOT_EXISTS", message="退款单不存在")
    return _refund(row)


def of_order(db: sqlite3.Connection, *, out_trade_no: str) -> list[Refund]:
    """Return the order's refunds, oldest first."""
    rows = db.execute("SELECT * FROM refund WHERE out_trade_no = ? ORDER BY id", (out_trade_no,))
    return [_refund(row) for row in rows]


def made_within(db: sqlite3.Connection, *, begins_s: int, ends_s: int) -> list[Refund]:
    """Return the refunds asked for from `begins_s` until before `ends_s`, in their order."""
    rows = db.execute(
        "SELECT * FROM refund WHERE made_at_s >= ? AND made_at_s < ? ORDER BY id",
        (begins_s, ends_s),
    )
    return [_refund(row) for row in rows]


def told(refund: Refund, order: Order) -> dict[str, Any]:
    """Return the refund as the API answers it."""
    answer: dict[str, Any] = {
        "refund_id": refund.refund_id,
        "out_refund_no": refund.out_refund_no,
        "transaction_id": order.transaction_id,
        "out_trade_no": order.out_trade_no,
        "channel": "ORIGINAL",
        "user_received_account": "支付用户零钱",
        "create_time": rfc3339(refund.made_at_s),
        "status": refund.state,
        "funds_account": "AVAILABLE",
        "amount": {
            "total": order.total_fen,
            "refund": refund.amount_fen,
            "payer_total": order.total_fen,
            "payer_refund": refund.amount_fen,
            "settlement_refund": refund.amount_fen,
            "settlement_total": order.total_fen,
            "discount_refund": 0,
            "currency": "CNY",
        },
    }
    if refund.state == "SUCCESS":
        answer["success_time"] = rfc3339(refund.done_at_s)
    return answer


def _noticed(refund: Refund, order: Order, *, shop: Shop) -> dict[str, Any]:
    """Return the refund as its notice says it: without an appid, as WeChat does."""
    said: dict[str, Any] = {
        "mchid": shop.mchid,
        "transaction_id": order.transaction_id,
        "out_trade_no": order.out_trade_no,
        "refund_id": refund.refund_id,
        "out_refund_no": refund.out_refund_no,
        "refund_status": refund.state,
        "user_received_account": "支付用户零钱",
        "amount": {
            "total": order.total_fen,
            "refund": refund.amount_fen,
            "payer_total": order.total_fen,
            "payer_refund": refund.amount_fen,
        },
    }
    if refund.state == "SUCCESS":
        said["success_time"] = rfc3339(refund.done_at_s)
    return said


def _order(db: sqlite3.Connection, asked: RefundAsked) -> Order:
    try:
        return orders.find(
            db,
            out_trade_no="" if asked.transaction_id else asked.out_trade_no,
            transaction_id=asked.transaction_id,
        )
    except PaymentMissing as error:
        raise PayRefusal("RESOURCE_NOT_EXISTS", message="订单不存在") from error


def _check_same(row: sqlite3.Row, *, order: Order, asked: RefundAsked) -> None:
    same = (row["out_trade_no"], row["amount_fen"], order.total_fen)
    if same != (order.out_trade_no, asked.refund_fen, asked.total_fen):
        raise PayRefusal(
            "INVALID_REQUEST",
            message=MISMATCH,
            rule=msg("同一 out_refund_no 再次申请，订单和金额必须和第一次一样。"),
        )


def _check_may_refund(
    db: sqlite3.Connection, *, order: Order, asked: RefundAsked, at_s: int
) -> None:
    if not order.is_paid:
        raise PayRefusal(
            "INVALID_REQUEST", message="该订单未支付", rule=msg("没付的订单不能退款。")
        )
    if asked.total_fen != order.total_fen:
        raise PayRefusal(
            "INVALID_REQUEST",
            message=MISMATCH,
            rule=(
                msg("amount.total 是 %(total_fen)s，订单是 %(order_fen)s 分。")
                % {"total_fen": asked.total_fen, "order_fen": order.total_fen}
            ),
        )
    if at_s - order.paid_at_s > TERM_S:
        raise PayRefusal("INVALID_REQUEST", message="订单已经超过可退款的最大期限")
    earlier = of_order(db, out_trade_no=order.out_trade_no)
    left_fen = order.total_fen - sum(one.amount_fen for one in earlier)
    if asked.refund_fen > left_fen:
        raise PayRefusal(
            "INVALID_REQUEST",
            message="申请退款金额大于订单可退金额" if left_fen else "订单已全额退款",
            rule=(
                msg("要退 %(refund_fen)s 分，只剩 %(left_fen)s 分可退。")
                % {"refund_fen": asked.refund_fen, "left_fen": left_fen}
            ),
        )
    if len(earlier) >= PARTS_MAX:
        raise PayRefusal("INVALID_REQUEST", message="一笔订单最多退款 50 次")


def _insert(db: sqlite3.Connection, *, order: Order, asked: RefundAsked, at_s: int) -> Refund:
    db.execute(
        "INSERT INTO refund (out_refund_no, refund_id, out_trade_no, amount_fen, reason, state,"
        " made_at_s) VALUES (?, ?, ?, ?, ?, 'PROCESSING', ?)",
        (
            asked.out_refund_no,
            f"503{order.id:08d}{secrets.randbelow(10**17):017d}",
            order.out_trade_no,
            asked.refund_fen,
            asked.reason,
            at_s,
        ),
    )
    return find(db, out_refund_no=asked.out_refund_no)


def _done(db: sqlite3.Connection, refund: Refund, *, at_s: int) -> Refund:
    state = "ABNORMAL" if faults.strikes(db, "abnormal_refund") else "SUCCESS"
    db.execute(
        "UPDATE refund SET state = ?, done_at_s = ? WHERE out_refund_no = ?",
        (state, at_s, refund.out_refund_no),
    )
    return find(db, out_refund_no=refund.out_refund_no)


def _row(db: sqlite3.Connection, out_refund_no: str) -> sqlite3.Row | None:
    row: sqlite3.Row | None = db.execute(
        "SELECT * FROM refund WHERE out_refund_no = ?", (out_refund_no,)
    ).fetchone()
    return row


def _refund(row: sqlite3.Row) -> Refund:
    return Refund(
        out_refund_no=row["out_refund_no"],
        refund_id=row["refund_id"],
        out_trade_no=row["out_trade_no"],
        amount_fen=row["amount_fen"],
        reason=row["reason"],
        state=row["state"],
        made_at_s=row["made_at_s"],
        done_at_s=row["done_at_s"],
    )
