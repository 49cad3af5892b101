"""Windows: what is sold, what is refused, and what is said when one was lost."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from flask import Flask

from booking import queries
from booking.feedback_models import Rating
from booking.states import BookingState
from kernel.clock import FixedClock
from kernel.db import transaction
from tests.house import MONDAY_NINE, a_technician
from tests.journeys.consumer.pages import Phone
from tests.journeys.consumer.steps import TOMORROW_TEN, book, fill_in, hold
from tests.journeys.databases import BOTH


@pytest.mark.parametrize(
    ("window", "status", "sentence"),
    [
        pytest.param(
            "2026-11-24/36000-39600", 400, "没有这个时段，请从列表里选。", id="off_the_grid"
        ),
        pytest.param(
            "2026-11-23/28800-36000",
            422,
            "这个时段太近了，来不及安排师傅，请选晚一些的。",
            id="already_open",
        ),
        pytest.param(
            "2026-11-22/36000-43200",
            422,
            "这个时段已经过去了，请选后面的。",
            id="yesterday",
        ),
        pytest.param("2026-12-07/36000-43200", 422, "这个日期还没有开放预约。", id="too_far"),
        pytest.param("whenever", 422, "没有这个时段，请从列表里选。", id="no_window_at_all"),
        pytest.param("2026-02-30/36000-43200", 422, "没有这个时段，请从列表里选。", id="no_day"),
        pytest.param("2026-11-24/43200-36000", 422, "没有这个时段，请从列表里选。", id="backwards"),
    ],
)
def test_a_window_that_is_not_sold_is_refused_on_the_page(
    phone: Phone, window: str, status: int, sentence: str
) -> None:
    page = fill_in(phone)

    refused = phone.send(page.form("/windows"), window=window)

    assert refused.status == status
    assert sentence in refused.text
    assert len(refused.windows) > 0


@BOTH
def test_a_double_click_holds_one_window(phone: Phone, app: Flask) -> None:
    form = fill_in(phone).form("/windows")

    def click() -> str:
        with app.app_context():
            # Two requests at once need two browsers, each with a session of its own.
            browser = Phone(app, phone.member)
            return browser.send(form, csrf_token=browser.csrf_token).path

    with ThreadPoolExecutor(2) as hands:
        first, second = hands.map(lambda _: click(), range(2))

    assert first == second
    with transaction(reads_only=True) as db:
        now = app.extensions["doorbell.clock"].now()
        assert len(queries.holds_of(db, phone.member.id, now=now)) == 1


def test_another_window_of_the_same_draft_replaces_the_first(phone: Phone, app: Flask) -> None:
    form = fill_in(phone).form("/windows")
    phone.send(form, window=TOMORROW_TEN)

    phone.send(form, window="2026-11-24/46800-54000")

    with transaction(reads_only=True) as db:
        now = app.extensions["doorbell.clock"].now()
        [held] = queries.holds_of(db, phone.member.id, now=now)
    assert held.starts_at.hour == 5  # 13:00 in Shanghai


def test_a_lost_window_is_answered_with_the_three_nearest(
    phone: Phone, other_phone: Callable[[], Phone]
) -> None:
    form = fill_in(phone).form("/windows")
    _take_all(TOMORROW_TEN, other_phone)

    page = phone.send(form, window=TOMORROW_TEN)

    assert page.status == 409
    assert "lost" in page.ids
    assert "这个时段刚刚被约走了" in page.said("lost")
    assert "您填的内容都还在。" in page.said("lost")
    sheet = page.windows[-3:]
    assert TOMORROW_TEN not in page.windows
    assert {window[:10] for window in sheet} <= {"2026-11-23", "2026-11-24", "2026-11-25"}
    assert phone.send(form, window=sheet[0]).path.endswith("/confirm")


def test_a_third_hold_is_refused_and_the_first_two_are_shown(phone: Phone) -> None:
    hold(phone, TOMORROW_TEN)
    hold(phone, "2026-11-25/36000-43200")

    page = hold(phone, "2026-11-26/36000-43200")

    assert page.status == 409
    assert "您已锁定 2 个时段" in page.text
    assert page.text.count("已锁定，还没确认。") == 2


def test_a_day_without_anybody_at_work_rests(phone: Phone, app: Flask) -> None:
    clock: FixedClock = app.extensions["doorbell.clock"]
    # The technician's shifts end after fourteen days: the last cell of tomorrow's grid has none.
    clock.move_to(clock.now() + timedelta(days=1))

    page = fill_in(phone)

    assert page.text.count("休息") == 1


def test_a_held_window_is_gone_for_others(phone: Phone, other_phone: Callable[[], Phone]) -> None:
    before = fill_in(phone).text.count("余 4")

    _take_all(TOMORROW_TEN, other_phone)

    assert fill_in(phone).text.count("余 4") < before


def _take_all(window: str, other_phone: Callable[[], Phone]) -> None:
    """Let other members hold the window until nobody else fits in."""
    for _ in range(10):
        if hold(other_phone(), window).status == 409:
            return
    raise AssertionError("ten visits fitted into one window of one technician")


def test_the_state_of_a_hold_is_held(phone: Phone) -> None:
    number = hold(phone).path.split("/")[3]

    with transaction(reads_only=True) as db:
        assert queries.booking(db, number=number, by=phone.member).state is BookingState.HELD


def test_he_who_came_before_is_offered_for_what_he_is_trained_for(phone: Phone) -> None:
    with transaction() as db:
        plumber = a_technician(db, branch_id=1, skills={"water": 2})
    _rate_well(phone, plumber, TOMORROW_TEN)
    _rate_well(phone, 1, "2026-11-25/36000-43200")

    links = fill_in(phone).links

    assert any("who=QD1001" in link for link in links)
    assert not any("who=QD1002" in link for link in links)


def test_nobody_waits_for_a_window_in_which_only_he_is_full(
    phone: Phone, other_phone: Callable[[], Phone]
) -> None:
    _rate_well(phone, 1, "2026-11-25/36000-43200")
    _take_all(TOMORROW_TEN, other_phone)
    page = fill_in(phone)
    his = next(link for link in page.links if "who=QD1001" in link)
    all_day = phone.open(his.split("?")[0] + "?day=2026-11-24")

    only_his = phone.open(his.split("?")[0] + "?day=2026-11-24&who=QD1001")

    assert all_day.has_form("/waiting")
    assert not only_his.has_form("/waiting")


def _rate_well(phone: Phone, technician_id: int, window: str) -> None:
    number = book(phone, window)
    with transaction() as db:
        found = queries.booking(db, number=number, by=phone.member)
        rating = Rating(
            booking_id=found.id,
            member_id=phone.member.id,
            technician_id=technician_id,
            stars=5,
            at=MONDAY_NINE - timedelta(days=1),
        )
        db.add(rating)
