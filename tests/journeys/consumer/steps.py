"""The member's usual steps, so that a journey can begin in the middle."""

from tests.journeys.consumer.pages import Page, Phone

HOME = {
    "address": "浮山后三小区",
    "door": "12号楼2单元402",
    "contact": "林女士",
    "phone": "138 0000 2046",
}
TOMORROW_TEN = "2026-11-24/36000-43200"


def fill_in(phone: Phone, /, code: str = "air_install", **changes: str) -> Page:
    """Fill in the first step and come to the windows."""
    return phone.send(phone.open(f"/c/book/{code}").form(f"/c/book/{code}"), **HOME | changes)


def hold(
    phone: Phone, window: str = TOMORROW_TEN, /, code: str = "air_install", **changes: str
) -> Page:
    """Come to the page that confirms a hold."""
    return phone.send(fill_in(phone, code=code, **changes).form("/windows"), window=window)


def book(
    phone: Phone, window: str = TOMORROW_TEN, /, code: str = "air_install", **changes: str
) -> str:
    """Book, and return the booking's number."""
    page = hold(phone, window, code=code, **changes)
    return phone.send(page.form("/confirm")).path.rsplit("/", 1)[-1]
