"""The message log at the console: what became of each, and what a person does about it."""

import uuid

import pytest
from sqlalchemy import select, update

from booking.operations import catalogue
from conversations import inbox
from gateways.wechat.messages import MassFinished
from kernel.db import transaction
from members import queries as members
from members.models import Member
from notifications import queries
from notifications.models import Message, MessageStep, QuotaRow
from notifications.operations import lay_quota_row
from tests.house import MONDAY_NINE
from tests.journeys.console.conftest import DeskOf, Town
from tests.journeys.console.desk import Desk, a_promise


def a_message(town: Town, state: str, **changes: object) -> int:
    number = a_promise(town.member)
    with transaction() as db:
        facts: dict[str, object] = {
            "dedupe_key": f"M9:{number}",
            "kind": "M9",
            "openid": "oMember",
            "about": f"booking:{number}",
            "fields": {"thing1": "空调安装"},
            "path": "/c",
            "made_at": MONDAY_NINE,
            "state": state,
        }
        row = Message(**(facts | changes))
        db.add(row)
        db.flush()
        step = MessageStep(message_id=row.id, channel="template", what="passed", at=MONDAY_NINE)
        db.add(step)
        return row.id


def the_row(message_id: int) -> tuple[Message, list[str]]:
    with transaction(reads_only=True) as db:
        row = db.scalar(select(Message).where(Message.id == message_id))
        assert row is not None
        steps = db.scalars(
            select(MessageStep.what)
            .where(MessageStep.message_id == message_id)
            .order_by(MessageStep.id)
        )
        return row, list(steps)


@pytest.mark.parametrize("state", ["unknown", "dead", "suppressed", "call"])
def test_whatever_has_no_good_end_is_sent_again_by_a_person(
    desk: Desk, town: Town, state: str
) -> None:
    message_id = a_message(
        town, state, channel="call", attempts=7, maybe_sent_s=5.0, msgid="", fence=3
    )
    page = desk.open("/console/messages")

    desk.send(page.form("/messages/resend"))

    row, steps = the_row(message_id)
    assert "送不到，换一种方式" in page.text
    assert (row.state, row.channel, row.attempts, row.maybe_sent_s, row.fence) == (
        "pending",
        "template",
        0,
        None,
        4,
    )
    assert steps == ["passed", "resent"]


def test_who_was_called_is_told(desk: Desk, town: Town) -> None:
    message_id = a_message(town, "call", channel="call")

    after = desk.send(desk.open("/console/messages").form("/messages/called"))

    row, steps = the_row(message_id)
    assert (row.state, row.channel, steps) == ("sent", "call", ["passed", "called"])
    assert "已电话告知" in after.text


def test_a_page_that_is_out_of_date_sends_nothing_twice(desk: Desk, town: Town) -> None:
    message_id = a_message(town, "dead")
    page = desk.open("/console/messages")
    desk.send(page.form("/messages/resend"))
    other = desk.open("/console/messages")

    late = desk.send(page.form("/messages/resend"), idempotency_key=str(uuid.uuid4()))

    assert "这条消息不需要再发" in late.text
    assert "/messages/resend" not in other.text
    assert the_row(message_id)[1] == ["passed", "resent"]


def test_what_waits_for_a_template_and_what_the_ways_cost_is_shown(desk: Desk, town: Town) -> None:
    a_message(town, "pending", error="43116: template paused")

    page = desk.open("/console/messages")

    assert "1 条消息在等微信恢复模板" in page.text
    assert "0 / 100,000" in page.text


def test_the_days_quota_is_begun_anew_by_who_leads(town: Town, desk_of: DeskOf) -> None:
    manager = desk_of("manager")
    page = manager.open("/console/messages")
    assert "微信还没告知额度" in page.said("quota-told")
    assert not desk_of("dispatcher").open("/console/messages").has_form("/clear-quota")

    after = manager.send(page.form("/clear-quota"))

    assert "正在清零" in after.text
    with transaction(reads_only=True) as db:
        assert queries.quota_told(db).is_clearing


def test_what_wechat_tells_of_its_quotas_is_shown(desk: Desk, town: Town) -> None:
    with transaction() as db:
        lay_quota_row(db)
        row = db.scalars(select(QuotaRow)).one()
        row.limits, row.told_at, row.error = {"template": 1_000_000}, MONDAY_NINE, "48006: forbid"

    page = desk.open("/console/messages")

    assert "0 / 1,000,000" in page.text
    assert "这个月清零的次数用完了" in page.said("quota-told")


def test_a_store_reads_what_its_own_followers_were_told_and_not_where_they_live(
    town: Town, desk_of: DeskOf
) -> None:
    with transaction() as db:
        for code in ("HL", "LC"):
            catalogue.add_store(
                db, code=code, name=code, scene=f"st_{code}", branch_id=town.here, welcome="您好"
            )
        db.execute(
            update(Member)
            .where(Member.id == town.member.id)
            .values(first_scene="st_LC", last_scene="st_HL")
        )
        openid = members.member(db, town.member.id).openid
    fields = {"thing1": "空调安装", "thing3": "浮山后三小区12-2-402"}
    a_message(town, "sent", kind="M1", openid=openid, fields=fields)

    store = desk_of("store")
    page = store.open("/console/messages")

    assert "预约成功通知" in page.text
    assert "浮山后三小区**-*-***" in page.text
    assert "12-2-402" not in page.text
    assert "各种方式" not in page.text
    assert not any("/console/bookings/" in link for link in page.links)
    assert not page.has_form("/resend")


@pytest.mark.parametrize(
    ("first", "last", "sees"),
    [
        pytest.param("st_HL", "", True, id="brought_by_it"),
        pytest.param("st_HL", "ev_1", True, id="came_again_by_a_code_of_no_store"),
        pytest.param("st_HL", "st_LC", False, id="another_brought_him_last"),
        pytest.param("", "", False, id="nobodys"),
    ],
)
def test_a_stores_follower_is_whom_it_brought_last(
    town: Town, desk_of: DeskOf, first: str, last: str, sees: bool
) -> None:
    with transaction() as db:
        for code in ("HL", "LC"):
            catalogue.add_store(
                db, code=code, name=code, scene=f"st_{code}", branch_id=town.here, welcome="您好"
            )
        db.execute(
            update(Member)
            .where(Member.id == town.member.id)
            .values(first_scene=first, last_scene=last)
        )
        openid = members.member(db, town.member.id).openid
    a_message(town, "sent", kind="M1", openid=openid)

    text = desk_of("store").open("/console/messages").text

    assert ("空调安装" in text) is sees


def test_what_was_sent_to_many_at_the_platform_is_told_with_its_outcome(desk: Desk) -> None:
    for msgid, status in (("3147", "send success"), ("3148", "err(20004)")):
        told = MassFinished(
            openid="oPlatform",
            account="gh",
            sent_at_s=1_795_000_000,
            dedupe_key=msgid,
            msgid=msgid,
            status=status,
            sent=812,
            failed=7,
        )
        with transaction() as db:
            inbox.receive(db, [told], public_base="https://doorbell.localhost", now=MONDAY_NINE)

    page = desk.open("/console/messages")

    assert "3147 已发完 812 7" in page.text
    assert "3148 没发成 err(20004) 812 7" in page.text
