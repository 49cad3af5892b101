"""A proposal that is solved, that another one outdates, that nobody could solve: each to its end."""

import pytest
from flask import Flask

from dispatch import jobs
from tests.house import tomorrow
from tests.journeys.clockwork import let
from tests.journeys.console.conftest import Town
from tests.journeys.console.desk import Desk, a_promise
from tests.journeys.console.planning import solved, write
from tests.journeys.consumer.pages import Page


@pytest.fixture
def board(town: Town) -> str:
    """The address of tomorrow's board, with one promise on it."""
    a_promise(town.member)
    return f"/console/board?branch={town.here}&day={tomorrow()}"


def asked(desk: Desk, board: str) -> Page:
    """Press the board's button for a better plan."""
    return desk.send(desk.open(board).form("/console/plans"))


def number_of(page: Page) -> str:
    return page.path.rpartition("/")[2]


@pytest.mark.walks("proposal pending solve", "proposal ready outdate", "proposal outdated discard")
def test_what_another_plan_outdated_is_put_away(
    app: Flask, town: Town, desk: Desk, board: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The stop button is heard at the solver's first look.
    monkeypatch.setattr(jobs, "PROGRESS_EVERY_S", 0.0)
    waiting = asked(desk, board)
    desk.post(f"{waiting.path}/stop")
    let(app, "plans")
    first = desk.open(waiting.path)
    second = asked(desk, board)
    solved(number_of(second), town.here)
    done = desk.send(desk.open(second.path).form("/accept"))
    over = desk.open(first.path)
    back = desk.send(over.form("/discard"))

    assert "计算中" in waiting.text
    assert "没有找到更好的排班，现在的就很好" in first.text
    assert "已接受，排班已生效" in done.text
    assert "已过时" in over.text
    assert back.path == "/console/board"
    assert "已放弃" in desk.open("/console/plans").text


@pytest.mark.walks("proposal pending fail", "proposal failed discard")
def test_what_nobody_could_solve_says_so_and_is_put_away(
    app: Flask, desk: Desk, board: str
) -> None:
    page = asked(desk, board)
    # As solvers leave it that died over it.
    write(number_of(page), attempts=jobs.ATTEMPTS_MAX)
    let(app, "plans")
    failed = desk.open(page.path)
    back = desk.send(failed.form("/discard"))

    assert "没有算出来" in failed.text
    assert "求解进程三次都没有算完，排班没有变。" in failed.text
    assert back.path == "/console/board"
    assert "已放弃" in desk.open("/console/plans").text
