"""flask check-bill DAY: WeChat Pay's bill of a day against our books, now."""

from datetime import datetime

import click
from flask import Flask

from booking import checking_bills
from booking.checking_bills import Checked, NotYet
from booking.operations import bills
from booking.reconciling import DayBill, Kind, Trade
from gateways.wechat.pay_errors import PayError
from kernel.money import Money


def join(app: Flask) -> None:
    """Give the app its command about bills."""

    @app.cli.command("check-bill")
    @click.argument("day", type=click.DateTime(["%Y-%m-%d"]))
    def check_bill(day: datetime) -> None:
        """Fetch WeChat Pay's bill of DAY (2026-11-23) and hold it against our books; safe to repeat."""
        try:
            checked = checking_bills.check_bill(
                app.extensions["doorbell.pay"], app.extensions["doorbell.clock"], day.date()
            )
        except NotYet as error:
            raise click.ClickException(
                f"WeChat Pay has no bill of {day:%Y-%m-%d} yet: it comes at ten the morning after"
            ) from error
        except PayError as error:
            raise click.ClickException(f"the bill was not fetched: {error}") from error
        print(said(checked))


def said(checked: Checked) -> str:
    """Return a bill's counts and sums, then a line for each difference."""
    bill, found = checked.bill, checked.differences
    head = (
        f"WeChat Pay's bill of {bill.day}: {_counted(bill, Trade.PAYMENT)}, "
        f"{_counted(bill, Trade.REFUND)}."
    )
    if bill.sha1 == bills.NO_BILL:
        head = f"WeChat Pay has no bill of {bill.day}: it counts nothing as paid or paid back."
    if not found:
        return f"{head}\nOur books say the same."
    lines = [
        f"  {_KINDS[one.kind]}: {one.trade.value} {one.number}; "
        f"we say {_side(one.ours, one.our_state)}, WeChat {_side(one.theirs, one.their_state)}"
        for one in found
    ]
    end = "What is done about each is written down on the console, under 对账 (/console/bills)."
    return "\n".join([head, f"Our books differ in {len(found)}:", *lines, end])


_KINDS = {
    Kind.MISSING_WITH_US: "only WeChat knows it",
    Kind.MISSING_WITH_WECHAT: "only we know it",
    Kind.OTHER_AMOUNT: "another sum",
    Kind.OTHER_STATE: "another state",
}


def _counted(bill: DayBill, trade: Trade) -> str:
    count = bill.count(trade)
    return f"{count} {trade.value}{'' if count == 1 else 's'} ({bill.total(trade)})"


def _side(amount: Money | None, state: str) -> str:
    return " ".join(filter(None, (str(amount or ""), state.replace("_", " ")))) or "nothing"
