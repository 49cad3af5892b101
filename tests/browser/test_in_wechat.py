"""What WeChat does for our pages, walked on a sandbox phone: addresses, photos, the map, reminders."""

import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import FrameLocator, Locator, Page, expect

from tests.browser.conftest import NewContext
from tests.browser.desk import Desk
from tests.browser.member import Booked, Someone
from tests.browser.running import RunningHouse

Picture = Callable[[Page, str], Path]
NEWS_MS_MAX = 20_000
STORY = "上午我一直在家等，门铃坏了没有响。"

pytestmark = pytest.mark.timeout(300)


class InWeChat:
    """One phone on the sandbox's page, and the page of ours that is open in it."""

    def __init__(self, house: RunningHouse, sandbox: Page, phone: str) -> None:
        self._house, self._phone, self.desktop = house, phone, sandbox
        self.root: Locator = sandbox.locator(f"#{phone}")
        self.page: FrameLocator = sandbox.frame_locator(f"#{phone} iframe")

    def open(self, path: str) -> None:
        """Open a page of ours by a link that stands in the chat."""
        address = self._house.page(self._phone, path)
        self._house.control("POST", f"/control/phones/{self._phone}/say", {"text": address})
        back = self.root.locator("[data-part=close-page]:visible, [data-close-page]:visible")
        if back.count():
            back.first.click()
        self.root.get_by_role("button", name=address).last.click()
        shown = self.root.locator("iframe").element_handle().content_frame()
        assert shown is not None
        # Whoever presses before the page's script is there gets its plain way, a map in another tab.
        shown.wait_for_url(lambda url: urlsplit(url).path == path, wait_until="load")

    def sheet(self, name: str) -> Locator:
        return self.root.get_by_role("dialog", name=name)

    def choose_photos(self, count: int) -> None:
        """Take photos out of the album, which the page has asked for."""
        self.sheet("选择").get_by_role("button", name="从手机相册选择").click()
        for place in range(count):
            self.root.locator(".album-photo:not(.album-file)").nth(place).click()
        self.sheet("手机相册").get_by_role("button", name="完成").click()


@pytest.fixture
def desk(house: RunningHouse) -> Desk:
    return Desk(house)


@pytest.fixture
def someone(house: RunningHouse, new_phone: NewContext) -> Someone:
    told = house.control("POST", "/control/phones", {"name": "林女士", "follows": True})
    return Someone(house, told["phone"], told["openid"], new_phone().new_page())


@pytest.fixture
def sandbox(house: RunningHouse, new_console: NewContext) -> Callable[[], Page]:
    """Return what opens the page with all the phones there are by then."""

    def look() -> Page:
        page = new_console().new_page()
        page.goto(house.sandbox)
        return page

    return look


def test_a_member_takes_addresses_reminders_and_photos_from_wechat(
    house: RunningHouse,
    someone: Someone,
    desk: Desk,
    sandbox: Callable[[], Page],
    picture: Picture,
) -> None:
    desktop = sandbox()
    phone = InWeChat(house, desktop, someone.phone)

    phone.open("/c/book/air_install")
    phone.page.get_by_role("button", name="用微信里的地址").click()
    picture(desktop, "wechat-addresses")
    phone.sheet("选择收货地址").get_by_text("浮山后三小区").click()
    expect(phone.page.locator("#field-door")).to_have_value("12号楼2单元402")
    expect(phone.page.locator("#field-contact")).to_have_value("林女士")
    expect(phone.page.locator("#field-phone")).to_have_value(re.compile(r"^1380000\d{4}$"))
    expect(phone.page.get_by_text("门牌已核对，在服务范围内")).to_be_visible()
    picture(desktop, "wechat-address-filled")

    booked = someone.book_a_later_day()
    phone.open(booked.path)
    _is_reminded(phone, someone, booked, picture)
    _gives_evidence(phone, someone, desk, booked, picture)


def _is_reminded(phone: InWeChat, someone: Someone, booked: Booked, picture: Picture) -> None:
    """He allows WeChat's question, and both WeChat and the house know."""
    phone.page.get_by_role("button", name="开启提醒").click()
    picture(phone.desktop, "wechat-reminders")
    phone.sheet("订阅通知").get_by_role("button", name="允许").click()

    expect(phone.page.get_by_text("已开启 3 项提醒")).to_be_visible()
    # What is granted is asked for no more.
    expect(phone.page.get_by_role("button", name="开启提醒")).to_be_hidden()
    told = someone.house.control("GET", f"/control/phones/{someone.phone}/subscriptions")
    assert told["granted"] == {"SUB_M7": 1, "SUB_M11": 1, "SUB_M12": 1}
    someone.open_until(booked.path, says="已开启 1 次")
    picture(someone.page, "wechat-reminded-390")


def _gives_evidence(
    phone: InWeChat,
    someone: Someone,
    desk: Desk,
    booked: Booked,
    picture: Picture,
) -> None:
    """He cancels too late, and contests the record with photos out of his album."""
    desk.come(booked.starts_at - timedelta(minutes=90))
    someone.open(booked.path)
    someone.page.get_by_role("button", name="取消预约", exact=True).click()
    someone.page.get_by_role("button", name="取消预约，扣 50 积分记 1 次").click()
    expect(someone.page.locator("#answer")).to_contain_text("已取消")

    phone.open(f"/c/strikes/{desk.strike_of(booked.number)}/appeal")
    phone.page.get_by_role("button", name="从微信选照片").click()
    phone.choose_photos(2)
    expect(phone.page.locator(".picture-tile img")).to_have_count(2)
    phone.page.locator("input[name=reason]").first.check(force=True)
    phone.page.locator("#field-text").fill(STORY)
    picture(phone.desktop, "wechat-evidence")
    phone.page.get_by_role("button", name="提交复议").click()

    expect(phone.page.get_by_text("审核中").first).to_be_visible()
    expect(phone.page.locator(".photo-grid img")).to_have_count(2)


def test_a_technician_finds_the_door_by_wechats_map_and_shows_his_work(
    house: RunningHouse,
    someone: Someone,
    desk: Desk,
    sandbox: Callable[[], Page],
    picture: Picture,
) -> None:
    booked = someone.book_the_next_window()
    hired = desk.hire(booked.number, shown=True)
    desk.come(booked.starts_at)
    desktop = sandbox()
    phone = InWeChat(house, desktop, hired.phone)

    phone.open(f"/t/visits/{hired.visit}")
    phone.page.get_by_role("link", name="导航").first.click()
    expect(phone.sheet("位置")).to_contain_text("浮山后三小区")
    picture(desktop, "wechat-map")
    phone.sheet("位置").get_by_role("button", name="返回").click()
    phone.page.get_by_role("button", name=re.compile("^出发")).click()
    phone.page.get_by_role("button", name="到达", exact=True).click()
    code = phone.page.locator("[data-key='1']")
    expect(code).to_be_visible()
    for digit in desk.visit(booked.number).service_code:
        phone.page.locator(f"[data-key='{digit}']").click()

    phone.page.get_by_role("button", name="微信相册").click()
    phone.choose_photos(2)
    expect(phone.page.locator("#photo-card a.photo")).to_have_count(2)
    picture(desktop, "wechat-photos")
    # The map has put the phone at the door, so its place proves the arrival.
    assert desk.arrived_within_m(booked.number) == 0
