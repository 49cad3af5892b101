"""A survey from the console to the member's points and tags, and back as bars."""

from typing import Any

from flask import Flask

from kernel.db import transaction
from members import tag_queries
from members.ledger_models import Posting
from members.rule_text import RULES
from tests.journeys.console.conftest import DeskOf, Town
from tests.journeys.console.desk import Desk
from tests.journeys.consumer.pages import Page, Phone

COLUMNS = {
    "asked": ["想换哪样", "推荐我们吗", "还想说什么"],
    "kind": ["several", "scale", "text"],
    "choices": ["冰箱 #换新意向\n空调", "", ""],
}


def a_survey(desk: Desk, **changes: Any) -> Page:
    page = desk.open("/console/surveys/new")
    form = page.form("/console/surveys").press({})
    return desk.post("/console/surveys", form | {"title": "换新意向"} | COLUMNS | changes)


def tagged(desk: Desk) -> None:
    desk.send(desk.open("/console/tags").form("/tags"), name="换新意向")


def test_an_answer_writes_its_tag_and_earns_its_points_once(
    app: Flask, town: Town, phone: Phone, desk_of: DeskOf
) -> None:
    desk = desk_of("manager")
    assert "没有可以手工加的标签「换新意向」" in a_survey(desk).text
    tagged(desk)
    number = a_survey(desk).path.rpartition("/")[2]
    assert "换新意向" in phone.open("/c/").text
    assert "答问卷得积分" in phone.open("/c/points").text
    page = phone.open(f"/c/surveys/{number}")
    form = page.form(number)

    short = phone.send(form, q1="0")
    done = phone.send(form, q1="0", q2="9", q3="我的号码 13812345678")
    again = phone.send(form, q1="1", q2="0")

    assert (short.status, short.said("q2-error")) == (400, "这一题还没有选好。")
    assert f"+{RULES.survey_points} 积分" in done.text
    assert "冰箱" in again.text
    assert "空调" not in again.text
    with transaction(reads_only=True) as db:
        [posting] = db.query(Posting).where(Posting.kind == "survey")
        assert posting.rules_version == RULES.version
        [worn] = tag_queries.tags_of(db, phone.member.id)
        assert worn.name == "换新意向"
    assert "答问卷" in phone.open("/c/points").text
    assert "换新意向" not in phone.open("/c/").text
    shown = desk.open(f"/console/surveys/{number}").text
    assert "1 人答过" in shown
    assert "平均 9.0" in shown
    assert "138****5678" in shown
    assert "138****5678" not in desk_of("dispatcher").open(f"/console/surveys/{number}").text
    desk.send(desk.open("/console/tags").form("/segments"), segment="想换的", with_ids="1")
    assert f"/c/surveys/{number}" in desk.open("/console/campaigns/new").answer.text


def test_who_is_not_asked_and_who_comes_late_is_told_so(
    app: Flask, town: Town, phone: Phone, desk_of: DeskOf
) -> None:
    desk = desk_of("manager")
    tagged(desk)
    served = a_survey(desk, after_service="1").path.rpartition("/")[2]
    page = a_survey(desk)
    number = page.path.rpartition("/")[2]
    form = phone.open(f"/c/surveys/{number}").form(number)

    assert "上门服务过的会员" in phone.open(f"/c/surveys/{served}").text
    assert phone.post(f"/c/surveys/{served}", form.press({"q1": "0", "q2": "1"})).status == 409
    assert "已结束" in desk.send(page.form("/close")).text
    late = phone.send(form, q1="0", q2="1")

    assert (late.status, "已经结束" in late.text) == (409, True)
    assert "换新意向" not in phone.open("/c/").text
