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


def test_he_writes_to_his_own_followers_alone(
    app: Flask, town: Town, phone: Phone, desk_of: DeskOf
) -> None:
    a_crowd(town)
    store = desk_of("store")
    page = store.open("/console/store-news")
    assert "老的，1 人可发" in page.text

    sent = store.send(
        page.form("/store-news"),
        name="清洗提醒",
        segment="1",
        store="1",
        about="您的空调该清洗了",
        tip="点开预约清洗",
        path="/c/",
    )

    assert "发送中" in sent.text
    clockwork.let(app, "growth")
    assert any("该清洗" in line for line in messages(town.member))
    again = store.open("/console/store-news")
    assert "已告诉" in again.text
    elsewhere = store.send(
        again.form("/store-news"),
        name="别家",
        segment="1",
        store="2",
        about="您的空调该清洗了",
        tip="点开预约清洗",
        path="/c/",
    )
    assert elsewhere.status == 403
    with transaction(reads_only=True) as db:
        assert [row.store_id for row in db.scalars(select(Campaign))] == [1]
