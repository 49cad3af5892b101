"""The board's alerts, and the ways out of a promise in danger."""

import pytest

from dispatch import queries
from dispatch.models import Visit
from dispatch.operations import withdrawals
from kernel.db import transaction
from tests.house import DISPATCHER, MONDAY_NINE, tomorrow
from tests.journeys.console.conftest import DeskOf, Town
from tests.journeys.console.desk import Desk, a_promise


@pytest.fixture
def visit(town: Town) -> Visit:
    """A visit of tomorrow that stands in no route: its technician is ill, the other one back."""
    a_promise(town.member)
    for technician_id in (1, 2):
        with transaction() as db:
            withdrawals.send_home(
                db,
                technician_id=technician_id,
                day=tomorrow(),
                reason="ill",
                by=DISPATCHER,
                now=MONDAY_NINE,
            )
    with transaction() as db:
        withdrawals.call_back(db, technician_id=2, day=tomorrow(), now=MONDAY_NINE)
    with transaction(reads_only=True) as db:
        [found] = queries.unserved(db, branch_id=town.here, day=tomorrow())
    return found


def board(town: Town) -> str:
    return f"/console/board?branch={town.here}&day={tomorrow()}"


def test_the_board_names_a_broken_promise_and_who_could_keep_it(
    desk: Desk, town: Town, visit: Visit
) -> None:
    page = desk.open(board(town))

    assert "空调装 浮山后三小区 没有师傅" in page.text
    assert "王师2能接" in page.text
    assert "1 人可接" in page.text


def test_one_press_hands_it_over(desk: Desk, town: Town, visit: Visit) -> None:
    page = desk.open(f"/console/visits/{visit.number}/ways")

    after = desk.send(page.form("/hand-over"))

    assert after.path == "/console/board"
    assert "没有要处理的" in after.text


def test_a_page_that_is_out_of_date_hears_so_in_a_sentence(
    desk: Desk, town: Town, visit: Visit
) -> None:
    fields = {"technician": "2", "version": str(visit.version)}
    desk.post(f"/console/visits/{visit.number}/hand-over", fields)

    again = desk.post(f"/console/visits/{visit.number}/hand-over", fields)

    assert again.status == 409
    assert "别人刚刚改过这一条" in again.text


def test_the_ways_out_say_what_each_costs(desk: Desk, visit: Visit) -> None:
    page = desk.open(f"/console/visits/{visit.number}/ways")

    assert "改派给他" in page.text
    assert "¥30.00" in page.text
    assert "去改约" in page.text
    assert "去撤回" in page.text


def test_another_branch_sees_and_moves_nothing(desk_of: DeskOf, visit: Visit) -> None:
    stranger = desk_of("elsewhere")
    fields = {"technician": "3", "version": str(visit.version)}

    assert stranger.open(f"/console/visits/{visit.number}/ways").status == 404
    assert stranger.post(f"/console/visits/{visit.number}/hand-over", fields).status == 404


def test_an_auditor_is_offered_no_press(desk_of: DeskOf, town: Town, visit: Visit) -> None:
    auditor = desk_of("auditor")

    assert not auditor.open(f"/console/visits/{visit.number}/ways").has_form("/hand-over")
    assert 'hx-post="/console/visits' not in auditor.ask("GET", board(town)).get_data(as_text=True)
