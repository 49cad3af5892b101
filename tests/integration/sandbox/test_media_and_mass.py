"""Uploads and messages to many, by unmodified wechatpy."""

import io
from collections.abc import Callable
from typing import Any

import pytest
import requests
from wechatpy import WeChatClient
from wechatpy.exceptions import WeChatClientException

from tests.integration.sandbox.serving import Receiver, Sandbox, Wall
from tests.patience import WAIT_S

PNG = b"\x89PNG\r\n\x1a\n" + b"a picture"


def _file(content: bytes) -> tuple[str, io.BytesIO]:
    return "a.png", io.BytesIO(content)


def _refusal(call: Callable[..., Any], *args: Any, **more: Any) -> int:
    with pytest.raises(WeChatClientException) as refusal:
        call(*args, **more)
    code: int = refusal.value.errcode
    return code


class TestMedia:
    def test_comes_back_as_it_was_sent(self, client: WeChatClient) -> None:
        made = client.media.upload("image", _file(PNG))

        answer = client.media.download(made["media_id"])

        assert made["type"] == "image"
        assert answer.content == PNG
        assert answer.headers["Content-Type"] == "image/png"
        assert "attachment" in answer.headers["Content-Disposition"]

    def test_is_checked_by_type_content_and_size(self, client: WeChatClient) -> None:
        upload = client.media.upload

        assert _refusal(upload, "picture", _file(PNG)) == 40004
        assert _refusal(upload, "image", _file(b"<html>")) == 40005
        assert _refusal(upload, "thumb", _file(b"\xff\xd8\xff" + b"x" * (64 << 10))) == 40006
        assert _refusal(upload, "image", _file(b"")) == 41005
        assert _refusal(client.media.download, "nothing") == 40007

    def test_dies_after_three_days(
        self, new_sandbox: Callable[..., tuple[Sandbox, Receiver]]
    ) -> None:
        wall = Wall()
        sandbox, _ = new_sandbox(wall=wall)
        token = {"access_token": sandbox.token()}
        made = requests.post(
            f"{sandbox.base}/cgi-bin/media/upload",
            params=token | {"type": "image"},
            files={"media": _file(PNG)},
            timeout=WAIT_S,
        ).json()

        wall.ahead_s = 3 * 86_400 + 1

        asked = token | {"media_id": made["media_id"], "access_token": sandbox.token()}
        answer = requests.get(f"{sandbox.base}/cgi-bin/media/get", params=asked, timeout=WAIT_S)
        assert answer.json()["errcode"] == 40007

    def test_for_articles_and_for_ever_has_an_address(self, client: WeChatClient) -> None:
        addresses = [
            client.media.upload_image(_file(PNG)),
            client.material.add(media_type="image", media_file=_file(PNG))["url"],
        ]

        for address in addresses:
            assert requests.get(address, timeout=WAIT_S).content == PNG

    def test_is_sent_in_the_chat(self, client: WeChatClient, sandbox: Sandbox) -> None:
        phone = sandbox.a_phone(follows=True)
        sandbox.control(f"phones/{phone['phone']}/say", text="发张图")
        made = client.media.upload("image", _file(PNG))

        client.message.send_image(phone["openid"], made["media_id"])

        assert sandbox.inbox(phone["phone"])[-1]["kind"] == "image"
        assert _refusal(client.message.send_image, phone["openid"], "nothing") == 40007
        assert _refusal(client.message.send_voice, phone["openid"], made["media_id"]) == 40007


class TestMass:
    def test_to_a_list_reports_how_many_it_reached(
        self, new_sandbox: Callable[..., tuple[Sandbox, Receiver]], client_of: Any
    ) -> None:
        sandbox, receiver = new_sandbox()
        client = client_of(sandbox)
        following, stranger = sandbox.a_phone(follows=True), sandbox.a_phone()

        sent = client.message.send_mass_text([following["openid"], stranger["openid"]], "周年庆")

        sandbox.settle()
        report = receiver.received[-1].message
        assert (report.id, report.status) == (sent["msg_id"], "send success")
        assert (report.total_count, report.filter_count, report.sent_count) == (2, 1, 1)
        assert [one["text"] for one in sandbox.inbox(following["phone"])] == ["周年庆"]
        assert sandbox.inbox(stranger["phone"]) == []
        assert client.message.get_mass(sent["msg_id"])["msg_status"] == "SEND_SUCCESS"

    def test_goes_to_a_tag_or_to_all(self, client: WeChatClient, sandbox: Sandbox) -> None:
        tagged, other = (sandbox.a_phone(follows=True) for _ in range(2))
        tag = client.tag.create("老客户")["id"]
        client.tag.tag_user(tag, tagged["openid"])
        text = {"msgtype": "text", "text": {"content": "好"}}

        def texts() -> list[int]:
            return [len(sandbox.inbox(one["phone"])) for one in (tagged, other)]

        client.post("message/mass/sendall", data=text | {"filter": {"tag_id": tag}})
        to_tag = texts()
        client.message.send_mass_text(None, "好", is_to_all=True)

        assert (to_tag, texts()) == ([1, 0], [2, 1])
        assert _refusal(client.message.send_mass_text, 4711, "好") == 45159

    def test_of_pictures_shows_each(self, client: WeChatClient, sandbox: Sandbox) -> None:
        phone = sandbox.a_phone(follows=True)
        ids = [client.media.upload("image", _file(PNG))["media_id"] for _ in range(2)]
        image = {"msgtype": "image", "image": {"media_ids": ids}}

        client.post("message/mass/sendall", data=image | {"filter": {"is_to_all": True}})

        shown = sandbox.inbox(phone["phone"])
        assert [(one["kind"], one["media_id"]) for one in shown] == [("image", i) for i in ids]

    def test_reaches_nobody_a_fifth_time_in_a_month(
        self, client: WeChatClient, sandbox: Sandbox
    ) -> None:
        phone = sandbox.a_phone(follows=True)

        for number in range(5):
            client.message.send_mass_text(None, f"第 {number} 次", is_to_all=True)

        assert len(sandbox.inbox(phone["phone"])) == 4

    def test_is_sent_once_by_its_own_number(self, client: WeChatClient) -> None:
        send = client.message.send_mass_text
        send(None, "好", is_to_all=True, client_msg_id="m1")

        assert _refusal(send, None, "好", is_to_all=True, client_msg_id="m1") == 45065
        assert _refusal(client.message.send_mass_text, ["o" + "x" * 27], "好") == 40032
        assert _refusal(client.message.get_mass, 1) == 40059

    def test_is_previewed_by_one(self, client: WeChatClient, sandbox: Sandbox) -> None:
        seeing, other = (sandbox.a_phone(follows=True) for _ in range(2))

        client.message.send_mass_text(seeing["openid"], "预览", preview=True)

        assert [len(sandbox.inbox(one["phone"])) for one in (seeing, other)] == [1, 0]
