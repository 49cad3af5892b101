"""WeChat's JS-SDK on a technician's pages: proven ours, offered beside a plain way, and never needed."""

from dataclasses import asdict
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select
from werkzeug.test import TestResponse

from dispatch import photos, queries
from dispatch.models import Evidence
from dispatch.states import VisitState
from gateways.wechat.jssdk import prove_page
from kernel.db import transaction
from tests.journeys.account import AccountAtWeChat
from tests.journeys.technician.conftest import Crew
from tests.journeys.technician.hands import BASE, Given, Hands, a_photo, given, state_of


@pytest.fixture
def in_service(crew: Crew, hands: Hands) -> Given:
    work = given(crew.member)
    hands.come_to(work, VisitState.IN_SERVICE)
    return work


@pytest.fixture
def account(app: Flask) -> AccountAtWeChat:
    made = AccountAtWeChat({"m-1": a_photo(), "voice": b"#!AMR", "large": b"\0" * ((8 << 20) + 1)})
    app.extensions["doorbell.wechat"] = made
    return made


def photos_of(work: Given) -> list[str]:
    with transaction(reads_only=True) as db:
        return [photo.sha256 for photo in queries.photos(db, work.visit_id)]


class TestAPage:
    PAGE = "http://elsewhere.example/t/visits/V1"

    def ask(self, hands: Hands) -> TestResponse:
        return hands.client.post(
            "/wechat/page",
            data={"csrf_token": hands.csrf_token, "page": self.PAGE},
            headers={"Accept": "application/json"},
            base_url=BASE,
        )

    def test_offers_the_scanner_beside_the_box_in_which_one_types(
        self, hands: Hands, in_service: Given
    ) -> None:
        html = hands.fetch(f"/t/visits/{in_service.number}").get_data(as_text=True)

        assert 'data-scan="#serial-code"' in html
        assert 'data-proof="/wechat/page"' in html
        assert 'name="serial"' in html

    def test_says_where_the_customer_lives_beside_a_link_to_a_map(
        self, hands: Hands, crew: Crew
    ) -> None:
        work = given(crew.member)
        hands.come_to(work, VisitState.ACCEPTED)

        html = hands.fetch(f"/t/visits/{work.number}").get_data(as_text=True)

        assert 'href="https://uri.amap.com/navigation?' in html
        assert 'data-place="浮山后三小区 12-2-402"' in html
        assert 'data-lat="36.09" data-lon="120.37"' in html

    @pytest.mark.usefixtures("account")
    def test_is_proven_for_our_own_address_alone(self, hands: Hands) -> None:
        told = self.ask(hands).get_json()

        assert told == asdict(
            prove_page(
                f"{BASE}/t/visits/V1",
                appid=told["appid"],
                ticket="JT",
                nonce=told["nonce"],
                now_s=told["timestamp"],
            )
        )

    def test_that_wechat_does_not_prove_says_to_go_on_without(
        self, account: AccountAtWeChat, hands: Hands
    ) -> None:
        account.is_away = True

        answer = self.ask(hands)

        assert answer.status_code == 503
        assert answer.get_json()["message"] == "微信没有回应，请用页面上的另一种办法，或稍后再试。"


class TestAPhotoOutOfWeChat:
    def send(self, hands: Hands, work: Given, *media_ids: str) -> TestResponse:
        return hands.client.post(
            f"/t/visits/{work.number}/photos",
            data={"media_id": list(media_ids)},
            base_url=BASE,
            headers={"Accept": "application/json", "X-CSRF-Token": hands.csrf_token},
        )

    @pytest.mark.usefixtures("account")
    def test_is_kept_like_one_that_was_sent(
        self, hands: Hands, in_service: Given, tmp_path: Path
    ) -> None:
        plain = hands.upload(in_service, [a_photo()])
        [sent] = photos_of(in_service)

        answer = self.send(hands, in_service, "m-1")

        assert (plain.status_code, answer.status_code) == (201, 201)
        assert photos_of(in_service) == [sent]
        assert photos.photo_path(tmp_path / "photos", sent).is_file()

    @pytest.mark.usefixtures("account")
    @pytest.mark.parametrize(
        ("media_id", "status", "code"),
        [
            pytest.param("of-another-account", 422, "media_gone", id="foreign"),
            pytest.param("../../etc/passwd", 422, "media_gone", id="no_name_of_wechats"),
            pytest.param("voice", 422, "bad_photo", id="no_picture"),
            pytest.param("large", 413, "too_large", id="too_large"),
        ],
    )
    def test_is_refused_with_its_reason(
        self, hands: Hands, in_service: Given, media_id: str, status: int, code: str
    ) -> None:
        answer = self.send(hands, in_service, media_id)

        assert (answer.status_code, answer.get_json()["error"]) == (status, code)
        assert photos_of(in_service) == []

    def test_can_be_fetched_later_when_wechat_is_away(
        self, account: AccountAtWeChat, hands: Hands, in_service: Given
    ) -> None:
        account.is_away = True
        away = self.send(hands, in_service, "m-1")
        account.is_away = False

        back = self.send(hands, in_service, "m-1")

        assert (away.status_code, back.status_code) == (503, 201)
        assert away.get_json()["message"] == "微信没有把照片交过来。照片还在微信里，请再取一次。"
        assert len(photos_of(in_service)) == 1


REASONED = {"reason": "小区里没有定位信号", "media_id": "m-1"}


class TestArrivingByAPhotoOutOfWeChat:
    @pytest.fixture
    def on_the_way(self, crew: Crew, hands: Hands) -> Given:
        work = given(crew.member)
        hands.come_to(work, VisitState.EN_ROUTE)
        return work

    @pytest.mark.usefixtures("account")
    def test_proves_it(self, hands: Hands, on_the_way: Given) -> None:
        hands.press(on_the_way, "arrive-by-photo", htmx=False, fields=REASONED)

        assert state_of(on_the_way) is VisitState.ARRIVED
        with transaction(reads_only=True) as db:
            facts = [row.facts for row in db.scalars(select(Evidence))]
        assert any(len(str(fact.get("sha256", ""))) == 64 for fact in facts)

    def test_loses_nothing_when_wechat_is_away(
        self, account: AccountAtWeChat, hands: Hands, on_the_way: Given
    ) -> None:
        account.is_away = True

        answer = hands.press(on_the_way, "arrive-by-photo", htmx=False, fields=REASONED)

        html = answer.get_data(as_text=True)
        assert answer.status_code == 503
        assert state_of(on_the_way) is VisitState.EN_ROUTE
        assert "微信没有把照片交过来" in html
        assert 'value="小区里没有定位信号"' in html
        assert 'name="media_id" value="m-1"' in html

    @pytest.mark.usefixtures("account")
    def test_forgets_a_photo_that_is_not_there(self, hands: Hands, on_the_way: Given) -> None:
        answer = hands.press(
            on_the_way, "arrive-by-photo", htmx=False, fields=REASONED | {"media_id": "gone"}
        )

        html = answer.get_data(as_text=True)
        assert "微信里没有这张照片了，请重新选一张。" in html
        assert 'name="media_id" value=""' in html
