"""Unmodified wechatpy against the sandbox: only the hosts it calls are changed."""

from collections.abc import Callable

import pytest
import requests
from wechatpy import WeChatClient
from wechatpy.exceptions import WeChatClientException, WeChatOAuthException
from wechatpy.oauth import WeChatOAuth

from tests.integration.sandbox.serving import APPID, GOOD_DATA, SECRET, Sandbox, query_of
from tests.patience import WAIT_S

MENU = {
    "button": [
        {"type": "click", "name": "我的预约", "key": "MINE"},
        {
            "name": "服务",
            "sub_button": [
                {"type": "view", "name": "约上门", "url": "http://doorbell.localhost:8000/c/"}
            ],
        },
    ]
}


@pytest.fixture
def new_oauth(sandbox: Sandbox) -> Callable[[str], WeChatOAuth]:
    def make(scope: str) -> WeChatOAuth:
        oauth = WeChatOAuth(
            APPID,
            SECRET,
            "http://p1.doorbell.localhost:8000/wechat/oauth?next=%2Fc%2F",
            scope,
            "s1",
        )
        oauth.API_BASE_URL = f"{sandbox.base}/"
        oauth.OAUTH_BASE_URL = f"{sandbox.base}/connect/"
        return oauth

    return make


def _authorized_code(address: str) -> dict[str, str]:
    answer = requests.get(address, allow_redirects=False, timeout=WAIT_S)
    assert answer.status_code == 302
    location = answer.headers["Location"]
    assert location.startswith("http://p1.doorbell.localhost:8000/wechat/oauth?")
    return query_of(location)


class TestWechatpy:
    def test_fetches_a_token_of_two_hours(self, client: WeChatClient) -> None:
        answer = client.fetch_access_token()

        assert answer["expires_in"] == 7200
        assert client.access_token == answer["access_token"]

    def test_learns_which_credential_is_wrong(self, client: WeChatClient) -> None:
        client.secret = "another"

        with pytest.raises(WeChatClientException) as refusal:
            client.fetch_access_token()

        assert refusal.value.errcode == 40125
        assert "rid: " in refusal.value.errmsg

    def test_creates_reads_and_deletes_the_menu(self, client: WeChatClient) -> None:
        client.menu.create(MENU)

        assert client.menu.get()["menu"] == MENU
        client.menu.delete()
        assert client.menu.get() is None

    def test_creates_a_code_and_fetches_its_picture(
        self, client: WeChatClient, sandbox: Sandbox
    ) -> None:
        made = client.qrcode.create(
            {
                "expire_seconds": 1800,
                "action_name": "QR_STR_SCENE",
                "action_info": {"scene": {"scene_str": "st_hailu_03"}},
            }
        )

        # The library has this one address written into a bare call: ask for the picture ourselves.
        picture = requests.get(
            f"{sandbox.base}/cgi-bin/showqrcode", params={"ticket": made["ticket"]}, timeout=WAIT_S
        )
        assert 1740 <= made["expire_seconds"] <= 1800
        assert picture.content.startswith(b"\x89PNG\r\n")
        assert picture.headers["Content-Type"] == "image/png"

    def test_sends_a_template_message_that_the_phone_shows(
        self, client: WeChatClient, sandbox: Sandbox
    ) -> None:
        phone = sandbox.a_phone(follows=True)

        sent = client.message.send_template(
            phone["openid"], "M1", GOOD_DATA, url="http://doorbell.localhost:8000/c/b/B1"
        )

        [card] = sandbox.inbox(phone["phone"])
        assert sent["errcode"] == 0
        assert card["msgid"] == sent["msgid"]
        assert card["title"] == "预约成功通知"
        assert card["fields"] == [
            {"key": "thing1", "label": "服务项目", "value": "空调安装"},
            {"key": "time2", "label": "上门时间", "value": "2026年11月26日 10:00~12:00"},
            {"key": "phrase3", "label": "当前状态", "value": "已预约"},
        ]

    def test_sends_customer_messages_after_the_person_spoke(
        self, client: WeChatClient, sandbox: Sandbox
    ) -> None:
        phone = sandbox.a_phone(follows=True)
        sandbox.control(f"phones/{phone['phone']}/say", text="师傅几点到")

        client.message.send_text(phone["openid"], "明天 10:00 到")
        client.message.send_articles(
            phone["openid"],
            [{"title": "看进度", "description": "", "url": "http://x.localhost", "image": ""}],
        )

        assert [one["kind"] for one in sandbox.inbox(phone["phone"])] == ["text", "text", "news"]

    def test_reads_who_follows_and_by_which_code(
        self, client: WeChatClient, sandbox: Sandbox
    ) -> None:
        sandbox.a_code("st_hailu_03")
        phone = sandbox.a_phone()
        before = client.user.get(phone["openid"])
        sandbox.control(f"phones/{phone['phone']}/follow", scene="st_hailu_03")

        after = client.user.get(phone["openid"])

        assert before == {"subscribe": 0, "openid": phone["openid"]}
        assert (after["subscribe"], after["qr_scene_str"]) == (1, "st_hailu_03")
        assert after["subscribe_scene"] == "ADD_SCENE_QR_CODE"
        assert "nickname" not in after
        assert list(client.user.iter_followers()) == [phone["openid"]]

    def test_gets_the_ticket_of_the_jssdk(self, client: WeChatClient, sandbox: Sandbox) -> None:
        ticket = client.jsapi.get_jsapi_ticket()

        signature = client.jsapi.get_jsapi_signature(
            "n", ticket, "1700000000", "http://p1.doorbell.localhost:8000/c/"
        )
        query = {
            "appid": APPID,
            "url": "http://p1.doorbell.localhost:8000/c/#top",
            "nonce": "n",
            "timestamp": "1700000000",
        }
        assert sandbox.look("jssdk", **query, signature=signature) == {"signed": True}
        assert sandbox.look("jssdk", **query, signature="0" * 40) == {"signed": False}

    def test_reads_the_small_calls(self, client: WeChatClient) -> None:
        assert client.misc.get_wechat_ips() == ["127.0.0.1"]
        assert client.template.get_all_private_template()["template_list"][0]["template_id"] == "M1"
        assert client.post("clear_quota", data={"appid": APPID})["errcode"] == 0


class TestOAuth:
    def test_a_silent_code_gives_the_openid_of_the_phone_on_that_host(
        self, sandbox: Sandbox, new_oauth: Callable[[str], WeChatOAuth]
    ) -> None:
        phone = sandbox.a_phone()
        oauth = new_oauth("snsapi_base")

        back = _authorized_code(oauth.authorize_url)
        grant = oauth.fetch_access_token(back["code"])

        assert (back["state"], back["next"]) == ("s1", "/c/")
        assert grant["openid"] == phone["openid"]
        assert grant["scope"] == "snsapi_base"
        assert oauth.check_access_token()
        with pytest.raises(WeChatOAuthException) as refusal:
            oauth.get_user_info()
        assert refusal.value.errcode == 48001

    def test_a_code_is_used_once(
        self, sandbox: Sandbox, new_oauth: Callable[[str], WeChatOAuth]
    ) -> None:
        sandbox.a_phone()
        oauth = new_oauth("snsapi_base")
        code = _authorized_code(oauth.authorize_url)["code"]
        oauth.fetch_access_token(code)

        with pytest.raises(WeChatOAuthException) as refusal:
            oauth.fetch_access_token(code)

        assert refusal.value.errcode == 40163

    def test_a_profile_wants_the_persons_consent(
        self, sandbox: Sandbox, new_oauth: Callable[[str], WeChatOAuth]
    ) -> None:
        sandbox.a_phone(name="林女士")
        oauth = new_oauth("snsapi_userinfo")
        asked = requests.get(oauth.authorize_url, allow_redirects=False, timeout=WAIT_S)

        agreed = requests.post(
            f"{sandbox.base}/connect/oauth2/authorize",
            data={**query_of(oauth.authorize_url.split("#", maxsplit=1)[0]), "phone": "p1"},
            allow_redirects=False,
            timeout=WAIT_S,
        )
        oauth.fetch_access_token(query_of(agreed.headers["Location"])["code"])

        assert asked.status_code == 200
        assert "同意" in asked.text
        assert oauth.get_user_info()["nickname"] == "林女士"

    def test_a_grant_can_be_refreshed(
        self, sandbox: Sandbox, new_oauth: Callable[[str], WeChatOAuth]
    ) -> None:
        phone = sandbox.a_phone()
        oauth = new_oauth("snsapi_base")
        first = oauth.fetch_access_token(_authorized_code(oauth.authorize_url)["code"])

        second = oauth.refresh_access_token(first["refresh_token"])

        assert second["openid"] == phone["openid"]
        assert second["access_token"] != first["access_token"]
