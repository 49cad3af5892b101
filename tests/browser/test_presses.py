"""A press is never lost: news that comes while somebody presses waits until it is his turn."""

import time

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import NewContext
from tests.browser.member import look_at_a_later_day
from tests.browser.running import RunningHouse

# Whoever comes first waits for the house as well.
pytestmark = pytest.mark.timeout(420)

# The line for news, in the test's own hand: news() tells the page that something has changed.
LINE = """
class Line extends EventTarget {
  static CLOSED = 2;
  readyState = 1;
  constructor() {
    super();
    window.news = () => this.dispatchEvent(new MessageEvent("changed", { data: "{}" }));
    document.body.dataset.listens = "";
  }
  close() {}
}
window.EventSource = Line;
"""
HELD_S = 0.4


@pytest.fixture
def page(house: RunningHouse, new_phone: NewContext) -> Page:
    """The page of a follower who has just locked a window."""
    told = house.control(
        "POST", "/control/phones", {"name": "按按钮的人", "follows": True, "shown": False}
    )
    context = new_phone()
    context.add_init_script(LINE)
    page = context.new_page()
    page.goto(house.page(told["phone"], "/c/book/air_install"))
    page.locator("#field-address").fill("浮山后三小区")
    page.locator("#field-door").fill("12号楼2单元402")
    page.locator("#field-contact").fill("林女士")
    page.locator("#field-phone").fill("13800002046")
    page.get_by_role("button", name="查看可约时间").click()
    look_at_a_later_day(page)
    page.get_by_role("button", name="锁定这个时段").click()
    expect(page.get_by_text("时段已为您锁定")).to_be_visible()
    listens(page)
    return page


def listens(page: Page) -> None:
    """Wait until the page's own scripts are there."""
    expect(page.locator("body[data-listens]")).to_be_attached()


def test_news_does_not_take_the_page_from_under_its_form(page: Page) -> None:
    def hold(route: Route) -> None:
        if route.request.method == "POST":
            time.sleep(HELD_S)
        route.continue_()

    page.route("**/confirm", hold)
    page.evaluate("document.addEventListener('submit', () => setTimeout(news, 100))")

    page.get_by_role("button", name="确认预约").click()

    expect(page.get_by_text("预约成功")).to_be_visible()


def test_an_answer_to_earlier_news_waits_for_the_finger(page: Page) -> None:
    page.get_by_role("button", name="确认预约").click()
    page.get_by_text("预约成功").wait_for()
    page.goto(page.url.rsplit("/", 1)[0])
    line = page.locator("#bookings a").first
    held: list[Route] = []
    page.route("**/c/bookings", lambda route: held.append(route))  # noqa: PLW0108 - playwright writes on its handler

    listens(page)
    with page.expect_request("**/c/bookings"):
        page.evaluate("news()")
    line.hover()
    page.mouse.down()
    with page.expect_response("**/c/bookings"):
        held.pop().continue_()
    # A turn of the page's own, in which an answer is put into it.
    page.evaluate("new Promise((done) => setTimeout(done, 100))")
    page.mouse.up()

    expect(page.get_by_text("预约成功")).to_be_visible()


def test_what_waited_is_shown_afterwards(page: Page) -> None:
    page.mouse.move(200, 200)
    page.mouse.down()
    page.evaluate("news(); document.body.dataset.mark = 'old'")
    page.mouse.up()

    expect(page.locator("body[data-mark=old]")).to_have_count(0)
    expect(page.get_by_text("时段已为您锁定")).to_be_visible()
