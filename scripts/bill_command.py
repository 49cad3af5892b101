"""flask check-bill DAY: WeChat Pay's bill of a day against our books, now."""

from datetime import datetime

import click
from flask import Flask

from booking import checking_bills
from booking.checking_bills import Checked, NotYet
from booking.reconciling import Trade
from gateways.wechat.pay_errors import PayError


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
            raise click.ClickException(f"WeChat Pay has no bill of {day:%Y-%m-%d} yet") from error
        except PayError as error:
            raise click.ClickException(f"the bill was not fetched: {error}") from error
        print(said(checked))


def said(checked: Checked) -> str:
    """Return a bill's counts and sums, then a line for each difference."""
    bill = checked.bill
    payments, refunds = Trade.PAYMENT, Trade.REFUND
    head = (
        f"{bill.day}: {bill.count(payments)} payments, {bill.total(payments)}; "
        f"{bill.count(refunds)} refunds, {bill.total(refunds)}; "
        f"{len(checked.differences)} differences"
    )
    lines = [
        f"  {one.kind.value}: {one.trade.value} {one.number}, "
        f"ours {one.ours or '-'} {one.our_state or '-'}, "
        f"WeChat's {one.theirs or '-'} {one.their_state or '-'}"
        for one in checked.differences
    ]
    return "\n".join([head, *lines])
