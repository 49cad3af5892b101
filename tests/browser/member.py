"""A member with a phone, and what he does on the pages of a booking."""

import contextlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from playwright.sync_api import Page, expect

from tests.browser.running import RunningHouse

LOOKS_MAX, LOOK_MS = 30, 1_500


def look_at_a_later_day(page: Page) -> None:
    """Choose the first day after today that has windows: today's are the story's."""
    day = page.locator(
        ".window-grid a:is(.window-day-open, .window-day-route):not(:first-child)"
    ).first
    day.click()
    expect(day).to_have_attribute("aria-current", "date")


@dataclass(frozen=True, slots=True)
class Booked:
    """A booking and the beginning of its window."""

    number: str
    starts_at: datetime

    @property
    def path(self) -> str:
        return f"/c/bookings/{self.number}"


@dataclass(frozen=True, slots=True)
class Someone:
    """A member with a phone of his own."""

    house: RunningHouse
    phone: str
    openid: str
    page: Page

    def open(self, path: str) -> None:
        self.page.goto(self.house.page(self.phone, path))

    def open_until(self, path: str, *, says: str) -> None:
        """Open a page anew until it says what the house finds out by itself, a moment later."""
        for _ in range(LOOKS_MAX):
            self.open(path)
            with contextlib.suppress(AssertionError):
                expect(self.page.get_by_text(says).first).to_be_visible(timeout=LOOK_MS)
                return
        raise AssertionError(f"{path} does not say {says}")

    def fill_in(self, code: str = "air_install", *, with_delivery: bool = False) -> None:
        """Say what and where for the first time, and look at the windows."""
        page = self.page
        self.open(f"/c/book/{code}")
        page.locator("#field-address").fill("浮山后三小区")
        page.locator("#field-door").fill("12号楼2单元402")
        page.locator("#field-contact").fill("林女士")
        page.locator("#field-phone").fill("138 0000 2046")
        if with_delivery:
            page.locator("input[name=with_delivery]").check(force=True)
        page.get_by_role("button", name="查看可约时间").click()
        expect(page.get_by_role("button", name="锁定这个时段")).to_be_visible()

    def hold(self) -> datetime:
        """Lock the window that is recommended; return its beginning."""
        hold = self.page.get_by_role("button", name="锁定这个时段")
        expect(hold).to_be_enabled()
        value = self.page.locator("input[name=window]:checked").get_attribute("value") or ""
        hold.click()
        expect(self.page.get_by_text("时段已为您锁定")).to_be_visible()
        return begins_at(value)

    def confirm(self, starts_at: datetime) -> Booked:
        """Confirm the window that is locked."""
        self.page.get_by_role("button", name="确认预约").click()
        expect(self.page.get_by_text("预约成功")).to_be_visible()
        return Booked(self.page.url.rsplit("/", 1)[-1].split("?")[0], starts_at)

    def book_a_later_day(self, code: str = "air_install", *, with_delivery: bool = False) -> Booked:
        """Book the first window after today."""
        self.fill_in(code, with_delivery=with_delivery)
        look_at_a_later_day(self.page)
        return self.confirm(self.hold())

    def book_the_next_window(self) -> Booked:
        """Book the first day that has any window at all."""
        self.fill_in()
        return self.confirm(self.hold())


def begins_at(value: str) -> datetime:
    """Return when a window of the form's choice begins: 2026-11-24/36000-43200."""
    day, _, seconds = value.partition("/")
    opens_s = seconds.partition("-")[0]
    return datetime.fromisoformat(f"{day}T00:00:00+08:00") + timedelta(seconds=int(opens_s))
