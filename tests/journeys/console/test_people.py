"""Bookings, technicians, messages and stores."""

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import update

import app as joinery
from booking.models import Booking
from booking.operations import cancelling, catalogue
from dispatch import queries
from faces.chrome import qr
from gateways.wechat.client import QrCode
from gateways.wechat.errors import unclear
from kernel.db import transaction
from tests.house import MONDAY_NINE, a_member, tomorrow
from tests.journeys.clockwork import stand_at
from tests.journeys.console.conftest import DeskOf, Town
from tests.journeys.console.desk import Desk, a_promise
from tests.journeys.console.life import TUESDAY_TEN


@pytest.fixture
def number(town: Town) -> str:
    return a_promise(town.member)


class TestBookings:
    @pytest.mark.parametrize("text", ["2046", "林女士", "浮山后"])
    def test_are_found_by_what_a_caller_says(self, desk: Desk, number: str, text: str) -> None:
        assert number in desk.open(f"/console/bookings?q={text}").text
        assert number not in desk.open("/console/bookings?q=9999").text

    def test_are_found_by_their_technician(self, desk: Desk, town: Town, number: str) -> None:
        desk.post("/console/board/publish", {"branch": str(town.here), "day": str(tomorrow())})
        with transaction(reads_only=True) as db:
            [visit] = queries.visits_in_routes(db, branch_id=town.here, day=tomorrow()).values()
            person = queries.technician(db, visit.technician_id or 0)

        assert number in desk.open(f"/console/bookings?q={person.name}").text
        assert number in desk.open(f"/console/bookings?q={person.work_number.lower()}").text

    def test_begin_with_what_needs_somebody_and_with_the_next_window(
        self, app: Flask, desk: Desk, town: Town, number: str
    ) -> None:
        with transaction() as db:
            other = a_member(db, openid="oTest000000000000000000002")
        late, early = a_promise(town.member, opens_h=15), a_promise(other, opens_h=8)
        gone = a_promise(other, opens_h=13)
        with transaction() as db:
            cancelling.cancel(db, number=gone, by=other, now=MONDAY_NINE)

        def order() -> list[str]:
            text = desk.open("/console/bookings").text
            return sorted((late, early, gone, number), key=text.index)

        assert order() == [early, number, late, gone]

        with transaction() as db:
            db.execute(update(Booking).where(Booking.number == late).values(needs_window=True))
        stand_at(app, TUESDAY_TEN + timedelta(minutes=30))

        # The first one's window is over and nobody came; the last waits for another visit's.
        assert order() == [early, late, number, gone]
        assert "要处理的在前" in desk.open("/console/bookings").text

    def test_technicians_stores_and_accounts_are_searched_alike(
        self, desk_of: DeskOf, town: Town
    ) -> None:
        admin = desk_of("administrator")

        for path in ("technicians", "stores", "users"):
            assert "没有符合条件的" in admin.open(f"/console/{path}?q=没有这个名字").text
            assert "没有符合条件的" not in admin.open(f"/console/{path}?page=1").text

    def test_are_narrowed_by_day_and_state(self, desk: Desk, number: str) -> None:
        assert number in desk.open(f"/console/bookings?day={tomorrow()}&state=booked").text
        assert number not in desk.open("/console/bookings?day=2026-11-23").text
        assert number not in desk.open("/console/bookings?state=completed").text

    def test_take_an_empty_filter_for_none(self, desk: Desk, number: str) -> None:
        assert number in desk.open("/console/bookings?q=&day=&state=").text

    def test_tell_one_in_full_with_its_phone_masked(self, desk: Desk, number: str) -> None:
        page = desk.open(f"/console/bookings/{number}")

        assert "138****2046" in page.text
        assert "13800002046" not in page.answer.get_data(as_text=True)
        assert "预约成功" in page.text
        assert "¥180.00" in page.text

    def test_that_do_not_exist_are_missing(self, desk: Desk) -> None:
        assert desk.open("/console/bookings/B0000000000").status == 404


class TestMessages:
    def test_are_listed_with_what_they_are_about(self, desk: Desk, app: Flask, number: str) -> None:
        joinery.wake("outbox")

        page = desk.open("/console/messages")

        assert "预约成功通知" in page.text
        assert number in page.text

    def test_of_another_branch_are_not_shown(
        self, desk_of: DeskOf, app: Flask, number: str
    ) -> None:
        joinery.wake("outbox")

        assert number not in desk_of("elsewhere").open("/console/messages").text
        assert number in desk_of("auditor").open("/console/messages").text

    def test_are_filtered_by_state_and_kind(self, desk: Desk, app: Flask, number: str) -> None:
        joinery.wake("outbox")

        assert number in desk.open("/console/messages?state=pending&kind=M1").text
        assert number not in desk.open("/console/messages?state=sent").text
        assert number not in desk.open("/console/messages?kind=M17").text

    def test_are_filtered_by_number_and_day(self, desk: Desk, app: Flask, number: str) -> None:
        joinery.wake("outbox")

        assert "预约成功通知" in desk.open(f"/console/messages?number={number.lower()}").text
        assert "没有符合条件的消息" in desk.open("/console/messages?number=B0000000000").text
        assert "没有符合条件的消息" in desk.open("/console/messages?day=2026-11-20").text


class _Account:
    """WeChat as far as these pages ask it."""

    def __init__(self, *, is_away: bool = False) -> None:
        self.is_away = is_away
        self.scenes: list[tuple[str, int | None]] = []

    def create_qr(self, *, scene: str, seconds: int | None) -> QrCode:
        if self.is_away:
            raise unclear("no answer")
        self.scenes.append((scene, seconds))
        return QrCode(f"https://mp.example/{scene}", seconds)


class TestTechnicians:
    def test_are_listed_with_what_they_can_do(self, desk: Desk, town: Town) -> None:
        page = desk.open("/console/technicians")

        assert "王师1" in page.text
        assert "空调装" in page.text
        assert "08:00–18:00" in page.text
        assert "未绑定" in page.text

    def test_bind_their_wechat_by_a_code_of_one_use(
        self, desk: Desk, app: Flask, town: Town
    ) -> None:
        account = app.extensions["doorbell.wechat"] = _Account()
        person_id = _technician(town)

        page = desk.post(f"/console/technicians/{person_id}/bind")

        with transaction(reads_only=True) as db:
            code = queries.technician(db, person_id).bind_code
        assert account.scenes == [(f"bind_{code}", 600)]
        assert qr.picture(f"https://mp.example/bind_{code}") in page.answer.get_data(
            as_text=True
        ).replace("&#39;", "'").replace("&amp;", "&")

    def test_hear_in_words_that_wechat_is_away(self, desk: Desk, app: Flask, town: Town) -> None:
        app.extensions["doorbell.wechat"] = _Account(is_away=True)

        page = desk.post(f"/console/technicians/{_technician(town)}/bind")

        assert page.status == 200
        assert "微信暂时没有回应" in page.text

    def test_that_do_not_exist_are_missing(self, desk: Desk) -> None:
        assert desk.post("/console/technicians/999/bind").status == 404
        assert desk.open("/console/technicians/999/bound").status == 404


def _technician(town: Town) -> int:
    with transaction(reads_only=True) as db:
        return queries.technicians(db, branch_id=town.here)[0].id


class TestStores:
    def test_show_their_code(self, desk: Desk, app: Flask, town: Town) -> None:
        account = app.extensions["doorbell.wechat"] = _Account()
        with transaction() as db:
            catalogue.add_store(
                db,
                code="HR",
                name="海尔路旗舰店",
                scene="st_hailu_03",
                branch_id=town.here,
                welcome="您好。",
            )

        listed = desk.open("/console/stores")
        shown = desk.post("/console/codes/st_hailu_03/qr")

        assert "海尔路旗舰店" in listed.text
        assert account.scenes == [("st_hailu_03", None)]
        assert "data:image/svg+xml" in shown.answer.get_data(as_text=True)

    def test_of_another_branch_are_missing(self, desk: Desk, town: Town) -> None:
        with transaction() as db:
            catalogue.add_store(
                db, code="HD", name="黄岛店", scene="st_hd", branch_id=town.there, welcome=""
            )

        assert "黄岛店" not in desk.open("/console/stores").text
        assert desk.post("/console/codes/st_hd/qr").status == 404
        assert desk.post("/console/codes/st_none/qr").status == 404


def test_a_member_has_no_way_in(app: Flask, town: Town, desk: Desk) -> None:
    with transaction() as db:
        a_member(db, openid="oTest000000000000000000009")

    assert Desk(app).open("/console/board").path == "/console/sign-in"
