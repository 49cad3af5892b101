"""A day's bill of trades (tradebill, ALL) as WeChat Pay writes it. Pure.

A CSV whose every field begins with a back-tick, so that a comma within one parts nothing; one line a
payment and a refund, then two lines of sums. Columns are found by their names. Money is in yuan there.
See https://pay.weixin.qq.com/doc/v3/merchant/4012791206 (trade bills) for the columns.
"""

import hashlib
import re
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum

from gateways.wechat.pay_values import Odd
from kernel.clock import SHANGHAI
from kernel.money import Money

# A day of a hundred thousand trades; more is not what it says.
BILL_BYTES_MAX = 64 << 20
_GZIP = b"\x1f\x8b"
_TICK = "`"
_YUAN = re.compile(r"([0-9]{1,9})(?:\.([0-9]{2})0*)?")
_COUNT = "总交易单数"


class Trade(StrEnum):
    """What a line of the bill is about."""

    PAYMENT = "payment"
    REFUND = "refund"


@dataclass(frozen=True, slots=True, kw_only=True)
class BillLine:
    """One payment, or one refund with `number` as its out_refund_no; `state` is WeChat's word.

    `amount` is the whole order's, or what was asked to be given back. `serial` is WeChat's own number:
    transaction_id or refund_id.
    """

    trade: Trade
    number: str
    out_trade_no: str
    serial: str
    amount: Money
    state: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Bill:
    """All trades of a day in Asia/Shanghai; `sha1` is that of its text."""

    day: date
    sha1: str
    lines: tuple[BillLine, ...]


def unpacked(raw: bytes) -> bytes:
    """Return the bill's text, which may come packed by gzip. Raises Odd beyond BILL_BYTES_MAX."""
    if not raw.startswith(_GZIP):
        return raw
    unpacker = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
    try:
        text = unpacker.decompress(raw, BILL_BYTES_MAX)
    except zlib.error as error:
        raise Odd("the bill's gzip is broken") from error
    if not unpacker.eof:
        raise Odd("the bill is cut off, or has too many bytes")
    return text


def read_bill(text: bytes, *, day: date) -> Bill:
    """Read the bill of `day`. Raises Odd for a line, a sum or a column that is not as documented."""
    try:
        rows = text.decode("utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise Odd("the bill is not UTF-8") from error
    if not rows:
        raise Odd("an empty bill")
    names = rows[0].split(",")
    ends = next((n for n, row in enumerate(rows) if row.startswith(_COUNT)), None)
    if ends is None or ends + 1 >= len(rows):
        raise Odd("a bill without its sums")
    lines = tuple(_line(_fields(names, row)) for row in rows[1:ends])
    sums = _fields(rows[ends].split(","), rows[ends + 1])
    if sums[_COUNT] != str(len(lines)):
        raise Odd(f"{len(lines)} lines, where the bill counts {sums[_COUNT]}")
    return Bill(day=day, sha1=hashlib.sha1(text).hexdigest(), lines=lines)


def _fields(names: Sequence[str], row: str) -> Mapping[str, str]:
    values = row.removeprefix(_TICK).split("," + _TICK)
    if len(values) != len(names):
        raise Odd(f"a line of {len(values)} fields under {len(names)} columns")
    return dict(zip(names, (value.strip() for value in values), strict=True))


def _line(row: Mapping[str, str]) -> BillLine:
    try:
        is_refund = row["商户退款单号"] not in ("", "0")
        return BillLine(
            trade=Trade.REFUND if is_refund else Trade.PAYMENT,
            number=row["商户退款单号"] if is_refund else row["商户订单号"],
            out_trade_no=row["商户订单号"],
            serial=row["微信退款单号"] if is_refund else row["微信订单号"],
            amount=_money(row["申请退款金额"] if is_refund else row["订单金额"]),
            state=row["退款状态"] if is_refund else row["交易状态"],
            at=_instant(row["交易时间"]),
        )
    except KeyError as error:
        raise Odd(f"a bill without the column {error}") from error


def _money(text: str) -> Money:
    found = _YUAN.fullmatch(text)
    if found is None:
        raise Odd(f"no amount: {text[:32]}")
    return Money(int(found[1]) * 100 + int(found[2] or 0))


def _instant(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI).astimezone(UTC)
    except ValueError as error:
        raise Odd(f"no time: {text[:32]}") from error
