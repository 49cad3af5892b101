"""What the account's server is told, how often, and what becomes of its answers."""

from typing import Any

import pytest
import requests
from flask import Response
from wechatpy.replies import (
    ArticlesReply,
    ImageReply,
    TextReply,
    TransferCustomerServiceReply,
)

from sandbox import wire
from tests.integration.sandbox.conftest import NewSandbox
from tests.integration.sandbox.serving import GOOD_DATA, Receiver, Sandbox
from tests.patience import WAIT_S, wait_until

MENU: dict[str, Any] = {
    "button": [
        {"type": "click", "name": "我的预约", "key": "MINE"},
        {"type": "view", "name": "约上门", "url": "http://doorbell.localhost:8000/c/?from=menu"},
    ]
}


def _failed() -> Response:
    return Response("no", status=500)


def _wait_briefly_for_the_first_two(monkeypatch: pytest.MonkeyPatch) -> None:
    call, hastes_s = wire.call, iter((0.3, 0.3))

    def hasty_call(url: str, *, timeout_s: float, **rest: Any) -> wire.Answer:
        return call(url, timeout_s=next(hastes_s, timeout_s), **rest)

    monkeypatch.setattr(wire, "call", hasty_call)


def _reply_to(receiver: Receiver, *, text: str) -> None:
    """Let the receiver answer the next callback with `text`."""
    reply = TextReply(content=text)
    reply.source, reply.target = "gh_account", "a-follower"
    receiver.answers.append(reply.render())


@pytest.mark.parametrize("aes", [False, True], ids=["plain", "aes"])
class TestEvents:
    def test_a_scanned_code_a_follow_and_a_farewell_are_told_in_order(
        self, new_sandbox: NewSandbox, aes: bool
    ) -> None:
        sandbox, receiver = new_sandbox(aes=aes)
        code = sandbox.a_code("st_hailu_03")
        phone = sandbox.a_phone()

        card = sandbox.control("phones/p1/scan", scene="st_hailu_03")
        sandbox.control("phones/p1/follow")
        again = sandbox.control("phones/p1/scan", ticket=code["ticket"])
        sandbox.control("phones/p1/unfollow")
        sandbox.settle()

        assert (card["screen"], again["screen"]) == ("follow_card", "chat")
        assert [one.message.event for one in receiver.received] == [
            "subscribe_scan",
            "scan",
            "unsubscribe",
        ]
        first, second, _ = (one.message for one in receiver.received)
        assert (first.scene_id, first.ticket) == ("st_hailu_03", code["ticket"])
        assert (second.scene_id, second.source) == ("st_hailu_03", phone["openid"])
        assert all(one.is_signed for one in receiver.received)
        assert all(("encrypt_type" in one.query) is aes for one in receiver.received)

    def test_text_reaches_the_server_and_its_reply_the_chat(
        self, new_sandbox: NewSandbox, aes: bool
    ) -> None:
        sandbox, receiver = new_sandbox(aes=aes)
        phone = sandbox.a_phone(follows=True)
        _reply_to(receiver, text="明天 10:00–12:00 之间到")

        sandbox.control("phones/p1/say", text="师傅 <几点> 到 ]]> ?")
        sandbox.settle()

        [told] = receiver.received
        assert told.message.content == "师傅 <几点> 到 ]]> ?"
        assert told.message.source == phone["openid"]
        assert told.query["openid"] == phone["openid"]
        assert [(one["from"], one["text"]) for one in sandbox.inbox("p1")] == [
            ("phone", "师傅 <几点> 到 ]]> ?"),
            ("account", "明天 10:00–12:00 之间到"),
        ]
        [line] = sandbox.log(direction="callback")
        assert "明天 10:00–12:00 之间到" in sandbox.look(f"log/{line['id']}")["answer"]

    def test_the_menu_tells_clicks_and_views(self, new_sandbox: NewSandbox, aes: bool) -> None:
        sandbox, receiver = new_sandbox(aes=aes)
        sandbox.a_phone(follows=True)
        sandbox.api("menu/create", **MENU)

        sandbox.control("phones/p1/click", name="我的预约")
        opened = sandbox.control("phones/p1/click", name="约上门")
        sandbox.settle()

        assert opened["url"] == "http://p1.doorbell.localhost:8000/c/?from=menu"
        clicked, viewed = (one.message for one in receiver.received)
        assert (clicked.event, clicked.key) == ("click", "MINE")
        assert (viewed.event, viewed.url) == ("view", "http://doorbell.localhost:8000/c/?from=menu")
        assert sandbox.look("phones/p1/opened")["pages"][0]["url"] == opened["url"]

    def test_a_sent_template_message_is_reported_finished(
        self, new_sandbox: NewSandbox, aes: bool
    ) -> None:
        sandbox, receiver = new_sandbox(aes=aes)
        phone = sandbox.a_phone(follows=True)

        sent = sandbox.send_template(phone["openid"])
        sandbox.settle()

        [told] = receiver.received
        assert told.message.event == "templatesendjobfinish"
        assert (told.message.id, told.message.status) == (sent["msgid"], "success")

    def test_the_address_can_be_checked_by_handshake(
        self, new_sandbox: NewSandbox, aes: bool
    ) -> None:
        sandbox, _ = new_sandbox(aes=aes)

        assert sandbox.control("handshake") == {"ok": True, "result": "200", "rule": ""}


class TestReplies:
    def test_news_and_hand_over_are_understood(self, new_sandbox: NewSandbox) -> None:
        sandbox, receiver = new_sandbox()
        sandbox.a_phone(follows=True)
        news = ArticlesReply()
        news.source, news.target = "gh_account", "a-follower"
        news.add_article(
            {"title": "看进度", "description": "明天", "image": "", "url": "http://x.localhost/"}
        )
        hand_over = TransferCustomerServiceReply()
        hand_over.source, hand_over.target = "gh_account", "a-follower"
        receiver.answers += [news.render(), hand_over.render()]

        sandbox.control("phones/p1/say", text="预约")
        sandbox.control("phones/p1/say", text="人工")
        sandbox.settle()

        shown = [one for one in sandbox.inbox("p1") if one["from"] == "account"]
        assert [one["articles"][0]["title"] for one in shown] == ["看进度"]
        assert all(line["ok"] for line in sandbox.log(direction="callback"))

    def test_a_picture_is_shown_by_its_media_id(self, new_sandbox: NewSandbox) -> None:
        sandbox, receiver = new_sandbox()
        sandbox.a_phone(follows=True)
        made = requests.post(
            f"{sandbox.base}/cgi-bin/media/upload",
            params={"access_token": sandbox.token(), "type": "image"},
            files={"media": ("a.png", b"\x89PNG\r\n\x1a\n")},
            timeout=WAIT_S,
        ).json()
        for media_id in (made["media_id"], "forgotten"):
            reply = ImageReply(media_id=media_id)
            reply.source, reply.target = "gh_account", "a-follower"
            receiver.answers.append(reply.render())

        sandbox.control("phones/p1/say", text="二维码")
        sandbox.settle()
        sandbox.control("phones/p1/say", text="二维码")
        sandbox.settle()

        _, shown, _, failed = sandbox.inbox("p1")
        assert (shown["kind"], shown["media_id"]) == ("image", made["media_id"])
        assert shown["picture"].endswith(made["media_id"])
        assert failed["text"] == "该公众号提供的服务出现故障，请稍后再试"
        [line] = sandbox.log(direction="callback", failed=1)
        assert "MediaId 不存在" in line["rule"]

    @pytest.mark.parametrize(
        ("answer", "rule"),
        [
            pytest.param("oops", "回复不是合法的 XML，也不是 success。", id="not_xml"),
            pytest.param(
                "<xml><MsgType>hologram</MsgType></xml>",
                "不认识的回复类型 hologram。",
                id="unknown",
            ),
        ],
    )
    def test_a_bad_answer_shows_the_account_out_of_order(
        self, new_sandbox: NewSandbox, answer: str, rule: str
    ) -> None:
        sandbox, receiver = new_sandbox()
        sandbox.a_phone(follows=True)
        receiver.answers.append(answer)

        sandbox.control("phones/p1/say", text="在吗")
        sandbox.settle()

        assert sandbox.inbox("p1")[-1]["text"] == "该公众号提供的服务出现故障，请稍后再试"
        [line] = sandbox.log(direction="callback", failed=1)
        assert line["rule"] == rule

    def test_an_unsealed_answer_of_an_aes_account_is_bad(self, new_sandbox: NewSandbox) -> None:
        sandbox, receiver = new_sandbox(aes=True)
        sandbox.a_phone(follows=True)
        receiver.answers.append(lambda: Response("<xml><MsgType>text</MsgType></xml>"))

        sandbox.control("phones/p1/say", text="在吗")
        sandbox.settle()

        [line] = sandbox.log(direction="callback", failed=1)
        assert line["rule"] == "账号用安全模式，回复却没有加密。"


class TestRetries:
    @pytest.mark.parametrize("is_slow", [False, True], ids=["status_500", "too_slow"])
    def test_the_same_message_comes_again_until_it_is_answered(
        self, new_sandbox: NewSandbox, monkeypatch: pytest.MonkeyPatch, is_slow: bool
    ) -> None:
        sandbox, receiver = new_sandbox()
        sandbox.a_phone(follows=True)
        if is_slow:
            _wait_briefly_for_the_first_two(monkeypatch)

        def trouble() -> Response:
            if is_slow:
                wait_until(lambda: len(receiver.received) == 3, what="it was tried again")
            return _failed()

        receiver.answers += [trouble, trouble]

        sandbox.control("phones/p1/say", text="在吗")
        sandbox.settle()

        assert len(receiver.received) == 3
        assert len({one.body for one in receiver.received}) == 1
        assert len({one.query["nonce"] for one in receiver.received}) == 3
        assert [line["ok"] for line in sandbox.log(direction="callback")] == [False, False, True]

    @pytest.mark.parametrize(
        ("times", "failed"),
        [pytest.param(2, 0, id="taken_at_last"), pytest.param(3, 1, id="never_taken")],
    )
    def test_to_be_asked_again_is_no_failure_until_the_last_time(
        self, new_sandbox: NewSandbox, times: int, failed: int
    ) -> None:
        sandbox, receiver = new_sandbox()
        sandbox.a_phone(follows=True)
        receiver.answers += [lambda: Response(status=409)] * times

        sandbox.control("phones/p1/say", text="在吗")
        sandbox.settle()

        assert len(receiver.received) == 3
        assert len(sandbox.log(direction="callback", failed=1)) == failed

    def test_after_three_tries_it_is_given_up_and_the_follower_sees_it(
        self, new_sandbox: NewSandbox
    ) -> None:
        sandbox, receiver = new_sandbox()
        sandbox.a_phone(follows=True)
        receiver.answers += [_failed] * 3

        sandbox.control("phones/p1/say", text="在吗")
        sandbox.control("phones/p1/say", text="还在吗")
        sandbox.settle()

        assert [one.message.content for one in receiver.received] == ["在吗"] * 3 + ["还在吗"]
        assert [one["kind"] for one in sandbox.inbox("p1")].count("notice") == 1

    def test_a_server_that_is_away_is_named_in_the_log(self, new_sandbox: NewSandbox) -> None:
        sandbox, _ = new_sandbox(callback_url="http://127.0.0.1:9/callback")
        sandbox.a_phone(follows=True)

        sandbox.control("phones/p1/say", text="在吗")
        sandbox.settle()

        lines = sandbox.log(direction="callback", failed=1)
        assert [line["result"] for line in lines] == ["断线"] * 3
        assert lines[0]["rule"] == "连接失败：ConnectionRefusedError。"


class TestFaults:
    def test_a_dropped_callback_never_arrives(self, new_sandbox: NewSandbox) -> None:
        sandbox, receiver = new_sandbox()
        sandbox.a_phone(follows=True)
        sandbox.control("faults", fault="drop_callback")

        sandbox.control("phones/p1/say", text="一")
        sandbox.control("phones/p1/say", text="二")
        sandbox.settle()

        assert [one.message.content for one in receiver.received] == ["二"]

    def test_a_duplicated_callback_arrives_twice_with_the_same_id(
        self, new_sandbox: NewSandbox
    ) -> None:
        sandbox, receiver = new_sandbox()
        sandbox.a_phone(follows=True)
        sandbox.control("faults", fault="duplicate_callback")

        sandbox.control("phones/p1/say", text="一")
        sandbox.settle()

        assert len(receiver.received) == 2
        assert len({one.message.id for one in receiver.received}) == 1

    def test_a_forged_callback_comes_before_the_true_one(self, new_sandbox: NewSandbox) -> None:
        sandbox, _ = new_sandbox()
        sandbox.a_phone(follows=True)
        sandbox.control("faults", fault="forge_signature")

        sandbox.control("phones/p1/say", text="一")
        sandbox.settle()

        forged, true = sandbox.log(direction="callback")
        assert (forged["name"], forged["ok"]) == ("伪造 text 一", False)
        assert (true["name"], true["ok"]) == ("text 一", True)

    @pytest.mark.parametrize(
        ("status", "is_right"),
        [
            pytest.param(403, True, id="refused"),
            pytest.param(200, False, id="taken"),
            pytest.param(500, False, id="a_fault"),
        ],
    )
    def test_a_server_that_refuses_a_forged_callback_does_right(
        self,
        new_sandbox: NewSandbox,
        monkeypatch: pytest.MonkeyPatch,
        status: int,
        is_right: bool,
    ) -> None:
        sandbox, receiver = new_sandbox()
        sandbox.a_phone(follows=True)
        monkeypatch.setattr(receiver, "_is_signed", lambda _: False)
        receiver.answers.append(lambda: Response(status=status))
        sandbox.control("faults", fault="forge_signature")

        sandbox.control("phones/p1/say", text="一")
        sandbox.settle()

        forged, _ = sandbox.log(direction="callback")
        assert (forged["result"], forged["ok"]) == (str(status), is_right)

    def test_a_callback_can_be_replayed_from_the_log(self, new_sandbox: NewSandbox) -> None:
        sandbox, receiver = new_sandbox()
        sandbox.a_phone(follows=True)
        sandbox.control("phones/p1/say", text="一")
        sandbox.settle()
        [line] = sandbox.log(direction="callback")

        sandbox.control(f"log/{line['id']}/replay")
        sandbox.settle()

        assert len({one.body for one in receiver.received}) == 1
        assert len(receiver.received) == 2

    def test_a_slow_answer_is_late_although_the_work_is_done(
        self, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("sandbox.api.call.SLOW_S", 0.6)
        phone = sandbox.a_phone(follows=True)
        token = sandbox.token()
        send = {
            "touser": phone["openid"],
            "template_id": "M1",
            "data": GOOD_DATA,
            "client_msg_id": "B1-M1",
        }
        sandbox.control("faults", fault="slow")

        with pytest.raises(requests.ReadTimeout):
            requests.post(
                f"{sandbox.base}/cgi-bin/message/template/send",
                params={"access_token": token},
                json=send,
                timeout=0.3,
            )
        again = sandbox.api("message/template/send", token=token, **send)

        [card] = sandbox.inbox("p1")
        assert again["msgid"] == card["msgid"]
