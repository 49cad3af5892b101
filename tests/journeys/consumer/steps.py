"""The member's usual steps, so that a journey can begin in the middle."""

from tests.journeys.consumer.pages import Page, Phone

HOME = {
    "address": "浮山后三小区",
    "door": "12号楼2单元402",
    "contact": "林女士",
    "phone": "138 0000 2046",
}
BOTH = ("sqlite", "postgres")
TOMORROW_TEN = "2026-11-24/36000-43200"


def fill_in(phone: Phone, /, **changes: str) -> Page:
    """Fill in the first step and come to the windows."""
    return phone.send(
        phone.open("/c/book/air_install").form("/c/book/air_install"), **HOME | changes
    )


def hold(phone: Phone, window: str = TOMORROW_TEN) -> Page:
    """Come to the page that confirms a hold."""
    return phone.send(fill_in(phone).form("/windows"), window=window)


def book(phone: Phone, window: str = TOMORROW_TEN) -> str:
    """Book, and return the booking's number."""
    page = hold(phone, window)
    return phone.send(page.form("/confirm")).path.rsplit("/", 1)[-1]
