"""Goods that come late, two windows in one booking, and the appliances that stay in the home."""

from datetime import timedelta

import pytest
from flask import Flask

from booking.goods import LateAnswer
from booking.jobs import find_late_goods
from booking.operations import assets, catalogue
from booking.states import BookingState
from kernel.db import transaction
from kernel.money import Money
from tests.house import HOUR_S, MONDAY_NINE, a_technician
from tests.integration.booking.promised import DISPATCHER_OF_ALL, booking_of, visit_of
from tests.journeys.consumer.door import at, begun, finished
from tests.journeys.consumer.pages import Phone
from tests.journeys.consumer.steps import book, fill_in

THURSDAY_ONE = "2026-11-26/46800-54000"
SERIALS = "序列号,型号,品名,质保月数,保养间隔月数\nAC35-0001,KFR-35,挂机空调 1.5 匹,72,12\n"


@pytest.fixture
def washer(phone: Phone) -> str:
    """A service that brings a washing machine, and whose delivery may come first."""
    with transaction() as db:
        a_technician(db, branch_id=1, skills={"air": 2, "van": 1})
        catalogue.add_service(
            db,
            code="deliver",
            category="delivery",
            name="送货上门",
            short_name="送货",
            about="送到家里",
            icon="truck",
            work_s=HOUR_S // 2,
            skill="van",
            price=Money(30_00),
            options=[],
        )
        catalogue.add_service(
            db,
            code="washer",
            category="installation",
            name="洗衣机安装",
            short_name="洗衣机",
            about="调平试机",
            icon="washer",
            work_s=HOUR_S // 3,
            skill="air",
            price=Money(60_00),
            options=[
                {
                    "code": "old_taken",
                    "name": "取走旧机",
                    "kind": "switch",
                    "most": 1,
                    "price_fen": 50_00,
                    "work_s": 600,
                }
            ],
            brings=[{"kind": "goods", "name": "滚筒洗衣机"}],
            delivery_code="deliver",
        )
    return "washer"


@pytest.fixture
def late(phone: Phone, app: Flask, washer: str) -> str:
    """The number of a booking for tomorrow whose washing machine is not in the warehouse."""
    number = book(phone, code=washer)
    at(app, MONDAY_NINE + timedelta(hours=3))
    find_late_goods(app.extensions["doorbell.clock"])
    return number


def test_goods_stand_on_the_page_with_their_state(phone: Phone, washer: str) -> None:
    page = phone.open(f"/c/bookings/{book(phone, code=washer, **{'option-old_taken': '1'})}")

    assert "滚筒洗衣机" in page.text
    assert "未发货" in page.text
    assert "上门时取走" in page.text


def test_late_goods_ask_before_anybody_travels(phone: Phone, late: str) -> None:
    page = phone.open(f"/c/bookings/{late}")

    waiting = phone.send(page.form("/goods"), answer=LateAnswer.WAIT.value)

    assert "您的滚筒洗衣机还没到仓" in page.text
    assert "您选了：等货到" in waiting.text


def test_moving_for_late_goods_costs_nothing(phone: Phone, late: str) -> None:
    page = phone.open(f"/c/bookings/{late}")

    windows = phone.send(page.form("/goods"), answer=LateAnswer.RESCHEDULE.value)
    there = phone.open(f"{windows.path}?day=2026-11-26")
    phone.send(there.form("/move"), window=THURSDAY_ONE)

    assert windows.path == f"/c/bookings/{late}/move"
    assert "这次改约是我们的原因，不扣积分。" in windows.said("told")
    assert "可用积分 0" in phone.open("/c/points").said("points")
    assert booking_of(late).starts_at > MONDAY_NINE + timedelta(days=2)


def test_cancelling_for_late_goods_costs_nothing(phone: Phone, late: str) -> None:
    page = phone.open(f"/c/bookings/{late}")

    cancelled = phone.send(page.form("/cancel"))

    assert "不扣积分、不记违约" in page.said("cancel")
    assert "商品来不及" in cancelled.text
    assert booking_of(late).state is BookingState.CANCELLED


def test_delivery_and_installation_are_one_booking_with_two_windows(
    phone: Phone, washer: str
) -> None:
    form = phone.open("/c/book/washer")
    windows = fill_in(phone, code=washer, with_delivery="1")

    confirm = phone.send(windows.form("/windows"), window=THURSDAY_ONE)
    page = phone.send(confirm.form("/confirm"))

    assert "送装一体" in form.text
    assert "先送货 " in windows.text
    assert "送货上门" in confirm.text
    assert "¥90.00" in confirm.text
    assert "送货上门" in page.said("answer")
    assert "洗衣机安装" in page.said("answer")
    # The installation's own time, not the delivery's before it.
    assert "洗衣机安装，约 20 分" in page.text


def test_a_scanned_appliance_is_bound_by_one_tap(phone: Phone, app: Flask) -> None:
    with transaction() as db:
        assets.import_serials(
            db,
            raw=SERIALS.encode(),
            file_name="list.csv",
            by=DISPATCHER_OF_ALL,
            now=MONDAY_NINE,
        )
    number = book(phone)
    technician = begun(app, number)
    with transaction() as db:
        assets.scan_serial(
            db,
            visit_number=visit_of(number).number,
            serial="AC35-0001",
            by=technician,
            now=MONDAY_NINE,
        )
    finished(app, number, technician)
    page = phone.send(phone.open(f"/c/bookings/{number}").form("/sign"))

    bound = phone.send(page.form("/c/assets"))

    assert "挂机空调 1.5 匹" in page.text
    assert "绑定保修" in page.text
    assert "正品已绑定" in bound.text
    assert "2032年11月23日" in bound.text
    assert "空调安装" in bound.text
    assert "挂机空调 1.5 匹" in phone.open("/c/").text


@pytest.mark.parametrize(
    ("serial", "says", "status"),
    [
        pytest.param("AC35-0001", "是正品：挂机空调 1.5 匹", 200, id="genuine"),
        pytest.param("AC35-9999", "没有查到这个序列号", 200, id="unknown"),
        pytest.param("?", "序列号", 422, id="no_serial"),
    ],
)
def test_a_serial_number_that_was_typed_in_is_checked(
    phone: Phone, serial: str, says: str, status: int
) -> None:
    with transaction() as db:
        assets.import_serials(
            db,
            raw=SERIALS.encode(),
            file_name="list.csv",
            by=DISPATCHER_OF_ALL,
            now=MONDAY_NINE,
        )

    page = phone.open(f"/c/assets?serial={serial}")

    assert page.status == status
    assert says in page.text
