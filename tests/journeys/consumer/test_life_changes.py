"""A promise before anybody sets out: confirmed, vouched for, moved, cancelled."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask

from booking.states import BookingState
from tests.house import MONDAY_NINE
from tests.integration.booking.promised import booking_of
from tests.journeys.consumer.door import at
from tests.journeys.consumer.pages import Phone
from tests.journeys.consumer.steps import TOMORROW_TEN, book, hold

THURSDAY_TEN = "2026-11-26/36000-43200"
THURSDAY_THREE = "2026-11-26/54000-61200"


@pytest.mark.walks("booking booked confirm")
def test_a_member_says_that_he_will_be_at_home(phone: Phone) -> None:
    page = phone.open(f"/c/bookings/{book(phone)}")

    confirmed = phone.send(page.form("/presence"))

    assert "您会在家吗？" in page.text
    assert "已确认" in confirmed.said("answer")
    assert "您已确认在家" in confirmed.text
    assert not confirmed.has_form("/presence")


def test_an_address_that_was_not_found_to_the_letter_is_vouched_for(phone: Phone) -> None:
    number = book(phone, address="市南区浮山后三小区")
    page = phone.open(f"/c/bookings/{number}")

    vouched = phone.send(page.form("/address"))

    assert "这个地址对吗？" in page.text
    assert booking_of(number).address_is_sure
    assert not vouched.has_form("/address")


@pytest.mark.walks("booking booked reschedule")
def test_moving_early_is_free_and_keeps_one_promise(phone: Phone) -> None:
    number = book(phone, THURSDAY_TEN)
    page = phone.open(f"/c/bookings/{number}/move?day=2026-11-26")

    moved = phone.send(page.form("/move"), window=THURSDAY_THREE)

    assert "前改约免费" in page.said("told")
    assert "新时段锁好后才会放开旧时段" in page.said("told")
    assert moved.path == f"/c/bookings/{number}"
    assert "15:00–17:00" in moved.said("answer")
    assert "已改到 11月26日 周四 15:00–17:00" in moved.text


def test_moving_within_a_day_says_its_price_on_the_page_and_takes_it(
    phone: Phone, app: Flask
) -> None:
    number = book(phone)
    at(app, MONDAY_NINE + timedelta(hours=3))
    page = phone.open(f"/c/bookings/{number}/move?day=2026-11-26")

    phone.send(page.form("/move"), window=THURSDAY_TEN)

    assert "现在改约已过免费时间，扣 20 积分" in page.said("told")
    assert "改约，扣 20 积分" in page.text
    assert "临近上门改约" in phone.open("/c/points").text
    assert "可用积分 −20" in phone.open("/c/points").text


def test_moving_costs_no_more_than_the_page_said(phone: Phone, app: Flask) -> None:
    number = book(phone)
    page = phone.open(f"/c/bookings/{number}/move?day=2026-11-26")
    at(app, MONDAY_NINE + timedelta(hours=3))

    refused = phone.send(page.form("/move"), window=THURSDAY_TEN)

    assert refused.status == 409
    assert "代价刚刚变了" in refused.text
    assert "扣 20 积分" in refused.said("told")
    assert booking_of(number).starts_at == MONDAY_NINE + timedelta(hours=25)


def test_the_window_it_has_is_no_move(phone: Phone) -> None:
    number = book(phone)
    page = phone.open(f"/c/bookings/{number}/move")

    same = phone.send(page.form("/move"), window=TOMORROW_TEN)

    assert same.status == 409
    assert "这就是您现在的时段" in same.text


@pytest.mark.parametrize(
    ("hours", "told", "points"),
    [
        pytest.param(0, ("前取消免费", "取消预约"), "0", id="a_day_before"),
        pytest.param(3, ("扣 20 积分，不记违约", "取消预约，扣 20 积分"), "−20", id="in_a_day"),
        pytest.param(
            24, ("拟扣 50 积分并记 1 次", "取消预约，扣 50 积分记 1 次"), "0", id="in_two_hours"
        ),
    ],
)
def test_cancelling_says_its_price_before_and_takes_just_that(
    phone: Phone, app: Flask, hours: int, told: tuple[str, str], points: str
) -> None:
    number = book(phone)
    at(app, MONDAY_NINE + timedelta(hours=hours, minutes=1))
    page = phone.open(f"/c/bookings/{number}")

    cancelled = phone.send(page.form("/cancel"))

    assert all(words in page.said("cancel") for words in told)
    assert "已取消" in cancelled.said("answer")
    assert "您取消了预约" in cancelled.text
    assert f"可用积分 {points}" in phone.open("/c/points").said("points")


def test_a_late_cancel_leads_to_its_record(phone: Phone, app: Flask) -> None:
    number = book(phone)
    at(app, MONDAY_NINE + timedelta(hours=24))
    phone.send(phone.open(f"/c/bookings/{number}").form("/cancel"))

    line = phone.open("/c/points")
    page = phone.open(f"/c/bookings/{number}")

    assert "临期取消" in line.text
    assert "待生效" in line.text
    assert "有一条记录还没有生效" in page.text


def test_cancelling_costs_no_more_than_was_said(phone: Phone, app: Flask) -> None:
    number = book(phone)
    page = phone.open(f"/c/bookings/{number}")
    at(app, MONDAY_NINE + timedelta(hours=24))

    refused = phone.send(page.form("/cancel"))

    assert refused.status == 409
    assert "代价刚刚变了" in refused.text
    assert booking_of(number).state is BookingState.BOOKED


@pytest.mark.walks("booking booked cancel", "visit planned cancel")
def test_what_has_ended_offers_no_more_changes(phone: Phone) -> None:
    number = book(phone)
    page = phone.send(phone.open(f"/c/bookings/{number}").form("/cancel"))

    assert not page.has_form("/cancel")
    assert phone.open(f"/c/bookings/{number}/move").path == f"/c/bookings/{number}"
    assert "已取消" in phone.open("/c/bookings").text


@pytest.mark.parametrize(
    ("act", "fields"),
    [
        ("presence", {}),
        ("address", {}),
        ("cancel", {"told": "free"}),
        ("move", {"told": "free", "window": THURSDAY_TEN}),
        ("goods", {"answer": "wait"}),
        ("sign", {}),
        ("urge", {}),
        ("rate", {"stars": "5"}),
        ("complain", {"topic": "other", "text": "没有来"}),
    ],
)
def test_anothers_booking_cannot_be_changed(
    phone: Phone, other_phone: Callable[[], Phone], act: str, fields: dict[str, str]
) -> None:
    number = book(phone)

    refused = other_phone().post(f"/c/bookings/{number}/{act}", fields)

    assert refused.status == 404
    assert booking_of(number).state is BookingState.BOOKED


def test_the_moving_part_of_a_hold_leads_to_the_page_that_confirms(phone: Phone) -> None:
    number = hold(phone).path.split("/")[3]

    part = phone.fetch(f"/c/bookings/{number}", htmx=True)

    assert part.headers["HX-Redirect"] == f"/c/bookings/{number}/confirm"
