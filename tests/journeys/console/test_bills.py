"""对账 at the console: days with their sums, differences with their bookings, and what was done."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select

from booking import queries as booking
from booking.operations import bills
from booking.payment_models import Payment
from booking.reconciling import DayBill, Line, Trade
from booking.states import PaymentState
from kernel.audit import AuditRow
from kernel.db import transaction
from kernel.money import Money
from tests.house import MONDAY, MONDAY_NINE
from tests.journeys.console.conftest import Town
from tests.journeys.console.desk import Desk, a_promise

YESTERDAY = MONDAY - timedelta(days=1)
DONE = "已线下退还业主"


@pytest.fixture
def number(town: Town) -> str:
    """A booking whose payment WeChat has of another sum; and a trade that nobody knows."""
    number = a_promise(town.member)
    with transaction() as db:
        found = booking.by_number(db, number)
        assert found is not None
        payment = Payment(
            number="P7A",
            booking_id=found.id,
            purpose="door",
            amount=Money(180_00),
            opened_at=MONDAY_NINE,
            expires_at=None,
            paid_at=MONDAY_NINE - timedelta(days=1),
            transaction_id="4200001",
            state=PaymentState.PAID,
            state_since=MONDAY_NINE,
        )
        db.add(payment)
    lines = [
        Line(
            trade=Trade.PAYMENT,
            number=name,
            serial="4200001",
            amount=Money(80_00),
            state="SUCCESS",
            at=MONDAY_NINE - timedelta(days=1),
        )
        for name in ("P7A", "PNOBODY")
    ]
    with transaction() as db:
        bills.keep(db, DayBill(day=YESTERDAY, sha1="abc", lines=tuple(lines)), now=MONDAY_NINE)
    return number


def test_the_days_stand_with_their_sums_and_each_difference_leads_to_its_booking(
    desk_of: Callable[[str], Desk], number: str
) -> None:
    page = desk_of("manager").open("/console/bills")

    assert "¥160.00" in page.text
    assert "金额不同" in page.text
    assert "¥180.00 已付" in page.text
    assert "我们没有" in page.text
    assert f"/console/bookings/{number}" in page.links
    assert "/console/bills" in page.links


def test_what_was_done_is_written_down_with_its_hand(
    desk_of: Callable[[str], Desk], number: str
) -> None:
    desk = desk_of("manager")
    page = desk.open("/console/bills")

    after = desk.send(page.form("/bills/notes"), text=DONE)

    assert DONE in after.text
    assert "邹调度" in after.text
    with transaction(reads_only=True) as db:
        actions = db.scalars(select(AuditRow.action)).all()
    assert "console.note_bill" in actions
    auditor = desk_of("auditor").open("/console/bills")
    assert DONE in auditor.text
    assert not auditor.has_form("/bills/notes")


def test_a_note_that_says_nothing_is_refused_at_its_box(
    desk_of: Callable[[str], Desk], number: str
) -> None:
    desk = desk_of("manager")
    page = desk.open("/console/bills")

    refused = desk.send(page.form("/bills/notes"), text="  ")

    assert refused.status == 400
    assert "这一项" in refused.text


def test_one_days_differences_alone(desk_of: Callable[[str], Desk], number: str) -> None:
    desk = desk_of("administrator")

    assert "PNOBODY" in desk.open(f"/console/bills?day={YESTERDAY}").text
    assert "两边的账都一样" in desk.open(f"/console/bills?day={MONDAY}").text


def test_a_dispatcher_has_no_books(desk: Desk) -> None:
    page = desk.open("/console/bills")

    assert page.status == 403
    assert "对账" not in desk.open("/console/board").text
