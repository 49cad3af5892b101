"""Payments, refunds and notices as plain frozen values, read from WeChat Pay's JSON. Pure.

Every reader raises Odd when a field is missing or of another kind; unknown fields are ignored.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, TypeVar

from kernel.money import Money

_S = TypeVar("_S", bound=StrEnum)


class Odd(ValueError):
    """WeChat's JSON is not what its documentation says."""


class TradeState(StrEnum):
    """What an order is. REFUND: paid, and refunded at least in part."""

    SUCCESS = "SUCCESS"
    REFUND = "REFUND"
    NOT_PAID = "NOTPAY"
    CLOSED = "CLOSED"
    REVOKED = "REVOKED"
    PAYING = "USERPAYING"
    FAILED = "PAYERROR"


PAID = frozenset({TradeState.SUCCESS, TradeState.REFUND})


class RefundState(StrEnum):
    """What a refund is. ABNORMAL: the payer's account cannot take it, a person must act."""

    SUCCESS = "SUCCESS"
    PROCESSING = "PROCESSING"
    CLOSED = "CLOSED"
    ABNORMAL = "ABNORMAL"


class NoticeKind(StrEnum):
    PAYMENT = "payment"
    REFUND = "refund"


@dataclass(frozen=True, slots=True, kw_only=True)
class PaySheet:
    """What opens WeChat's pay sheet on the payer's phone; good for two hours, signed for one call.

    `params` is the argument of `wx.chooseWXPay`; the page must have been configured for `appid`.
    """

    prepay_id: str
    appid: str
    params: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Payment:
    """An order at WeChat Pay. What only a paid one surely has is "" or None before."""

    out_trade_no: str
    state: TradeState
    mchid: str
    appid: str = ""
    amount: Money | None = None
    transaction_id: str = ""
    payer_openid: str = ""
    trade_type: str = ""
    attach: str = ""
    success_at: datetime | None = None

    @property
    def is_paid(self) -> bool:
        return self.state in PAID


@dataclass(frozen=True, slots=True, kw_only=True)
class Refund:
    """A refund of `amount` out of an order of `total`."""

    out_refund_no: str
    refund_id: str
    out_trade_no: str
    transaction_id: str
    state: RefundState
    amount: Money
    total: Money
    success_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """What WeChat Pay told us by itself, proven to come from it and to be meant for us.

    `amount` is what was paid or refunded, `total` the order's whole amount. A refund's notice
    carries no appid, payer or attach: they are "". `notice_id` is equal for every delivery of one
    notice; the same fact may come under two of them, so let the effect hang on the numbers.
    """

    notice_id: str
    kind: NoticeKind
    event: str
    state: TradeState | RefundState
    out_trade_no: str
    transaction_id: str
    amount: Money
    total: Money
    mchid: str
    created_at: datetime
    out_refund_no: str = ""
    refund_id: str = ""
    appid: str = ""
    payer_openid: str = ""
    attach: str = ""
    success_at: datetime | None = None


def payment_of(told: Mapping[str, Any]) -> Payment:
    """Read an order. Raises Odd."""
    state = _state(TradeState, told, "trade_state")
    is_paid = state in PAID
    return Payment(
        out_trade_no=text_of(told, "out_trade_no"),
        state=state,
        mchid=text_of(told, "mchid"),
        appid=text_of(told, "appid") if is_paid else _text_or_none(told, "appid"),
        amount=_money(_part(told, "amount"), "total") if is_paid or "amount" in told else None,
        transaction_id=(
            text_of(told, "transaction_id") if is_paid else _text_or_none(told, "transaction_id")
        ),
        payer_openid=_text_or_none(told.get("payer") or {}, "openid"),
        trade_type=_text_or_none(told, "trade_type"),
        attach=_text_or_none(told, "attach"),
        success_at=_instant_or_none(told, "success_time"),
    )


def refund_of(told: Mapping[str, Any]) -> Refund:
    """Read a refund as the API answers it. Raises Odd."""
    amount = _part(told, "amount")
    return Refund(
        out_refund_no=text_of(told, "out_refund_no"),
        refund_id=text_of(told, "refund_id"),
        out_trade_no=text_of(told, "out_trade_no"),
        transaction_id=text_of(told, "transaction_id"),
        state=_state(RefundState, told, "status"),
        amount=_money(amount, "refund"),
        total=_money(amount, "total"),
        success_at=_instant_or_none(told, "success_time"),
    )


def notice_of(told: Mapping[str, Any], resource: Mapping[str, Any]) -> Notice:
    """Read a notice from its envelope and its decrypted resource. Raises Odd."""
    event = text_of(told, "event_type")
    head: dict[str, Any] = {
        "notice_id": text_of(told, "id"),
        "event": event,
        "created_at": _instant(told, "create_time"),
        "out_trade_no": text_of(resource, "out_trade_no"),
        "transaction_id": text_of(resource, "transaction_id"),
        "mchid": text_of(resource, "mchid"),
        "success_at": _instant_or_none(resource, "success_time"),
    }
    amount = _part(resource, "amount")
    if event.startswith("TRANSACTION."):
        return Notice(
            **head,
            kind=NoticeKind.PAYMENT,
            state=_state(TradeState, resource, "trade_state"),
            amount=_money(amount, "total"),
            total=_money(amount, "total"),
            appid=text_of(resource, "appid"),
            payer_openid=_text_or_none(resource.get("payer") or {}, "openid"),
            attach=_text_or_none(resource, "attach"),
        )
    if event.startswith("REFUND."):
        return Notice(
            **head,
            kind=NoticeKind.REFUND,
            state=_state(RefundState, resource, "refund_status"),
            amount=_money(amount, "refund"),
            total=_money(amount, "total"),
            out_refund_no=text_of(resource, "out_refund_no"),
            refund_id=text_of(resource, "refund_id"),
        )
    raise Odd(f"an event we do not know: {event[:64]}")


def text_of(told: Mapping[str, Any], key: str) -> str:
    """Return the text under `key`. Raises Odd when there is none."""
    found = told.get(key)
    if not isinstance(found, str) or not found:
        raise Odd(f"no {key}")
    return found


def _text_or_none(told: Any, key: str) -> str:
    found = told.get(key) if isinstance(told, Mapping) else None
    return found if isinstance(found, str) else ""


def _part(told: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    found = told.get(key)
    if not isinstance(found, Mapping):
        raise Odd(f"no {key}")
    return found


def _money(told: Mapping[str, Any], key: str) -> Money:
    found = told.get(key)
    if type(found) is not int or found < 0:
        raise Odd(f"no amount in {key}")
    if told.get("currency", "CNY") != "CNY":
        raise Odd("another currency")
    return Money(found)


def _state(kind: type[_S], told: Mapping[str, Any], key: str) -> _S:
    found = text_of(told, key)
    try:
        return kind(found)
    except ValueError as error:
        raise Odd(f"{key} is {found[:64]}") from error


def _instant(told: Mapping[str, Any], key: str) -> datetime:
    found = text_of(told, key)
    try:
        at = datetime.fromisoformat(found)
        if at.tzinfo is None:
            raise Odd(f"{key} has no zone")
        return at.astimezone(UTC)
    # The first day of the calendar has no UTC.
    except (ValueError, OverflowError) as error:
        raise Odd(f"{key} is {found[:64]}") from error


def _instant_or_none(told: Mapping[str, Any], key: str) -> datetime | None:
    return _instant(told, key) if told.get(key) else None
