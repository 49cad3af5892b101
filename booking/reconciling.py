"""WeChat Pay's bill of a day held against our books, line by line. Pure."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import TypeAlias

from kernel.money import ZERO, Money


class Trade(StrEnum):
    """What a line of a bill is about."""

    PAYMENT = "payment"
    REFUND = "refund"


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One payment under its out_trade_no, or one refund under its out_refund_no, in WeChat's words.

    `serial` is WeChat's own number of it; `amount` the whole order's, or what was asked to be given back.
    """

    trade: Trade
    number: str
    serial: str
    amount: Money
    state: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class DayBill:
    """All that WeChat tells of a day in Asia/Shanghai; `sha1` is that of the bill's text."""

    day: date
    sha1: str
    lines: tuple[Line, ...]

    def count(self, trade: Trade) -> int:
        return sum(line.trade is trade for line in self.lines)

    def total(self, trade: Trade) -> Money:
        return sum((line.amount for line in self.lines if line.trade is trade), ZERO)


class Kind(StrEnum):
    """In which way the two say different things."""

    MISSING_WITH_US = "missing_with_us"
    MISSING_WITH_WECHAT = "missing_with_wechat"
    OTHER_AMOUNT = "other_amount"
    OTHER_STATE = "other_state"


class RefundState(StrEnum):
    """How far we think a refund is."""

    NOT_ORDERED = "not_ordered"
    ON_THE_WAY = "on_the_way"
    BACK = "back"


# A trade by the number that we gave it.
Name: TypeAlias = tuple[Trade, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ours:
    """A payment or refund in our books; `serial` is WeChat's number of it, "" while we know none."""

    trade: Trade
    number: str
    serial: str
    amount: Money
    state: str
    booking_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One trade of which they say different things; what one of them does not know is None or ""."""

    kind: Kind
    trade: Trade
    number: str
    ours: Money | None = None
    theirs: Money | None = None
    our_state: str = ""
    their_state: str = ""
    booking_id: int | None = None


# What our books may say where the bill says so; with any other word of the bill nothing agrees.
_AGREES: Mapping[tuple[Trade, str], frozenset[str]] = {
    (Trade.PAYMENT, "SUCCESS"): frozenset({"paid", "refunding", "refunded"}),
    (Trade.PAYMENT, "REVOKED"): frozenset({"open", "closed"}),
    (Trade.REFUND, "SUCCESS"): frozenset({RefundState.BACK}),
    (Trade.REFUND, "PROCESSING"): frozenset({RefundState.ON_THE_WAY, RefundState.BACK}),
}


def compare(
    lines: Iterable[tuple[Name, Line]],
    *,
    known: Mapping[Name, Ours],
    due: Iterable[Ours],
    told: Collection[Name],
) -> Iterator[Difference]:
    """Yield each difference once.

    `lines` come under the number that we gave the trade; `known` are those of ours by it; `due` are ours
    that the bill must tell, and `told` all that this bill or an earlier one has told.
    """
    for name, line in lines:
        yield from _of_line(line, known.get(name))
    for one in due:
        if (one.trade, one.number) not in told:
            yield Difference(
                kind=Kind.MISSING_WITH_WECHAT,
                trade=one.trade,
                number=one.number,
                ours=one.amount,
                our_state=one.state,
                booking_id=one.booking_id,
            )


def _of_line(line: Line, ours: Ours | None) -> Iterator[Difference]:
    # Paid twice, by the page and by the code, WeChat has two numbers where we know one.
    is_another = ours is not None and ours.serial not in ("", line.serial)
    kinds = []
    if ours is None or is_another:
        kinds.append(Kind.MISSING_WITH_US)
    else:
        if ours.amount != line.amount:
            kinds.append(Kind.OTHER_AMOUNT)
        if ours.state not in _AGREES.get((line.trade, line.state), frozenset()):
            kinds.append(Kind.OTHER_STATE)
    for kind in kinds:
        yield Difference(
            kind=kind,
            trade=line.trade,
            number=line.number,
            ours=ours.amount if ours and not is_another else None,
            theirs=line.amount,
            our_state=ours.state if ours and not is_another else "",
            their_state=line.state,
            booking_id=ours.booking_id if ours else None,
        )
