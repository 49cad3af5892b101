"""Reading what the merchant asks: every field of its kind and size, or PARAM_ERROR that names it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from kernel.words import msg
from sandbox.pay.errors import PayRefusal
from sandbox.settings import UnsafeBase, check_base

TOTAL_FEN_MAX = 100_000_000
DEFAULT_LIFE_S = 7 * 86_400
LIFE_MIN_S = 60
LIFE_MAX_S = 90 * 86_400
_TRADE_NO = re.compile(r"[0-9A-Za-z_|*-]{6,32}")
_REFUND_NO = re.compile(r"[0-9A-Za-z_|*@-]{1,64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderAsked:
    """An order as the merchant places it. `shuts_at_s` is 0 when it did not say."""

    out_trade_no: str
    description: str
    total_fen: int
    attach: str
    notify_url: str
    openid: str
    shuts_at_s: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundAsked:
    """A refund as the merchant asks for it; one of the two order numbers may be empty."""

    out_refund_no: str
    out_trade_no: str
    transaction_id: str
    refund_fen: int
    total_fen: int
    reason: str
    notify_url: str


def order_asked(body: Mapping[str, Any], *, needs_payer: bool) -> OrderAsked:
    """Read the body of an order. Raises PayRefusal PARAM_ERROR."""
    number = text(body, "out_trade_no", most=32)
    if _TRADE_NO.fullmatch(number) is None:
        raise odd("out_trade_no", msg("6 到 32 位数字、字母或 _-|*"))
    return OrderAsked(
        out_trade_no=number,
        description=text(body, "description", most=127),
        total_fen=_fen(_part(body, "amount"), "total"),
        attach=text(body, "attach", most=128, required=False),
        notify_url=_notify_url(body, most=255, required=True),
        openid=text(_part(body, "payer"), "openid", most=128) if needs_payer else "",
        shuts_at_s=_instant_s(body, "time_expire"),
    )


def refund_asked(body: Mapping[str, Any]) -> RefundAsked:
    """Read the body of a refund. Raises PayRefusal PARAM_ERROR."""
    number = text(body, "out_refund_no", most=64)
    if _REFUND_NO.fullmatch(number) is None:
        raise odd("out_refund_no", msg("1 到 64 位数字、字母或 _-|*@"))
    amount = _part(body, "amount")
    if amount.get("currency") != "CNY":
        raise odd("amount.currency", msg("目前只支持 CNY"))
    asked = RefundAsked(
        out_refund_no=number,
        out_trade_no=text(body, "out_trade_no", most=32, required=False),
        transaction_id=text(body, "transaction_id", most=32, required=False),
        refund_fen=_fen(amount, "refund"),
        total_fen=_fen(amount, "total"),
        reason=text(body, "reason", most=80, required=False),
        notify_url=_notify_url(body, most=256, required=False),
    )
    if not (asked.out_trade_no or asked.transaction_id):
        raise odd("out_trade_no", msg("与 transaction_id 二选一必填"))
    return asked


def life_end_s(asked_s: int, *, at_s: int) -> int:
    """Return when an order placed at `at_s` can no longer be paid, as WeChat bends what was asked."""
    if not asked_s:
        return at_s + DEFAULT_LIFE_S
    return min(max(asked_s, at_s + LIFE_MIN_S), at_s + LIFE_MAX_S)


def text(body: Mapping[str, Any], key: str, *, most: int, required: bool = True) -> str:
    """Return the text under `key`, 1 to `most` bytes. Raises PayRefusal PARAM_ERROR."""
    found = body.get(key)
    if found is None and not required:
        return ""
    if not isinstance(found, str) or (required and not found):
        raise odd(key, msg("要填，且为字符串"))
    # WeChat counts characters here and bytes there; the reason alone is surely counted in bytes.
    length = len(found.encode()) if key == "reason" else len(found)
    if length > most:
        raise odd(key, (msg("最多 %(most)s 个字符") % {"most": most}))
    return found


def odd(field: str, rule: str) -> PayRefusal:
    """Return the refusal of one field."""
    return PayRefusal(
        "PARAM_ERROR",
        message=f"输入源“/body/{field}”不符合规则：{rule}",
        rule=msg("%(field)s：%(rule)s。") % {"field": field, "rule": rule},
    )


def _part(body: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    found = body.get(key)
    if not isinstance(found, Mapping):
        raise odd(key, msg("要填，且为对象"))
    return found


def _fen(amount: Mapping[str, Any], key: str) -> int:
    found = amount.get(key)
    if type(found) is not int or not 1 <= found <= TOTAL_FEN_MAX:
        raise odd(f"amount.{key}", msg("单位为分的整数，最少 1"))
    if amount.get("currency", "CNY") != "CNY":
        raise odd("amount.currency", msg("目前只支持 CNY"))
    return found


def _notify_url(body: Mapping[str, Any], *, most: int, required: bool) -> str:
    url = text(body, "notify_url", most=most, required=required)
    if not url:
        return ""
    if "?" in url or "#" in url:
        raise odd("notify_url", msg("不能带参数"))
    try:
        check_base("notify_url", url)
    except UnsafeBase as error:
        raise odd("notify_url", msg("沙箱只通知本机")) from error
    return url


def _instant_s(body: Mapping[str, Any], key: str) -> int:
    told = text(body, key, most=64, required=False)
    if not told:
        return 0
    try:
        at = datetime.fromisoformat(told)
    except ValueError as error:
        raise odd(key, msg("要按 RFC 3339 书写")) from error
    if at.tzinfo is None:
        raise odd(key, msg("要带时区"))
    return int(at.timestamp())
