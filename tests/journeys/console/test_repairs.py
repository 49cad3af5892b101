"""When the day breaks: options side by side, one becomes a proposal, taken whole or in part, and undone."""

import re

import pytest

from dispatch import queries
from dispatch.operations import proposals, publishing, withdrawals
from dispatch.states import ProposalState
from kernel.db import transaction
from tests.house import DISPATCHER, MONDAY_NINE, a_member, tomorrow
from tests.journeys.console.conftest import DeskOf, Town
from tests.journeys.console.desk import Desk, a_promise, told
from tests.journeys.consumer.pages import Form, Page


@pytest.fixture
def numbers(town: Town) -> list[str]:
    """Two promises of tomorrow, published."""
    with transaction() as db:
        other = a_member(db, openid="oTest000000000000000000002")
    found = [a_promise(town.member), a_promise(other, opens_h=13)]
    with transaction() as db:
        publishing.publish_day(
            db, branch_id=town.here, day=tomorrow(), by=DISPATCHER, now=MONDAY_NINE
        )
    return found


def holder(town: Town) -> int:
    [one] = {t for t in told(town.here) if t is not None}
    return one


def visit_number(town: Town) -> str:
    with transaction(reads_only=True) as db:
        rows = queries.visits_in_routes(db, branch_id=town.here, day=tomorrow())
        rows = rows or {v.id: v for v in queries.unserved(db, branch_id=town.here, day=tomorrow())}
    return min(rows.values(), key=lambda visit: visit.opens_s).number


def proposed(desk: Desk, town: Town) -> str:
    """Choose the first option for his absence; return the proposal's number."""
    page = desk.open(f"/console/technicians/{holder(town)}/options?day={tomorrow()}&reason=ill")
    return desk.send(chosen(page)).path.rpartition("/")[2]


def chosen(page: Page) -> Form:
    """Return the form of the first option that can be chosen."""
    return next(form for form in page.forms if "way" in form.fields)


def test_an_absence_shows_its_ways_out_and_changes_nothing(
    desk: Desk, town: Town, numbers: list[str]
) -> None:
    before, his = told(town.here), holder(town)
    leave = desk.open(
        f"/console/technicians/{his}/leave?first={tomorrow()}&last={tomorrow()}&reason=ill"
    )
    assert "先看几个方案" in leave.text

    page = desk.open(f"/console/technicians/{his}/options?day={tomorrow()}&reason=ill")

    assert "怎么补救" in page.text
    assert "少动" in page.text
    assert "先不动" in page.text
    assert "空调装 浮山后三小区" in page.text
    assert "没有人去" in page.text
    assert told(town.here) == before


def test_a_chosen_way_is_a_proposal_until_it_is_accepted(
    desk: Desk, town: Town, numbers: list[str]
) -> None:
    before, his = told(town.here), holder(town)

    number = proposed(desk, town)
    page = desk.open(f"/console/plans/{number}")

    assert "请假后的路线" in page.text
    assert "未生效" in page.text
    assert told(town.here) == before
    taken = desk.send(page.form("/accept"))
    assert "已接受，排班已生效" in taken.text
    assert his not in told(town.here)


@pytest.mark.walks("proposal accepted undo")
def test_what_was_accepted_is_undone_while_nothing_has_happened(
    desk: Desk, town: Town, numbers: list[str]
) -> None:
    his = holder(town)
    number = proposed(desk, town)
    done = desk.send(desk.open(f"/console/plans/{number}").form("/accept"))
    assert "已发出的微信收不回来" in done.text

    undone = desk.send(done.form("/undo"))

    assert "已撤销" in undone.text
    assert "已接受，排班已生效" not in undone.text
    assert set(told(town.here)) == {his}
    again = desk.post(f"/console/plans/{number}/undo")
    assert again.status == 409


def test_what_has_moved_since_offers_no_undoing(desk: Desk, town: Town, numbers: list[str]) -> None:
    number = proposed(desk, town)
    done = desk.send(desk.open(f"/console/plans/{number}").form("/accept"))
    assert done.has_form("/undo")
    with transaction() as db:
        third = a_member(db, openid="oTest000000000000000000003")
    a_promise(third, opens_h=15)

    page = desk.open(f"/console/plans/{number}")
    pressed = desk.post(f"/console/plans/{number}/undo")

    assert not page.has_form("/undo")
    assert pressed.status == 409
    assert "又有了变动" in pressed.text


def test_a_part_is_accepted_and_the_rest_named(desk: Desk, town: Town, numbers: list[str]) -> None:
    number = proposed(desk, town)
    with transaction(reads_only=True) as db:
        rows = queries.visits_in_routes(db, branch_id=town.here, day=tomorrow())
    first = min(rows.values(), key=lambda visit: visit.opens_s)

    asked = desk.post(f"/console/plans/{number}/accept", {"part": "1", "visit": str(first.id)})

    assert asked.status == 409
    assert "1 单会没有人去，仍然接受？" in asked.said("sure")
    assert "空调装 浮山后三小区 13:00–15:00" in asked.said("sure")
    assert "138****" in asked.said("sure")
    assert "¥30.00" in asked.said("sure")
    with transaction(reads_only=True) as db:
        assert not queries.unserved(db, branch_id=town.here, day=tomorrow())
    page = desk.send(next(form for form in asked.forms if "sure" in form.fields))

    assert "已接受，排班已生效" in page.text
    assert "已接受 1 项" in page.text
    assert "没有接受 1 项" in page.text
    with transaction(reads_only=True) as db:
        left = queries.unserved(db, branch_id=town.here, day=tomorrow())
        assert [visit.id for visit in left] == [i for i in rows if i != first.id]
        assert queries.visit(db, first.id).technician_id != first.technician_id


def test_what_the_ticks_do_is_said_at_every_tick(
    desk: Desk, town: Town, numbers: list[str]
) -> None:
    number = proposed(desk, town)
    with transaction(reads_only=True) as db:
        rows = queries.visits_in_routes(db, branch_id=town.here, day=tomorrow())
    first, second = sorted(rows.values(), key=lambda visit: visit.opens_s)
    whole = desk.open(f"/console/plans/{number}")

    part = desk.post(
        f"/console/plans/{number}/part", {"visit": str(first.id), "turned": str(second.id)}
    )

    assert "2 位业主收到消息" in whole.said("plan-effects")
    assert "1 位业主收到消息" in part.said("plan-effects")
    assert "只接受所选 2 项" in whole.said("accept-part-label")
    assert "只接受所选 1 项" in part.said("accept-part-label")
    assert "没有勾选的改动里，1 单会没有人去" in part.said("plan-promises")
    assert re.search(r"没有人去 2 1 −1", part.said("plan-balance"))
    assert set(told(town.here)) == {holder(town)}


def test_a_card_counts_what_its_proposal_will(desk: Desk, town: Town, numbers: list[str]) -> None:
    page = desk.open(f"/console/technicians/{holder(town)}/options?day={tomorrow()}&reason=ill")
    card = page.text
    plan = desk.send(chosen(page)).text

    [(handed, retimed), *_] = re.findall(r"换师傅 (\d+) 只挪时间 (\d+)", card)
    [members, *_] = re.findall(r"接受后通知 (\d+) 位业主", card)
    assert f"换师傅 {handed}，只挪时间 {retimed}" in plan
    assert f"{members} 位业主收到消息" in plan


def test_a_part_of_nothing_is_refused_in_words(desk: Desk, town: Town, numbers: list[str]) -> None:
    number = proposed(desk, town)

    page = desk.post(f"/console/plans/{number}/accept", {"part": "1"})

    assert page.status == 409
    assert "请至少勾选一项改动" in page.text


def test_one_technicians_part_is_accepted_alone(desk: Desk, town: Town, numbers: list[str]) -> None:
    his = holder(town)
    number = proposed(desk, town)
    with transaction(reads_only=True) as db:
        people = queries.technicians(db, branch_id=town.here)
    other = next(person.id for person in people if person.id != his)

    page = desk.post(f"/console/plans/{number}/accept", {"part": "1", "technician": str(other)})

    assert "已接受，排班已生效" in page.text
    assert set(told(town.here)) == {other}


def test_a_visit_that_nobody_has_leads_from_its_alert_to_its_ways_out(
    desk: Desk, town: Town, numbers: list[str]
) -> None:
    number = visit_number(town)
    with transaction() as db:
        for person in queries.technicians(db, branch_id=town.here):
            withdrawals.send_home(
                db,
                technician_id=person.id,
                day=tomorrow(),
                reason="ill",
                by=DISPATCHER,
                now=MONDAY_NINE,
            )
    board = desk.open(f"/console/board?branch={town.here}&day={tomorrow()}")

    page = desk.open(f"/console/visits/{number}/options")

    assert f"/console/visits/{number}/options" in board.links
    assert "守不住的承诺" in page.text
    assert "没有人去" in page.text


def test_a_day_on_which_all_is_well_says_so(desk: Desk, town: Town, numbers: list[str]) -> None:
    page = desk.open(f"/console/visits/{visit_number(town)}/options")

    assert "不用补救" in page.text
    assert not any("way" in form.fields for form in page.forms)


def test_late_goods_hold_a_visit_back(desk: Desk, town: Town, numbers: list[str]) -> None:
    number = visit_number(town)
    page = desk.open(f"/console/visits/{number}/options?goods=11:00")

    plan = desk.send(chosen(page))
    desk.send(plan.form("/accept"))

    assert "货晚到后的路线" in plan.text
    with transaction(reads_only=True) as db:
        assert queries.visit_by_number(db, number).not_before_s == 11 * 3600


def test_another_branch_sees_none_of_it(desk_of: DeskOf, town: Town, numbers: list[str]) -> None:
    stranger = desk_of("elsewhere")

    his = stranger.open(f"/console/technicians/{holder(town)}/options?day={tomorrow()}")
    visit = stranger.open(f"/console/visits/{visit_number(town)}/options")

    assert (his.status, visit.status) == (404, 404)


def test_a_way_that_is_none_any_more_is_refused(desk: Desk, town: Town, numbers: list[str]) -> None:
    path = f"/console/technicians/{holder(town)}/options?day={tomorrow()}"

    page = desk.post(path, {"way": "overtime"})

    assert page.status == 409
    assert "这个方案已经不适用" in page.text
    with transaction(reads_only=True) as db:
        rows, total = queries.proposals(db, branch_id=town.here)
    assert total == 0
    assert ProposalState.READY not in {row.state for row in rows}
    assert proposals.READY == ProposalState.READY
