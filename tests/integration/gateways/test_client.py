"""The adapter against a platform on loopback that behaves well, badly, and very badly."""

import itertools
import json
import socket
from collections.abc import Callable, Iterator

import pytest
import requests
from flask import Flask
from urllib3.connection import HTTPConnection
from urllib3.exceptions import MaxRetryError, NameResolutionError

from gateways import http
from gateways.http import ANSWER_BYTES_MAX
from gateways.wechat.client import QrCode, Quota, Template, WeChat
from gateways.wechat.errors import Category, Retry, WeChatError
from gateways.wechat.token import AccessTokens
from tests.integration.gateways.serving import (
    Answer,
    Call,
    Platform,
    Reply,
    account_at,
    app_with_tokens,
    closed_port,
    hasty_caller,
    in_turn,
    patient_caller,
    tells,
)

STABLE = "/cgi-bin/stable_token"
TEMPLATE = "/cgi-bin/message/template/send"
SENT = tells(errcode=0, errmsg="ok", msgid=200163836)


@pytest.fixture(scope="module")
def _app(sqlite_url: str) -> Flask:
    return app_with_tokens(sqlite_url)


@pytest.fixture(autouse=True)
def _context(_app: Flask, platform: Platform) -> Iterator[None]:
    with _app.app_context():
        yield


@pytest.fixture
def wechat(platform: Platform) -> WeChat:
    return WeChat(account_at(platform.base), caller=patient_caller())


def send(wechat: WeChat) -> str:
    return wechat.send_template(
        openid="oMember",
        template_id="M1",
        data={"thing1": "空调安装", "time2": "2026-11-26 10:00~12:00"},
        url="http://door/b/B7Q2",
        client_msg_id="c" * 32,
    )


_number = itertools.count(2)


def fresh_tokens(platform: Platform) -> None:
    """Lend a token of this test's own, so that the row of the last test does not matter."""

    def answer(_call: Call) -> Reply:
        told = {"access_token": f"T{next(_number)}", "expires_in": 7200}
        return Reply(json.dumps(told).encode())

    platform.answers[STABLE] = answer


class TestSendTemplate:
    def test_posts_what_wechat_documents_and_returns_the_msgid(
        self, platform: Platform, wechat: WeChat
    ) -> None:
        platform.answers[TEMPLATE] = SENT

        msgid = send(wechat)

        assert msgid == "200163836"
        [call] = platform.calls_to(TEMPLATE)
        assert call.query["access_token"]
        assert call.message == {
            "touser": "oMember",
            "template_id": "M1",
            "url": "http://door/b/B7Q2",
            "client_msg_id": "c" * 32,
            "data": {
                "thing1": {"value": "空调安装"},
                "time2": {"value": "2026-11-26 10:00~12:00"},
            },
        }

    @pytest.mark.parametrize(
        ("code", "category", "retry"),
        [
            (-1, Category.BUSY, Retry.AMBIGUOUS),
            (40003, Category.OPENID, Retry.USELESS),
            (40037, Category.TEMPLATE, Retry.USELESS),
            (43004, Category.FOLLOWER, Retry.USELESS),
            (45009, Category.QUOTA, Retry.SAFE),
            (47003, Category.FIELD, Retry.USELESS),
            (12345, Category.UNKNOWN, Retry.AMBIGUOUS),
        ],
    )
    def test_tells_each_refusal_by_its_code_after_one_call(
        self, platform: Platform, wechat: WeChat, code: int, category: Category, retry: Retry
    ) -> None:
        platform.answers[TEMPLATE] = tells(errcode=code, errmsg="no rid: 1")

        with pytest.raises(WeChatError) as told:
            send(wechat)

        assert (told.value.code, told.value.category, told.value.retry) == (code, category, retry)
        assert len(platform.calls_to(TEMPLATE)) == 1

    @pytest.mark.parametrize(
        "answer",
        [
            pytest.param(lambda _call: Reply(b"<html>gateway</html>"), id="html"),
            pytest.param(lambda _call: Reply(b"{}"), id="empty_object"),
            pytest.param(lambda _call: Reply(b'{"errcode":0,"errm'), id="truncated_json"),
            pytest.param(lambda _call: Reply(b"[]"), id="a_list"),
            pytest.param(lambda _call: Reply(b""), id="nothing"),
            pytest.param(lambda _call: Reply(b"\xff\xfe"), id="no_text"),
            pytest.param(tells(errcode=0, errmsg="ok"), id="no_msgid"),
            pytest.param(tells(msgid=1), id="no_errcode"),
            pytest.param(tells(errcode="0", msgid=1), id="errcode_as_text"),
            pytest.param(lambda _call: Reply(status=500), id="500"),
            pytest.param(lambda _call: Reply(status=502, body=b"{}"), id="502"),
            pytest.param(lambda _call: Reply(status=302, location="/ok"), id="a_redirect"),
            pytest.param(lambda _call: Reply(is_dropped=True), id="dropped"),
            pytest.param(lambda _call: Reply(b'{"errcode":0', is_cut=True), id="cut"),
            pytest.param(
                lambda _call: Reply(b'{"errcode":0,"msgid":1}' + b" " * ANSWER_BYTES_MAX),
                id="endless",
            ),
        ],
    )
    def test_takes_nothing_for_a_success_but_a_success(
        self, platform: Platform, wechat: WeChat, answer: Answer
    ) -> None:
        platform.answers[TEMPLATE] = answer
        platform.answers["/ok"] = SENT

        with pytest.raises(WeChatError) as told:
            send(wechat)

        assert (told.value.category, told.value.retry) == (Category.NETWORK, Retry.AMBIGUOUS)
        assert len(platform.calls_to(TEMPLATE)) == 1
        assert not platform.calls_to("/ok")

    def test_waits_for_an_answer_as_long_as_it_may_and_asks_once(self, platform: Platform) -> None:
        platform.answers[TEMPLATE] = lambda _call: Reply(never_comes=True)
        account = account_at(platform.base)
        AccessTokens(account, patient_caller()).current()

        with pytest.raises(WeChatError) as told:
            send(WeChat(account, caller=hasty_caller()))

        assert (told.value.category, told.value.retry) == (Category.NETWORK, Retry.AMBIGUOUS)
        assert len(platform.calls_to(TEMPLATE)) <= 1

    def test_knows_that_nothing_was_sent_where_nobody_listens(self) -> None:
        wechat = WeChat(account_at(f"http://127.0.0.1:{closed_port()}"), caller=hasty_caller())

        with pytest.raises(WeChatError) as told:
            send(wechat)

        assert (told.value.category, told.value.retry) == (Category.NETWORK, Retry.SAFE)

    def test_knows_that_nothing_was_sent_without_tls(self, platform: Platform) -> None:
        base = platform.base.replace("http:", "https:")

        with pytest.raises(WeChatError) as told:
            send(WeChat(account_at(base), caller=hasty_caller()))

        assert told.value.retry is Retry.SAFE

    def test_knows_that_nothing_was_sent_when_no_connection_comes_about(self) -> None:
        with socket.socket() as deaf:
            deaf.bind(("127.0.0.1", 0))
            deaf.listen(0)
            port = deaf.getsockname()[1]
            # A full backlog: the kernel answers no further greeting.
            waiting = [socket.socket() for _ in range(4)]
            for one in waiting:
                one.setblocking(False)
                one.connect_ex(("127.0.0.1", port))

            with pytest.raises(WeChatError) as told:
                send(WeChat(account_at(f"http://127.0.0.1:{port}"), caller=hasty_caller()))

            for one in waiting:
                one.close()
        assert told.value.retry is Retry.SAFE

    def test_refuses_an_id_that_wechat_would_not_take(self, wechat: WeChat) -> None:
        with pytest.raises(ValueError, match="client_msg_id"):
            wechat.send_template(
                openid="o", template_id="t", data={}, url="", client_msg_id="c" * 33
            )

    def test_puts_no_secret_into_what_it_says(self, platform: Platform, wechat: WeChat) -> None:
        platform.answers[TEMPLATE] = lambda _call: Reply(status=500)

        with pytest.raises(WeChatError) as told:
            send(wechat)

        assert "T1" not in str(told.value)
        assert "s3cret" not in str(told.value)


class TestDeadToken:
    @pytest.mark.parametrize("code", [40001, 40014, 42001])
    def test_is_replaced_once_and_the_call_repeated(
        self, platform: Platform, wechat: WeChat, code: int
    ) -> None:
        fresh_tokens(platform)
        platform.answers[TEMPLATE] = in_turn(tells(errcode=code, errmsg="token"), SENT)

        assert send(wechat) == "200163836"

        used = [call.query["access_token"] for call in platform.calls_to(TEMPLATE)]
        assert len(set(used)) == 2

    def test_costs_two_calls_at_most_though_wechat_never_relents(
        self, platform: Platform, wechat: WeChat
    ) -> None:
        fresh_tokens(platform)
        platform.answers[TEMPLATE] = tells(errcode=40001, errmsg="invalid credential")

        with pytest.raises(WeChatError) as told:
            send(wechat)

        assert (told.value.category, told.value.retry) == (Category.TOKEN, Retry.SAFE)
        assert len(platform.calls_to(TEMPLATE)) == 2


class TestOtherCalls:
    """wechatpy's own calls, at our bases; several name WeChat's hosts in their code."""

    def test_a_customer_message(self, platform: Platform, wechat: WeChat) -> None:
        platform.answers["/cgi-bin/message/custom/send"] = tells(errcode=0, errmsg="ok")

        wechat.send_text(openid="oMember", text="您好")

        [call] = platform.calls_to("/cgi-bin/message/custom/send")
        assert call.message == {"touser": "oMember", "msgtype": "text", "text": {"content": "您好"}}

    @pytest.mark.parametrize("text", ["", "长" * 683])
    def test_a_customer_message_has_a_size(self, wechat: WeChat, text: str) -> None:
        with pytest.raises(ValueError, match="bytes"):
            wechat.send_text(openid="oMember", text=text)

    def test_a_menu(self, platform: Platform, wechat: WeChat) -> None:
        platform.answers["/cgi-bin/menu/create"] = tells(errcode=0, errmsg="ok")
        buttons = [{"type": "view", "name": "预约", "url": "http://door/book"}]

        wechat.create_menu(buttons)

        [call] = platform.calls_to("/cgi-bin/menu/create")
        assert call.message == {"button": buttons}

    @pytest.mark.parametrize(
        ("seconds", "action"), [(None, "QR_LIMIT_STR_SCENE"), (2_592_000, "QR_STR_SCENE")]
    )
    def test_a_parametric_code(
        self, platform: Platform, wechat: WeChat, seconds: int | None, action: str
    ) -> None:
        lifetime = {"expire_seconds": seconds} if seconds else {}
        platform.answers["/cgi-bin/qrcode/create"] = tells(
            ticket="tk", url="http://q/1", **lifetime
        )

        code = wechat.create_qr(scene="store-7", seconds=seconds)

        assert code == QrCode("http://q/1", seconds)
        [call] = platform.calls_to("/cgi-bin/qrcode/create")
        assert call.message == lifetime | {
            "action_name": action,
            "action_info": {"scene": {"scene_str": "store-7"}},
        }

    @pytest.mark.parametrize(
        ("scene", "seconds"), [("", 60), ("s" * 65, 60), ("s", 59), ("s", 2_592_001)]
    )
    def test_a_parametric_code_has_its_limits(
        self, wechat: WeChat, scene: str, seconds: int
    ) -> None:
        with pytest.raises(ValueError, match=r"scene|temporary"):
            wechat.create_qr(scene=scene, seconds=seconds)

    def test_the_quotas_are_asked_and_cleared(self, platform: Platform, wechat: WeChat) -> None:
        platform.answers["/cgi-bin/openapi/quota/get"] = tells(
            errcode=0, errmsg="ok", quota={"daily_limit": 1_000_000, "used": 3, "remain": 999_997}
        )
        platform.answers["/cgi-bin/clear_quota"] = tells(errcode=0, errmsg="ok")

        told = wechat.quota("/cgi-bin/message/template/send")
        wechat.clear_quotas()

        assert told == Quota(limit=1_000_000, used=3)
        [asked] = platform.calls_to("/cgi-bin/openapi/quota/get")
        assert asked.message == {"cgi_path": "/cgi-bin/message/template/send"}
        assert platform.calls_to("/cgi-bin/clear_quota")[0].message == {"appid": "wx1"}

    def test_the_templates(self, platform: Platform, wechat: WeChat) -> None:
        platform.answers["/cgi-bin/template/get_all_private_template"] = tells(
            template_list=[
                {
                    "template_id": "M1",
                    "title": "预约成功",
                    "content": "{{thing1.DATA}}",
                    "example": "",
                }
            ]
        )

        assert wechat.list_templates() == (Template("M1", "预约成功", "{{thing1.DATA}}"),)

    def test_the_ticket_of_the_js_sdk_is_fetched_once(
        self, platform: Platform, wechat: WeChat
    ) -> None:
        platform.answers["/cgi-bin/ticket/getticket"] = tells(
            errcode=0, errmsg="ok", ticket="JT", expires_in=7200
        )

        assert [wechat.jsapi_ticket(), wechat.jsapi_ticket()] == ["JT", "JT"]

        [call] = platform.calls_to("/cgi-bin/ticket/getticket")
        assert call.query["type"] == "jsapi"

    @pytest.mark.parametrize(
        ("path", "call"),
        [
            ("/cgi-bin/message/custom/send", lambda w: w.send_text(openid="o", text="x")),
            ("/cgi-bin/menu/create", lambda w: w.create_menu([{"name": "预约"}])),
            ("/cgi-bin/qrcode/create", lambda w: w.create_qr(scene="s", seconds=None)),
            ("/cgi-bin/template/get_all_private_template", lambda w: w.list_templates()),
            ("/cgi-bin/openapi/quota/get", lambda w: w.quota("/cgi-bin/menu/get")),
            ("/cgi-bin/clear_quota", lambda w: w.clear_quotas()),
        ],
    )
    def test_none_takes_an_empty_object_for_a_success(
        self, platform: Platform, wechat: WeChat, path: str, call: Callable[[WeChat], object]
    ) -> None:
        platform.answers[path] = lambda _call: Reply(b"{}")

        with pytest.raises(WeChatError) as told:
            call(wechat)

        assert told.value.retry is Retry.AMBIGUOUS


def test_wechatpy_can_fetch_no_token_of_its_own(wechat: WeChat) -> None:
    with pytest.raises(AssertionError):
        wechat._wire.fetch_access_token()


def test_a_name_that_nobody_has_means_unsent() -> None:
    nobody = NameResolutionError("nobody.invalid", HTTPConnection("nobody.invalid"), OSError())  # type: ignore[arg-type]  # any OSError serves
    error = requests.ConnectionError(MaxRetryError(None, "/", nobody))  # type: ignore[arg-type]  # no pool

    assert http._is_unsent(error)


def test_no_cookie_is_kept(platform: Platform, wechat: WeChat) -> None:
    """Threads share the session: one would write into the jar while another reads it."""
    platform.answers[TEMPLATE] = lambda call: Reply(
        SENT(call).body, headers={"Set-Cookie": "session=1; Path=/"}
    )

    for _ in range(2):
        send(wechat)

    assert ["Cookie" in call.headers for call in platform.calls_to(TEMPLATE)] == [False] * 2
