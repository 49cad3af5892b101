"""WeChat Pay v3 in plain values: orders, refunds and the notices that WeChat sends of them.

Nothing here may be called inside a transaction. Every failure of a call is a PayError, which says
whether the same call may be made again; WeChat does nothing twice for one out_trade_no or
out_refund_no, so a repetition must carry the same values. See docs/adr/0015-one-adapter-over-wechatpayv3.md.

**The notice endpoint** is `POST {WECHAT_PAY_NOTIFY_BASE or PUBLIC_BASE}/wechat/pay/notice`
(`pay_wire.NOTICE_PATH`), for payments and refunds alike; its contract is in docs/sandbox.md.
"""

import hashlib
import json
import re
import secrets
from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any, Self, TypeVar

from wechatpayv3 import WeChatPayType

from gateways.http import Caller
from gateways.wechat import pay_bill, pay_proofs, pay_values
from gateways.wechat.pay_bill import Bill
from gateways.wechat.pay_errors import PayCategory, PayError, switched_off, unclear
from gateways.wechat.pay_values import Notice, Odd, Payment, PaySheet, Refund
from gateways.wechat.pay_wire import Merchant, Wire
from kernel.clock import SHANGHAI, wall_s
from kernel.money import Money
from kernel.settings import Settings

DESCRIPTION_MAX = 127
ATTACH_MAX = 128
REASON_BYTES_MAX = 80
NOTICE_BYTES_MAX = 64 << 10
_TRADE_NO = re.compile(r"[0-9A-Za-z_-]{6,32}")
_REFUND_NO = re.compile(r"[0-9A-Za-z_-]{1,64}")
_V = TypeVar("_V")


class Forged(Exception):
    """A notice without WeChat's fresh signature: answer 401, change nothing."""


class Unreadable(Exception):
    """Signed by WeChat, yet no notice for us: log an alarm and answer 500.

    WeChat then sends it again for a day, in which a wrong APIv3 key can be put right.
    """


class WeChatPay:
    """One merchant. Safe to share between the threads of a process."""

    def __init__(
        self,
        merchant: Merchant | None,
        *,
        caller: Caller | None = None,
        wall: Callable[[], float] = wall_s,
    ) -> None:
        """Without a `merchant` payments are off. `wall` is true time. Raises BadSettings."""
        self._merchant = merchant
        self._wall = wall
        self._wire = Wire(merchant, caller or Caller(), wall=wall) if merchant else None

    @classmethod
    def from_settings(cls, settings: Settings) -> Self:
        """Raises BadSettings when a key file cannot be read or used."""
        return cls(Merchant.from_settings(settings) if settings.takes_payments else None)

    @property
    def is_on(self) -> bool:
        """Whether a merchant is configured; without one every call raises PayError (config)."""
        return self._wire is not None

    # --- Orders -----------------------------------------------------------------------------

    def prepay(
        self,
        *,
        out_trade_no: str,
        description: str,
        amount: Money,
        openid: str,
        expires_at: datetime | None = None,
        attach: str = "",
    ) -> PaySheet:
        """Place an order that the follower `openid` pays in WeChat; return what opens the sheet.

        `out_trade_no`: 6 to 32 letters, digits, `_` and `-`, once for all. `description` is cut to
        127 characters; `attach` (128 at most) comes back in the notice. From `expires_at` on WeChat
        takes no money (a minute from now at the earliest); the order stays until it is closed.
        May be repeated with the same values, and then gives a fresh sheet. Raises PayError: `paid`,
        `closed`, `reused` (other values than before), `payer`, …
        """
        order = _order(out_trade_no, description, amount, expires_at, attach)
        told = self._on.pay(**order, payer={"openid": openid}, pay_type=WeChatPayType.JSAPI)
        return self.sheet(_text(told, "prepay_id"))

    def sheet(self, prepay_id: str) -> PaySheet:
        """Sign the pay sheet of an order anew; a `prepay_id` works for two hours. Asks nobody."""
        appid = self._our.appid
        timestamp, nonce = str(int(self._wall())), secrets.token_hex(16)
        package = f"prepay_id={prepay_id}"
        return PaySheet(
            prepay_id=prepay_id,
            appid=appid,
            params={
                "timestamp": timestamp,
                "nonceStr": nonce,
                "package": package,
                "signType": "RSA",
                "paySign": str(self._on.sign([appid, timestamp, nonce, package])),
            },
        )

    def native_code(
        self,
        *,
        out_trade_no: str,
        description: str,
        amount: Money,
        expires_at: datetime | None = None,
        attach: str = "",
    ) -> str:
        """Place an order that anybody pays who scans it; return the text of its QR code.

        The text (`weixin://wxpay/bizpayurl?pr=…`) works for two hours. An out_trade_no that was
        used by `prepay` cannot be used here. Otherwise as `prepay`.
        """
        order = _order(out_trade_no, description, amount, expires_at, attach)
        return _text(self._on.pay(**order, pay_type=WeChatPayType.NATIVE), "code_url")

    def query(self, out_trade_no: str) -> Payment:
        """Return what WeChat knows of an order. Raises PayError (`missing`: never placed, so far)."""
        _check_trade_no(out_trade_no)
        told = self._on.query(out_trade_no=out_trade_no)
        payment = _read(pay_values.payment_of, told)
        if payment.out_trade_no != out_trade_no:
            raise unclear("the answer is about another order")
        return payment

    def close(self, out_trade_no: str) -> None:
        """Close an unpaid order, so that nobody can pay it any more; quiet when it is closed.

        Raises PayError: `paid` (look at it with `query`), `missing`, … A payer who is typing his
        password just then may still get through: a notice after a close has to be borne.
        """
        _check_trade_no(out_trade_no)
        try:
            self._on.close(out_trade_no)
        except PayError as error:
            if error.category is not PayCategory.CLOSED:
                raise

    # --- Refunds ----------------------------------------------------------------------------

    def refund(
        self, *, out_trade_no: str, out_refund_no: str, amount: Money, total: Money, reason: str
    ) -> Refund:
        """Ask for `amount` of an order of `total` to be given back; return how far that is.

        PROCESSING is the usual answer; the end comes as a notice or by `query_refund`. The payer
        reads `reason`, cut to 80 bytes. One `out_refund_no` (1 to 64 letters, digits, `_`, `-`)
        gives back once: after an ambiguous failure repeat with the same, never with a new one.
        Raises PayError: `argument` (more than is left, or other values than before), `missing`, …
        """
        _check_trade_no(out_trade_no)
        _check_refund_no(out_refund_no)
        if not 0 < amount.fen <= total.fen:
            raise ValueError(f"{amount} cannot be given back of {total}")
        told = self._on.refund(
            out_refund_no=out_refund_no,
            out_trade_no=out_trade_no,
            amount={"refund": amount.fen, "total": total.fen, "currency": "CNY"},
            reason=_cut_bytes(reason, REASON_BYTES_MAX),
        )
        return _checked(_read(pay_values.refund_of, told), out_refund_no)

    def query_refund(self, out_refund_no: str) -> Refund:
        """Return what WeChat knows of a refund. Raises PayError (`missing`: never asked for)."""
        _check_refund_no(out_refund_no)
        told = self._on.query_refund(out_refund_no)
        return _checked(_read(pay_values.refund_of, told), out_refund_no)

    # --- Bills ------------------------------------------------------------------------------

    def bill(self, day: date) -> Bill:
        """Return all that was paid and given back on `day`, as WeChat counts it.

        Its text is held against the hash that WeChat signed. Safe to repeat. Raises PayError: `not_yet`
        before ten on the next morning, and for good after a day without a trade; `network` for a bill
        that is not the one WeChat signed for, or cannot be read.
        """
        told = self._on.trade_bill(bill_date=day.isoformat(), tar_type="GZIP")
        address = _text(told, "download_url")
        if not address.startswith(self._our.pay_base + "/"):
            # Our signature is for WeChat's eyes alone.
            raise unclear("a bill at another place")
        try:
            text = pay_bill.unpacked(self._on.download_bill(address))
            if hashlib.sha1(text).hexdigest() != _text(told, "hash_value").lower():
                raise unclear("the bill is not the one that WeChat signed for")
            return pay_bill.read_bill(text, day=day)
        except Odd as error:
            raise unclear(f"an odd bill: {error}") from error

    # --- Notices ----------------------------------------------------------------------------

    def read_notice(self, headers: Mapping[str, str], body: bytes) -> Notice:
        """Return what WeChat tells us: proven, at most five minutes old, decrypted, for us.

        `headers` in any case, `body` as it arrived. Merchant and appid are compared here; compare
        out_trade_no and total with what was ordered, and take a repetition for the same thing.
        Raises Forged, Unreadable; PayError while payments are off.
        """
        ours, wire = self._our, self._on
        if len(body) > NOTICE_BYTES_MAX:
            raise Forged("too long")
        try:
            pay_proofs.check_signed(
                headers,
                body,
                key=wire.public_key,
                key_id=ours.public_key_id,
                now_s=self._wall(),
            )
        except pay_proofs.Unproven as error:
            raise Forged(str(error)) from error
        notice = _opened(body, apiv3_key=ours.apiv3_key)
        if notice.mchid != ours.mchid or notice.appid not in ("", ours.appid):
            raise Unreadable("meant for another merchant or account")
        return notice

    @property
    def _on(self) -> Wire:
        if self._wire is None:
            raise switched_off()
        return self._wire

    @property
    def _our(self) -> Merchant:
        if self._merchant is None:
            raise switched_off()
        return self._merchant


def _order(
    out_trade_no: str, description: str, amount: Money, expires_at: datetime | None, attach: str
) -> dict[str, Any]:
    _check_trade_no(out_trade_no)
    if amount.fen <= 0:
        raise ValueError("an order is of 1 fen or more")
    if len(attach) > ATTACH_MAX:
        raise ValueError(f"attach has {ATTACH_MAX} characters at most")
    order: dict[str, Any] = {
        "description": description[:DESCRIPTION_MAX],
        "out_trade_no": out_trade_no,
        "amount": {"total": amount.fen, "currency": "CNY"},
    }
    if attach:
        order["attach"] = attach
    if expires_at is not None:
        order["time_expire"] = expires_at.astimezone(SHANGHAI).isoformat(timespec="seconds")
    return order


def _opened(body: bytes, *, apiv3_key: str) -> Notice:
    try:
        told = json.loads(body)
        resource = told["resource"]
        plain = json.loads(pay_proofs.unsealed(resource, apiv3_key=apiv3_key))
        return pay_values.notice_of(told, plain)
    except pay_proofs.Unsealed as error:
        raise Unreadable(str(error)) from error
    # Odd and bad JSON are ValueErrors; the rest comes of shapes that are no objects.
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise Unreadable(f"not a notice: {error}") from error


def _read(reader: Callable[[Mapping[str, Any]], _V], told: Mapping[str, Any]) -> _V:
    try:
        return reader(told)
    except Odd as error:
        raise unclear(f"an odd answer: {error}") from error


def _text(told: Mapping[str, Any], key: str) -> str:
    try:
        return pay_values.text_of(told, key)
    except Odd as error:
        raise unclear(f"an odd answer: {error}") from error


def _checked(refund: Refund, out_refund_no: str) -> Refund:
    if refund.out_refund_no != out_refund_no:
        raise unclear("the answer is about another refund")
    return refund


def _check_trade_no(out_trade_no: str) -> None:
    if _TRADE_NO.fullmatch(out_trade_no) is None:
        raise ValueError("an out_trade_no has 6 to 32 letters, digits, _ and -")


def _check_refund_no(out_refund_no: str) -> None:
    if _REFUND_NO.fullmatch(out_refund_no) is None:
        raise ValueError("an out_refund_no has 1 to 64 letters, digits, _ and -")


def _cut_bytes(text: str, most: int) -> str:
    return text.encode()[:most].decode(errors="ignore")
