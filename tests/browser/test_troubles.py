"""What does not go straight: journeys of members of their own, in whatever hour the clock stands.

They share the running house, after the story. Each books a window that is proven for it and moves
the clock on to it; none minds what the others did to the clock.
"""

import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import NewContext, SignedIn
from tests.browser.desk import Desk, Hired
from tests.browser.member import Someone, begins_at, look_at_a_later_day
from tests.browser.running import RunningHouse

Picture = Callable[[Page, str], Path]
ConsoleAt = Callable[..., Page]

# Whoever comes first waits for the house as well.
pytestmark = pytest.mark.timeout(420)

MINUTE = timedelta(minutes=1)
# The bank takes its time, and WeChat Pay's notice comes after it.
REFUND_MS_MAX = 60_000
STORY = "上午我一直在家等，门铃坏了没有响。"
AGREED = "门铃故障的照片属实，提前恢复预约。"


@pytest.fixture
def desk(house: RunningHouse) -> Desk:
    return Desk(house)


@pytest.fixture
def someone(house: RunningHouse, new_phone: NewContext) -> Someone:
    told = house.control(
        "POST", "/control/phones", {"name": "林女士", "follows": True, "shown": False}
    )
    return Someone(house, told["phone"], told["openid"], new_phone().new_page())


@pytest.fixture
def console_at(house: RunningHouse, new_console: NewContext, signed_in: SignedIn) -> ConsoleAt:
    """Return what opens a page of the console."""

    def look(path: str, role: str = "管理员") -> Page:
        page = new_console(storage_state=signed_in(role)).new_page()
        page.goto(f"{house.console}{path}")
        return page

    return look


def test_rescheduling_keeps_one_promise(
    someone: Someone, console_at: ConsoleAt, picture: Picture
) -> None:
    page, booked = someone.page, someone.book_a_later_day()

    page.get_by_role("link", name="改约").click()
    expect(page.locator("#told")).to_contain_text("新时段锁好后才会放开旧时段")
    look_at_a_later_day(page)
    values = [
        each.get_attribute("value") or "" for each in page.locator("input[name=window]").all()
    ]
    assert booked.starts_at not in map(begins_at, values)
    moved = begins_at(values[-1])
    page.locator("input[name=window]").last.check(force=True)
    picture(page, "trouble-move")
    page.locator("#hold-bar button").click()

    expect(page.locator("#answer .eta")).to_contain_text(f"{moved:%H:%M}–")
    picture(page, "trouble-moved")
    someone.open("/c/bookings")
    expect(page.locator("#bookings a", has_text="空调安装")).to_have_count(1)
    console = console_at(f"/bookings/{booked.number}")
    expect(console.locator("tr.is-over", has_text=f"{booked.starts_at:%H:%M}–")).to_have_count(1)
    picture(console, "trouble-moved-console")


def test_a_delivery_comes_before_its_installation_in_one_booking(
    someone: Someone, console_at: ConsoleAt, picture: Picture
) -> None:
    page = someone.page

    booked = someone.book_a_later_day("washer_install", with_delivery=True)

    legs = page.locator(".legs li")
    expect(legs).to_have_count(2)
    expect(legs.first).to_contain_text("送货")
    expect(legs.last).to_contain_text("洗衣机")
    times = [re.findall(r"\d\d:\d\d", words) for words in legs.all_inner_texts()]
    assert times[0][1] <= times[1][0]
    expect(page.locator(".goods-list")).to_contain_text("洗衣机")
    picture(page, "trouble-coupled")
    console = console_at(f"/bookings/{booked.number}")
    expect(console.locator(".lights")).to_have_count(2)
    expect(console.locator(".sums")).to_contain_text("洗衣机送货")
    picture(console, "trouble-coupled-console")


def test_cancelling_late_says_its_price_and_writes_it_down(
    someone: Someone, desk: Desk, console_at: ConsoleAt, picture: Picture
) -> None:
    page, booked = someone.page, someone.book_a_later_day()
    desk.come(booked.starts_at - 90 * MINUTE)
    someone.open(booked.path)

    page.get_by_role("button", name="取消预约", exact=True).click()
    expect(page.get_by_text("拟扣 50 积分并记 1 次").last).to_be_visible()
    picture(page, "trouble-cancel")
    page.get_by_role("button", name="取消预约，扣 50 积分记 1 次").click()

    expect(page.locator("#answer")).to_contain_text("已取消")
    picture(page, "trouble-cancelled")
    someone.open_until("/c/points", says="临期取消")
    expect(page.get_by_text("待生效").first).to_be_visible()
    picture(page, "trouble-cancelled-points")
    console = console_at(f"/bookings/{booked.number}")
    expect(console.get_by_text("违约证据 · 临期取消")).to_be_visible()
    picture(console, "trouble-cancelled-console")


def test_a_deposit_that_is_paid_too_late_goes_back(
    someone: Someone,
    desk: Desk,
    console_at: ConsoleAt,
    picture: Picture,
) -> None:
    page = someone.page
    someone.open("/c/")
    desk.give_a_past(someone.openid, days={"A": 10, "B": 40})
    someone.fill_in()
    starts_at = someone.hold()
    picture(page, "trouble-deposit-confirm")
    page.get_by_role("button", name="确认，去付押金 ¥30.00").click()
    with page.expect_response(re.compile("/sheet$")) as answer:
        page.get_by_role("button", name=re.compile("^微信支付")).click()
    assert answer.value.ok
    payment = page.url.rsplit("/", 1)[-1]
    picture(page, "trouble-deposit-pay")
    booking = (page.locator("#pay").get_attribute("data-done") or "").rsplit("/", 1)[-1]

    # Nothing fits into a window that has passed, whether the house has freed it already or not.
    desk.come(starts_at + timedelta(hours=2, minutes=1))
    someone.open(f"/c/bookings/{booking}")
    expect(page.get_by_text("这个时段已经放开")).to_be_visible()
    picture(page, "trouble-deposit-expired")
    someone.house.control("POST", f"/control/payments/{payment}/pay", {"even_if_over": True})

    expect(page.locator("#refunded")).to_contain_text("押金已退回", timeout=REFUND_MS_MAX)
    picture(page, "trouble-deposit-refunded")
    console = console_at(f"/bookings/{booking}")
    expect(console.locator(".case-money li")).to_contain_text("已退款")
    picture(console, "trouble-deposit-console")


def test_an_unfinished_job_leads_to_a_second_visit(
    someone: Someone,
    desk: Desk,
    new_phone: NewContext,
    console_at: ConsoleAt,
    picture: Picture,
) -> None:
    booked = someone.book_the_next_window()
    hired = desk.hire(booked.number)
    desk.come(booked.starts_at)
    desk.arrive(hired, booked.number)
    desk.start(hired, booked.number)
    his = new_phone().new_page()
    his.goto(someone.house.page(hired.phone, f"/t/visits/{hired.visit}"))

    his.get_by_role("link", name="遇到问题").click()
    his.get_by_role("link", name="今天没做完").click()
    picture(his, "trouble-unfinished-technician")
    his.get_by_role("button", name="记为没做完").click()
    expect(his.locator("#ended-card")).to_be_visible()

    page = someone.page
    someone.open(booked.path)
    expect(page.locator("#answer")).to_contain_text("还要再来一次")
    picture(page, "trouble-unfinished")
    page.get_by_role("link", name="选再次上门的时间").click()
    expect(page.locator("#told")).to_contain_text("不扣积分，不另收费")
    page.get_by_role("button", name="约这个时段").click()
    expect(page.locator("#answer")).not_to_contain_text("还要再来一次")
    picture(page, "trouble-second-visit")
    console = console_at(f"/bookings/{booked.number}")
    expect(console.get_by_text("第 2 次")).to_be_visible()
    picture(console, "trouble-second-visit-console")


def test_nobody_home_stops_bookings_until_two_agree_to_the_appeal(
    someone: Someone,
    desk: Desk,
    new_phone: NewContext,
    console_at: ConsoleAt,
    picture: Picture,
) -> None:
    page, booked = someone.page, someone.book_the_next_window()
    desk.give_a_past(someone.openid, days={"A": 10, "B": 40})
    hired = desk.hire(booked.number)
    desk.come(booked.starts_at)
    desk.arrive(hired, booked.number)
    _reports_nobody_home(someone, desk, hired, new_phone().new_page(), picture)

    strike = desk.strike_of(booked.number)
    someone.open(f"/c/strikes/{strike}")
    expect(page.get_by_text("拟扣 200 积分、记 1 次违约；若生效，预约会暂停 90 天")).to_be_visible()
    picture(page, "trouble-strike")
    desk.come(desk.now() + timedelta(hours=24, minutes=1))
    desk.let_post(strike)
    _appeals(someone, picture)

    appeal = f"/appeals/{desk.appeal_of(someone.openid)}"
    first = console_at(appeal)
    _agrees(first)
    expect(first.get_by_text("您是第一位，要由另一位同事确认。")).to_be_visible()
    picture(first, "trouble-appeal-first")
    someone.open("/c/blocked")
    expect(page.get_by_text("预约暂停到").first).to_be_visible()
    second = console_at(appeal, role="经理")
    expect(second.get_by_text("已同意解除，等第二位")).to_be_visible()
    picture(second, "trouble-appeal-second")
    _agrees(second)
    expect(second.get_by_text("已决定：")).to_be_visible()
    picture(second, "trouble-appeal-decided")

    someone.open("/c/blocked")
    picture(page, "trouble-released")
    someone.open("/c/book/air_install")
    page.get_by_role("button", name="查看可约时间").click()
    someone.hold()


def _reports_nobody_home(
    someone: Someone, desk: Desk, hired: Hired, his: Page, picture: Picture
) -> None:
    """The technician's page leads him through his evidence; then he may leave."""
    nobody = someone.house.page(hired.phone, f"/t/visits/{hired.visit}/nobody")
    for _ in range(2):
        desk.call(hired)
    his.goto(nobody)
    his.get_by_role("button", name="发消息给业主").click()
    expect(his.get_by_text("证据只差等候")).to_be_visible()
    picture(his, "trouble-nobody-waits")
    desk.come(desk.now() + 15 * MINUTE)
    his.goto(nobody)
    his.get_by_role("link", name="报跑单").click()
    knob = his.get_by_role("button", name="记为跑单")
    knob.click()
    knob.click()
    expect(his.locator("#ended-card")).to_be_visible()
    picture(his, "trouble-nobody-left")


def _appeals(someone: Someone, picture: Picture) -> None:
    """He reads that his bookings are stopped, and contests it."""
    page = someone.page
    someone.open("/c/blocked")
    expect(page.get_by_text("预约暂停到").first).to_be_visible()
    picture(page, "trouble-blocked")
    page.get_by_role("link", name="申诉").click()
    page.locator("input[name=reason][value=other]").check(force=True)
    page.locator("#field-text").fill(STORY)
    page.get_by_role("button", name="提交申诉").click()
    expect(page.get_by_text("审核中").first).to_be_visible()
    picture(page, "trouble-appealed")


def _agrees(console: Page) -> None:
    console.get_by_label("理由").fill(AGREED)
    console.get_by_role("button", name="同意撤回").click()
