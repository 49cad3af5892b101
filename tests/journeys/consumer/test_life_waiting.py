"""候补: in line for what is full, offered what comes free, or gone again."""

from collections.abc import Callable

import pytest
from flask import Flask

from booking.jobs import serve_waiting
from booking.states import BookingState
from kernel.db import transaction
from tests.house import HOUR_S, a_branch, a_service, a_technician
from tests.integration.booking.promised import booking_of
from tests.journeys.consumer.conftest import CITY
from tests.journeys.consumer.pages import Page, Phone
from tests.journeys.consumer.steps import book, fill_in

DAY = "2026-11-24"


@pytest.fixture
def branch_id(app: Flask) -> int:
    """A branch that sells one window a day, which a few bookings fill."""
    with transaction() as db:
        branch_id = a_branch(db, territory=CITY, windows=[(10 * HOUR_S, 12 * HOUR_S)])
        a_technician(db, branch_id=branch_id)
        a_service(db)
        return branch_id


@pytest.fixture
def full(phone: Phone, other_phone: Callable[[], Phone]) -> list[tuple[Phone, str]]:
    """Fill tomorrow; return who has which booking."""
    kept: list[tuple[Phone, str]] = []
    while True:
        other = other_phone()
        windows = fill_in(other)
        page = other.open(f"{windows.path}?day={DAY}")
        if not page.windows:
            return kept
        confirm = other.send(page.form("/windows"), window=page.windows[0])
        kept.append((other, other.send(confirm.form("/confirm")).path.rsplit("/", 1)[-1]))


def in_line(phone: Phone) -> Page:
    """Join the line of the full day."""
    windows = fill_in(phone)
    return phone.send(phone.open(f"{windows.path}?day={DAY}").form("/waiting"))


def test_a_full_day_has_a_line_with_a_place_for_each(
    phone: Phone, other_phone: Callable[[], Phone], full: list[tuple[Phone, str]]
) -> None:
    first, second = in_line(phone), in_line(other_phone())

    assert "候补中，第 1 位" in first.text
    assert "候补中，第 2 位" in second.text
    assert "候补 明天" in phone.open("/c/").text


def test_who_leaves_the_line_waits_no_more(phone: Phone, full: list[tuple[Phone, str]]) -> None:
    page = phone.send(in_line(phone).form("/leave"))

    assert page.has_form("/waiting")
    assert "候补 明天" not in phone.open("/c/").text


def test_a_place_that_comes_free_is_offered_and_confirmed(
    phone: Phone, app: Flask, full: list[tuple[Phone, str]]
) -> None:
    in_line(phone)
    # This phone's forms send one window of the line: the last of the day.
    other, number = full[-1]
    other.send(other.open(f"/c/bookings/{number}").form("/cancel"))
    serve_waiting(app.extensions["doorbell.clock"])

    home = phone.open("/c/")
    hold = next(path for path in home.links if path.endswith("/confirm"))
    done = phone.send(phone.open(hold).form("/confirm"))

    assert "已锁定，还没确认" in home.text
    assert booking_of(done.path.rsplit("/", 1)[-1]).state is BookingState.BOOKED


def test_a_day_with_places_has_no_line(phone: Phone) -> None:
    book(phone)
    windows = fill_in(phone)

    assert not phone.open(f"{windows.path}?day=2026-11-26").has_form("/waiting")
