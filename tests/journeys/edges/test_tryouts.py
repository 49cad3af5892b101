"""A sample goes home and is kept, or comes back; and what is said when nobody answers."""

import uuid
from collections.abc import Callable
from datetime import date, timedelta

import pytest
from flask import Flask
from sqlalchemy import select, update

from booking.operations import payments
from booking.payment_models import Payment, Refund
from booking.states import TryoutState
from booking.tryout_models import Sample, Tryout
from dispatch.states import VisitState
from kernel.actor import SYSTEM
from kernel.db import transaction
from kernel.money import Money
from members import ledger_queries
from members.merging import MergeReason
from members.operations import merging
from tests.house import MONDAY_NINE
from tests.journeys import clockwork
from tests.journeys.console.conftest import DeskOf, Town
from tests.journeys.console.life import TUESDAY_TEN
from tests.journeys.consumer.pages import Page, Phone
from tests.journeys.consumer.steps import book, fill_in
from tests.journeys.edges.steps import given, hands_of, messages, publish
from tests.samples import PRICE, a_sample

TUESDAY, WEDNESDAY, THURSDAY = (date(2026, 11, day) for day in (24, 25, 26))
WINDOW = "{day}/36000-43200"


@pytest.fixture
def number(town: Town, phone: Phone) -> str:
    """The member asks for the last unit."""
    with transaction() as db:
        a_sample(db, branch_id=town.here, stock=1)
    page = phone.open("/c/samples")
    assert "还有 1 台" in page.text
    asked = phone.send(page.form("/c/tryouts"))
    assert "约送到家的时间" in asked.text
    return asked.path.rpartition("/")[2]


def visit(app: Flask, phone: Phone, desk_of: DeskOf, leg: str, *, day: date) -> None:
    """Let a visit be booked, and done as its window opens, 24 minutes in all."""
    booking = book(phone, WINDOW.format(day=day), code=f"{leg}_1")
    publish(desk_of("manager") if day == TUESDAY else desk_of("administrator"), day=day)
    clockwork.stand_at(app, TUESDAY_TEN + (day - TUESDAY))
    hands_of(app, booking).come_to(given(booking), VisitState.WORK_DONE)
    clockwork.let(app)


def tryout(phone: Phone, number: str) -> Page:
    return phone.open(f"/c/tryouts/{number}")


def pay(row: Payment) -> None:
    with transaction() as db:
        payments.settle(
            db,
            number=row.number,
            amount=row.amount,
            transaction_id="W1",
            paid_at=MONDAY_NINE,
            now=MONDAY_NINE,
        )


def asked_for() -> Payment:
    with transaction(reads_only=True) as db:
        return db.scalars(select(Payment).where(Payment.purpose == "sample")).one()


def stock() -> int:
    with transaction(reads_only=True) as db:
        return db.scalars(select(Sample.stock)).one()


def points(phone: Phone) -> int:
    with transaction(reads_only=True) as db:
        return ledger_queries.points_balance(db, phone.member.id)


@pytest.mark.walks("tryout asked deliver")
def test_reminded_told_it_is_over_and_kept_for_its_price(
    app: Flask, town: Town, phone: Phone, desk_of: DeskOf, number: str
) -> None:
    assert "都借出去了" in phone.open("/c/samples").text
    visit(app, phone, desk_of, "bring", day=TUESDAY)
    at_home = tryout(phone, number).text
    assert ("试用到" in at_home, "看这次上门" in at_home) == (True, False)

    for hours in (47, 48, 71, 72, 73):
        clockwork.stand_at(app, TUESDAY_TEN + timedelta(hours=hours))
        clockwork.let(app, "tryouts")
    told = [line for line in messages(town.member) if line.startswith("A2 ")]
    assert ["一天" in line for line in told] == [False, True, False]
    assert "试用到期了" in told[2]
    assert "超期" in desk_of("auditor").open("/console/tryouts").text

    keep = f"/c/tryouts/{number}/keep"
    page = press(phone, keep)
    assert (page.path, "投影仪" in page.text) == (f"/c/payments/{asked_for().number}", True)
    pay(asked_for())

    assert "它归您了" in tryout(phone, number).text
    assert (points(phone), stock()) == (PRICE.whole_yuan, 0)
    clockwork.let(app)
    assert any("试用品归您了" in line for line in messages(town.member))


def test_a_merged_member_keeps_the_one_he_pays_for(
    app: Flask,
    phone: Phone,
    other_phone: Callable[[], Phone],
    desk_of: DeskOf,
    number: str,
) -> None:
    other = other_phone()
    visit(app, phone, desk_of, "bring", day=TUESDAY)
    with transaction() as db:
        db.execute(update(Sample).values(stock=1))
    later = other.send(other.open("/c/samples").form("/c/tryouts")).path.rpartition("/")[2]
    visit(app, other, desk_of, "bring", day=WEDNESDAY)
    with transaction() as db:
        merging.merge(
            db,
            one_id=phone.member.id,
            other_id=other.member.id,
            reason=MergeReason.UNIONID,
            by=SYSTEM,
            now=MONDAY_NINE,
        )

    page = press(phone, f"/c/tryouts/{later}/keep")
    pay(asked_for())

    assert "投影仪" in page.text
    with transaction(reads_only=True) as db:
        states = {row.number: row.state for row in db.scalars(select(Tryout))}
    assert states == {number: "out", later: "kept"}


@pytest.mark.walks("tryout out return", "tryout returning take_back")
def test_fetched_back_it_is_in_stock_again_and_late_money_goes_back(
    app: Flask, town: Town, phone: Phone, desk_of: DeskOf, number: str
) -> None:
    visit(app, phone, desk_of, "bring", day=TUESDAY)
    press(phone, f"/c/tryouts/{number}/keep")
    again = phone.send(tryout(phone, number).form("/return"))
    assert "约取回的时间" in again.text
    pay(asked_for())
    with transaction(reads_only=True) as db:
        assert db.scalars(select(Refund.reason)).one() == "tryout_over"

    visit(app, phone, desk_of, "fetch", day=THURSDAY)

    assert "已经收回" in tryout(phone, number).text
    assert (points(phone), stock()) == (0, 1)
    with transaction(reads_only=True) as db:
        assert db.scalars(select(Payment.amount).where(Payment.purpose == "sample")).one() == PRICE


@pytest.mark.walks("tryout out keep")
def test_a_dispatcher_writes_down_what_was_paid_to_him(
    app: Flask, town: Town, phone: Phone, desk_of: DeskOf, number: str
) -> None:
    visit(app, phone, desk_of, "bring", day=TUESDAY)
    desk = desk_of("dispatcher")

    kept = desk.send(desk.open("/console/tryouts").form(f"{number}/keep"))

    assert "已留下" in kept.text
    assert (points(phone), stock()) == (Money(3999_00).whole_yuan, 0)


@pytest.mark.walks("tryout asked cancel")
def test_what_nobody_books_a_delivery_for_goes_to_the_next(
    app: Flask, town: Town, phone: Phone, number: str
) -> None:
    assert "一次只能试用一件" in again(phone).text

    clockwork.stand_at(app, MONDAY_NINE + timedelta(days=3))
    clockwork.let(app, "tryouts")

    assert "已取消" in tryout(phone, number).text
    assert stock() == 1
    with transaction(reads_only=True) as db:
        assert db.scalars(select(Tryout.staff_id)).one() is None


def test_the_older_of_two_is_fetched_while_the_newer_is_tried(phone: Phone, number: str) -> None:
    """As who was merged has them."""
    with transaction() as db:
        older = db.scalars(select(Tryout)).one()
        db.execute(update(Tryout).values(state=TryoutState.RETURNING))
        newer = Tryout(number="T2", sample_id=older.sample_id, member_id=older.member_id)
        newer.price, newer.hours, newer.asked_at = PRICE, 72, MONDAY_NINE
        newer.state, newer.state_since = TryoutState.OUT, MONDAY_NINE
        db.add(newer)

    assert fill_in(phone, code="fetch_1").status == 200


def test_nobody_books_such_a_visit_without_a_tryout_nor_twice(
    app: Flask, town: Town, phone: Phone, number: str
) -> None:
    wrong = fill_in(phone, code="fetch_1")
    book(phone, code="bring_1")
    twice = fill_in(phone, code="bring_1")

    assert [page.status for page in (wrong, twice)] == [409, 409]
    assert "/c/book/bring_1" not in phone.open("/c/").links
    assert "上门已经约好" in press(phone, f"/c/tryouts/{number}/cancel").text


def test_a_manager_offers_what_two_free_services_bring_and_fetch(
    town: Town, desk_of: DeskOf
) -> None:
    with transaction() as db:
        a_sample(db, branch_id=town.here)
    desk = desk_of("manager")
    form = desk.open("/console/samples/new").form("/console/samples")
    asked = {"name": "扫地机", "price": "2499", "stock": "3", "delivery": "bring_1"}

    wrong = desk.send(form, **asked, pickup="bring_1")
    offered = desk.send(form, **asked, pickup="fetch_1")
    [newest, _] = [link for link in offered.links if "/console/samples/U" in link]
    page = desk.open(newest)
    fewer = desk.send(page.form(newest), more="-4")
    none = desk.send(page.form(newest), more="-3")

    assert "一项送，一项取" in wrong.text
    assert "扫地机" in offered.text
    assert "刚刚都借出去了" in fewer.text
    assert "库存 0" in none.text


def again(phone: Phone) -> Page:
    with transaction(reads_only=True) as db:
        sample = db.scalars(select(Sample.number)).one()
    return press(phone, "/c/tryouts", sample=sample)


def press(phone: Phone, path: str, **fields: str) -> Page:
    """Send what no button of the page sends in this state, or in a house without WeChat Pay."""
    return phone.post(path, fields | {"idempotency_key": str(uuid.uuid4())})
