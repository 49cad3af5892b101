"""A repair's proposal under the hand: ticks that follow each other, the blast radius that follows the ticks,
and the yes that a part needs which leaves somebody without anybody."""

import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from kernel.clock import local_date
from tests.browser.conftest import NewContext, SignedIn
from tests.browser.desk import Desk
from tests.browser.running import RunningHouse

TRIES = 4
Picture = Callable[[Page, str], Path]
# Whoever comes first waits for the house as well.
pytestmark = pytest.mark.timeout(420)


@pytest.fixture
def plan(
    house: RunningHouse,
    new_console: NewContext,
    signed_in: SignedIn,
    complaints: list[str],
) -> Page:
    """The first option for a technician who is ill in three days, on which nobody acts but we."""
    day = local_date(Desk(house).now()) + timedelta(days=3)
    page = new_console(storage_state=signed_in("调度")).new_page()
    page.goto(f"{house.console}/board?day={day}")
    expect(page.locator("[data-bar]").first).to_be_visible()
    rows = page.evaluate("JSON.parse(document.getElementById('day').textContent).rows")
    busiest = max(rows, key=lambda row: len(row["bars"]))
    # The search for ways is timed: on a busy machine the second one may not find that of the first.
    for _ in range(TRIES):
        page.goto(f"{house.console}/technicians/{busiest['id']}/options?day={day}&reason=ill")
        page.get_by_role("button", name="看这个方案的改动").first.click()
        page.wait_for_load_state()
        if "/plans/" in page.url:
            break
    complaints.clear()
    expect(page.locator(".diff-tick").first).to_be_visible()
    return page


def chosen(page: Page) -> int:
    return page.locator(".diff-tick:checked").count()


def test_ticks_are_proven_and_a_part_that_leaves_somebody_needs_a_yes(
    plan: Page, picture: Picture, complaints: list[str]
) -> None:
    every = plan.locator(".diff-tick").count()
    expect(plan.locator("#accept-part")).to_contain_text(f"只接受所选 {every} 项")
    members = plan.locator("#plan-effects .ui-figure b").first.inner_text()

    plan.locator(".diff-row:has(del) .diff-tick").first.uncheck()

    expect(plan.locator("#plan-effects .ui-card-aside").first).to_contain_text("按所选")
    left = chosen(plan)
    assert left < every
    expect(plan.locator("#accept-part")).to_contain_text(f"只接受所选 {left} 项")
    expect(plan.locator("#plan-chosen")).to_contain_text(f"已选 {left}")
    assert plan.locator("#plan-effects .ui-figure b").first.inner_text() != members
    warning = plan.locator("#plan-promises").get_by_text("会没有人去")
    expect(warning).to_be_visible()
    picture(plan, "console-plan-part")

    plan.locator("#accept-part").click()
    dialog = plan.locator("#sure")
    expect(dialog).to_be_visible()
    expect(dialog).to_contain_text(re.compile(r"1\d\d\*{4}\d{4}"))
    picture(plan, "console-plan-sure")
    # The browser says in its console, too, that the first press was refused.
    complaints[:] = [line for line in complaints if "409" not in line]
    dialog.get_by_role("button", name=re.compile("^接受，这")).click()

    expect(plan.get_by_text(f"已接受 {left} 项")).to_be_visible()
    expect(plan.locator("#plan-not-made")).to_contain_text(f"没有接受 {every - left} 项")
    picture(plan, "console-plan-decided")
