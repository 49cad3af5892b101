"""The board: what it shows, and publishing from it."""

import json

import pytest
from sqlalchemy import event
from sqlalchemy.engine import Engine

from dispatch import live, queries
from kernel.db import transaction
from tests.house import a_member, tomorrow
from tests.journeys.console.conftest import Town
from tests.journeys.console.desk import Desk, a_promise, told


def day_of(town: Town) -> str:
    return f"branch={town.here}&day={tomorrow()}"


def drawn(desk: Desk, town: Town) -> dict[str, object]:
    """What the page's script draws the timeline from."""
    page = desk.ask("GET", f"/console/board?{day_of(town)}").get_data(as_text=True)
    text = page.partition('id="day" data-patch="day">')[2].partition("</script>")[0]
    found: dict[str, object] = json.loads(text)
    return found


def test_shows_each_technician_with_the_visits_of_his_route(desk: Desk, town: Town) -> None:
    a_promise(town.member)

    rows = drawn(desk, town)["rows"]

    assert isinstance(rows, list)
    assert [row["name"] for row in rows] == ["王师1", "王师2"]
    [bar] = [bar for row in rows for bar in row["bars"]]
    assert (bar["what"], bar["where"], bar["look"]) == ("空调装", "浮山后三", "planned")
    assert bar["start"] >= bar["opens"] == 10 * 3600


def test_says_the_same_as_a_list(desk: Desk, town: Town) -> None:
    a_promise(town.member)

    text = desk.open(f"/console/board?{day_of(town)}&view=list").text

    assert "空调装 浮山后三小区" in text
    assert "10:00–12:00" in text


@pytest.mark.walks("visit planned assign")
def test_lists_what_nobody_was_told_about_and_publishes_it(desk: Desk, town: Town) -> None:
    a_promise(town.member)
    before = desk.open(f"/console/board?{day_of(town)}")

    after = desk.send(before.form("/publish"))

    assert "发布 1 单" in before.text
    assert after.path == "/console/board"
    assert "发布 1 单" not in after.text
    assert "全部已派" in after.text
    assert None not in told(town.here)


def test_gives_its_news_in_the_parts_that_the_page_has(desk: Desk, town: Town) -> None:
    a_promise(town.member)
    page = desk.ask("GET", f"/console/board?{day_of(town)}").get_data(as_text=True)

    news = desk.ask("GET", f"/console/board/news?{day_of(town)}").get_data(as_text=True)

    assert parts(news) == parts(page)


def parts(page: str) -> set[str]:
    return {piece.partition('"')[0] for piece in page.split('data-patch="')[1:]}


def test_asks_the_database_no_more_for_more_visits(desk: Desk, town: Town) -> None:
    a_promise(town.member)
    few = queries_of(desk, town)
    for n in range(6):
        with transaction() as db:
            member = a_member(db, openid=f"oTest{n:023d}")
        a_promise(member, opens_h=(8, 10, 13)[n % 3])

    many = queries_of(desk, town)

    assert many == few
    assert len(told(town.here)) == 7


def queries_of(desk: Desk, town: Town) -> int:
    """How often the page asks the database, with nothing in any cache."""
    asked: list[str] = []

    def count(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        asked.append(statement)

    live.forget()
    event.listen(Engine, "before_cursor_execute", count)
    try:
        assert desk.open(f"/console/board/news?{day_of(town)}&view=list").status == 200
    finally:
        event.remove(Engine, "before_cursor_execute", count)
    return len(asked)


def test_opens_a_visit_as_a_drawer_and_as_a_page(desk: Desk, town: Town) -> None:
    number = a_promise(town.member)
    with transaction(reads_only=True) as db:
        [visit] = queries.visits_in_routes(db, branch_id=town.here, day=tomorrow()).values()

    drawer = desk.open(f"/console/visits/{visit.number}", htmx=True)
    page = desk.open(f"/console/visits/{visit.number}")

    for shown in (drawer, page):
        assert number in shown.text
        assert "林女士 138****2046" in shown.text
        assert "13800002046" not in shown.answer.get_data(as_text=True)
    assert "main" not in drawer.ids
    assert "main" in page.ids


def test_refuses_a_day_that_is_none(desk: Desk) -> None:
    assert desk.open("/console/board?day=yesterday").status == 400


def test_of_a_day_that_is_over_can_only_be_read(desk: Desk, town: Town) -> None:
    page = desk.open(f"/console/board?branch={town.here}&day=2026-11-20")

    assert page.status == 200
    assert not page.has_form("/console/plans")
    assert not page.has_form("/publish")
