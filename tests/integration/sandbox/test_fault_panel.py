"""The panel's faults that change what the account is told."""

from collections.abc import Callable
from typing import Any

import pytest
import requests
from wechatpy import WeChatClient
from wechatpy.exceptions import WeChatClientException
from wechatpy.oauth import WeChatOAuth

from tests.integration.sandbox.serving import APPID, SECRET, Receiver, Sandbox, query_of
from tests.patience import WAIT_S

Serve = Callable[..., tuple[Sandbox, Receiver]]


def _said(receiver: Receiver) -> list[str]:
    return [one.message.content for one in receiver.received]


def test_two_callbacks_arrive_the_wrong_way_round(new_sandbox: Serve) -> None:
    sandbox, receiver = new_sandbox()
    phone = sandbox.a_phone(follows=True)["phone"]
    sandbox.control("faults", fault="reorder_callback")

    for text in ("一", "二", "三"):
        sandbox.control(f"phones/{phone}/say", text=text)
    sandbox.settle()

    assert _said(receiver)[0] == "二"
    assert sorted(_said(receiver)) == sorted(["一", "二", "三"])


def test_a_callback_with_nothing_behind_it_comes_late(new_sandbox: Serve) -> None:
    sandbox, receiver = new_sandbox()
    phone = sandbox.a_phone(follows=True)["phone"]
    sandbox.control("faults", fault="reorder_callback")

    sandbox.control(f"phones/{phone}/say", text="一")
    assert not sandbox.control("settle", timeout_s=1)["settled"]
    sandbox.settle()

    assert _said(receiver) == ["一"]


def test_the_last_callback_is_replayed(new_sandbox: Serve) -> None:
    sandbox, receiver = new_sandbox()
    phone = sandbox.a_phone(follows=True)["phone"]
    refused = sandbox.control("faults", expect=409, fault="replay_callback")
    sandbox.control(f"phones/{phone}/say", text="一")
    sandbox.settle()

    sandbox.control("faults", fault="replay_callback")
    sandbox.settle()

    assert refused["error"] == "nothing_to_replay"
    first, again = receiver.received
    assert first.body == again.body


def test_a_blocked_account_can_call_nothing(client: WeChatClient, sandbox: Sandbox) -> None:
    client.fetch_access_token()
    sandbox.control("faults", fault="block_account", count=1)

    with pytest.raises(WeChatClientException) as refusal:
        client.tag.get()

    assert refusal.value.errcode == 50002
    assert client.tag.get() == []


@pytest.mark.parametrize(
    ("fault", "status"),
    [("user_block", "failed:user block"), ("system_failed", "failed: system failed")],
)
def test_an_accepted_message_may_not_arrive(new_sandbox: Serve, fault: str, status: str) -> None:
    sandbox, receiver = new_sandbox()
    phone = sandbox.a_phone(follows=True)
    sandbox.control("faults", fault=fault)

    assert sandbox.send_template(phone["openid"])["errcode"] == 0
    assert sandbox.inbox(phone["phone"]) == []
    sandbox.send_template(phone["openid"])
    sandbox.settle()

    assert [one.message.status for one in receiver.received] == [status, "success"]


def test_a_snapshot_user_is_nobody(sandbox: Sandbox) -> None:
    phone = sandbox.a_phone(name="林女士")
    page = "http://p1.doorbell.localhost:8000/wechat/oauth"
    oauth = WeChatOAuth(APPID, SECRET, page, "snsapi_userinfo", "s1")
    oauth.API_BASE_URL = f"{sandbox.base}/"
    oauth.OAUTH_BASE_URL = f"{sandbox.base}/connect/"
    asked = query_of(oauth.authorize_url.split("#", maxsplit=1)[0])

    def granted() -> dict[str, Any]:
        agreed = requests.post(
            f"{sandbox.base}/connect/oauth2/authorize",
            data=asked | {"phone": "p1"},
            allow_redirects=False,
            timeout=WAIT_S,
        )
        grant: dict[str, Any] = oauth.fetch_access_token(
            query_of(agreed.headers["Location"])["code"]
        )
        return grant

    sandbox.control("faults", fault="snapshot_user")
    snapshot = granted()
    shown = oauth.get_user_info()["nickname"]
    real = granted()

    assert (snapshot["is_snapshotuser"], shown) == (1, "微信用户")
    assert snapshot["openid"] != phone["openid"]
    assert real["openid"] == phone["openid"]
    assert "is_snapshotuser" not in real


def test_a_voice_is_heard_or_not(new_sandbox: Serve) -> None:
    sandbox, receiver = new_sandbox()
    phone = sandbox.a_phone(follows=True)["phone"]

    sandbox.control(f"phones/{phone}/speak", text="明天下午洗空调")
    sandbox.control("faults", fault="empty_recognition")
    sandbox.settle()
    sandbox.control(f"phones/{phone}/speak", text="后天")
    sandbox.settle()

    heard, unheard = (one.message for one in receiver.received)
    assert (heard.type, heard.format) == ("voice", "amr")
    assert (heard.recognition, unheard.recognition or "") == ("明天下午洗空调", "")
    voice = requests.get(
        f"{sandbox.base}/cgi-bin/media/get",
        params={"access_token": sandbox.token(), "media_id": heard.media_id},
        timeout=WAIT_S,
    )
    assert voice.content.startswith(b"#!AMR")
