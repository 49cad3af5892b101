"""The pay sheet on a phone: opened by the page's signed parameters or by a scanned code, paid by hand."""

import sqlite3

from kernel.errors import Conflict, Invalid
from kernel.words import msg
from sandbox.moment import Moment
from sandbox.pay import orders, seals
from sandbox.pay.orders import Order
from sandbox.pay.shop import Shop
from sandbox.phones import Phone
from sandbox.settings import Account

# What the sheet offers to pay with; the bank refuses the second.
METHODS = ("balance", "empty_card")
_PACKAGE = "prepay_id="


class NoShop(Conflict):
    code = "no_shop"
    says = msg("沙箱没有配置微信支付商户。")


class SheetForged(Invalid):
    code = "sheet_forged"
    says = msg("支付验证签名失败")


class NoSuchMethod(Invalid):
    code = "no_such_method"
    says = msg("没有这种付款方式。")


def open_by_page(
    db: sqlite3.Connection,
    *,
    phone: Phone,
    params: dict[str, str],
    shop: Shop,
    account: Account,
    moment: Moment,
) -> Order:
    """Return the order of `wx.chooseWXPay`, whose paySign the merchant must have made.

    `params`: appid, timestamp, nonce, package, sign_type, sign. Raises SheetForged, PaymentMissing,
    and what `orders.check_payable` raises.
    """
    package = params.get("package", "")
    signed = "\n".join(
        (params.get("appid", ""), params.get("timestamp", ""), params.get("nonce", ""), package, "")
    )
    is_good = (
        params.get("sign_type") == "RSA"
        and params.get("appid") == account.appid
        and package.startswith(_PACKAGE)
        and seals.is_signed(signed, params.get("sign", ""), shop=shop)
    )
    if not is_good:
        raise SheetForged
    order = orders.by_key(db, key=package.removeprefix(_PACKAGE), wall_s=moment.wall_s)
    orders.check_payable(order, phone=phone, at_s=moment.at_s)
    return order


def open_by_code(db: sqlite3.Connection, *, phone: Phone, code: str, moment: Moment) -> Order:
    """Return the order of a scanned payment code. Raises as `open_by_page`, but for SheetForged."""
    order = orders.by_key(db, key=code, wall_s=moment.wall_s)
    orders.check_payable(order, phone=phone, at_s=moment.at_s)
    return order


def is_code(text: str) -> bool:
    """Return whether a scanned text is a payment code of WeChat."""
    return text.startswith(orders.CODE_PREFIX)


def check_method(method: str) -> None:
    """Raise NoSuchMethod for what the sheet does not offer."""
    if method not in METHODS:
        raise NoSuchMethod(field="method")
