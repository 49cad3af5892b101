"""A day's bill of trades, as a merchant downloads it: every field behind a back-tick, sums at the end.

Written from the platform's documentation, not from what the product reads, so that a shared mistake
cannot make both sides agree.
"""

import sqlite3
from datetime import date, datetime, timedelta

from kernel.clock import SHANGHAI
from sandbox.moment import Moment
from sandbox.pay import orders, refunds
from sandbox.pay.errors import PayRefusal
from sandbox.pay.orders import Order
from sandbox.pay.refunds import Refund
from sandbox.pay.shop import Shop
from sandbox.settings import Account

# From this hour of the next morning on a day's bill is there; WeChat lends the way to it so long.
READY_H = 9
LENT_S = 300
_COLUMNS = [
    "交易时间",
    "公众账号ID",
    "商户号",
    "特约商户号",
    "设备号",
    "微信订单号",
    "商户订单号",
    "用户标识",
    "交易类型",
    "交易状态",
    "付款银行",
    "货币种类",
    "应结订单金额",
    "代金券金额",
    "微信退款单号",
    "商户退款单号",
    "退款金额",
    "充值券退款金额",
    "退款类型",
    "退款状态",
    "商品名称",
    "商户数据包",
    "手续费",
    "费率",
    "订单金额",
    "申请退款金额",
    "费率备注",
]
_SUMS = (
    "总交易单数,应结订单总金额,退款总金额,充值券退款总金额,手续费总金额,订单总金额,申请退款总金额"
)
_NOTHING = {
    "应结订单金额": "0.00",
    "代金券金额": "0.00",
    "退款金额": "0.00",
    "充值券退款金额": "0.00",
    "手续费": "0.00000",
    "费率": "0.00%",
    "订单金额": "0.00",
    "申请退款金额": "0.00",
    "货币种类": "CNY",
    "付款银行": "OTHERS",
    "微信退款单号": "0",
    "商户退款单号": "0",
}


def text(
    db: sqlite3.Connection, *, day: date, shop: Shop, account: Account, moment: Moment
) -> bytes:
    """Return the bill of `day`. Raises PayRefusal NO_STATEMENT_EXIST before its time, and for a day
    without a trade."""
    begins = datetime(day.year, day.month, day.day, tzinfo=SHANGHAI)
    ends_s = int((begins + timedelta(days=1)).timestamp())
    paid = orders.paid_within(db, begins_s=int(begins.timestamp()), ends_s=ends_s)
    back = refunds.made_within(db, begins_s=int(begins.timestamp()), ends_s=ends_s)
    if moment.at_s < ends_s + READY_H * 3600 or not (paid or back):
        raise PayRefusal("NO_STATEMENT_EXIST")
    common = {"公众账号ID": account.appid, "商户号": shop.mchid}
    rows = [{**common, **_payment(order)} for order in paid]
    rows += [common | _refund(one, orders.find(db, out_trade_no=one.out_trade_no)) for one in back]
    sums = (
        str(len(rows)),
        _yuan(sum(order.total_fen for order in paid)),
        _yuan(sum(one.amount_fen for one in back)),
        "0.00",
        "0.00000",
        _yuan(sum(order.total_fen for order in paid)),
        _yuan(sum(one.amount_fen for one in back)),
    )
    lines = [",".join(_COLUMNS), *map(_line, rows), _SUMS, ",".join(f"`{one}" for one in sums)]
    return ("\ufeff" + "\r\n".join(lines) + "\r\n").encode()


def _payment(order: Order) -> dict[str, str]:
    return _of_order(order) | {
        "交易时间": _moment(order.paid_at_s),
        "交易状态": "SUCCESS",
        "应结订单金额": _yuan(order.total_fen),
        "订单金额": _yuan(order.total_fen),
    }


def _refund(refund: Refund, order: Order) -> dict[str, str]:
    return _of_order(order) | {
        "交易时间": _moment(refund.made_at_s),
        "交易状态": "REFUND",
        "微信退款单号": refund.refund_id,
        "商户退款单号": refund.out_refund_no,
        "退款金额": _yuan(refund.amount_fen),
        "申请退款金额": _yuan(refund.amount_fen),
        "退款类型": "ORIGINAL",
        "退款状态": "SUCCESS" if refund.state == "SUCCESS" else "FAIL",
    }


def _of_order(order: Order) -> dict[str, str]:
    return {
        "微信订单号": order.transaction_id,
        "商户订单号": order.out_trade_no,
        "用户标识": order.openid,
        "交易类型": order.trade_type,
        "商品名称": order.description,
        "商户数据包": order.attach,
    }


def _line(row: dict[str, str]) -> str:
    known = _NOTHING | row
    return ",".join(f"`{known.get(name, '')}" for name in _COLUMNS)


def _moment(at_s: int) -> str:
    return f"{datetime.fromtimestamp(at_s, SHANGHAI):%Y-%m-%d %H:%M:%S}"


def _yuan(fen: int) -> str:
    return f"{fen // 100}.{fen % 100:02}"
