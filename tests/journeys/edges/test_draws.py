"""A draw from its set-up to the prize in the member's hands."""

from flask import Flask
from sqlalchemy import update

from booking.coupon_models import Coupon
from kernel.db import transaction
from members import collection_queries
from members.collection_models import Collection
from tests.journeys.console.conftest import DeskOf, Town
from tests.journeys.console.desk import Desk
from tests.journeys.consumer.pages import Phone
from tests.journeys.edges.test_coupons import a_kind, coupons_of
from tests.journeys.edges.test_shop import has_a_store


def a_draw(desk: Desk, *, kind: str = "gift", points: str = "") -> str:
    """Let a manager set one up in which every egg has a prize, and begin it; return its number."""
    page = desk.open("/console/draws/new")
    made = desk.send(
        page.form("/console/draws"),
        name="周年庆砸金蛋",
        eggs="2",
        prize_name="雨伞",
        prize_kind=kind,
        prize_points=points,
        prize_quantity="2",
    )
    assert "未开始" in made.text
    begun = desk.send(made.form("/begin"))
    assert "承诺值、0 次结果" in begun.text
    return begun.path.rpartition("/")[2]


def owed(phone: Phone) -> Collection:
    with transaction(reads_only=True) as db:
        [row] = collection_queries.open_of(db, member_id=phone.member.id)
        return row


def test_a_prize_is_won_and_handed_over_for_its_code(
    app: Flask, town: Town, phone: Phone, desk_of: DeskOf
) -> None:
    has_a_store(town)
    number = a_draw(desk_of("manager"))
    assert "周年庆砸金蛋" in phone.open("/c/").text
    egg = phone.open(f"/c/draws/{number}")
    assert "2/2 的机会" in egg.text

    won = phone.send(egg.form("/smash"))

    assert "砸中了：雨伞" in won.text
    row = owed(phone)
    chosen = phone.open(f"/c/collections/{row.number}").form(row.number)
    shown = phone.send(chosen, way="pick_up", store="ST1")
    row = owed(phone)
    assert f"{row.code[:4]} {row.code[4:]}" in shown.text
    desk = desk_of("dispatcher")
    page = desk.open(f"/console/collections?collection_code={row.code}")
    handed = desk.send(page.form("/hand"))
    assert "已领取" in handed.text
    assert "没有这个领取码" in desk.open(f"/console/collections?collection_code={row.code}").text

    told = app.test_cli_runner().invoke(args=["draw", "verify", number])
    assert (told.exit_code, "everything follows" in told.output) == (0, True)


def test_a_coupon_is_there_at_once_and_its_log_is_proven(
    app: Flask, town: Town, phone: Phone, desk_of: DeskOf
) -> None:
    desk = desk_of("manager")
    few = a_kind(desk, given_max="1")
    assert few not in desk.open("/console/draws/new").text
    kind = a_kind(desk, given_max="")
    number = a_draw(desk, kind=kind)
    desk.send(desk.open(f"/console/coupons/{kind}").form("/end"))

    page = phone.send(phone.open(f"/c/draws/{number}").form("/smash"))

    assert "券已放进您的券包" in page.text
    assert [coupon.source for coupon in coupons_of(town.member)] == ["prize"]
    verify = ["draw", "verify", number]
    assert app.test_cli_runner().invoke(args=verify).exit_code == 0
    with transaction() as db:
        db.execute(update(Coupon).values(key="elsewhere"))
    told = app.test_cli_runner().invoke(args=verify)
    assert (told.exit_code, "egg 1 was not given" in told.output) == (1, True)


def test_points_are_there_at_once(town: Town, phone: Phone, desk_of: DeskOf) -> None:
    number = a_draw(desk_of("manager"), kind="points", points="50")

    page = phone.send(phone.open(f"/c/draws/{number}").form("/smash"))

    assert "50 积分已到账" in page.text
    assert "砸金蛋得分" in phone.open("/c/points").text
