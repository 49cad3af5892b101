"""Canned replies: a leader writes what the chat desks offer at one press."""

import pytest
from flask import Flask
from sqlalchemy import select

from booking.operations import catalogue
from conversations import canned, words
from conversations.operations import canned as operations
from conversations.operations import chats
from kernel.audit import AuditRow
from kernel.db import transaction
from members import queries as members
from tests.house import MONDAY_NINE
from tests.journeys.console.conftest import DeskOf, Town
from tests.journeys.console.desk import Desk
from tests.journeys.databases import BOTH

pytestmark = BOTH
FIRST, SECOND, *_, LAST = words.CANNED
OWN = "本店地址在延吉路 76 号，停车场在后面。"


@pytest.fixture
def manager(desk_of: DeskOf) -> Desk:
    return desk_of("manager")


@pytest.fixture
def store_id(app: Flask, town: Town) -> int:
    with transaction() as db:
        made = catalogue.add_store(
            db, code="HL", name="海伦店", scene="st_HL", branch_id=town.here, welcome="欢迎"
        )
        return made.id


def lines(town: Town, store_id: int | None = None) -> list[str]:
    with transaction(reads_only=True) as db:
        return list(canned.lines(db, canned.desk_of(town.here, store_id)))


def press(desk: Desk, town: Town, act: str, **fields: str) -> str:
    return desk.post(f"/console/canned{act}", {"branch": str(town.here), **fields}).text


def test_a_branch_begins_with_the_houses_own_and_a_leader_makes_them_his(
    town: Town, manager: Desk
) -> None:
    assert lines(town) == list(words.CANNED)

    press(manager, town, "", text="马上到")
    press(manager, town, "/change", before=FIRST, text="您好，请讲。")
    press(manager, town, "/move", before="马上到", to="up")
    page = press(manager, town, "/remove", before=SECOND)

    assert lines(town) == ["您好，请讲。", *words.CANNED[2:-1], "马上到", LAST]
    assert SECOND not in page
    with transaction(reads_only=True) as db:
        rows = db.scalars(select(AuditRow).order_by(AuditRow.id)).all()
    assert [row.action for row in rows] == [
        "console.add_canned",
        "console.change_canned",
        "console.move_canned",
        "console.remove_canned",
    ]
    assert {row.about for row in rows} == {f"branch:{town.here}"}
    assert (rows[1].detail["before"], rows[1].detail["text"]) == (FIRST, "您好，请讲。")


def test_none_are_left_when_all_were_removed(town: Town, manager: Desk) -> None:
    for line in words.CANNED:
        press(manager, town, "/remove", before=line)

    assert lines(town) == []
    assert "还没有常用语" in manager.open(f"/console/canned?branch={town.here}").text


@pytest.mark.parametrize(
    ("line", "to"), [pytest.param(FIRST, "up", id="top"), pytest.param(LAST, "down", id="bottom")]
)
def test_at_either_end_a_line_stays(town: Town, manager: Desk, line: str, to: str) -> None:
    press(manager, town, "/move", before=line, to=to)

    assert lines(town) == list(words.CANNED)


def test_a_stores_own_stand_in_front_at_its_desk_alone(
    town: Town, store_id: int, manager: Desk, desk: Desk
) -> None:
    press(manager, town, "", store="HL", text=OWN)

    assert (lines(town, store_id), lines(town)) == ([OWN], list(words.CANNED))
    openid = _openid(town)
    with transaction() as db:
        chat = chats.ask_for_person(db, openid=openid, now=MONDAY_NINE)
        assert chat is not None
        number = chat.number
        assert canned.offered(db, chat) == list(words.CANNED)
        chat.store_id = store_id
        assert canned.offered(db, chat) == [OWN, *words.CANNED]
    page = desk.post(f"/console/chats/{number}/claim")
    assert OWN in page.text


def test_one_line_stands_once(town: Town, manager: Desk) -> None:
    added = press(manager, town, "", text=FIRST)
    changed = press(manager, town, "/change", before=SECOND, text=FIRST)

    assert "这句已经有了" in added
    assert "这句已经有了" in changed
    assert lines(town) == list(words.CANNED)


def test_no_more_than_can_be_read(town: Town, manager: Desk) -> None:
    for number in range(operations.LINES_MAX - len(words.CANNED)):
        press(manager, town, "", text=f"第 {number} 句")

    assert "最多 20 句" in press(manager, town, "", text="再来一句")
    assert len(lines(town)) == operations.LINES_MAX


def test_what_another_changed_meanwhile_is_told(town: Town, manager: Desk) -> None:
    press(manager, town, "/change", before=FIRST, text="您好。")

    page = press(manager, town, "/change", before=FIRST, text="您好，请讲。")

    assert "刚刚被别人改过" in page
    assert lines(town)[0] == "您好。"


def test_only_leaders_change_them(town: Town, desk: Desk) -> None:
    page = desk.open("/console/canned")

    assert FIRST in page.text
    assert desk.post("/console/canned", {"branch": str(town.here), "text": "我来"}).status == 403
    assert "/console/canned" not in desk.open("/console/chats").links


def test_another_branchs_store_is_none(town: Town, store_id: int, manager: Desk) -> None:
    fields = {"branch": str(town.there), "store": "HL", "text": "我来"}

    assert manager.post("/console/canned", fields).status == 404


def _openid(town: Town) -> str:
    with transaction(reads_only=True) as db:
        return members.member(db, town.member.id).openid
