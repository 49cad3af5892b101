"""Coupons: given by a scan, a campaign or to make amends; used on one booking; told of before they expire."""

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from booking import coupon_queries
from booking.code_models import Code
from booking.codes import CodeKind
from booking.coupon_models import Coupon
from booking.operations import catalogue, codes
from conversations import inbox
from dispatch.states import VisitState
from gateways.wechat.messages import Followed, Scanned
from kernel.actor import Actor, Role
from kernel.db import transaction
from members import queries as members
from members.operations import following, tags
from tests.house import MONDAY_NINE
from tests.journeys import clockwork
from tests.journeys.console.conftest import DeskOf, Town
from tests.journeys.console.desk import Desk
from tests.journeys.consumer.pages import Page, Phone
from tests.journeys.consumer.steps import hold
from tests.journeys.edges.steps import WORDS, booking, come, messages

LEADER = Actor(1, Role.MANAGER)
FORM = {"name": "立减券", "form": "fixed", "amount": "20", "live_days": "30"}


def a_kind(desk: Desk, **fields: str) -> str:
    """Make a kind of coupon over the form and return its number."""
    page = desk.post("/console/coupons/new", FORM | fields)
    assert page.status == 200, page.text
    return page.path.rsplit("/", 1)[-1]


def give(desk: Desk, kind: str, member: Actor) -> Page:
    with transaction(reads_only=True) as db:
        number = members.member(db, member.id).number
    return desk.send(desk.open(f"/console/coupons/{kind}").form("/give"), member=number)


def coupons_of(member: Actor) -> list[Coupon]:
    with transaction(reads_only=True) as db:
        return [coupon for coupon, _ in coupon_queries.of_member(db, member.id)]


def choose(phone: Phone, number: str, coupon: str) -> Page:
    form = phone.open(f"/c/bookings/{number}/confirm").form("/discount")
    return phone.send(form, coupon=coupon, points="0", vouchers="0")


class TestUse:
    def test_pays_for_one_booking_and_comes_back_with_a_refund(
        self, app: Flask, town: Town, phone: Phone, desk_of: DeskOf
    ) -> None:
        desk = desk_of("manager")
        give(desk, a_kind(desk), town.member)
        [coupon] = coupons_of(town.member)
        number = hold(phone).path.split("/")[3]

        page = choose(phone, number, coupon.number)
        other = hold(phone, "2026-11-24/46800-54000").path.split("/")[3]

        assert "费用 ¥160.00" in page.text
        assert "立减券" not in phone.open(f"/c/bookings/{other}/confirm").text

        phone.send(page.form("/confirm"))
        come(app, desk_of("administrator"), number, to=VisitState.WORK_DONE)
        phone.send(booking(phone, number).form("/sign"))
        assert coupons_of(town.member)[0].used_at is not None
        assert "已用" in phone.open("/c/coupons").text

        desk.send(desk.open(f"/console/bookings/{number}").form("/refund"), words=WORDS)
        [back] = coupons_of(town.member)
        assert (back.used_at, back.booking_id) == (None, None)

    def test_is_free_again_when_the_booking_is_cancelled(
        self, app: Flask, town: Town, phone: Phone, desk_of: DeskOf
    ) -> None:
        desk = desk_of("manager")
        give(desk, a_kind(desk), town.member)
        number = hold(phone).path.split("/")[3]
        page = choose(phone, number, coupons_of(town.member)[0].number)

        phone.send(page.form("/confirm"))
        phone.send(booking(phone, number).form("/cancel"))
        clockwork.let(app)

        assert coupons_of(town.member)[0].booking_id is None

    @pytest.mark.parametrize(
        ("terms", "said"),
        [
            ({"least": "200"}, "没有满这张券的使用金额"),
            ({"second": "1"}, "只限第二单用"),
        ],
    )
    def test_is_refused_where_its_terms_do_not_fit(
        self, town: Town, phone: Phone, desk_of: DeskOf, terms: dict[str, str], said: str
    ) -> None:
        desk = desk_of("manager")
        give(desk, a_kind(desk, **terms), town.member)
        [coupon] = coupons_of(town.member)
        number = hold(phone).path.split("/")[3]

        refused = phone.post(
            f"/c/bookings/{number}/discount",
            {"coupon": coupon.number, "points": "0", "vouchers": "0"},
        )

        assert (refused.status, said in refused.text) == (409, True)

    def test_of_a_store_is_good_for_its_member_whatever_he_scanned_since(
        self, app: Flask, town: Town, phone: Phone, desk_of: DeskOf
    ) -> None:
        with transaction() as db:
            catalogue.add_store(
                db, code="ST1", name="市北店", scene="st_1", branch_id=town.here, welcome="欢迎"
            )
            badge = codes.make(
                db,
                kind=CodeKind.BADGE,
                name="工牌",
                branch_id=town.here,
                bearer="technician:1",
                by=LEADER,
                now=MONDAY_NINE,
            ).scene
            openid = members.member(db, town.member.id).openid
        for scene in ("st_1", badge):
            with transaction() as db:
                following.follow(db, openid=openid, scene=scene, now=MONDAY_NINE)
            clockwork.let(app)
        desk = desk_of("manager")
        give(desk, a_kind(desk, store="ST1"), town.member)
        [coupon] = coupons_of(town.member)

        page = choose(phone, hold(phone).path.split("/")[3], coupon.number)

        assert "费用 ¥160.00" in page.text


class TestGiving:
    def test_a_scan_gives_one_once_and_it_is_told(
        self, app: Flask, town: Town, desk_of: DeskOf
    ) -> None:
        desk = desk_of("manager")
        kind = a_kind(desk, form="percent", amount="", percent_off="100")
        desk.post(
            "/console/codes/new",
            {"branch": str(town.here), "name": "清洗券", "kind": "coupon", "coupon": kind},
        )
        with transaction(reads_only=True) as db:
            openid = members.member(db, town.member.id).openid
            [scene] = db.scalars(select(Code.scene)).all()

        for message, key in ((Followed, "a"), (Scanned, "b"), (Scanned, "c")):
            act = message(
                openid=openid,
                account="gh_1",
                sent_at_s=int(MONDAY_NINE.timestamp()),
                dedupe_key=key,
                scene=scene,
                ticket="",
            )
            with transaction() as db:
                inbox.receive(db, [act], public_base="https://x", now=MONDAY_NINE)
        clockwork.let(app)

        assert len(coupons_of(town.member)) == 1
        assert any("得到立减券" in line for line in messages(town.member))

    def test_a_campaign_reaches_followers_until_none_are_left(
        self, app: Flask, town: Town, phone: Phone, desk_of: DeskOf
    ) -> None:
        with transaction() as db:
            for openid in ("oFollows00000000000000000001", "oFollows00000000000000000002"):
                following.follow(db, openid=openid, scene="", now=MONDAY_NINE)
        desk = desk_of("manager")
        kind = a_kind(desk, given_max="1")

        desk.send(desk.open(f"/console/coupons/{kind}").form("/give-all"))
        clockwork.let(app, "coupons", "coupons")

        page = desk.open(f"/console/coupons/{kind}").text
        assert "发完" in page
        with transaction(reads_only=True) as db:
            assert coupon_queries.kind(db, kind).given == 1
            assert len(db.scalars(select(Coupon)).all()) == 1

    def test_a_campaign_for_a_segment_reaches_nobody_else(
        self, app: Flask, town: Town, phone: Phone, desk_of: DeskOf
    ) -> None:
        with transaction() as db:
            following.follow(db, openid="oFollows00000000000000000001", scene="", now=MONDAY_NINE)
        with transaction() as db:
            tag = tags.make_tag(db, name="老客户", rule=None, by=LEADER, now=MONDAY_NINE)
            tags.put_on(db, tag_id=tag.id, member_id=town.member.id, now=MONDAY_NINE)
            segment = tags.make_segment(
                db, name="老客户们", with_ids=[tag.id], without_ids=[], by=LEADER, now=MONDAY_NINE
            )
            chosen = segment.id
        desk = desk_of("manager")
        kind = a_kind(desk)

        form = desk.open(f"/console/coupons/{kind}").form("/give-all")
        desk.send(form, whom=f"segment:{chosen}")
        clockwork.let(app, "coupons", "coupons")

        assert "老客户们" in desk.open(f"/console/coupons/{kind}").text
        with transaction(reads_only=True) as db:
            [given] = db.scalars(select(Coupon)).all()
        assert given.member_id == town.member.id

    def test_it_is_told_before_it_expires(
        self, app: Flask, town: Town, phone: Phone, desk_of: DeskOf
    ) -> None:
        desk = desk_of("manager")
        give(desk, a_kind(desk), town.member)

        clockwork.stand_at(app, MONDAY_NINE + timedelta(days=28))
        clockwork.let(app, "coupons", "coupons")

        told = [line for line in messages(town.member) if "张优惠券将到期" in line]
        assert len(told) == 1
