"""What a member does on the pages of a booking, in the hand of several tests."""

from playwright.sync_api import Page, expect


def look_at_a_later_day(page: Page) -> None:
    """Choose the first day after today that has windows: today's are the story's."""
    day = page.locator(".window-grid a.window-day-open:not(:first-child)").first
    day.click()
    expect(day).to_have_attribute("aria-current", "date")
