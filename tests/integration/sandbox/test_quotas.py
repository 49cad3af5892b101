"""Daily quotas: told, used up by a knob, and cleared."""

import pytest
from wechatpy import WeChatClient
from wechatpy.exceptions import APILimitedException, WeChatClientException

from tests.integration.sandbox.serving import APPID, GOOD_DATA, Sandbox

PATH = "/cgi-bin/message/template/send"


def _quota(client: WeChatClient, path: str = PATH) -> dict[str, int]:
    quota: dict[str, int] = client.post("openapi/quota/get", data={"cgi_path": path})["quota"]
    return quota


def _clear(client: WeChatClient) -> None:
    client.post("clear_quota", data={"appid": APPID})


def test_each_call_counts(client: WeChatClient, sandbox: Sandbox) -> None:
    openid = sandbox.a_phone(follows=True)["openid"]

    client.message.send_template(openid, "M1", GOOD_DATA)

    assert _quota(client) == {"daily_limit": 100_000, "used": 1, "remain": 99_999}
    with pytest.raises(WeChatClientException) as refusal:
        _quota(client, "/cgi-bin/nothing")
    assert refusal.value.errcode == 76021


def test_a_quota_used_up_comes_back_at_midnight(client: WeChatClient, sandbox: Sandbox) -> None:
    openid = sandbox.a_phone(follows=True)["openid"]
    sandbox.control("knobs", exhaust=PATH)

    with pytest.raises(APILimitedException) as refusal:
        client.message.send_template(openid, "M1", GOOD_DATA)
    assert refusal.value.errcode == 45009
    assert _quota(client)["remain"] == 0

    sandbox.control("clock", advance_s=86_400)
    assert client.message.send_template(openid, "M1", GOOD_DATA)["errcode"] == 0


def test_quotas_are_cleared_ten_times_a_month(client: WeChatClient, sandbox: Sandbox) -> None:
    sandbox.control("knobs", exhaust=PATH)
    _clear(client)
    assert _quota(client)["used"] == 0
    for _ in range(9):
        _clear(client)

    with pytest.raises(WeChatClientException) as refusal:
        _clear(client)

    assert refusal.value.errcode == 48006


def test_only_counted_calls_have_a_knob(sandbox: Sandbox) -> None:
    assert sandbox.control("knobs", expect=400, exhaust="/cgi-bin/no")["error"] == "no_such_quota"
