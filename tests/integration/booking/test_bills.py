"""WeChat Pay's bill of a day in our books: fetched in the morning, kept once, each difference named."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError

from booking import bill_queries, checking_bills
from booking.bill_models import BillDifference, BillNote, KeptBill, KeptLine
from booking.checking_bills import NotYet
from booking.operations import bills, bookings
from booking.operations.bills import DifferenceGone
from booking.payment_models import Payment, Refund
from booking.states import PaymentState
from gateways.wechat.pay_bill import Bill, BillLine, Trade
from gateways.wechat.pay_errors import PayError, refused, unclear
from kernel.actor import SYSTEM, Actor, Role
from kernel.clock import FixedClock
from kernel.db import sa, transaction
from kernel.money import Money
from members.operations import staff
from scripts.bill_command import said
from tests.house import DISPATCHER, MONDAY, MONDAY_NINE, a_draft, tomorrow
from tests.integration.booking.promised import MORNING, a_city

TEN = MONDAY_NINE + timedelta(hours=25)
MANAGER = Actor(1, Role.MANAGER)
THIRTY = Money(30_00)


@dataclass
class Office:
    """WeChat Pay as far as bills go: what it has of a day, or why not; everything else is for nobody."""

    of_day: dict[date, Bill | PayError] = field(default_factory=dict)
    asked: list[date] = field(default_factory=list)
    is_on: bool = True

    def bill(self, day: date) -> Bill:
        self.asked.append(day)
        found = self.of_day.get(day, refused("NO_STATEMENT_EXIST", "账单文件不存在"))
        if isinstance(found, PayError):
            raise found
        return found


@pytest.fixture
def office() -> Any:
    return Office()


@pytest.fixture
def booking_id(app: Flask) -> int:
    member = a_city()
    with transaction() as db:
        draft = a_draft(db, by=member)
    with transaction() as db:
        return bookings.hold(
            db, draft_number=draft, day=tomorrow(), window=MORNING, by=member, now=MONDAY_NINE
        ).id


def a_payment(
    booking_id: int,
    number: str,
    *,
    state: PaymentState = PaymentState.PAID,
    at: datetime = MONDAY_NINE,
    serial: str = "",
) -> int:
    is_open = state in (PaymentState.OPEN, PaymentState.CLOSED)
    with transaction() as db:
        row = Payment(
            number=number,
            booking_id=booking_id,
            purpose="door",
            amount=THIRTY,
            opened_at=at,
            expires_at=None,
            paid_at=None if is_open else at,
            transaction_id="" if is_open else serial or f"W-{number}",
            state=state,
            state_since=at,
        )
        db.add(row)
        db.flush()
        return row.id


def a_refund(booking_id: int, number: str, *, state: str, at: datetime = MONDAY_NINE) -> None:
    payment = a_payment(
        booking_id, f"P{number}", state=PaymentState.REFUNDING, at=at - timedelta(days=3)
    )
    with transaction() as db:
        db.add(
            Refund(
                number=number,
                payment_id=payment,
                reason="",
                asked_at=at,
                state=state,
                due_s=0.0,
                lease_until_s=0.0,
                fence=0,
                attempts=0,
            )
        )


def a_line(number: str, *, trade: Trade = Trade.PAYMENT, **changes: Any) -> BillLine:
    facts: Mapping[str, Any] = {
        "trade": trade,
        "number": number,
        "out_trade_no": number,
        "serial": f"W-{number}",
        "amount": THIRTY,
        "state": "SUCCESS",
        "at": MONDAY_NINE,
    }
    return BillLine(**{**facts, **changes})


def a_bill(*lines: BillLine, day: date = MONDAY, sha1: str = "s1") -> Bill:
    return Bill(day=day, sha1=sha1, lines=lines)


def count(model: Any) -> int:
    with transaction(reads_only=True) as db:
        return db.scalar(select(func.count()).select_from(model)) or 0


def found() -> list[tuple[str, str]]:
    with transaction(reads_only=True) as db:
        rows = db.scalars(select(BillDifference).order_by(BillDifference.number))
        return [(row.number, row.kind) for row in rows]


class TestADaysBill:
    def test_that_agrees_is_kept_with_its_sums(self, office: Any, booking_id: int) -> None:
        a_payment(booking_id, "P1")
        office.of_day[MONDAY] = a_bill(a_line("P1"))

        checked = checking_bills.check_bill(office, FixedClock(TEN), MONDAY)

        assert said(checked).splitlines() == [
            "WeChat Pay's bill of 2026-11-23: 1 payment (¥30.00), 0 refunds (¥0.00).",
            "Our books say the same.",
        ]
        with transaction(reads_only=True) as db:
            row = bill_queries.bill_of(db, MONDAY)
        assert row is not None
        assert (row.payments, row.paid, row.refunds, row.sha1) == (1, THIRTY, 0, "s1")
        assert count(KeptLine) == 1

    def test_names_each_kind_of_difference(self, office: Any, booking_id: int) -> None:
        a_payment(booking_id, "P1-less")
        a_payment(booking_id, "P2-open", state=PaymentState.OPEN)
        a_payment(booking_id, "P3-forgotten")
        a_refund(booking_id, "R1-on-the-way", state="asked")
        a_refund(booking_id, "R2-forgotten", state="asked")
        office.of_day[MONDAY] = a_bill(
            a_line("P1-less", amount=Money(29_00)),
            a_line("P2-open"),
            a_line("P4-unknown"),
            a_line("R1-on-the-way", trade=Trade.REFUND),
            a_line("R3-unknown", trade=Trade.REFUND),
        )

        checked = checking_bills.check_bill(office, FixedClock(TEN), MONDAY)

        assert found() == [
            ("P1-less", "other_amount"),
            ("P2-open", "other_state"),
            ("P3-forgotten", "missing_with_wechat"),
            ("P4-unknown", "missing_with_us"),
            ("R1-on-the-way", "other_state"),
            ("R2-forgotten", "missing_with_wechat"),
            ("R3-unknown", "missing_with_us"),
        ]
        told = said(checked).splitlines()
        for line in (
            "Our books differ in 7:",
            "  another sum: payment P1-less; we say ¥30.00 paid, WeChat ¥29.00 SUCCESS",
            "  only we know it: refund R2-forgotten; we say ¥30.00 on the way, WeChat nothing",
        ):
            assert line in told

    def test_knows_a_door_payment_by_its_code_and_one_that_came_twice(
        self, office: Any, booking_id: int
    ) -> None:
        a_payment(booking_id, "P1", serial="W-P1-Q")
        office.of_day[MONDAY] = a_bill(a_line("P1-Q"), a_line("P1"))

        checking_bills.check_bill(office, FixedClock(TEN), MONDAY)

        assert found() == [("P1", "missing_with_us")]
        with transaction(reads_only=True) as db:
            [row] = db.scalars(select(BillDifference))
        assert row.booking_id == booking_id

    def test_fetched_twice_is_kept_once(self, office: Any, booking_id: int) -> None:
        office.of_day[MONDAY] = a_bill(a_line("P1"))

        for _ in range(2):
            checking_bills.check_bill(office, FixedClock(TEN), MONDAY)

        assert (count(KeptBill), count(KeptLine), count(BillDifference)) == (1, 1, 1)

    def test_that_came_with_other_words_is_kept_beside_the_first(
        self, office: Any, booking_id: int
    ) -> None:
        office.of_day[MONDAY] = a_bill(a_line("P1"))
        checking_bills.check_bill(office, FixedClock(TEN), MONDAY)
        office.of_day[MONDAY] = a_bill(a_line("P1"), a_line("P2"), sha1="s2")

        checking_bills.check_bill(office, FixedClock(TEN), MONDAY)

        assert (count(KeptBill), count(BillDifference)) == (2, 2)
        with transaction(reads_only=True) as db:
            rows, days = bill_queries.bills(db, limit=9, offset=0)
        assert ([row.sha1 for row in rows], days) == (["s2"], 1)

    def test_what_agrees_later_is_noted_as_gone(self, office: Any, booking_id: int) -> None:
        office.of_day[MONDAY] = a_bill(a_line("P1"))
        checking_bills.check_bill(office, FixedClock(TEN), MONDAY)
        a_payment(booking_id, "P1")

        for _ in range(2):
            checking_bills.check_bill(office, FixedClock(TEN), MONDAY)

        with transaction(reads_only=True) as db:
            [one] = bill_queries.differences(db, by=MANAGER)
        assert [note.staff_id for note in one.notes] == [None]

    def test_a_refund_of_the_last_hour_may_stand_in_the_next_days_bill(
        self, office: Any, booking_id: int
    ) -> None:
        late = MONDAY_NINE + timedelta(hours=14, minutes=30)
        a_refund(booking_id, "R1", state="asked", at=late)
        tuesday = MONDAY + timedelta(days=1)
        office.of_day[MONDAY] = a_bill()
        office.of_day[tuesday] = a_bill(
            a_line("R1", trade=Trade.REFUND, state="PROCESSING"), day=tuesday
        )

        for day in (MONDAY, tuesday):
            checking_bills.check_bill(office, FixedClock(TEN + timedelta(days=1)), day)
        assert found() == []

        # The control: had no bill told of it, it would be missed in the second.
        office.of_day[tuesday + timedelta(days=1)] = a_bill(day=tuesday + timedelta(days=1))
        a_refund(booking_id, "R2", state="asked", at=late + timedelta(days=1))
        checking_bills.check_bill(
            office, FixedClock(TEN + timedelta(days=2)), tuesday + timedelta(days=1)
        )
        assert found() == [("R2", "missing_with_wechat")]


class TestADayWithoutABill:
    def test_that_is_not_there_yet_is_asked_for_again(self, office: Any, booking_id: int) -> None:
        a_payment(booking_id, "P1")

        with pytest.raises(NotYet):
            checking_bills.check_bill(office, FixedClock(TEN), MONDAY)
        assert count(KeptBill) == 0

        office.of_day[MONDAY] = a_bill(a_line("P1"))
        checking_bills.check_bill(office, FixedClock(TEN), MONDAY)
        assert (count(KeptBill), found()) == (1, [])

    def test_is_one_without_a_trade_when_we_know_of_none(self, office: Any, app: Flask) -> None:
        with pytest.raises(NotYet):
            checking_bills.check_bill(office, FixedClock(TEN - timedelta(seconds=1)), MONDAY)

        checking_bills.check_bill(office, FixedClock(TEN), MONDAY)

        with transaction(reads_only=True) as db:
            row = bill_queries.bill_of(db, MONDAY)
        assert row is not None
        assert (row.sha1, row.payments) == ("", 0)

    def test_lacks_what_we_have_a_morning_later(self, office: Any, booking_id: int) -> None:
        a_payment(booking_id, "P1")

        checking_bills.check_bill(office, FixedClock(TEN + timedelta(days=1)), MONDAY)

        assert found() == [("P1", "missing_with_wechat")]


class TestEachMorning:
    def test_the_bill_of_yesterday_is_fetched_once_from_ten_on(
        self, office: Any, booking_id: int
    ) -> None:
        a_payment(booking_id, "P1")
        office.of_day[MONDAY] = a_bill(a_line("P1"))

        early = checking_bills.check_due_bills(office, FixedClock(TEN - timedelta(seconds=1)))
        assert MONDAY not in office.asked
        in_time = checking_bills.check_due_bills(office, FixedClock(TEN))
        again = checking_bills.check_due_bills(office, FixedClock(TEN))

        # Before, six days without a trade.
        assert (early, in_time, again) == (6, 1, 0)
        assert office.asked.count(MONDAY) == 1

    def test_a_failure_holds_up_no_other_day(self, office: Any, booking_id: int) -> None:
        a_payment(booking_id, "P1")
        sunday = MONDAY - timedelta(days=1)
        office.of_day[sunday] = unclear("the bill is not the one that WeChat signed for")
        office.of_day[MONDAY] = a_bill(a_line("P1"))

        assert checking_bills.check_due_bills(office, FixedClock(TEN)) == 6
        with transaction(reads_only=True) as db:
            assert bill_queries.bill_of(db, sunday) is None

    def test_nobody_is_asked_where_nobody_can_pay(self, app: Flask) -> None:
        office: Any = Office(is_on=False)

        assert checking_bills.check_due_bills(office, FixedClock(TEN)) == 0
        assert office.asked == []


class TestWhatAPersonDid:
    @pytest.fixture
    def difference_id(self, office: Any, booking_id: int) -> int:
        a_payment(booking_id, "P1")
        office.of_day[MONDAY] = a_bill(a_line("P1", amount=Money(1)), a_line("P2"))
        checking_bills.check_bill(office, FixedClock(TEN), MONDAY)
        with transaction(reads_only=True) as db:
            return db.scalars(select(BillDifference.id).order_by(BillDifference.number)).all()[0]

    def test_is_noted_and_the_difference_counts_as_looked_at(self, difference_id: int) -> None:
        with transaction() as db:
            given = staff.add(
                db,
                login="manager",
                name="陈经理",
                role=Role.MANAGER,
                branch_ids=[],
                by=SYSTEM,
                now=TEN,
            )
            person = Actor(given.staff.id, Role.MANAGER)
        with transaction() as db:
            bills.note(db, difference_id=difference_id, text="已补收", by=person, now=TEN)

        with transaction(reads_only=True) as db:
            seen = bill_queries.differences(db, by=MANAGER)
            left = bill_queries.open_differences(db, [MONDAY])
        assert [one.row.id == difference_id for one in seen] == [False, True]
        assert left == {MONDAY: 1}

    def test_is_noted_by_whom_the_booking_concerns(self, difference_id: int) -> None:
        stranger = Actor(2, Role.DISPATCHER, frozenset({99}))

        with pytest.raises(DifferenceGone), transaction() as db:
            bills.note(db, difference_id=difference_id, text="…", by=stranger, now=TEN)

        with transaction(reads_only=True) as db:
            within = bill_queries.differences(db, by=Actor(3, Role.MANAGER, frozenset({1})))
        # What belongs to no booking belongs to no branch.
        assert [one.row.number for one in within] == ["P1"]
        assert DISPATCHER.branch_ids == frozenset()

    @pytest.mark.parametrize(
        "table",
        ["booking_bill", "booking_bill_line", "booking_bill_difference", "booking_bill_note"],
    )
    def test_nothing_kept_is_changed(self, difference_id: int, table: str) -> None:
        with transaction() as db:
            db.add(BillNote(difference_id=difference_id, staff_id=None, text="…", at=TEN))

        for statement in (f"UPDATE {table} SET id = id + 100", f"DELETE FROM {table}"):
            with pytest.raises(DBAPIError), sa.engine.begin() as connection:
                connection.execute(text(statement))
