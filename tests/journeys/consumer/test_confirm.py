"""A hold is confirmed once, given up, or runs out; nothing is lost on the way."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select

from booking import jobs, queries
from booking.policy import HOLD_LIFE
from booking.states import BookingState
from kernel.clock import FixedClock
from kernel.db import transaction
from kernel.outbox import OutboxRow
from tests.journeys.consumer.pages import Phone
from tests.journeys.consumer.steps import TOMORROW_TEN, hold
from tests.journeys.databases import BOTH


def test_the_page_says_what_is_promised(phone: Phone) -> None:
    page = hold(phone)

    assert "11月24日 周二 10:00–12:00" in page.text
    assert "09:10 前确认即可" in page.text
    assert "林女士 138****2046" in page.text
    assert "13800002046" not in page.text


@BOTH
def test_a_double_click_makes_one_promise(phone: Phone, app: Flask) -> None:
    form = hold(phone).form("/confirm")

    def click() -> str:
        with app.app_context():
            # Two requests at once need two browsers, each with a session of its own.
            browser = Phone(app, phone.member)
            return browser.send(form, csrf_token=browser.csrf_token).path

    with ThreadPoolExecutor(2) as hands:
        first, second = hands.map(lambda _: click(), range(2))

    assert first == second
    assert first.endswith(form.action.split("/")[-2])
    with transaction(reads_only=True) as db:
        told = select(func.count()).where(OutboxRow.name == "BookingBooked")
        assert db.scalar(told) == 1


@pytest.mark.walks("booking held expire", "visit held release")
def test_a_hold_that_was_given_up_frees_its_place(phone: Phone, app: Flask) -> None:
    page = hold(phone)

    windows = phone.send(page.form("/release"))

    assert windows.path.endswith("/windows")
    assert TOMORROW_TEN in windows.windows
    with transaction(reads_only=True) as db:
        now = app.extensions["doorbell.clock"].now()
        assert not queries.holds_of(db, phone.member.id, now=now)


def test_giving_up_what_is_booked_changes_nothing(phone: Phone) -> None:
    page = hold(phone)
    phone.send(page.form("/confirm"))

    after = phone.send(page.form("/release"))

    assert "已预约" in after.text


def test_a_hold_that_ran_out_can_be_locked_again_by_one_press(phone: Phone, app: Flask) -> None:
    page = hold(phone)
    _wait(app, HOLD_LIFE)
    with app.app_context():
        jobs.expire_holds(app.extensions["doorbell.clock"])

    expired = phone.open(page.path)
    again = phone.send(expired.form("/windows"))

    assert "这个时段已经放开" in expired.text
    assert "锁定的时间已到。您填的内容都还在" in expired.text
    assert not expired.has_form("/confirm")
    assert "时段已为您锁定" in again.text


def test_a_hold_that_ran_out_does_not_stand_in_its_own_way(phone: Phone, app: Flask) -> None:
    page = hold(phone)
    _wait(app, HOLD_LIFE)

    again = phone.send(phone.open(page.path).form("/windows"))

    assert "时段已为您锁定" in again.text
    assert again.path != page.path


def test_confirming_what_was_freed_is_answered_with_the_way_back(phone: Phone, app: Flask) -> None:
    page = hold(phone)
    _wait(app, HOLD_LIFE)
    with app.app_context():
        jobs.expire_holds(app.extensions["doorbell.clock"])

    late = phone.send(page.form("/confirm"))

    assert late.status == 410
    assert "这个时段已经放开" in late.text
    assert late.has_form("/windows")


def test_a_window_of_the_past_is_not_offered_again(phone: Phone, app: Flask) -> None:
    page = hold(phone)
    _wait(app, timedelta(days=2))

    expired = phone.open(page.path)

    assert "再锁一次 " not in expired.text
    assert "看全部时间" in expired.text


@pytest.mark.walks("booking held commit", "visit held commit")
def test_a_booking_that_is_made_leads_to_its_page(phone: Phone) -> None:
    page = hold(phone)
    booking = phone.send(page.form("/confirm"))

    again = phone.open(page.path)

    assert again.path == booking.path
    with transaction(reads_only=True) as db:
        number = booking.path.rsplit("/", 1)[-1]
        state = queries.booking(db, number=number, by=phone.member).state
    assert state is BookingState.BOOKED


def _wait(app: Flask, length: timedelta) -> None:
    clock: FixedClock = app.extensions["doorbell.clock"]
    clock.move_to(clock.now() + length)
