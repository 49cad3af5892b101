"""WeChat Pay's bill of a day, fetched and held against our books; by itself each morning, or when asked.

WeChat is called outside any transaction; what it says is kept in one of its own.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from booking import bill_queries
from booking.operations import bills
from booking.reconciling import DayBill, Difference, Line, Trade
from gateways.wechat.pay import WeChatPay
from gateways.wechat.pay_bill import Bill
from gateways.wechat.pay_errors import PayCategory, PayError
from kernel.clock import Clock, local_date, midnight
from kernel.db import transaction

log = logging.getLogger(__name__)

# WeChat's bills are there from nine to ten on.
READY_AFTER = timedelta(hours=10)
# A day whose bill has not come is asked for so long, and one without a trade for one morning more.
DAYS_BACK_MAX = 7
NO_BILL_AFTER = timedelta(days=1)


class NotYet(Exception):
    """WeChat has no bill of that day yet, though something was paid on it."""


@dataclass(frozen=True, slots=True)
class Checked:
    """A bill that was held against our books, and what differs."""

    bill: DayBill
    differences: Sequence[Difference]


def check_due_bills(pay: WeChatPay, clock: Clock) -> int:
    """Fetch and check the bills that are due and not kept yet; return how many were.

    Safe to run twice or side by side: a bill and a difference are kept once. Looks DAYS_BACK_MAX days
    back; one that fails is asked for again at the next run.
    """
    if not pay.is_on:
        return 0
    today, checked = local_date(clock.now()), 0
    for back in range(DAYS_BACK_MAX, 0, -1):
        day = today - timedelta(days=back)
        if clock.now() < ready_at(day):
            continue
        with transaction(reads_only=True) as db:
            if bill_queries.bill_of(db, day) is not None:
                continue
        try:
            found = check_bill(pay, clock, day).differences
        except NotYet:
            log.warning("WeChat Pay has no bill of %s yet", day)
            continue
        except PayError as error:
            log.error("the bill of %s was not fetched: %s", day, error)
            continue
        if found:
            log.error("the bill of %s differs from our books in %d places", day, len(found))
        checked += 1
    return checked


def check_bill(pay: WeChatPay, clock: Clock, day: date) -> Checked:
    """Fetch the bill of `day` and hold it against our books. May be repeated.

    A day of which WeChat has none counts as one without a trade when we know of none either, or a
    morning later. Raises NotYet, PayError.
    """
    try:
        bill = _plain(pay.bill(day))
    except PayError as error:
        if error.category is not PayCategory.NOT_YET:
            raise
        with transaction(reads_only=True) as db:
            is_idle = not bill_queries.due(db, day)
        now = clock.now()
        if now < ready_at(day) or not (is_idle or now >= ready_at(day) + NO_BILL_AFTER):
            raise NotYet from error
        bill = DayBill(day=day, sha1=bills.NO_BILL, lines=())
    with transaction() as db:
        return Checked(bill, bills.keep(db, bill, now=clock.now()))


def ready_at(day: date) -> datetime:
    """Return from when on the bill of `day` should be there."""
    return midnight(day + timedelta(days=1)) + READY_AFTER


def _plain(bill: Bill) -> DayBill:
    """Return WeChat's bill in the words of our books, which know no gateway."""
    lines = tuple(
        Line(
            trade=Trade(line.trade.value),
            number=line.number,
            serial=line.serial,
            amount=line.amount,
            state=line.state,
            at=line.at,
        )
        for line in bill.lines
    )
    return DayBill(day=bill.day, sha1=bill.sha1, lines=lines)
