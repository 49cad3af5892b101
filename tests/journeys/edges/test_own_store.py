"""A store's people see their own followers, tag them and write to them, and nobody else's."""

from flask import Flask
from sqlalchemy import select, update

from booking import store_queries
from kernel.actor import Actor, Role
from kernel.db import transaction
from members.models import Member
from members.operations import tags
from members.tag_models import Campaign, Tagging
from tests.house import MONDAY_NINE, a_member
from tests.journeys import clockwork
from tests.journeys.console.conftest import DeskOf, Town
from tests.journeys.consumer.pages import Phone
from tests.journeys.edges.steps import messages
from tests.journeys.edges.test_shop import has_a_store

MANAGER = Actor(1, Role.MANAGER)


def a_crowd(town: Town) -> None:
    """Let one member come by the store's code and another by none, both with a tag that is a segment."""
    has_a_store(town)
    with transaction() as db:
        stranger = a_member(db, openid="oTest00000000000000000000099").id
        db.execute(
            update(Member)
            .where(Member.id == town.member.id)
            .values(last_scene="st_1", follows=True)
        )
    with transaction() as db:
        tag = tags.make_tag(db, name="老客户", rule=None, by=MANAGER, now=MONDAY_NINE)
        for member_id in sorted((town.member.id, stranger)):
            tags.put_on(db, tag_id=tag.id, member_id=member_id, now=MONDAY_NINE)
        tags.make_tag(db, name="爱干净", rule=None, by=MANAGER, now=MONDAY_NINE)
        tags.make_segment(
            db, name="老的", with_ids=[tag.id], without_ids=[], by=MANAGER, now=MONDAY_NINE
        )


def test_he_begins_with_his_figures(town: Town, phone: Phone, desk_of: DeskOf) -> None:
    a_crowd(town)
    store = desk_of("store")

    page = store.open("/console/")

    assert page.path == "/console/own-store"
    assert "市北店" in page.text
    with transaction(reads_only=True) as db:
        by = Actor(9, Role.STORE, frozenset({town.here}), frozenset({1}))
        seen = store_queries.figures(db, by=by, fresh_since=MONDAY_NINE, since=MONDAY_NINE)
    assert (seen.followers, seen.to_hand_over, seen.points) == (1, 0, 0)


def test_he_tags_his_own_followers(town: Town, phone: Phone, desk_of: DeskOf) -> None:
    a_crowd(town)
    store = desk_of("store")
    page = store.open("/console/followers")
    assert "共 1 位会员" in page.text

    [put_on] = [
        form
        for form in page.forms
        if form.press({}).get("off") is None and form.action.endswith("/tags")
    ]
    tagged = store.send(put_on, tag="2")

    assert "爱干净" in tagged.text
    with transaction(reads_only=True) as db:
        assert len(db.scalars(select(Tagging).where(Tagging.tag_id == 2)).all()) == 1


NEWS = {
    "name": "清洗提醒",
    "segment": "1",
    "store": "1",
    "about": "您的空调该清洗了",
    "tip": "点开预约清洗",
    "path": "/c/",
    "hold_out": "0",
    "is_by_call": "0",
}


def test_he_writes_to_his_own_followers_alone(
    app: Flask, town: Town, phone: Phone, desk_of: DeskOf
) -> None:
    a_crowd(town)
    store, manager = desk_of("store"), desk_of("manager")
    page = store.open("/console/campaigns/new")
    assert "老的，1 人可发" in page.text

    written = store.send(page.form("/campaigns"), **NEWS)
    sent = store.send(written.form("/begin"))

    assert ("分群现在 1 人" in written.text, "发送中" in sent.text) == (True, True)
    clockwork.let(app, "growth")
    assert any("该清洗" in line for line in messages(town.member))
    again = store.open("/console/campaigns/new").form("/campaigns")
    assert store.send(again, **NEWS | {"store": "2"}).status == 403
    house = manager.send(
        manager.open("/console/campaigns/new").form("/campaigns"), **NEWS | {"store": "0"}
    )
    assert store.open(house.path).status == 404
    with transaction(reads_only=True) as db:
        assert [row.store_id for row in db.scalars(select(Campaign))] == [1, None]


def test_he_calls_his_own_followers_from_a_list(town: Town, phone: Phone, desk_of: DeskOf) -> None:
    a_crowd(town)
    with transaction() as db:
        for n, row in enumerate(db.scalars(select(Member).order_by(Member.id)), start=1):
            row.phone = f"1380000000{n}"
    store = desk_of("store")
    written = store.send(
        store.open("/console/campaigns/new").form("/campaigns"), **NEWS | {"is_by_call": "1"}
    )
    begun = store.send(written.form("/begin"))
    with transaction(reads_only=True) as db:
        other = db.scalars(select(Member.number).where(Member.id != town.member.id)).one()

    shown = store.send(begun.form("/calls/phone"))
    strange = store.send(begun.form("/calls/phone"), member=other)
    nobody = store.send(begun.form("/calls"), member=other, outcome="reached")
    done = store.send(store.open(begun.path).form("/calls"), outcome="reached", text="下周约")

    assert "13800000001" in shown.text
    assert (strange.status, nobody.status) == (409, 409)
    assert "告诉了的 1" in done.text


def test_his_draw_and_survey_are_for_his_own_followers(
    app: Flask, town: Town, phone: Phone, desk_of: DeskOf
) -> None:
    a_crowd(town)
    store, manager = desk_of("store"), desk_of("manager")
    form = store.open("/console/draws/new").form("/console/draws")
    prize = {"prize_name": "雨伞", "prize_kind": "gift", "prize_points": "", "prize_quantity": "2"}
    drafted = store.send(form, name="店庆砸蛋", eggs="2", store="1", **prize)
    begun = store.send(drafted.form("/begin"))
    draw = begun.path.rpartition("/")[2]
    asked = {"title": "店里好吗", "asked": "几分", "kind": "scale", "choices": "", "store": "1"}
    survey = store.send(store.open("/console/surveys/new").form("/console/surveys"), **asked)
    assert ("市北店的粉丝" in begun.text, "门店粉丝" in survey.text) == (True, True)
    number = survey.path.rpartition("/")[2]
    house = manager.send(
        manager.open("/console/draws/new").form("/console/draws"),
        name="全城砸蛋",
        eggs="2",
        **prize,
    )
    stranger = Phone(app, Actor(town.member.id + 1, Role.MEMBER))

    home = phone.open("/c/").text
    won = phone.send(phone.open(f"/c/draws/{draw}").form("/smash"))

    assert ("店庆砸蛋" in home, "店里好吗" in home, "看领取码" in won.text) == (True, True, True)
    assert not {"店庆砸蛋", "店里好吗"} & set(stranger.open("/c/").text.split())
    assert stranger.open(f"/c/draws/{draw}").status == 404
    assert stranger.open(f"/c/surveys/{number}").status == 404
    assert store.open(house.path).status == 404
    assert "全城砸蛋" not in store.open("/console/draws").text
    elsewhere = store.open("/console/draws/new").form("/console/draws")
    assert store.send(elsewhere, name="别家", store="2", **prize).status == 403
    assert "店庆砸蛋" in manager.open("/console/draws").text
