"""News from a tag to the member's phone and back to the funnel."""

from flask import Flask
from sqlalchemy import select

from kernel.clock import FixedClock
from kernel.db import transaction
from members import jobs
from members import queries as members
from notifications.deciding import UNWANTED
from notifications.models import Message
from tests.house import MONDAY_NINE
from tests.journeys import clockwork
from tests.journeys.console.conftest import DeskOf, Town
from tests.journeys.consumer.pages import Page, Phone
from tests.journeys.edges.steps import messages


def a_campaign(desk_of: DeskOf, member_number: str, *, is_by_call: str = "0") -> tuple[Page, str]:
    """Let a manager tag the member, name a segment, write to it; return the page and its number."""
    desk = desk_of("manager")
    made = desk.send(desk.open("/console/tags").form("/tags"), name="老客户")
    assert "老客户" in made.text
    member = desk.open(f"/console/members/{member_number}")
    assert "老客户" in desk.send(member.form("/tags"), tag="1").text
    segment = desk.send(
        desk.open("/console/tags").form("/segments"), segment="可召回", with_ids="1"
    )
    assert "可召回" in segment.text
    page = desk.open("/console/campaigns/new")
    made = desk.send(
        page.form("/campaigns"),
        name="清洗提醒",
        segment="1",
        about="您的空调该清洗了",
        tip="点开预约清洗",
        path="/c/",
        hold_out="0",
        is_by_call=is_by_call,
    )
    return desk.send(made.form("/begin")), made.path.rpartition("/")[2]


def test_news_reaches_a_segment(
    app: Flask, town: Town, phone: Phone, desk_of: DeskOf, member_number: str
) -> None:
    page, number = a_campaign(desk_of, member_number)
    assert "等着发" in page.text

    clockwork.let(app, "growth")

    assert any("您的空调该清洗了" in line for line in messages(town.member))
    again = desk_of("auditor").open(f"/console/campaigns/{number}")
    assert "告诉了的 1" in again.text


def test_who_wants_no_news_hears_none(
    app: Flask, town: Town, phone: Phone, desk_of: DeskOf, member_number: str
) -> None:
    assert "已关" in phone.send(phone.open("/c/news").form("/news")).text
    a_campaign(desk_of, member_number)

    clockwork.let(app, "growth")

    assert not any("该清洗" in line for line in messages(town.member))


def test_who_turns_news_off_before_it_is_told_hears_none(
    app: Flask, town: Town, phone: Phone, desk_of: DeskOf, member_number: str
) -> None:
    a_campaign(desk_of, member_number)
    jobs.look_after_growth(FixedClock(MONDAY_NINE))
    phone.send(phone.open("/c/news").form("/news"))

    clockwork.let(app)

    assert not any("该清洗" in line for line in messages(town.member))


def test_who_turns_news_off_while_it_waits_hears_none(
    app: Flask, town: Town, phone: Phone, desk_of: DeskOf, member_number: str
) -> None:
    a_campaign(desk_of, member_number)
    clockwork.let(app, "growth")
    phone.send(phone.open("/c/news").form("/news"))

    clockwork.let(app, "messages")

    with transaction(reads_only=True) as db:
        [row] = db.scalars(select(Message).where(Message.kind == "A2"))
    assert (row.state, row.error) == ("suppressed", UNWANTED)


def test_news_that_leads_to_what_is_over_is_refused(
    town: Town, desk_of: DeskOf, member_number: str
) -> None:
    a_campaign(desk_of, member_number)
    desk = desk_of("administrator")
    page = desk.open("/console/campaigns/new")

    refused = desk.send(
        page.form("/campaigns"),
        name="砸金蛋啦",
        segment="1",
        about="金蛋还剩不多",
        tip="点开去砸",
        path="/c/draws/Z0",
        hold_out="0",
    )

    assert (refused.status, "刚刚结束了" in refused.text) == (422, True)


def test_people_are_called_one_by_one(
    app: Flask, town: Town, phone: Phone, desk_of: DeskOf, member_number: str
) -> None:
    with transaction() as db:
        members.member(db, town.member.id).phone = "13800000001"
    begun, number = a_campaign(desk_of, member_number, is_by_call="1")
    clockwork.let(app, "growth")
    path, desk = f"/console/campaigns/{number}", desk_of("administrator")
    assert "还没打过" in begun.text
    assert not any("该清洗" in line for line in messages(town.member))

    tried = desk.send(desk.open(path).form("/calls"), outcome="not_reached", text="响了没人接")
    done = desk.send(tried.form("/calls"), outcome="reached", text="下周约")

    assert "响了没人接" in tried.text
    assert "告诉了的 1" in done.text
    assert "待联系" not in done.text
