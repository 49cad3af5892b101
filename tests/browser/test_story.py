"""One booking all the way, as people live it: two phones and the console in one browser."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import BrowserContext, FrameLocator, Locator, Page, expect

from tests.browser import poster
from tests.browser.conftest import ARTIFACTS, NewContext
from tests.browser.desk import Desk
from tests.browser.running import RunningHouse

Picture = Callable[[Page, str], Path]

CONSUMER, TECHNICIAN = "p1", "p2"
HOUR_S = 3600
# The first window a newcomer is offered today opens at noon.
HOURS_TO_NOON = 3
POINTS = 120
# What the scan of the store's code earned at the beginning.
VISIT = 5
QUARTER_S = 900
QUARTERS_MAX = 8
SOLVE_MS_MAX = 60_000
NEWS_MS_MAX = 20_000

# Whoever comes first waits for the house as well.
pytestmark = pytest.mark.timeout(600)


class Phone:
    """One phone on the sandbox's page, used by its buttons."""

    def __init__(self, page: Page, phone_id: str) -> None:
        self.page = page
        self.root: Locator = page.locator(f"#{phone_id}")
        self.browser: FrameLocator = page.frame_locator(f"#{phone_id} iframe")

    def scan(self, name: str | re.Pattern[str]) -> None:
        self.root.locator("[data-go=scan]:visible").first.click()
        self.root.locator(".tray-code", has_text=name).first.click()
        self.root.locator("[data-follow]:visible").click()

    def menu(self, *names: str) -> None:
        *above, last = names
        for name in above:
            self.root.locator("[data-menu] button:visible", has_text=name).first.click()
        place = "[data-submenu]" if above else "[data-menu]"
        self.root.locator(f"{place} button:visible", has_text=last).first.click()

    def says(self, words: str) -> Locator:
        return self.root.locator(".bubble", has_text=words).last

    def leave_page(self) -> None:
        self.root.locator("[data-part=close-page], [data-close-page]").first.click()


def test_one_booking_all_the_way(
    house: RunningHouse,
    new_console: NewContext,
    picture: Picture,
    pytestconfig: pytest.Config,
) -> None:
    desk = new_console()
    sandbox = desk.new_page()
    sandbox.goto(house.sandbox)

    number, code, bonus = _books(house, sandbox, picture)
    technician = _is_planned(house, desk, number, picture)
    _binds(house, desk, sandbox, technician)
    for _ in range(HOURS_TO_NOON):
        house.move_clock(advance_s=HOUR_S)
    _is_visited(house, sandbox, number, code, picture)
    _has_ended(house, desk, sandbox, number, picture, points=str(POINTS + bonus))
    if pytestconfig.getoption("--keep-picture"):
        poster.draw(ARTIFACTS, Path("docs/pictures/story.png"))


def _books(house: RunningHouse, sandbox: Page, picture: Picture) -> tuple[str, str, int]:
    """1, 2: follow by a store's code, book today's first proven window, be told.

    Return the booking's number, its code, and the points for a window on somebody's way.
    """
    phone = Phone(sandbox, CONSUMER)
    phone.scan("海尔路")
    expect(phone.says("欢迎来到青岛海尔路旗舰店")).to_be_visible(timeout=NEWS_MS_MAX)
    picture(sandbox, "story-1-followed")

    phone.menu("约上门")
    page = phone.browser
    page.get_by_role("link", name="空调安装").click()
    page.locator("#field-address").fill("浮山后三小区")
    page.locator("#field-door").fill("12号楼2单元402")
    page.locator("#field-contact").fill("林女士")
    page.locator("#field-phone").fill("138 0000 2046")
    page.get_by_role("button", name="查看可约时间").click()
    expect(page.get_by_role("button", name="锁定这个时段")).to_be_visible()
    page.locator("input[name=window]").first.check(force=True)
    picture(sandbox, "story-2-windows")
    page.get_by_role("button", name="锁定这个时段").click()
    expect(page.get_by_text("时段已为您锁定")).to_be_visible()
    bonus = re.search(r"顺路 \+(\d+) 积分", page.locator("main").inner_text())
    page.get_by_role("button", name="确认预约").click()
    expect(page.get_by_text("预约成功")).to_be_visible()

    told = house.await_template(CONSUMER, "M1")
    number = re.search(r"/c/bookings/(B\w+)", told["url"])
    assert number is not None
    code = "".join(page.locator(".code span").all_inner_texts())
    phone.leave_page()
    phone.root.locator(".card-foot").last.click()
    expect(page.get_by_text("预约成功")).to_be_visible()
    picture(sandbox, "story-3-booked")
    return number[1], code, int(bonus[1]) if bonus else 0


def _is_planned(house: RunningHouse, desk: BrowserContext, number: str, picture: Picture) -> str:
    """3: the dispatcher sees the visit, optimises, accepts; the member is told who will come."""
    console = desk.new_page()
    console.goto(house.console)
    house.come_in(console, "调度")
    expect(console.locator("#timeline .ec-event").first).to_be_visible()
    expect(console.locator(".board-map .leaflet-marker-icon").first).to_be_visible()
    picture(console, "story-4-board")

    console.get_by_role("button", name=re.compile("^优化")).click()
    expect(console.get_by_text("成本曲线").first).to_be_visible(timeout=SOLVE_MS_MAX)
    accept = console.get_by_role("button", name=re.compile("^全部接受"))
    expect(accept).to_be_visible(timeout=SOLVE_MS_MAX)
    saved = re.search(r"省 ([\d.]+)%", console.locator(".plan").inner_text())
    assert saved is not None
    assert float(saved[1]) >= 8
    picture(console, "story-5-proposal")
    accept.click()
    expect(console.get_by_text("已接受，排班已生效")).to_be_visible()

    told = house.await_template(CONSUMER, "M5")
    console.goto(f"{house.console}/bookings/{number}")
    work_number = next(f["value"] for f in told["fields"] if f["key"] == "character_string4")
    picture(console, "story-6-booking")
    return str(work_number)


def _binds(house: RunningHouse, desk: BrowserContext, sandbox: Page, work_number: str) -> None:
    """The technician's own phone becomes his by the dispatcher's code."""
    console = desk.new_page()
    console.goto(f"{house.console}/technicians")
    row = console.locator("tr", has_text=work_number)
    row.get_by_role("button", name=re.compile("绑定微信")).click()
    expect(console.locator(".qr-picture")).to_be_visible()
    phone = Phone(sandbox, TECHNICIAN)
    phone.scan(re.compile("bind_"))
    expect(phone.says("绑定成功")).to_be_visible()
    expect(console.get_by_text("已绑定").first).to_be_visible(timeout=NEWS_MS_MAX)
    console.close()


def _is_visited(
    house: RunningHouse, sandbox: Page, number: str, code: str, picture: Picture
) -> None:
    """4: accept, set out (M7), arrive (M12), start with the member's code, a photo, finish."""
    phone = Phone(sandbox, TECHNICIAN)
    phone.menu("服务", "师傅入口")
    page = phone.browser
    # While the city is at work its news redraw the list, under the finger, too.
    city = Desk(house)
    city.await_city()
    # Somebody else may live in the same compound.
    page.get_by_text("12号楼2单元402").first.click()
    page.get_by_role("button", name="接单").click()
    depart = page.get_by_role("button", name="出发去这一户")
    # The city does its own visits before this one, as the clock goes.
    for _ in range(QUARTERS_MAX):
        city.await_city()
        if city.is_next(number):
            break
        house.move_clock(advance_s=QUARTER_S)
    expect(depart).to_be_visible()
    picture(sandbox, "story-7-technician")
    depart.click()
    house.await_template(CONSUMER, "M7")
    page.get_by_role("button", name="到达", exact=True).click()
    house.await_template(CONSUMER, "M12")
    assert re.fullmatch(r"\d{4}", code)
    for digit in code:
        page.locator(f"[data-key='{digit}']").click()
    expect(page.get_by_text("拍照").first).to_be_visible()
    picture(sandbox, "story-8-in-service")
    page.locator("#photo-input").set_input_files(_a_photo(house.folder))
    for point in page.locator("#check-card input[type=checkbox]").all():
        point.check()
        expect(point).to_be_checked()
    finish = page.get_by_role("button", name="完工", exact=True)
    expect(finish).to_be_visible(timeout=NEWS_MS_MAX)
    finish.click()
    expect(finish).to_be_hidden()
    _is_paid(sandbox)


def _is_paid(sandbox: Page) -> None:
    """The member finds nothing wrong and pays, which signs for the work."""
    phone = Phone(sandbox, CONSUMER)
    phone.browser.get_by_role("link", name=re.compile("^没问题，支付")).click(timeout=NEWS_MS_MAX)
    phone.browser.get_by_role("button", name=re.compile("^微信支付")).click()
    sheet = phone.root.get_by_role("dialog", name="微信支付")
    sheet.get_by_role("button", name="立即支付").click()
    phone.root.get_by_role("dialog", name="支付成功").get_by_role("button", name="完成").click()


def _has_ended(
    house: RunningHouse,
    desk: BrowserContext,
    sandbox: Page,
    number: str,
    picture: Picture,
    *,
    points: str,
) -> None:
    """M17 tells the points; the member's page and the console followed by themselves."""
    told = house.await_template(CONSUMER, "M17")
    fields = {field["key"]: field["value"] for field in told["fields"]}
    assert (fields["number3"], fields["number4"]) == (points, str(int(points) + VISIT))
    page = Phone(sandbox, CONSUMER).browser
    expect(page.get_by_text("已完成").first).to_be_visible(timeout=NEWS_MS_MAX)
    expect(page.get_by_text(points).first).to_be_visible()
    picture(sandbox, "story-9-done")
    console = desk.pages[1]
    console.goto(f"{house.console}/bookings/{number}")
    expect(console.get_by_text("已完成").first).to_be_visible()
    picture(console, "story-10-booking-done")


def _a_photo(folder: Path) -> Path:
    path = folder / "a-photo.jpg"
    Image.new("RGB", (1200, 900), "#8fb3b8").save(path, "JPEG")
    return path
