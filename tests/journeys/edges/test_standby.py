"""备着: a place that may come free is kept in mind for one who waits, by WeChat, on his page and the desk's."""

from collections.abc import Callable

import pytest
from flask import Flask

from kernel.db import transaction
from tests.house import HOUR_S, a_branch, a_member, a_service, a_technician
from tests.integration.booking.living import struck
from tests.journeys.clockwork import let
from tests.journeys.console.conftest import Town
from tests.journeys.console.desk import Desk
from tests.journeys.consumer.pages import Page, Phone
from tests.journeys.consumer.steps import book, fill_in
from tests.journeys.edges.steps import at, booking, confirmed, messages

DAY = "2026-11-24"


@pytest.fixture
def town(app: Flask) -> Town:
    """A branch that sells one window a day, whose one technician has time for one visit."""
    with transaction() as db:
        here = a_branch(db, windows=[(10 * HOUR_S, 12 * HOUR_S)])
        a_technician(db, branch_id=here, opens_s=10 * HOUR_S, shuts_s=11 * HOUR_S + 3000)
        a_service(db)
        return Town(here, here, a_member(db))


@pytest.fixture
def risky(app: Flask, phone: Phone, other_phone: Callable[[], Phone]) -> tuple[Phone, str]:
    """Somebody who failed us twice has tomorrow's only place and was asked; the member waits for it."""
    other = other_phone()
    struck(other.member, 60, 20)
    taken = book(other)
    windows = fill_in(phone).path
    phone.send(phone.open(f"{windows}?day={DAY}").form("/waiting"))
    at(app, hours=1)
    let(app, "bookings")
    at(app, hours=1, minutes=1)
    let(app, "waiting")
    return other, taken


def asked(phone: Phone) -> Page:
    """Open the page that asks him, as the message leads there."""
    windows = phone.open("/c/bookings").links
    line = next(path for path in windows if path.endswith(f"?day={DAY}"))
    way = next(path for path in phone.open(line).links if path.endswith("/standby"))
    return phone.open(way)


@pytest.mark.walks("standby offered accept", "standby accepted take")
def test_a_place_that_comes_free_is_his_by_itself(
    app: Flask, phone: Phone, desk: Desk, risky: tuple[Phone, str]
) -> None:
    page = asked(phone)
    assert "08:00 前空出来就归您" in page.text
    assert any("08:00 前空出来就归您" in row for row in messages(phone.member))
    page = phone.send(page.form("/standby"))
    assert "为您备着" in page.text
    assert "等这一单" in desk.open("/console/waiting").text

    at(app, hours=23)
    let(app, "bookings")
    let(app)

    assert "归您了" in phone.open(page.path).text
    assert any(row.startswith("M1") for row in messages(phone.member))
    assert "没有人在候补" in desk.open("/console/waiting").text


@pytest.mark.walks("standby accepted end")
def test_who_stood_by_is_told_when_the_other_comes(
    app: Flask, phone: Phone, risky: tuple[Phone, str]
) -> None:
    page = phone.send(asked(phone).form("/standby"))

    confirmed(*risky)
    let(app, "waiting")

    over = phone.open(page.path)
    assert "没有空出来" in over.text
    assert any("没有空出来，您还在候补" in row for row in messages(phone.member))
    other, taken = risky
    assert "已确认" in booking(other, taken).text


@pytest.mark.walks("standby offered end")
def test_who_does_not_want_to_stand_by_goes_on_waiting(
    app: Flask, phone: Phone, desk: Desk, risky: tuple[Phone, str]
) -> None:
    page = asked(phone)
    done = phone.send(page.form("/decline"))
    let(app, "waiting")

    assert "候补次序不变" in done.text
    assert "备着" not in desk.open("/console/waiting").text
    assert "排队中" in desk.open("/console/waiting").text
