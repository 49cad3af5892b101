"""The board under the hand: why a visit is whose it is, carrying it by keys and by pointer, and a better
plan asked for, watched and stopped."""

import re
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from kernel.clock import local_date
from tests.browser.conftest import NewContext, SignedIn
from tests.browser.desk import Desk
from tests.browser.running import RunningHouse

Picture = Callable[[Page, str], Path]
# Whoever comes first waits for the house as well.
pytestmark = pytest.mark.timeout(420)
# More than a row waits before it asks.
LINE_S = 0.6


@pytest.fixture
def board(house: RunningHouse, new_console: NewContext, signed_in: SignedIn) -> Page:
    """The board of the day after tomorrow, on which nobody acts but we."""
    day = local_date(Desk(house).now()) + timedelta(days=2)
    page = new_console(storage_state=signed_in("调度")).new_page()
    page.goto(f"{house.console}/board?day={day}")
    expect(page.locator("[data-bar]").first).to_be_visible()
    return page


def carried(page: Page) -> Locator:
    return page.locator("#timeline [data-carry].is-carried")


def rows(page: Page, standing: str) -> Locator:
    return page.locator(f".carry-row.carry-{standing}")


def pick_one_that_fits_elsewhere(page: Page) -> str:
    """Pick up by keys the first visit that others could take, too; return its number."""
    for bar in page.locator("#timeline [data-carry]").all():
        bar.focus()
        page.keyboard.press("m")
        expect(page.locator(".carry-layer")).to_be_visible()
        if rows(page, "fits").count() and rows(page, "breaks").count():
            return str(bar.get_attribute("data-bar"))
        page.keyboard.press("Escape")
        expect(page.locator(".carry-layer")).to_have_count(0)
    raise AssertionError("no visit of the day fits anywhere else")


def holder_of(page: Page, number: str) -> str:
    """Return who has it, as its bar says."""
    said = page.locator(f'[data-bar="{number}"]').get_attribute("aria-label") or ""
    return said.split("，")[1]


def test_a_visit_is_carried_by_keys_to_whom_it_fits(board: Page, picture: Picture) -> None:
    number = pick_one_that_fits_elsewhere(board)
    before = holder_of(board, number)

    expect(carried(board)).to_have_count(1)
    every = board.locator("#carry-counts [data-count]")
    assert sum(int(count.inner_text()) for count in every.all()) + rows(board, "own").count() == (
        board.locator(".carry-row").count()
    )
    board.keyboard.press("ArrowRight")
    aimed = board.locator(".carry-row.is-aimed")
    expect(aimed).to_have_class(re.compile("carry-fits"))
    expect(aimed).to_contain_text(re.compile(r"\+\d+ 分路程 · \d\d:\d\d 到"))
    expect(board.locator("#why li.is-aimed")).to_contain_text("余量")
    picture(board, "console-carry")
    taker = board.locator(".board-head.is-aimed .board-name").inner_text()
    board.keyboard.press("Enter")

    expect(board.get_by_text(f"已改派给{taker}。")).to_be_visible()
    expect(board.locator(".carry-layer")).to_have_count(0)
    expect(board.locator(f'[data-bar="{number}"]')).to_have_attribute(
        "aria-label", re.compile(f"，{taker}，")
    )
    assert taker != before


def test_a_row_that_cannot_says_why_and_nothing_is_written(board: Page) -> None:
    number = pick_one_that_fits_elsewhere(board)
    board.keyboard.press("Escape")
    before = holder_of(board, number)
    bar = board.locator(f'[data-bar="{number}"]')
    bar.scroll_into_view_if_needed()
    box = bar.bounding_box()
    assert box

    board.mouse.move(box["x"] + 5, box["y"] + 5)
    board.mouse.down()
    board.mouse.move(box["x"] + 15, box["y"] + 9, steps=3)
    # Where only times stand against it, it may be forced: here it is who may come at all.
    barred = board.locator(".carry-row:is(.carry-breaks, .carry-away)")
    refused = barred.filter(has_text=re.compile("技能|不上班|病假|请假|拒过")).first
    expect(refused).to_be_visible()
    sentence = refused.inner_text()
    to = refused.bounding_box()
    assert to
    board.mouse.move(to["x"] + 200, to["y"] + to["height"] / 2, steps=4)
    expect(refused).to_have_class(re.compile("is-aimed"))
    board.mouse.up()

    expect(board.locator(".ui-toast").filter(has_text=sentence)).to_be_visible()
    expect(board.locator(".carry-layer")).to_have_count(0)
    expect(board.locator("#drawer")).to_be_hidden()
    assert holder_of(board, number) == before


def slowly(route: Route) -> None:
    time.sleep(LINE_S)
    route.continue_()


def test_the_drawer_says_why_and_its_press_gives_the_visit_away(
    board: Page, picture: Picture
) -> None:
    number = pick_one_that_fits_elsewhere(board)
    board.keyboard.press("Escape")
    board.locator(f'[data-bar="{number}"]').click()
    board.locator("#visit-why").click()

    expect(board.locator("#why .ui-notice")).to_contain_text("路程")
    expect(board.get_by_role("heading", name="为什么不是别人")).to_be_visible()
    picture(board, "console-why")
    # On a slow line the row under the pointer has asked its question before the press is answered.
    board.route("**/hand-over", slowly)
    board.locator("#why [data-give]").first.click()

    expect(board.locator(".ui-toast").filter(has_text="已改派给")).to_be_visible()


def test_a_better_plan_is_watched_and_stopped(board: Page, picture: Picture) -> None:
    board.get_by_role("button", name="优化这一天").click()
    progress = board.locator("#plan-progress")

    expect(progress.locator(".curve-line")).to_be_visible(timeout=60_000)
    expect(progress.locator(".curve-start")).to_be_attached()
    expect(progress).to_contain_text(re.compile(r"现在的排班 [\d,]+ 分"))
    expect(progress).to_contain_text(re.compile(r"排不进 \d+ 单"))
    picture(board, "console-plan-progress")
    board.get_by_role("button", name="停止，用现在最好的").click()

    expect(board.get_by_role("heading", name="前后对比")).to_be_visible(timeout=60_000)
    expect(board.locator(".console-head")).to_contain_text(re.compile(r"种子 \d+ · 指纹 \w+"))
    for figure in ("总路程", "守不住的承诺", "最小余量", "加班", "工时均衡（基尼）"):
        expect(board.locator(".ui-compare")).to_contain_text(figure)
    picture(board, "console-plan")
