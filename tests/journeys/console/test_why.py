"""Why a visit is whose it is: the panel, and what the timeline draws from it."""

import json
import re
from typing import Any

import pytest
from sqlalchemy import update

from dispatch import queries
from dispatch.models import Visit
from dispatch.operations import roster, ties, withdrawals
from dispatch.states import Trouble
from kernel.actor import Actor, Role
from kernel.db import transaction
from tests.house import DISPATCHER, HOUR_S, MONDAY_NINE, a_technician, tomorrow
from tests.journeys.console.conftest import DeskOf, Town
from tests.journeys.console.desk import Desk, a_promise


@pytest.fixture
def visit(town: Town) -> Visit:
    """A visit of tomorrow that technician 1 has; 2 could take it, 4 has never learned it."""
    with transaction() as db:
        a_technician(db, branch_id=town.here, skills={"glass": 3})
    a_promise(town.member)
    return visit_of(town)


def visit_of(town: Town) -> Visit:
    with transaction(reads_only=True) as db:
        [found] = [
            *queries.visits_in_routes(db, branch_id=town.here, day=tomorrow()).values(),
            *queries.unserved(db, branch_id=town.here, day=tomorrow()),
        ]
    return found


def send_home(town: Town, *technicians: int) -> None:
    by = Actor(1, Role.DISPATCHER, frozenset({town.here}))
    for technician_id in technicians:
        with transaction() as db:
            withdrawals.send_home(
                db,
                technician_id=technician_id,
                day=tomorrow(),
                reason="ill",
                by=by,
                now=MONDAY_NINE,
            )


def why(visit: Visit) -> str:
    return f"/console/visits/{visit.number}/why"


def carried(desk: Desk, visit: Visit) -> Any:
    text = desk.ask("GET", why(visit)).get_data(as_text=True)
    told = re.search(r"<script[^>]*data-carried>(.*?)</script>", text, re.DOTALL)
    assert told
    return json.loads(told[1])


def test_says_why_he_has_it_who_else_could_and_why_not_the_others(desk: Desk, visit: Visit) -> None:
    text = desk.open(why(visit)).text

    assert "归王师1最省" in text
    assert re.search(r"王师2 \w+ \+\d+ 分路程 · 10:00 到 · 余量 \d+", text)
    assert re.search(r"王师3 \w+ 没有「空调装」技能", text)


def test_gives_the_timeline_a_verdict_for_each_row(desk: Desk, visit: Visit) -> None:
    told = carried(desk, visit)

    assert (told["what"], told["where"]) == ("空调装", "浮山后三")
    assert {row: verdict["is"] for row, verdict in told["rows"].items()} == {
        "1": "own",
        "2": "fits",
        "4": "breaks",
    }
    fits = told["rows"]["2"]
    assert fits["end"] - fits["start"] == visit.work_s
    assert fits["start"] >= visit.opens_s


def test_its_press_is_the_drop(desk: Desk, town: Town, visit: Visit) -> None:
    page = desk.ask("GET", why(visit)).get_data(as_text=True)
    [address] = re.findall(r'data-give="2" hx-post="([^"]+)"', page)

    done = desk.post(address, {"technician": "2", "version": str(visit.version)})

    assert done.status == 200
    assert carried(desk, visit_of(town))["rows"]["2"]["is"] == "own"


def test_says_what_would_have_to_give_way_when_nobody_can(
    desk: Desk, town: Town, visit: Visit
) -> None:
    send_home(town, 2)
    with transaction() as db:
        roster.set_shift(
            db, technician_id=1, day=tomorrow(), opens_s=0, shuts_s=11 * HOUR_S, now=MONDAY_NINE
        )
    send_home(town, 1)
    with transaction() as db:
        withdrawals.call_back(db, technician_id=1, day=tomorrow(), now=MONDAY_NINE)
    with transaction() as db:
        roster.set_shift(
            db, technician_id=1, day=tomorrow(), opens_s=0, shuts_s=10 * HOUR_S, now=MONDAY_NINE
        )

    page = desk.open(why(visit_of(town)))

    assert "派不出去：1 位没有这项技能，1 位这个时段排不进，1 位当天不上班。" in page.text
    assert "王师2 QD1002 当天病假" in page.text
    assert "王师1加班 60 分就能接 改班次" in page.text
    assert "时段往前放宽 60 分，王师1能接 去改约" in page.text


def test_says_which_two_things_at_once_when_no_one_thing_is_enough(
    desk: Desk, town: Town, visit: Visit
) -> None:
    send_home(town, 2)
    with transaction() as db:
        db.execute(update(Visit).values(opens_s=HOUR_S, shuts_s=HOUR_S))
    send_home(town, 1)
    with transaction() as db:
        withdrawals.call_back(db, technician_id=1, day=tomorrow(), now=MONDAY_NINE)
    with transaction() as db:
        roster.set_shift(
            db,
            technician_id=1,
            day=tomorrow(),
            opens_s=8 * HOUR_S,
            shuts_s=8 * HOUR_S + 1_800,
            now=MONDAY_NINE,
        )

    text = desk.open(why(visit_of(town))).text

    assert "两样同时放宽，王师1能接：时段往后放宽 7 小时；加班 30 分" in text


def test_overtime_is_given_in_one_press(desk: Desk, town: Town, visit: Visit) -> None:
    with transaction() as db:
        roster.set_shift(
            db,
            technician_id=2,
            day=tomorrow(),
            opens_s=0,
            shuts_s=10 * HOUR_S + 3000,
            now=MONDAY_NINE,
        )
    page = desk.ask("GET", why(visit)).get_data(as_text=True)
    assert "先问本人" in page
    [told] = re.findall(r"hx-vals='([^']*\"until\"[^']*)'", page)

    desk.post(
        f"/console/visits/{visit.number}/hand-over",
        {name: str(value) for name, value in json.loads(told).items()},
    )

    with transaction(reads_only=True) as db:
        shift = queries.shifts(db, branch_id=town.here, day=tomorrow())[2]
    assert shift.shuts_s == json.loads(told)["until"] > 10 * HOUR_S + 3000
    assert carried(desk, visit)["rows"]["2"]["is"] == "own"


def test_the_board_leads_to_it_from_what_nobody_has(desk: Desk, town: Town, visit: Visit) -> None:
    send_home(town, 1, 2)

    board = desk.open(f"/console/board?branch={town.here}&day={tomorrow()}")

    assert why(visit) in board.links


def test_of_a_visit_that_was_called_off_shows_how_that_went(desk: Desk, visit: Visit) -> None:
    with transaction() as db:
        withdrawals.cancel(
            db, visit_id=visit.id, cause=Trouble.MEMBER, by=DISPATCHER, now=MONDAY_NINE
        )

    page = desk.open(why(visit))

    assert page.path == f"/console/visits/{visit.number}"


def test_another_branch_sees_nothing(desk_of: DeskOf, visit: Visit) -> None:
    assert desk_of("elsewhere").open(why(visit)).status == 404


def test_an_auditor_reads_it_without_a_press(desk_of: DeskOf, visit: Visit) -> None:
    page = desk_of("auditor").ask("GET", why(visit)).get_data(as_text=True)

    assert "归王师1最省" in page
    assert "data-give" not in page


def test_speaks_english(desk: Desk, visit: Visit) -> None:
    desk.post("/language/en", {"next": "/console/board"})

    text = desk.open(why(visit)).text

    assert "Not trained for 空调装" in text
    assert not re.search(r"[路技最]", text.replace("空调装", ""))


class TestUnderAQuota:
    def test_a_row_names_it_and_what_would_let_him(
        self, desk: Desk, town: Town, visit: Visit
    ) -> None:
        a_quota(town, 0)

        row = carried(desk, visit)["rows"]["2"]
        assert (row["is"], row["forced"]) == ("breaks", True)
        assert row["words"] == "合作方「大洋安装」的派单超出配额 1 单"
        desk.post("/language/en", {"next": why(visit)})
        words = carried(desk, visit)["rows"]["2"]["words"]
        assert words == "The partner 大洋安装 is given 1 visits over its quota"

    def test_nobody_else_leads_to_where_it_is_written_down(
        self, desk: Desk, town: Town, visit: Visit
    ) -> None:
        a_quota(town, 0)
        send_home(town, 1)

        page = desk.open(why(visit_of(town)))

        assert "「大洋安装」的配额多给 1 单，王师2就能接 看派单关联" in page.text
        assert f"/console/ties?branch={town.here}" in page.links

    def test_a_forced_move_names_it(self, desk: Desk, town: Town, visit: Visit) -> None:
        a_quota(town, 0)
        page = desk.open(f"/console/visits/{visit.number}/given?technician=2&asks=1")
        assert "合作方「大洋安装」的派单超出配额 1 单" in page.said("force")
        assert "会破坏 1 处" in page.text

        done = desk.send(page.form("/force"), reason="业主只肯让他修")

        assert done.status == 200
        assert visit_of(town).pinned_id == 2


def a_quota(town: Town, visits_max: int) -> None:
    with transaction() as db:
        ties.set_partner(
            db,
            branch_id=town.here,
            name="大洋安装",
            technician_ids=[2],
            visits_max=visits_max,
            now=MONDAY_NINE,
        )
