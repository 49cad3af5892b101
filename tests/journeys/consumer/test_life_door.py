"""What may come at the door, and after it, on the member's page."""

from datetime import timedelta

import pytest
from flask import Flask

from booking.operations import additions, clockwork
from booking.operations import visits as endings
from booking.states import BookingState
from dispatch.states import Trouble
from kernel.db import transaction
from tests.house import MONDAY_NINE
from tests.integration.booking.promised import TUESDAY_TEN, booking_of, visit_of
from tests.journeys.consumer.door import arrived, at, begun, finished
from tests.journeys.consumer.pages import Phone
from tests.journeys.consumer.steps import book

THURSDAY_TEN = "2026-11-26/36000-43200"


def asked(app: Flask, phone: Phone) -> str:
    """Book, begin, and ask for a metre more of pipe; return the booking's number."""
    number = book(phone)
    technician = begun(app, number)
    with transaction() as db:
        additions.ask(
            db,
            visit_number=visit_of(number).number,
            code="pipe",
            count=1,
            reason="外机移到北侧，铜管还差 1 米。",
            by=technician,
            now=TUESDAY_TEN,
        )
    return number


@pytest.mark.walks("addition asked approve")
def test_an_addition_shows_both_sums_and_is_agreed_to(phone: Phone, app: Flask) -> None:
    number = asked(app, phone)
    page = phone.open(f"/c/bookings/{number}")
    [form] = [f for f in page.forms if f"/bookings/{number}/additions/" in f.action]

    agreed = phone.send(form, answer="yes")

    assert "外机移到北侧" in page.text
    assert "原约定 ¥180.00 同意后合计 ¥260.00" in page.text
    assert "同意，增加 ¥80.00" in page.text
    assert "您同意了增项：加长铜管，增加 ¥80.00" in agreed.text
    assert booking_of(number).price.fen == 260_00


@pytest.mark.walks("addition asked refuse")
def test_refusing_an_addition_leaves_the_price(phone: Phone, app: Flask) -> None:
    number = asked(app, phone)
    page = phone.open(f"/c/bookings/{number}")
    [form] = [f for f in page.forms if f"/bookings/{number}/additions/" in f.action]

    refused = phone.send(form, answer="no")

    assert "不同意也没关系" in page.text
    assert "您没有同意增项：加长铜管" in refused.text
    assert booking_of(number).price.fen == 180_00


@pytest.mark.walks("booking booked complete", "visit work_done sign")
def test_finished_work_is_signed_for(phone: Phone, app: Flask) -> None:
    number = book(phone)
    finished(app, number)
    page = phone.open(f"/c/bookings/{number}")

    signed = phone.send(page.form("/sign"))

    assert "待您验收" in page.said("answer")
    assert "您已验收签字" in signed.text
    assert "积分 +180 已到账" in signed.said("answer")
    assert "待您验收" not in phone.open("/c/bookings").text


@pytest.mark.walks("booking completed close")
def test_a_rating_earns_its_points_whatever_it_says(phone: Phone, app: Flask) -> None:
    number = book(phone)
    finished(app, number)
    phone.send(phone.open(f"/c/bookings/{number}").form("/sign"))
    page = phone.open(f"/c/bookings/{number}/rate")

    rated = phone.send(page.form("/rate"), stars="2", tags="late", text="等了很久。")

    assert "评价就得 20 积分" in page.text
    assert "等了很久。" in rated.text
    assert "评价奖励" in phone.open("/c/points").text
    assert "可用积分 200" in phone.open("/c/points").said("points")
    assert phone.open(f"/c/bookings/{number}/rate").path == f"/c/bookings/{number}"


def test_a_rating_without_stars_is_told_at_the_stars(phone: Phone, app: Flask) -> None:
    number = book(phone)
    finished(app, number)
    phone.send(phone.open(f"/c/bookings/{number}").form("/sign"))

    refused = phone.send(phone.open(f"/c/bookings/{number}/rate").form("/rate"), text="好")

    assert refused.status == 422
    assert "请选 1 到 5 颗星。" in refused.said("stars-said")
    assert booking_of(number).state is BookingState.COMPLETED


def test_a_complaint_stands_on_the_page_until_it_is_answered(phone: Phone) -> None:
    number = book(phone)
    form = phone.open(f"/c/bookings/{number}/complain").form("/complain")

    empty = phone.send(form)
    done = phone.send(form, topic="price", text="多收了钱。")

    assert empty.status == 422
    assert "请选一个问题。" in empty.text
    assert "请写 1–500 个字。" in empty.text
    assert "多收了钱。" in done.text
    assert "处理中" in done.text


def test_unfinished_work_leads_to_a_second_visit(phone: Phone, app: Flask) -> None:
    number = book(phone)
    technician = begun(app, number)
    with transaction() as db:
        endings.break_off(
            db,
            number=visit_of(number).number,
            cause=Trouble.MISSING_PART,
            by=technician,
            now=TUESDAY_TEN,
        )
    page = phone.open(f"/c/bookings/{number}")
    choose = phone.open(f"/c/bookings/{number}/move?day=2026-11-26")

    chosen = phone.send(choose.form("/move"), window=THURSDAY_TEN)

    assert "需二次上门" in page.said("answer")
    assert "缺少配件" in page.text
    assert "您优先选，不扣积分，不另收费。" in choose.said("told")
    assert "11月26日" in chosen.text
    assert booking_of(number).needs_window is False
    assert "缺少配件，需要再次上门" in chosen.text


def test_when_nobody_came_the_member_is_paid_and_chooses_first(phone: Phone, app: Flask) -> None:
    number = book(phone)
    after = MONDAY_NINE + timedelta(hours=30)
    with transaction() as db:
        clockwork.look(db, number=number, now=after)
    at(app, after)

    page = phone.open(f"/c/bookings/{number}")

    assert "师傅未到" in page.said("answer")
    assert "已赔您 ¥30.00" in page.said("answer")
    assert "选再次上门的时间" in page.text
    assert "超时赔付" in phone.open("/c/points").text
    assert "请选时间" in phone.open("/c/").text


def test_urging_is_answered_in_place_and_once_in_ten_minutes(phone: Phone, app: Flask) -> None:
    number = book(phone)
    form = phone.open(f"/c/bookings/{number}").form("/urge")

    answered = phone.send(form)
    again = phone.post(f"/c/bookings/{number}/urge", {})
    at(app, MONDAY_NINE + timedelta(minutes=10))
    later = phone.send(phone.open(f"/c/bookings/{number}").form("/urge"))

    assert "约定的是 11-24 10:00–12:00，时间没有变。" in answered.said("urged")
    assert "09:10 后可以再催" in answered.said("urged")
    assert again.status == 429
    assert "（09:10）" in later.said("urged")


def test_nobody_is_hurried_who_stands_at_the_door(phone: Phone, app: Flask) -> None:
    number = book(phone)
    phone.send(phone.open(f"/c/bookings/{number}").form("/urge"))
    arrived(app, number)

    page = phone.open(f"/c/bookings/{number}")

    assert not page.has_form("/urge")
    assert "您催单的答复" not in page.text
    assert "投诉" in page.text
