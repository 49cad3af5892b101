"""候补: what becomes of an offer, and of a line whose day comes too near."""

from collections.abc import Callable

import pytest
from flask import Flask

from kernel.db import transaction
from tests.house import HOUR_S, a_branch, a_member, a_service, a_technician
from tests.journeys.clockwork import let
from tests.journeys.console.conftest import Town
from tests.journeys.console.desk import Desk
from tests.journeys.consumer.pages import Page, Phone
from tests.journeys.consumer.steps import book, fill_in
from tests.journeys.edges.steps import at, booking, messages

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
def line(phone: Phone, other_phone: Callable[[], Phone]) -> tuple[str, Phone, str]:
    """Somebody has tomorrow's only place, and the member stands in its line: the page of the windows,
    the other's phone, and his booking."""
    other = other_phone()
    taken = book(other)
    windows = fill_in(phone).path
    page = phone.send(phone.open(f"{windows}?day={DAY}").form("/waiting"))
    assert "候补中，第 1 位" in page.text
    return f"{windows}?day={DAY}", other, taken


def offered(app: Flask, phone: Phone, line: tuple[str, Phone, str]) -> Page:
    """Let the place come free and be offered; the page at which the member may take it."""
    _, other, taken = line
    other.send(booking(other, taken).form("/cancel"))
    let(app, "waiting")
    hold = next(path for path in phone.open("/c/").links if path.endswith("/confirm"))
    return phone.open(hold)


@pytest.mark.walks("waiting waiting offer", "waiting offered take")
def test_an_offer_that_is_taken_ends_the_wait(
    app: Flask, phone: Phone, desk: Desk, line: tuple[str, Phone, str]
) -> None:
    page = offered(app, phone, line)
    done = phone.send(page.form("/confirm"))
    let(app)

    assert "时段已为您锁定" in page.text
    assert any(row.startswith("W1") and "点开确认" in row for row in messages(phone.member))
    assert "已预约" in done.said("answer")
    assert "候补" not in phone.open("/c/").said("live")
    assert "没有人在候补" in desk.open("/console/waiting").text


@pytest.mark.walks("waiting offered lapse")
def test_an_offer_that_nobody_takes_runs_out(
    app: Flask, phone: Phone, desk: Desk, line: tuple[str, Phone, str]
) -> None:
    page = offered(app, phone, line)
    at(app, hours=2)
    let(app, "holds")

    over = phone.open(page.path)

    assert "这个时段已经放开" in over.text
    assert "候补" not in phone.open("/c/").said("live")
    assert "没有人在候补" in desk.open("/console/waiting").text


@pytest.mark.walks("waiting offered withdraw")
def test_who_is_taken_out_of_the_line_gives_his_offer_back(
    app: Flask, phone: Phone, desk: Desk, line: tuple[str, Phone, str]
) -> None:
    page = offered(app, phone, line)
    queue = desk.open("/console/waiting")
    [remove] = [form for form in queue.forms if form.action.endswith("/remove")]
    gone = desk.send(remove)

    assert "已给时段，等他确认" in queue.text
    assert "给他保留的时段放开，给下一位。" in queue.text
    assert "没有人在候补" in gone.text
    assert "这个时段已经放开" in phone.open(page.path).text


@pytest.mark.walks("waiting waiting lapse")
def test_a_line_whose_day_has_come_ends_by_itself(
    app: Flask, phone: Phone, desk: Desk, line: tuple[str, Phone, str]
) -> None:
    before = phone.open("/c/")
    at(app, hours=30)
    let(app, "waiting")

    assert "候补 明天" in before.text
    assert "候补" not in phone.open("/c/").said("live")
    assert "没有人在候补" in desk.open("/console/waiting").text
