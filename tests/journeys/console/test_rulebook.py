"""A change of the rules, from its text to every branch: refused, replayed, tried, published, put back."""

from datetime import timedelta

import pytest
from flask import Flask

from booking import queries
from booking.models import Store
from booking.operations import cancelling, catalogue
from kernel.actor import Actor, Role
from kernel.db import transaction
from kernel.money import Money
from members import queries as members
from members import rule_queries
from members.operations import following
from members.rule_text import RULES, standard_text
from tests.house import MONDAY_NINE
from tests.journeys.clockwork import let, stand_at
from tests.journeys.console.conftest import DeskOf, Town
from tests.journeys.console.desk import Desk, a_promise
from tests.journeys.consumer.pages import Page

LATER = MONDAY_NINE + timedelta(days=4)
SEVEN = MONDAY_NINE + timedelta(hours=22)
WHY = {"words": "先小步试一试"}


@pytest.fixture
def desk(desk_of: DeskOf) -> Desk:
    return desk_of("manager")


def harder(text: str) -> str:
    """Let cancelling cost twice as much, and the deposit begin a step earlier."""
    return (
        text.replace("cancel_points: 20", "cancel_points: 40")
        .replace("expect: {points: 20, strike: false, errand_yuan: 0}", "expect: {points: 40}")
        .replace("deposit_from: 3", "deposit_from: 2")
        .replace("{rung: 2, asks: 2, deposit_yuan: 0}", "{rung: 2, asks: 2, deposit_yuan: 30}")
    )


def written(desk: Desk, text: str) -> Page:
    page = desk.open("/console/rulebook/new")
    return desk.send(page.form("/console/rulebook"), text=text, about="取消的太多")


def cost_of_cancelling(number: str) -> int:
    with transaction(reads_only=True) as db:
        found = queries.by_number(db, number)
        assert found is not None
        return cancelling.quote(db, found, now=found.starts_at - timedelta(hours=3)).tariff.points


class TestAText:
    def test_that_cannot_be_read_is_refused_at_its_line_and_kept(self, desk: Desk) -> None:
        page = written(desk, standard_text().replace("per_yuan: 1 ", "per_yuan: 很多 "))

        assert page.status == 400
        assert "第 4 行「points.per_yuan」要填 0 到 100 之间的数。" in page.text
        assert "很多" in page.text

    def test_that_its_own_examples_contradict_is_refused_by_the_name(self, desk: Desk) -> None:
        page = written(desk, standard_text().replace("cancel_points: 20", "cancel_points: 40"))

        assert page.status == 400
        assert "案例「提前 23 小时取消」不成立" in page.text
        with transaction(reads_only=True) as db:
            assert [row.version for row in rule_queries.versions(db)] == [RULES.version]


def a_friend_of(store: Store) -> Actor:
    """Let somebody come by the store's code."""
    with transaction() as db:
        made = following.follow(db, openid="oFriend", scene=store.scene, now=MONDAY_NINE)
        return Actor(made.id, Role.MEMBER)


def tried_in_a_store(
    page: Page, number: str, *, app: Flask, town: Town, desk: Desk, desk_of: DeskOf
) -> Page:
    """Try the page's version for a store's members and end that: who did not come by it is as before."""
    with transaction() as db:
        store = catalogue.add_store(
            db, code="TD", name="台东店", scene="st_TD", branch_id=town.here, welcome="欢迎光临。"
        )
    friend = a_friend_of(store)
    let(app)
    theirs = a_promise(friend)
    page = desk.send(page.form("/pilot"), place=f"{town.here}-{store.id}", **WHY)
    assert f"{store.name} 正在按这一版算" in page.text
    assert (cost_of_cancelling(theirs), cost_of_cancelling(number)) == (40, 20)
    seen = desk_of("store").open("/console/trials").text
    assert (f"试点前后 · {store.name}" in seen, WHY["words"] in seen) == (True, True)
    page = desk.send(page.form("/pilot/end"), words="在网点里再试")
    assert cost_of_cancelling(theirs) == 20
    return page


def test_a_change_is_replayed_tried_in_a_store_and_at_a_branch_published_and_taken_back(
    app: Flask, town: Town, desk: Desk, desk_of: DeskOf
) -> None:
    number = a_promise(town.member)
    with transaction() as db:
        cancelling.cancel(db, number=number, by=town.member, now=SEVEN)
    stand_at(app, LATER)
    page = written(desk, harder(standard_text()))
    address = page.path
    assert "未生效" in page.text
    assert "cancel_points: 40" in page.text

    # Nobody has seen yet whom it touches.
    page = desk.post(f"{address}/publish", WHY)
    assert (page.status, "请先回放最近 30 天" in page.text) == (409, True)

    page = desk.send(desk.open(address).form("/replay"))
    assert "排队中" in page.text
    let(app, "replays")
    page = desk.open(address)
    assert "1 人会受到不同对待，一共看了 1 人" in page.text
    assert "取消扣分 20 → 40 提前 3 小时" in page.text
    assert "押金 ¥0.00 → ¥30.00 第 2 级的待遇改了" in page.text
    assert desk.ask("GET", f"{address}/progress").headers["HX-Refresh"] == "true"

    page = tried_in_a_store(page, number, app=app, town=town, desk=desk, desk_of=desk_of)
    page = desk.send(page.form("/pilot"), place=str(town.here), **WHY)
    assert "正在按这一版算" in page.text
    assert "试点前后" in page.text
    assert cost_of_cancelling(number) == 40
    with transaction(reads_only=True) as db:
        assert rule_queries.in_force(db, branch_id=town.there) is RULES
        stands = members.standing_of(db, town.member.id, branch_id=town.here, now=LATER)
    assert (stands.deposit, stands.version) == (Money(30_00), address.rpartition("/")[2])

    page = desk.send(page.form("/publish"), **WHY)
    assert "在用" in page.text
    with transaction(reads_only=True) as db:
        assert rule_queries.in_force(db, branch_id=town.there).cancel_points == 40

    former = desk.open(f"/console/rulebook/{RULES.version}")
    desk.send(former.form("/publish"), words="取消没有变少")
    assert cost_of_cancelling(number) == 20
    done = desk.open("/console/rulebook").text
    assert done.index("取消没有变少") < done.index(WHY["words"])


def test_a_dispatcher_reads_the_rules_and_changes_nothing(desk_of: DeskOf) -> None:
    desk = desk_of("dispatcher")

    page = desk.open(f"/console/rulebook/{RULES.version}")
    assert "从没失约过的老会员" in page.text
    assert "发布到所有网点" not in page.text
    assert desk.open("/console/rulebook/new").status == 403
