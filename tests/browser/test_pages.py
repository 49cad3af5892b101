"""Every page as people see it: no complaint of the browser, nothing spills, a picture of each."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import NewContext
from tests.browser.member import look_at_a_later_day
from tests.browser.running import RunningHouse

Picture = Callable[[Page, str], Path]

CONSOLE_PAGES = (
    "board",
    "plans",
    "bookings",
    "technicians",
    "chats",
    "messages",
    "stores",
    "account",
)
# Whoever comes first waits for the house as well.
pytestmark = pytest.mark.timeout(420)


def test_the_consumers_pages_at_390(
    house: RunningHouse, new_phone: NewContext, picture: Picture, complaints: list[str]
) -> None:
    phone = house.control("POST", "/control/phones", {"name": "看页面的人", "follows": True})[
        "phone"
    ]
    page = new_phone().new_page()

    page.goto(house.page(phone, "/c/"))
    _is_fine(page, picture, "consumer-home")
    page.goto(house.page(phone, "/c/book/air_install"))
    page.locator("#field-phone").fill("1380000204")
    page.get_by_role("button", name="查看可约时间").click()
    expect(page.get_by_text("手机号少 1 位，请核对。")).to_be_visible()
    _is_fine(page, picture, "consumer-book-errors")
    page.locator("#field-address").fill("黄岛区 唐岛湾")
    page.locator("#field-door").fill("1-1")
    page.locator("#field-contact").fill("王先生")
    page.locator("#field-phone").fill("13800002047")
    page.get_by_role("button", name="查看可约时间").click()
    expect(page.locator(".said-danger, .ui-error-text").first).to_be_visible()
    page.locator("#field-address").fill("浮山后四小区")
    page.get_by_role("button", name="查看可约时间").click()
    look_at_a_later_day(page)
    _is_fine(page, picture, "consumer-windows")
    page.get_by_role("button", name="锁定这个时段").click()
    expect(page.get_by_text("时段已为您锁定")).to_be_visible()
    _is_fine(page, picture, "consumer-confirm")
    page.get_by_role("button", name="确认预约").click()
    expect(page.get_by_text("预约成功")).to_be_visible()
    _is_fine(page, picture, "consumer-booking")
    for path in ("/c/bookings", "/c/points"):
        page.goto(house.page(phone, path))
        _is_fine(page, picture, "consumer-" + path.rsplit("/", 1)[1])
    # The two forms that were refused above, on purpose.
    complaints[:] = [said for said in complaints if "status of 422" not in said]


def test_a_phone_that_is_no_technicians_is_told_how_to_become_one(
    house: RunningHouse, new_phone: NewContext, picture: Picture, complaints: list[str]
) -> None:
    phone = house.control("POST", "/control/phones", {"name": "不是师傅", "follows": True})["phone"]
    page = new_phone().new_page()

    page.goto(house.page(phone, "/t/"))

    expect(page.get_by_text("绑定").first).to_be_visible()
    _is_fine(page, picture, "technician-unbound")
    complaints[:] = [said for said in complaints if "403" not in said]


def test_the_consoles_pages_at_1440(
    house: RunningHouse, new_console: NewContext, picture: Picture
) -> None:
    page = new_console().new_page()
    page.goto(f"{house.console}/")
    _is_fine(page, picture, "console-sign-in")
    house.come_in(page, "经理")
    expect(page.locator("#timeline .ec-event").first).to_be_visible()

    for name in CONSOLE_PAGES:
        page.goto(f"{house.console}/{name}")
        expect(page.locator("h1").first).to_be_attached()
        _is_fine(page, picture, f"console-{name}")


def test_the_sandbox_at_1440_and_390(
    house: RunningHouse, new_console: NewContext, picture: Picture
) -> None:
    page = new_console().new_page()
    page.goto(house.sandbox)
    expect(page.locator("#p1")).to_be_visible()
    _is_fine(page, picture, "sandbox-1440")
    page.set_viewport_size({"width": 390, "height": 844})
    picture(page, "sandbox-390")


def _is_fine(page: Page, picture: Picture, name: str) -> None:
    """Keep a picture, and hold the page to its width."""
    page.wait_for_load_state("load")
    picture(page, name)
    spill = page.evaluate(
        "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    )
    assert spill <= 0, f"{name} spills by {spill} px"
    assert re.search(r"%\(|\{\{|None", page.inner_text("body")) is None
