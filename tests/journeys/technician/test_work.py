"""The work itself: loading, pausing, additions, serial numbers, the signature; and his own page."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from booking import queries as bookings
from booking.goods import GoodsKind, NewItem
from booking.operations import additions, assets, goods, visits
from booking.states import AdditionState
from dispatch import queries
from dispatch.states import VisitState
from kernel.actor import SYSTEM
from kernel.db import transaction
from tests.house import MONDAY_NINE, a_member
from tests.journeys.consumer.pages import Page
from tests.journeys.technician.conftest import Crew
from tests.journeys.technician.hands import (
    A_SIGNATURE,
    Given,
    Hands,
    given,
    move_clock,
    state_of,
)

SERIALS = "序列号,型号,品名,质保月数,保养间隔月数\nSN12345678,KFR-35,挂机空调,72,12\n"


@pytest.fixture
def work(crew: Crew) -> Given:
    return given(crew.member)


@pytest.fixture
def in_service(hands: Hands, work: Given) -> Given:
    hands.come_to(work, VisitState.IN_SERVICE)
    return work


def brings(work: Given, *, serial: str = "BOX-1") -> None:
    """Let the booking bring one thing."""
    with transaction() as db:
        goods.add_items(
            db,
            booking_number=work.booking,
            items=[NewItem(kind=GoodsKind.GOODS, name="挂机", serial=serial)],
            by=SYSTEM,
            now=MONDAY_NINE,
        )


def asked(work: Given) -> list[AdditionState]:
    with transaction(reads_only=True) as db:
        booking = bookings.booking_of_visit(db, work.visit_id)
        return [one.state for one in bookings.additions(db, booking.id)]


def ask(hands: Hands, work: Given, **changes: str) -> Page:
    fields = {"option": "pipe", "count": "1", "reason": "管子不够长"} | changes
    return Page(hands.press(work, "additions", fields=fields))


class TestAccepting:
    def test_counts_down_fifteen_minutes(self, app: Flask, hands: Hands, work: Given) -> None:
        move_clock(app, MONDAY_NINE - timedelta(hours=2) + timedelta(minutes=5))
        assert "data-countdown" in hands.visit(work).answer.get_data(as_text=True)

        move_clock(app, MONDAY_NINE)

        assert "超过 15 分钟没有接单" in hands.visit(work).said("bar")
        assert hands.press(work, "accept").status_code == 200


class TestLoading:
    @pytest.mark.walks("goods in_warehouse load")
    def test_keeps_him_from_setting_out_until_it_is_done(self, hands: Hands, work: Given) -> None:
        brings(work)
        hands.press(work, "accept")
        page = hands.visit(work)
        assert "出发 · 还差 1 件没装车" in page.said("bar")
        assert "「挂机」还没有扫码装车，装好再出发。" in page.said("bar")
        refused = hands.press(work, "depart")
        assert refused.status_code == 422
        assert Page(refused).said("act-error") == "「挂机」还没有扫码装车，装好再出发。"

        page = Page(hands.press(work, "goods", fields={"code": "box-1"}))

        assert "1 件，全部已扫码" in page.text
        assert "出发去这一户" in page.said("bar")
        hands.press(work, "depart")
        assert state_of(work) is VisitState.EN_ROUTE

    def test_of_what_goes_elsewhere_is_said_at_the_field(self, hands: Hands, work: Given) -> None:
        brings(work)

        page = Page(hands.press(work, "goods", fields={"code": "BOX-2"}))

        assert page.status == 422
        assert page.said("goods-code-error") == "这件不是这一户的，请核对标签。"
        assert page.value("code") == "BOX-2"

    def test_of_nothing_is_said_at_the_field(self, hands: Hands, work: Given) -> None:
        brings(work)

        page = Page(hands.press(work, "goods", fields={"code": "  "}))

        assert page.status == 422
        assert page.said("goods-code-error")


class TestPausing:
    @pytest.mark.walks("visit paused resume")
    def test_stops_the_work_and_goes_on(self, app: Flask, hands: Hands, in_service: Given) -> None:
        page = hands.open(f"/t/visits/{in_service.number}/ways/pause")
        page = hands.send(page.form("/ways/pause"), reason="取工具或配件")
        assert "暂停中" in page.text
        assert page.has_form("/resume")
        assert "继续服务" in hands.open("/t/").said("bar")
        move_clock(app, MONDAY_NINE + timedelta(minutes=30))

        page = hands.send(page.form("/resume"))

        assert state_of(in_service) is VisitState.IN_SERVICE
        assert "约 90 分" in page.text

    def test_work_that_rests_is_not_finished(self, hands: Hands, in_service: Given) -> None:
        hands.press(in_service, "ways/pause", fields={"reason": "休息一下"})

        assert hands.press(in_service, "finish").status_code == 422
        assert state_of(in_service) is VisitState.PAUSED


class TestAdditions:
    def test_wait_for_the_member_and_follow_his_word(
        self, hands: Hands, crew: Crew, in_service: Given
    ) -> None:
        page = ask(hands, in_service, count="2")
        assert "加长铜管 ×2 ¥160.00" in page.text
        assert "等业主同意" in page.text
        with transaction() as db:
            booking = bookings.booking_of_visit(db, in_service.visit_id)
            [one] = bookings.additions(db, booking.id)
            additions.decide(db, number=one.number, approved=True, by=crew.member, now=MONDAY_NINE)

        page = hands.visit(in_service)

        assert "业主已同意 09:00" in page.text
        assert "¥340.00" in page.text

    @pytest.mark.walks("addition asked withdraw")
    def test_may_be_taken_back(self, hands: Hands, in_service: Given) -> None:
        page = ask(hands, in_service)

        page = hands.send(page.form("/withdraw"))

        assert "已收回" in page.text
        assert asked(in_service) == [AdditionState.WITHDRAWN]

    @pytest.mark.parametrize(
        ("changes", "at"),
        [
            pytest.param({"reason": ""}, "addition-reason-error", id="no_reason"),
            pytest.param({"count": "0"}, "addition-count-error", id="none"),
            pytest.param({"count": "11"}, "addition-error", id="more_than_the_card_allows"),
            pytest.param({"option": "gold"}, "addition-error", id="not_on_the_card"),
        ],
    )
    def test_are_refused_at_the_field(
        self, hands: Hands, in_service: Given, changes: Mapping[str, Any], at: str
    ) -> None:
        page = ask(hands, in_service, **changes)

        assert page.status == 422
        assert page.said(at)
        assert asked(in_service) == []


class TestSerials:
    def test_are_genuine_unknown_or_anothers(self, hands: Hands, in_service: Given) -> None:
        with transaction() as db:
            assets.import_serials(
                db, raw=SERIALS.encode(), file_name="list.csv", by=SYSTEM, now=MONDAY_NINE
            )
            stranger = a_member(db, openid="oTest000000000000000000002")
            assets.bind_warranty(db, serial="SN12345678", by=stranger, now=MONDAY_NINE)

        taken = Page(hands.press(in_service, "serials", fields={"serial": "SN12345678"}))
        unknown = Page(hands.press(in_service, "serials", fields={"serial": "SN99999999"}))

        assert taken.status == 422
        assert "已经登记在别人名下" in taken.said("serial-code-error")
        assert "SN99999999 名单里没有" in unknown.said("serial-card")

    def test_of_the_list_are_genuine(self, hands: Hands, in_service: Given) -> None:
        with transaction() as db:
            assets.import_serials(
                db, raw=SERIALS.encode(), file_name="list.csv", by=SYSTEM, now=MONDAY_NINE
            )

        page = Page(hands.press(in_service, "serials", fields={"serial": "sn 12345678"}))

        assert "SN12345678 挂机空调 正品" in page.said("serial-card")


class TestRelease:
    def test_is_asked_for_and_comes_from_the_dispatcher(self, hands: Hands, work: Given) -> None:
        hands.come_to(work, VisitState.ARRIVED)

        hands.press(work, "ways/release", fields={"reason": "页面打不开"})

        assert "09:00 已请调度放行" in hands.visit(work).text
        assert state_of(work) is VisitState.ARRIVED
        with transaction() as db:
            visits.release_code(db, number=work.number, reason="called", by=SYSTEM, now=MONDAY_NINE)
        assert "服务中" in hands.visit(work).text


class TestSigning:
    @pytest.mark.parametrize(
        "strokes",
        [
            pytest.param("[]", id="nothing"),
            pytest.param("[[[1, 1], [2, 2]]]", id="a_slip"),
            pytest.param(str([[[n, 2000] for n in range(9)]]), id="off_the_sheet"),
            pytest.param(str([[[n] for n in range(9)]]), id="no_points"),
            pytest.param("[[[", id="no_json"),
            pytest.param('{"a": 1}', id="another_shape"),
            pytest.param("[" * 3000, id="too_deep"),
            pytest.param(str([[[1, 1]] * 2001]), id="too_much"),
        ],
    )
    def test_needs_a_name(self, hands: Hands, work: Given, strokes: str) -> None:
        hands.come_to(work, VisitState.WORK_DONE)

        page = Page(hands.press(work, "sign", fields={"strokes": strokes}))

        assert page.status == 422
        assert page.said("strokes-error") == "还没有看到签名，请业主用手指写上名字。"
        assert state_of(work) is VisitState.WORK_DONE

    def test_twice_is_once(self, hands: Hands, work: Given) -> None:
        hands.come_to(work, VisitState.WORK_DONE)

        for _ in range(2):
            answer = hands.press(work, "sign", fields={"strokes": A_SIGNATURE})
            assert answer.headers["HX-Redirect"] == f"/t/visits/{work.number}"

        assert state_of(work) is VisitState.DONE
        with transaction(reads_only=True) as db:
            kept = [proof.kind for proof in queries.evidence(db, work.visit_id)]
        assert kept == ["signature"]

    def test_waits_for_the_end_of_the_work(self, hands: Hands, in_service: Given) -> None:
        answer = hands.fetch(f"/t/visits/{in_service.number}/sign")

        assert answer.location == f"/t/visits/{in_service.number}"


class TestHisOwnPage:
    def test_shows_the_score_with_its_parts(self, app: Flask, hands: Hands, work: Given) -> None:
        hands.come_to(work, VisitState.WORK_DONE)
        move_clock(app, MONDAY_NINE + timedelta(hours=4))

        page = hands.open("/t/me")

        assert "绩效分" in page.text
        for part in ("业主评价 占 50%", "准时到达 占 20%", "一次修好 占 20%", "记录齐全 占 10%"):
            assert part in page.text
        assert "2 项里有 1 项" in page.text

    def test_shows_what_a_journey_in_vain_paid(self, hands: Hands, work: Given) -> None:
        hands.come_to(work, VisitState.ARRIVED)
        hands.press(work, "ways/no_access")

        page = hands.open("/t/me")

        assert "空跑费 ¥25.00" in page.text
        assert f"/t/visits/{work.number}" in page.links
