"""Asking for a better plan, watching it, taking it or leaving it."""

import re

import pytest

from dispatch.operations import proposals
from kernel.db import transaction
from tests.house import a_member, tomorrow
from tests.journeys.console.conftest import Town
from tests.journeys.console.desk import Desk, a_promise, told
from tests.journeys.console.planning import solved, write


@pytest.fixture
def numbers(town: Town) -> list[str]:
    """Two promises of tomorrow."""
    with transaction() as db:
        other = a_member(db, openid="oTest000000000000000000002")
    return [a_promise(town.member), a_promise(other, opens_h=13)]


def asked(desk: Desk, town: Town) -> str:
    """Press the board's button and return the number of the proposal one comes to."""
    board = desk.open(f"/console/board?branch={town.here}&day={tomorrow()}")
    page = desk.send(board.form("/console/plans"))
    assert page.status == 200
    return page.path.rpartition("/")[2]


def test_waits_with_a_curve_until_it_is_solved(desk: Desk, town: Town, numbers: list[str]) -> None:
    number = asked(desk, town)
    waiting = desk.open(f"/console/plans/{number}")
    write(
        number,
        curve={"elapsed_s": [0.0, 2.0], "cost": [6000.0, 5400.0], "unserved": [2, 1]},
    )

    running = desk.open(f"/console/plans/{number}/progress", htmx=True)

    assert "排队中" in waiting.said("plan-progress")
    assert "第 2 秒，共 10 秒" in running.said("plan-progress")
    assert "现在的排班 100 分 最好 90 分" in running.said("plan-progress")
    assert "最好的一份排不进 1 单，现在排不进 2 单" in running.said("plan-progress")
    assert 'class="curve-line"' in running.answer.get_data(as_text=True)


def test_the_board_leads_to_the_one_that_is_under_way(
    desk: Desk, town: Town, numbers: list[str]
) -> None:
    assert asked(desk, town) == asked(desk, town)


def test_stops_when_asked_and_then_comes_anew(desk: Desk, town: Town, numbers: list[str]) -> None:
    number = asked(desk, town)

    pressed = desk.post(f"/console/plans/{number}/stop")
    solved(number, town.here)
    answer = desk.ask("GET", f"/console/plans/{number}/progress")

    assert "正在停下" in pressed.text
    with transaction(reads_only=True) as db:
        assert proposals.proposal_by_number(db, number).stop_asked
    assert answer.headers["HX-Refresh"] == "true"


def test_shows_what_would_change_before_anything_does(
    desk: Desk, town: Town, numbers: list[str]
) -> None:
    number = asked(desk, town)
    solved(number, town.here)

    page = desk.open(f"/console/plans/{number}")

    assert "未生效" in page.text
    assert "空调装 浮山后三小区" in page.text
    assert "2 位业主：师傅已安排通知" in page.text
    assert "守不住的承诺 0 0 —" in page.text
    assert re.search(r"工时均衡（基尼） 0\.\d+ 0\.500 ", page.text)
    assert re.search(r"换师傅 — [12] 单", page.text)
    assert told(town.here) == [None, None]


@pytest.mark.walks("proposal ready accept")
def test_accepting_assigns_and_says_what_it_did(desk: Desk, town: Town, numbers: list[str]) -> None:
    number = asked(desk, town)
    solved(number, town.here)

    page = desk.send(desk.open(f"/console/plans/{number}").form("/accept"))

    assert page.path == f"/console/plans/{number}"
    assert "已接受，排班已生效" in page.text
    assert "新派 2 单" in page.text
    assert len({*told(town.here)}) == 1
    assert None not in told(town.here)


def test_accepting_twice_is_refused_in_words(desk: Desk, town: Town, numbers: list[str]) -> None:
    number = asked(desk, town)
    solved(number, town.here)
    first, second = (desk.open(f"/console/plans/{number}").form("/accept") for _ in "ab")
    desk.send(first)

    again = desk.send(second)

    assert again.status == 409
    assert "这份排班建议已经处理过，或还没有算完。" in again.text


def test_keeps_routes_that_moved_meanwhile_and_says_so(
    desk: Desk, town: Town, numbers: list[str]
) -> None:
    number = asked(desk, town)
    solved(number, town.here)
    with transaction() as db:
        newcomer = a_member(db, openid="oTest000000000000000000003")
    a_promise(newcomer, opens_h=15)

    page = desk.open(f"/console/plans/{number}")

    assert "1 条路线保持原样" in page.text


def test_one_that_no_longer_fits_is_refused_and_leads_on_to_a_new_one(
    desk: Desk, town: Town, numbers: list[str]
) -> None:
    number = asked(desk, town)
    solved(number, town.here)
    spoil(number)

    page = desk.open(f"/console/plans/{number}")
    accepted = desk.post(f"/console/plans/{number}/accept")

    assert "这份建议过时了" in page.text
    assert not page.has_form("/accept")
    assert accepted.status == 409
    assert "排班期间变化太大" in accepted.text
    for shown in (page, accepted):
        assert shown.has_form("/console/plans")
    assert told(town.here) == [None, None]


def spoil(number: str) -> None:
    """Turn the found order round, so that the morning's promise would come after the afternoon's."""
    with transaction(reads_only=True) as db:
        after = proposals.proposal_by_number(db, number).after
    write(number, after={t: ids[::-1] for t, ids in after.items()})


@pytest.mark.walks("proposal ready discard")
def test_discarding_leaves_the_plan_and_goes_back_to_the_board(
    desk: Desk, town: Town, numbers: list[str]
) -> None:
    number = asked(desk, town)
    solved(number, town.here)

    page = desk.send(desk.open(f"/console/plans/{number}").form("/discard"))

    assert page.path == "/console/board"
    assert told(town.here) == [None, None]
    assert "已放弃" in desk.open("/console/plans").text


def test_a_day_that_is_over_cannot_be_planned(desk: Desk, town: Town) -> None:
    page = desk.post("/console/plans", {"branch": str(town.here), "day": "2026-11-20"})

    assert page.status == 409
    assert "这一天已经过去" in page.text
