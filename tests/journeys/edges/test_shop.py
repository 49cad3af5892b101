"""The points shop: taken for points, posted, fetched or undone, and never more than there are."""

import pytest
from flask import Flask
from sqlalchemy import select

from booking.coupon_models import Coupon
from booking.operations import catalogue
from booking.shop_models import Article
from kernel.db import transaction
from members.collection_models import Collection
from tests.journeys import clockwork
from tests.journeys.console.conftest import DeskOf, Town
from tests.journeys.console.desk import Desk
from tests.journeys.consumer.pages import Page, Phone
from tests.journeys.edges.steps import messages
from tests.journeys.edges.test_coupons import a_kind
from tests.journeys.edges.test_points import balances, earn

HOME = {"name": "林女士", "phone": "138 0000 2046", "address": "浮山后三小区 12-2-402"}


def an_article(desk: Desk, **fields: str) -> str:
    """Put an article into the shop over the form and return its number."""
    asked = {"name": "滤芯", "points": "300", "stock": "2", "by_post": "1", "by_pickup": "1"}
    page = desk.post("/console/shop/new", asked | fields)
    assert page.status == 200, page.text
    with transaction(reads_only=True) as db:
        return db.scalars(select(Article.number).order_by(Article.id.desc())).first() or ""


def take(phone: Phone, article: str, /, **fields: str) -> Page:
    return phone.send(phone.open(f"/c/shop/{article}").form(f"/shop/{article}"), **fields)


def stock() -> int | None:
    with transaction(reads_only=True) as db:
        return db.scalars(select(Article.stock)).one()


def article_number() -> str:
    with transaction(reads_only=True) as db:
        return db.scalars(select(Article.number)).one()


def owed() -> Collection:
    with transaction(reads_only=True) as db:
        return db.scalars(select(Collection)).one()


def has_a_store(town: Town) -> None:
    with transaction() as db:
        catalogue.add_store(
            db, code="ST1", name="市北店", scene="st_1", branch_id=town.here, welcome="欢迎"
        )


@pytest.mark.walks("collection owed send")
def test_posted_with_its_number(app: Flask, town: Town, phone: Phone, desk_of: DeskOf) -> None:
    earn(town.member, 480)
    desk = desk_of("manager")
    article = an_article(desk)

    taken = take(phone, article, way="post", **HOME)
    listed = desk.open("/console/collections")
    refused = desk.send(listed.form("/send"), carrier="顺丰", tracking="")
    sent = desk.send(refused.form("/send"), carrier="顺丰", tracking="SF1001")

    assert "待寄出" in taken.text
    assert (balances(town.member), stock()) == ((180, 180), 1)
    assert "13800002046" not in listed.text
    assert "13800002046" in desk.send(listed.form("/phone")).text
    assert "请写快递公司和单号" in refused.text
    assert "SF1001" in sent.text
    assert "顺丰 SF1001" in phone.open(f"/c/collections/{owed().number}").text
    clockwork.let(app)
    assert any("滤芯已寄出" in line for line in messages(town.member))


@pytest.mark.walks("collection owed hand_over")
def test_fetched_at_the_store_by_its_code(
    app: Flask, town: Town, phone: Phone, desk_of: DeskOf
) -> None:
    has_a_store(town)
    earn(town.member, 480)
    article = an_article(desk_of("manager"))
    taken = take(phone, article, way="pick_up", store="ST1")
    at = f"/console/collections?collection_code={owed().code}"
    store = desk_of("store")

    out = store.send(store.open(at).form("/hand"))
    again = store.open(at)

    assert "到店出示领取码" in taken.text
    assert "已领取" in out.text
    assert "没有这个领取码" in again.text
    assert "已领取" in phone.open("/c/collections").text


def test_a_changed_mind_makes_the_code_good_for_nothing(
    town: Town, phone: Phone, desk_of: DeskOf
) -> None:
    has_a_store(town)
    earn(town.member, 480)
    taken = take(phone, an_article(desk_of("manager")), way="pick_up", store="ST1")
    code = owed().code

    phone.send(taken.form(owed().number), way="post", **HOME)

    assert (owed().way, owed().code, owed().store_id) == ("post", "", None)
    shown = desk_of("store").open(f"/console/collections?collection_code={code}")
    assert "没有这个领取码" in shown.text


@pytest.mark.walks("collection owed cancel")
def test_undone_it_gives_points_and_stock_back(town: Town, phone: Phone, desk_of: DeskOf) -> None:
    earn(town.member, 480)
    taken = take(phone, an_article(desk_of("manager"), own_max="1"), way="post", **HOME)

    undone = phone.send(taken.form("/cancel"))

    assert "已取消" in undone.text
    assert (balances(town.member), stock()) == ((480, 480), 2)
    assert "用 300 积分换" in phone.open("/c/shop/" + article_number()).text


def test_a_coupon_is_there_at_once(town: Town, phone: Phone, desk_of: DeskOf) -> None:
    earn(town.member, 480)
    desk = desk_of("manager")
    kind = a_kind(desk, form="percent", amount="", percent_off="100")
    article = an_article(desk, coupon=kind, stock="", by_post="0", by_pickup="0")

    taken = take(phone, article)

    assert taken.path == "/c/coupons"
    assert balances(town.member) == (180, 180)
    with transaction(reads_only=True) as db:
        assert db.scalars(select(Coupon.source)).one() == "shop"


SAID = {
    "gone": ({"stock": "0"}, {"way": "post", **HOME}, "刚刚换完了"),
    "too_dear": ({"points": "481"}, {"way": "post", **HOME}, "积分不够"),
    "nowhere": ({}, {"way": "post", **HOME, "address": "浮山"}, "还差 4 个字"),
    "no_store": ({}, {"way": "pick_up"}, "请选去哪家门店"),
}


@pytest.mark.parametrize("why", SAID)
def test_what_cannot_be_is_said(town: Town, phone: Phone, desk_of: DeskOf, why: str) -> None:
    article, fields, said = SAID[why]
    earn(town.member, 480)
    number = an_article(desk_of("manager"), **article)

    refused = take(phone, number, **fields)

    assert said in refused.text
    assert balances(town.member) == (480, 480)
