"""When it goes wrong at the door: nobody opens, no way in, work that cannot be finished, a refusal."""

import io
from datetime import timedelta

import pytest
from flask import Flask

from dispatch import queries
from dispatch.states import VisitState
from kernel.db import transaction
from members import ledger_queries, strike_queries
from members.ledger import EARNINGS, technician_owner
from members.risk import StrikeKind
from tests.house import MONDAY_NINE, NORTH
from tests.journeys.consumer.pages import Page
from tests.journeys.technician.conftest import Crew
from tests.journeys.technician.hands import (
    BASE,
    Given,
    Hands,
    a_photo,
    given,
    move_clock,
    state_of,
)

AT_THE_DOOR = {"lat": str(NORTH.lat), "lon": str(NORTH.lon), "datum": "gcj02"}
FAR_AWAY = {"lat": str(NORTH.lat + 0.01), "lon": str(NORTH.lon), "datum": "gcj02"}


@pytest.fixture
def work(crew: Crew) -> Given:
    return given(crew.member)


@pytest.fixture
def at_the_door(hands: Hands, work: Given) -> Given:
    """He has arrived at nine, proven by his phone's place."""
    hands.come_to(work, VisitState.EN_ROUTE)
    hands.press(work, "arrive", fields=AT_THE_DOOR)
    return work


def earned(work: Given) -> int:
    with transaction(reads_only=True) as db:
        technician_id = queries.visit(db, work.visit_id).technician_id or 0
        return ledger_queries.balance(db, owner=technician_owner(technician_id), unit=EARNINGS)


def proofs(work: Given) -> list[str]:
    with transaction(reads_only=True) as db:
        return [proof.kind for proof in queries.evidence(db, work.visit_id)]


def by_photo(hands: Hands, work: Given, *, reason: str = "小区里没有信号") -> Page:
    """Send a photo of the door with a reason, as the page's form does."""
    answer = hands.client.post(
        f"/t/visits/{work.number}/arrive-by-photo",
        data={"reason": reason, "photo": (io.BytesIO(a_photo()), "door.jpg")},
        base_url=BASE,
        headers={"X-CSRF-Token": hands.csrf_token},
        follow_redirects=True,
    )
    return Page(answer)


class TestArriving:
    def test_far_from_the_door_is_said_at_the_button_with_the_other_way(
        self, hands: Hands, work: Given
    ) -> None:
        hands.come_to(work, VisitState.EN_ROUTE)

        answer = hands.press(work, "arrive", fields=FAR_AWAY)

        assert answer.status_code == 422
        page = Page(answer)
        assert page.said("act-error").startswith("定位离门口还有 11")
        assert page.has_form("/arrive-by-photo")
        assert state_of(work) is VisitState.EN_ROUTE

    def test_by_the_phones_gps_is_moved_into_our_datum(self, hands: Hands, work: Given) -> None:
        hands.come_to(work, VisitState.EN_ROUTE)

        # The same degrees as the door's, but in WGS-84: half a kilometre beside it.
        answer = hands.press(work, "arrive", fields=AT_THE_DOOR | {"datum": "wgs84"})

        assert answer.status_code == 422

    def test_by_photo_and_reason_is_a_proof(self, hands: Hands, work: Given) -> None:
        hands.come_to(work, VisitState.EN_ROUTE)

        page = by_photo(hands, work)

        assert page.status == 200
        assert state_of(work) is VisitState.ARRIVED
        assert proofs(work) == ["arrival"]

    def test_by_photo_needs_its_reason(self, hands: Hands, work: Given) -> None:
        hands.come_to(work, VisitState.EN_ROUTE)

        page = by_photo(hands, work, reason="")

        assert page.status == 400
        assert page.said("arrival-reason-error")
        assert state_of(work) is VisitState.EN_ROUTE

    @pytest.mark.parametrize(
        "lat", [pytest.param("91", id="beyond_the_pole"), pytest.param("abc", id="no_number")]
    )
    def test_at_no_place_on_earth_is_refused(self, hands: Hands, work: Given, lat: str) -> None:
        hands.come_to(work, VisitState.EN_ROUTE)

        answer = hands.press(work, "arrive", fields=AT_THE_DOOR | {"lat": lat})

        assert answer.status_code == 400
        assert state_of(work) is VisitState.EN_ROUTE


class TestNobodyHome:
    @pytest.mark.walks("booking booked fail", "visit arrived nobody")
    def test_waits_for_four_proofs_and_then_pays_the_journey(
        self, app: Flask, hands: Hands, crew: Crew, at_the_door: Given
    ) -> None:
        here = f"/t/visits/{at_the_door.number}/nobody"
        page = hands.open(here)
        assert "还没有打" in page.text
        assert "打电话" in page.said("bar")

        page = hands.send(page.form("/call"))
        assert "再打一次电话" in page.said("bar")
        assert "tel:13800002046" in page.answer.get_data(as_text=True)
        page = hands.send(page.form("/call"))
        page = hands.send(page.form("/message"))
        assert "证据只差等候：09:15 以后可以报跑单" in page.said("bar")

        move_clock(app, MONDAY_NINE + timedelta(minutes=15))
        page = hands.open(here)
        assert "证据已齐" in page.text
        assert "tel:" not in page.answer.get_data(as_text=True)
        page = hands.open(f"/t/visits/{at_the_door.number}/ways/nobody_home")
        assert "空跑费 ¥25.00 马上入账" in page.text
        assert "拟扣 200 积分、记 1 次违约" in page.text
        page = hands.send(page.form("/ways/nobody_home"))

        assert state_of(at_the_door) is VisitState.NO_SHOW
        assert "没人应门 09:15 离开" in page.said("ended-card")
        assert "空跑费 ¥25.00 已入账" in page.text
        assert earned(at_the_door) == 25_00
        assert "没人应门" in hands.open("/t/?done=1").text
        with transaction(reads_only=True) as db:
            strike = strike_queries.strike_of_booking(
                db, booking_number=at_the_door.booking, kind=StrikeKind.NO_SHOW
            )
        assert strike is not None
        assert [proof["kind"] for proof in strike.evidence["proofs"]] == [
            "arrival",
            "call",
            "call",
            "message",
        ]

    def test_a_second_too_soon_is_refused_in_the_sheet(
        self, app: Flask, hands: Hands, crew: Crew, at_the_door: Given
    ) -> None:
        for kind in ("call", "call", "message"):
            hands.press(at_the_door, f"nobody/{kind}")
        move_clock(app, MONDAY_NINE + timedelta(minutes=14, seconds=59))

        answer = hands.press(at_the_door, "ways/nobody_home")

        assert answer.status_code == 422
        assert Page(answer).said("way-error") == "还不能报跑单：还差 1 项证据。"
        assert state_of(at_the_door) is VisitState.ARRIVED
        assert earned(at_the_door) == 0

    def test_an_arrival_without_a_place_asks_for_the_photo_first(
        self, hands: Hands, work: Given
    ) -> None:
        hands.come_to(work, VisitState.ARRIVED)
        page = hands.open(f"/t/visits/{work.number}/nobody")
        assert "补门口照片" in page.said("bar")

        page = by_photo(hands, work)

        assert page.path == f"/t/visits/{work.number}/nobody"
        assert proofs(work) == ["arrival"]
        assert "打电话" in page.said("bar")

    def test_the_member_who_comes_after_all_loses_nothing(
        self, hands: Hands, at_the_door: Given
    ) -> None:
        hands.press(at_the_door, "nobody/call")

        hands.press(at_the_door, "start", fields={"code": at_the_door.code})

        assert state_of(at_the_door) is VisitState.IN_SERVICE
        answer = hands.fetch(f"/t/visits/{at_the_door.number}/nobody")
        assert answer.location == f"/t/visits/{at_the_door.number}"

    def test_dials_only_what_was_recorded(self, hands: Hands, at_the_door: Given) -> None:
        opened = hands.fetch(f"/t/visits/{at_the_door.number}/nobody").get_data(as_text=True)
        called = hands.press(at_the_door, "nobody/call").get_data(as_text=True)

        assert "13800002046" not in opened
        assert "data-dial" in called
        assert proofs(at_the_door) == ["arrival", "call"]


class TestOtherWays:
    @pytest.mark.parametrize(
        ("way", "ending"),
        [
            ("wrong_address", (VisitState.ACCESS_FAILED, 25_00)),
            pytest.param(
                "no_access",
                (VisitState.ACCESS_FAILED, 25_00),
                marks=pytest.mark.walks("visit arrived shut_out"),
            ),
            pytest.param(
                "missing_part",
                (VisitState.INCOMPLETE, 0),
                marks=pytest.mark.walks("visit arrived break_off"),
            ),
            ("not_installable", (VisitState.INCOMPLETE, 0)),
            pytest.param(
                "refused",
                (VisitState.REFUSED, 25_00),
                marks=pytest.mark.walks("visit arrived refuse"),
            ),
        ],
    )
    def test_from_the_door(
        self, hands: Hands, at_the_door: Given, way: str, ending: tuple[VisitState, int]
    ) -> None:
        state, fee = ending
        listed = hands.open(f"/t/visits/{at_the_door.number}/ways")
        assert f"/ways/{way}" in listed.answer.get_data(as_text=True)
        page = hands.open(f"/t/visits/{at_the_door.number}/ways/{way}")
        assert ("空跑费" in page.text) is bool(fee)

        page = hands.send(page.form(f"/ways/{way}"))

        assert page.path == f"/t/visits/{at_the_door.number}"
        assert page.said("ended-card")
        assert state_of(at_the_door) is state
        assert earned(at_the_door) == fee

    @pytest.mark.walks("visit in_service pause", "visit paused break_off")
    def test_unfinished_work_ends_a_pause(self, hands: Hands, at_the_door: Given) -> None:
        hands.press(at_the_door, "start", fields={"code": at_the_door.code})
        hands.press(at_the_door, "ways/pause", fields={"reason": "停水停电"})
        assert state_of(at_the_door) is VisitState.PAUSED

        hands.press(at_the_door, "ways/unfinished")

        assert state_of(at_the_door) is VisitState.INCOMPLETE
        assert "今天没做完" in hands.visit(at_the_door).said("ended-card")

    def test_a_way_that_is_not_open_leads_back(self, hands: Hands, work: Given) -> None:
        answer = hands.fetch(f"/t/visits/{work.number}/ways/refused")
        pressed = hands.press(work, "ways/refused")

        assert answer.location == f"/t/visits/{work.number}"
        assert pressed.headers["HX-Redirect"] == f"/t/visits/{work.number}"
        assert state_of(work) is VisitState.ASSIGNED

    def test_a_way_that_nobody_knows_is_missing(self, hands: Hands, work: Given) -> None:
        assert hands.fetch(f"/t/visits/{work.number}/ways/home").status_code == 404

    def test_not_of_a_colleagues_visit(self, colleague: Hands, at_the_door: Given) -> None:
        assert colleague.fetch(f"/t/visits/{at_the_door.number}/nobody").status_code == 404
        assert colleague.press(at_the_door, "nobody/call", htmx=False).status_code == 404
        assert colleague.press(at_the_door, "ways/refused", htmx=False).status_code == 404
        assert proofs(at_the_door) == ["arrival"]


class TestDeclining:
    def test_needs_a_reason(self, hands: Hands, work: Given) -> None:
        answer = hands.press(work, "ways/decline")

        assert answer.status_code == 422
        assert Page(answer).said("way-error") == "请选一个原因。"
        assert state_of(work) is VisitState.ASSIGNED

    @pytest.mark.walks("visit assigned decline")
    def test_says_that_the_pair_is_over_and_leads_to_today(
        self, hands: Hands, crew: Crew, work: Given
    ) -> None:
        page = hands.open(f"/t/visits/{work.number}/ways/decline")
        assert "这一户以后不会再派给您" in page.text

        page = hands.send(page.form("/ways/decline"), reason="做不了这项服务", note="没有高空证")

        assert page.path == "/t/"
        assert "今天没有派给您的任务" in page.text
        with transaction(reads_only=True) as db:
            barred = queries.barred_from(db, [work.visit_id])
        assert barred == {work.visit_id: frozenset({crew.technician_id})}
        mine = hands.open("/t/me")
        assert "浮山后三小区 做不了这项服务：没有高空证" in mine.text
        assert hands.fetch(f"/t/visits/{work.number}").status_code == 404
