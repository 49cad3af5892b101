"""The template list and subscription notices, asked for by unmodified wechatpy where it can."""

from collections.abc import Callable
from typing import Any

import pytest
import xmltodict
from wechatpy import WeChatClient
from wechatpy.exceptions import WeChatClientException

from tests.integration.sandbox.serving import GOOD_DATA, Receiver, Sandbox

NewSandbox = Callable[..., tuple[Sandbox, Receiver]]


class TestTemplates:
    def test_are_added_sent_and_deleted(self, client: WeChatClient, sandbox: Sandbox) -> None:
        openid = sandbox.a_phone(follows=True)["openid"]

        added = client.template.add("43216")

        kept = client.template.get_all_private_template()["template_list"]
        assert [one["template_id"] for one in kept] == ["M1", added]
        client.message.send_template(openid, added, GOOD_DATA)
        client.template.del_private_template(added)
        client.template.del_private_template("M1")
        assert client.template.get_all_private_template()["template_list"] == []
        for gone in (added, "M1"):
            with pytest.raises(WeChatClientException) as refusal:
                client.message.send_template(openid, gone, GOOD_DATA)
            assert refusal.value.errcode == 40037

    def test_are_twenty_five_from_a_library(self, client: WeChatClient) -> None:
        with pytest.raises(WeChatClientException) as unknown:
            client.template.add("99999")
        for _ in range(24):
            client.template.add("43216")

        with pytest.raises(WeChatClientException) as full:
            client.template.add("43216")

        assert (unknown.value.errcode, full.value.errcode) == (40037, 45026)


class TestSubscriptions:
    def test_one_grant_is_one_send(self, client: WeChatClient, sandbox: Sandbox) -> None:
        phone = sandbox.a_phone()
        body = {"touser": phone["openid"], "template_id": "S1", "page": "", "data": GOOD_DATA}

        def send() -> int:
            try:
                code: int = client.post("message/subscribe/bizsend", data=body)["errcode"]
            except WeChatClientException as refusal:
                code = refusal.errcode
            return code

        assert send() == 43101
        sandbox.control(f"phones/{phone['phone']}/subscribe", answers={"S1": True})
        sandbox.control(f"phones/{phone['phone']}/subscribe", answers={"S1": True})
        sandbox.control(f"phones/{phone['phone']}/subscribe", answers={"S1": False})
        assert [send() for _ in range(3)] == [0, 0, 43101]
        assert [one["title"] for one in sandbox.inbox(phone["phone"])] == ["上门提醒"] * 2

        sandbox.control(f"phones/{phone['phone']}/subscribe", answers={"S1": True})
        sandbox.control(f"phones/{phone['phone']}/subscribe", takes_back="S1")
        assert send() == 43101

    def test_a_bad_field_uses_no_grant(self, sandbox: Sandbox) -> None:
        phone = sandbox.a_phone()
        sandbox.control(f"phones/{phone['phone']}/subscribe", answers={"S1": True})
        call = {"touser": phone["openid"], "template_id": "S1"}
        bad: dict[str, Any] = GOOD_DATA | {"phrase3": {"value": "这一句太长了"}}

        refused = sandbox.api("message/subscribe/bizsend", **call, data=bad)
        accepted = sandbox.api("message/subscribe/bizsend", **call, data=GOOD_DATA)

        assert refused["errcode"] == 47003
        assert "data.phrase3.value" in refused["errmsg"]
        assert accepted["errcode"] == 0

    def test_the_account_is_told_of_each_step(self, new_sandbox: NewSandbox) -> None:
        sandbox, receiver = new_sandbox()
        phone = sandbox.a_phone()
        subscribe = f"phones/{phone['phone']}/subscribe"

        sandbox.control(subscribe, answers={"S1": True})
        sandbox.api(
            "message/subscribe/bizsend", touser=phone["openid"], template_id="S1", data=GOOD_DATA
        )
        sandbox.control(subscribe, takes_back="S1")
        sandbox.settle()

        popup, sent, change = (xmltodict.parse(one.body)["xml"] for one in receiver.received)
        assert popup["SubscribeMsgPopupEvent"]["List"] == {
            "TemplateId": "S1",
            "SubscribeStatusString": "accept",
            "PopupScene": "0",
        }
        assert sent["Event"] == "subscribe_msg_sent_event"
        assert sent["SubscribeMsgSentEvent"]["List"]["ErrorStatus"] == "success"
        assert change["SubscribeMsgChangeEvent"]["List"]["SubscribeStatusString"] == "reject"


def test_the_agents_are_listed(client: WeChatClient) -> None:
    [agent] = client.customservice.get_accounts()

    assert (agent["kf_account"], agent["kf_nick"]) == ("xiaolan@menling", "小蓝")


def test_typing_shows_only_to_whoever_spoke(client: WeChatClient, sandbox: Sandbox) -> None:
    phone = sandbox.a_phone(follows=True)
    typing = {"touser": phone["openid"], "command": "Typing"}

    with pytest.raises(WeChatClientException) as refusal:
        client.post("message/custom/typing", data=typing)
    sandbox.control(f"phones/{phone['phone']}/say", text="在吗")

    assert refusal.value.errcode == 45080
    assert client.post("message/custom/typing", data=typing)["errcode"] == 0
