"""Rows "answer cut after the commit" and "double click, two tabs, back button": one booking, and the
second press shows it. On both databases.
"""

from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask
from sqlalchemy import func, select

from booking.models import Booking
from booking.states import BookingState
from kernel.db import transaction
from tests.house import a_branch, a_member, a_service, a_technician
from tests.journeys.consumer.pages import Form, Phone
from tests.journeys.consumer.steps import TOMORROW_TEN, fill_in, hold

TOMORROW_ONE = "2026-11-24/46800-54000"
TABS = 2


@pytest.fixture
def phone(app: Flask) -> Phone:
    with transaction() as db:
        a_technician(db, branch_id=a_branch(db))
        a_service(db)
        member = a_member(db)
    return Phone(app, member)


def booked() -> int:
    with transaction(reads_only=True) as db:
        found = select(func.count()).select_from(Booking)
        return db.scalar(found.where(Booking.state == BookingState.BOOKED)) or 0


def pressed_in_tabs(app: Flask, phone: Phone, forms: list[Form]) -> list[str]:
    """Press each form in a tab of its own, all at once; return where each tab ends."""

    def press(form: Form) -> str:
        with app.app_context():
            tab = Phone(app, phone.member)
            return tab.send(form, csrf_token=tab.csrf_token).path

    with ThreadPoolExecutor(TABS) as hands:
        return list(hands.map(press, forms))


def test_two_tabs_at_once_are_one_booking(app: Flask, phone: Phone) -> None:
    first = hold(phone)
    # The other tab has read the page by itself, and so has a key of its own.
    second = phone.open(first.path)
    forms = [page.form("/confirm") for page in (first, second)]
    assert len({form.fields["idempotency_key"] for form in forms}) == TABS

    ends = pressed_in_tabs(app, phone, forms)

    assert len(set(ends)) == 1
    assert booked() == 1


def test_two_windows_in_two_tabs_are_one_booking(app: Flask, phone: Phone) -> None:
    windows = fill_in(phone)
    first = phone.send(windows.form("/windows"), window=TOMORROW_TEN)
    second = phone.send(phone.open(windows.path).form("/windows"), window=TOMORROW_ONE)

    pressed_in_tabs(app, phone, [page.form("/confirm") for page in (first, second)])

    # The second window was picked instead of the first.
    assert booked() == 1
    assert "已预约" in phone.open(second.path.removesuffix("/confirm")).text


def test_going_back_and_picking_again_shows_the_booking(phone: Phone) -> None:
    windows = fill_in(phone)
    form = windows.form("/windows")
    done = phone.send(phone.send(form, window=TOMORROW_TEN).form("/confirm"))
    form.fields.pop("idempotency_key", None)

    again = phone.send(form, window=TOMORROW_ONE)

    assert again.path == done.path
    assert booked() == 1


def test_an_answer_that_was_cut_is_asked_for_again(phone: Phone) -> None:
    form = hold(phone).form("/confirm")
    cut = phone.send(form)

    # Nobody has read it; the browser sends the same once more.
    again = phone.send(form)

    assert (again.path, again.status) == (cut.path, 200)
    assert booked() == 1
