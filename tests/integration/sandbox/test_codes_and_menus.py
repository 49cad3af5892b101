"""Codes, menus and the shape of calls, held to the platform's limits."""

from typing import Any

import pytest
import requests

from tests.integration.sandbox.serving import Sandbox
from tests.patience import WAIT_S


class TestCodesAndMenus:
    @pytest.mark.parametrize(
        "body",
        [
            {"action_name": "QR_STR_SCENE", "action_info": {"scene": {"scene_str": "x" * 65}}},
            {"action_name": "QR_STR_SCENE", "action_info": {"scene": {"scene_str": ""}}},
            {"action_name": "QR_LIMIT_SCENE", "action_info": {"scene": {"scene_id": 100_001}}},
            {"action_name": "QR_LIMIT_SCENE", "action_info": {"scene": {"scene_id": 0}}},
            {
                "action_name": "QR_SCENE",
                "expire_seconds": 2_592_001,
                "action_info": {"scene": {"scene_id": 1}},
            },
            {"action_name": "QR_CODE", "action_info": {"scene": {"scene_id": 1}}},
            {"action_name": "QR_SCENE"},
        ],
    )
    def test_codes_out_of_bounds_are_refused(self, sandbox: Sandbox, body: dict[str, Any]) -> None:
        assert sandbox.api("qrcode/create", **body)["errcode"] == 40053

    def test_a_permanent_scene_keeps_its_ticket(self, sandbox: Sandbox) -> None:
        assert sandbox.a_code("x" * 64)["ticket"] == sandbox.a_code("x" * 64)["ticket"]

    def test_a_numbered_code_is_told_as_a_number(self, sandbox: Sandbox) -> None:
        phone = sandbox.a_phone()
        sandbox.api(
            "qrcode/create",
            action_name="QR_LIMIT_SCENE",
            action_info={"scene": {"scene_id": 7}},
        )
        sandbox.control("phones/p1/follow", scene="7")

        told = requests.get(
            f"{sandbox.base}/cgi-bin/user/info",
            params={"access_token": sandbox.token(), "openid": phone["openid"]},
            timeout=WAIT_S,
        ).json()

        assert (told["qr_scene"], told["qr_scene_str"]) == (7, "")

    @pytest.mark.parametrize(
        ("button", "errcode"),
        [
            pytest.param([], 40016, id="none"),
            pytest.param([{"type": "click", "name": "一", "key": "A"}] * 4, 40016, id="four"),
            pytest.param(
                [{"type": "click", "name": "一二三四五", "key": "A"}], 40018, id="long_name"
            ),
            pytest.param([{"type": "click", "name": "一", "key": ""}], 40019, id="no_key"),
            pytest.param([{"type": "view", "name": "一", "url": "ftp://x"}], 40020, id="no_url"),
            pytest.param([{"type": "dance", "name": "一"}], 40017, id="unknown_type"),
            pytest.param(
                [{"name": "一", "sub_button": [{"type": "click", "name": "一", "key": "A"}] * 6}],
                40023,
                id="six_below",
            ),
        ],
    )
    def test_menus_out_of_bounds_are_refused(
        self, sandbox: Sandbox, button: list[dict[str, Any]], errcode: int
    ) -> None:
        assert sandbox.api("menu/create", button=button)["errcode"] == errcode

    @pytest.mark.parametrize(
        ("method", "path", "errcode"),
        [
            ("GET", "message/template/send", 43002),
            ("POST", "menu/get", 43001),
            ("POST", "message/hologram/send", 40066),
        ],
    )
    def test_wrong_methods_and_unknown_calls_are_answered_in_wechats_way(
        self, sandbox: Sandbox, method: str, path: str, errcode: int
    ) -> None:
        answer = requests.request(method, f"{sandbox.base}/cgi-bin/{path}", timeout=WAIT_S)

        assert answer.status_code == 200
        assert answer.json()["errcode"] == errcode

    def test_a_body_that_is_no_json_object_is_refused(self, sandbox: Sandbox) -> None:
        token = sandbox.token()

        answers = [
            requests.post(
                f"{sandbox.base}/cgi-bin/menu/create",
                params={"access_token": token},
                data=body,
                timeout=WAIT_S,
            ).json()["errcode"]
            for body in (b"", b"{", b"[]")
        ]

        assert answers == [44002, 47001, 47001]
