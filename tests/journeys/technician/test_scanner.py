"""WeChat's scanner on the page of a visit: offered, proven ours, and never needed."""

from dataclasses import asdict

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from dispatch.states import VisitState
from gateways.wechat.errors import unclear
from gateways.wechat.jssdk import prove_page
from tests.journeys.technician.conftest import Crew
from tests.journeys.technician.hands import BASE, Given, Hands, given


@pytest.fixture
def in_service(crew: Crew, hands: Hands) -> Given:
    work = given(crew.member)
    hands.come_to(work, VisitState.IN_SERVICE)
    return work


class _Account:
    """The account at WeChat, which lends the JS-SDK's ticket or is away."""

    def __init__(self, *, is_away: bool = False) -> None:
        self.is_away = is_away

    def jsapi_ticket(self) -> str:
        if self.is_away:
            raise unclear("no answer")
        return "JT"


class TestScanner:
    PAGE = "http://elsewhere.example/t/visits/V1"

    def ask(self, hands: Hands) -> TestResponse:
        return hands.client.post(
            "/t/scanner",
            data={"csrf_token": hands.csrf_token, "page": self.PAGE},
            headers={"Accept": "application/json"},
            base_url=BASE,
        )

    def test_is_offered_beside_the_box_in_which_one_types(
        self, hands: Hands, in_service: Given
    ) -> None:
        html = hands.fetch(f"/t/visits/{in_service.number}").get_data(as_text=True)

        assert 'data-scan="#serial-code"' in html
        assert 'data-proof="/t/scanner"' in html
        assert 'name="serial"' in html

    def test_may_read_for_our_own_page_alone(self, app: Flask, hands: Hands) -> None:
        app.extensions["doorbell.wechat"] = _Account()

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

    def test_that_is_away_says_to_type(self, app: Flask, hands: Hands) -> None:
        app.extensions["doorbell.wechat"] = _Account(is_away=True)

        answer = self.ask(hands)

        assert answer.status_code == 503
        assert answer.get_json()["message"] == "现在扫不了，请直接输入。"
