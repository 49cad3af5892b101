"""The rules of the API at their edges."""

from typing import Any

import pytest
import requests

from tests.integration.sandbox.conftest import NewSandbox
from tests.integration.sandbox.serving import APPID, GOOD_DATA, SECRET, Sandbox, Wall
from tests.patience import WAIT_S


@pytest.fixture
def wall() -> Wall:
    return Wall()


@pytest.fixture
def timed(new_sandbox: NewSandbox, wall: Wall) -> Sandbox:
    """A sandbox whose true time the test moves through `wall`."""
    return new_sandbox(wall=wall)[0]


def _plain_token(sandbox: Sandbox) -> str:
    answer = requests.get(
        f"{sandbox.base}/cgi-bin/token",
        params={"grant_type": "client_credential", "appid": APPID, "secret": SECRET},
        timeout=WAIT_S,
    )
    token: str = answer.json()["access_token"]
    return token


def _forced_token(sandbox: Sandbox) -> dict[str, Any]:
    answer = requests.post(
        f"{sandbox.base}/cgi-bin/stable_token",
        json={
            "grant_type": "client_credential",
            "appid": APPID,
            "secret": SECRET,
            "force_refresh": True,
        },
        timeout=WAIT_S,
    )
    told: dict[str, Any] = answer.json()
    return told


def _use(sandbox: Sandbox, token: str) -> int:
    """Return the errcode that a call with `token` meets."""
    errcode: int = sandbox.api("clear_quota", token=token, appid=APPID)["errcode"]
    return errcode


class TestTokens:
    def test_an_old_token_lives_five_minutes_beside_its_successor(
        self, timed: Sandbox, wall: Wall
    ) -> None:
        old = _plain_token(timed)
        new = _plain_token(timed)

        wall.ahead_s = 299
        within = _use(timed, old)
        wall.ahead_s = 301
        after = _use(timed, old)

        assert (within, after, _use(timed, new)) == (0, 40001, 0)

    def test_a_token_expires_after_two_hours(self, timed: Sandbox, wall: Wall) -> None:
        token = _plain_token(timed)

        wall.ahead_s = 7201

        assert _use(timed, token) == 42001

    def test_the_stable_token_stays_until_its_last_five_minutes(
        self, timed: Sandbox, wall: Wall
    ) -> None:
        first = timed.token()

        wall.ahead_s = 7200 - 302
        same = timed.token()
        wall.ahead_s = 7200 - 299
        other = timed.token()

        assert same == first
        assert other != first
        assert _use(timed, first) == 0

    def test_forcing_kills_the_old_one_at_once_and_is_limited(
        self, timed: Sandbox, wall: Wall
    ) -> None:
        old = timed.token()
        _forced_token(timed)

        too_soon = _forced_token(timed)
        for nth in range(1, 20):
            wall.ahead_s = nth * 31
            assert "access_token" in _forced_token(timed)
        wall.ahead_s = 20 * 31
        too_often = _forced_token(timed)

        assert _use(timed, old) == 40001
        assert (too_soon["errcode"], too_often["errcode"]) == (45011, 45009)

    @pytest.mark.parametrize(
        ("change", "errcode"),
        [
            ({"grant_type": "password"}, 40002),
            ({"appid": "wx0"}, 40013),
            ({"appid": ""}, 41002),
            ({"secret": "wrong"}, 40125),
            ({"secret": ""}, 41004),
        ],
    )
    def test_wrong_credentials_are_told_apart(
        self, sandbox: Sandbox, change: dict[str, str], errcode: int
    ) -> None:
        query = {"grant_type": "client_credential", "appid": APPID, "secret": SECRET} | change

        answer = requests.get(f"{sandbox.base}/cgi-bin/token", params=query, timeout=WAIT_S)

        assert answer.status_code == 200
        assert answer.json()["errcode"] == errcode


class TestFaults:
    def test_expired_stolen_and_unknown_tokens_are_told_apart(self, sandbox: Sandbox) -> None:
        token = sandbox.token()
        sandbox.control("faults", fault="expire_token")
        expired = _use(sandbox, token)
        fresh = sandbox.token()
        sandbox.control("faults", fault="steal_token")

        stolen = _use(sandbox, fresh)

        assert (expired, stolen) == (42001, 40001)
        assert _use(sandbox, sandbox.token()) == 0
        assert (_use(sandbox, "made-up"), _use(sandbox, "")) == (40001, 41001)

    def test_busy_strikes_as_often_as_it_was_told(self, sandbox: Sandbox) -> None:
        token = sandbox.token()
        sandbox.control("faults", fault="busy", count=2)

        assert [_use(sandbox, token) for _ in range(3)] == [-1, -1, 0]

    def test_an_unknown_fault_is_refused(self, sandbox: Sandbox) -> None:
        assert sandbox.control("faults", fault="flood", expect=400)["error"] == "unknown_fault"


class TestTemplateMessages:
    @pytest.mark.parametrize(
        ("change", "errcode"),
        [
            pytest.param({"touser": "o" + "x" * 27}, 40003, id="stranger"),
            pytest.param({"template_id": ""}, 40036, id="no_template"),
            pytest.param({"template_id": "M99"}, 40037, id="unknown_template"),
            pytest.param({"data": "thing1"}, 47001, id="data_is_no_object"),
        ],
    )
    def test_what_cannot_be_sent_is_refused(
        self, sandbox: Sandbox, change: dict[str, Any], errcode: int
    ) -> None:
        phone = sandbox.a_phone(follows=True)

        answer = sandbox.send_template(phone["openid"], **change)

        assert answer["errcode"] == errcode
        assert sandbox.inbox("p1") == []

    def test_who_does_not_follow_gets_nothing(self, sandbox: Sandbox) -> None:
        phone = sandbox.a_phone()

        assert sandbox.send_template(phone["openid"])["errcode"] == 43004

    def test_a_field_over_its_limit_is_named(self, sandbox: Sandbox) -> None:
        phone = sandbox.a_phone(follows=True)
        data = GOOD_DATA | {"thing1": {"value": "一" * 21}}

        answer = sandbox.send_template(phone["openid"], data=data)

        assert answer["errcode"] == 47003
        assert answer["errmsg"].startswith("argument invalid! data.thing1.value invalid rid: ")
        [line] = sandbox.log(direction="call", failed=1)
        whole = sandbox.look(f"log/{line['id']}")
        assert whole["rule"].startswith("thing1：超过 20 个字符")
        assert [one["length"] for one in whole["findings"] if one["fault"]] == [21]

    def test_a_missing_field_is_empty(self, sandbox: Sandbox) -> None:
        phone = sandbox.a_phone(follows=True)

        answer = sandbox.send_template(phone["openid"], data={"thing1": {"value": "空调安装"}})

        assert "data.time2.value is empty" in answer["errmsg"]

    def test_emoji_is_not_drawn(self, sandbox: Sandbox) -> None:
        phone = sandbox.a_phone(follows=True)

        sandbox.send_template(phone["openid"], data=GOOD_DATA | {"thing1": {"value": "空调安装😀"}})

        assert sandbox.inbox("p1")[0]["fields"][0]["value"] == "空调安装"

    def test_the_same_client_msg_id_is_shown_once_in_ten_minutes(
        self, timed: Sandbox, wall: Wall
    ) -> None:
        phone = timed.a_phone(follows=True)
        other = timed.a_phone(follows=True)

        first = timed.send_template(phone["openid"], client_msg_id="B1-M1")
        wall.ahead_s = 599
        again = timed.send_template(phone["openid"], client_msg_id="B1-M1")
        timed.send_template(other["openid"], client_msg_id="B1-M1")
        wall.ahead_s = 601
        later = timed.send_template(phone["openid"], client_msg_id="B1-M1")

        assert again == first
        assert later["msgid"] != first["msgid"]
        assert (len(timed.inbox("p1")), len(timed.inbox("p2"))) == (2, 1)

    def test_a_repeated_client_msg_id_can_be_answered_with_a_code(self, sandbox: Sandbox) -> None:
        phone = sandbox.a_phone(follows=True)
        sandbox.control("knobs", duplicate_answer="40241")
        sandbox.send_template(phone["openid"], client_msg_id="B1-M1")

        again = sandbox.send_template(phone["openid"], client_msg_id="B1-M1")

        assert again["errcode"] == 40241
        assert len(sandbox.inbox("p1")) == 1

    def test_the_log_says_that_a_failed_send_came_through_later(self, sandbox: Sandbox) -> None:
        phone = sandbox.a_phone(follows=True)
        token = sandbox.token()
        sandbox.control("faults", fault="steal_token")
        send = {"touser": phone["openid"], "template_id": "M1", "data": GOOD_DATA}
        sandbox.api("message/template/send", token=token, **send, client_msg_id="B1-M1")
        [line] = sandbox.log(failed=1)
        before = sandbox.look(f"log/{line['id']}")["resent_ok"]

        sandbox.send_template(phone["openid"], client_msg_id="B1-M1")

        assert before is False
        assert sandbox.look(f"log/{line['id']}")["resent_ok"] is True


class TestCustomerMessages:
    def _send(self, sandbox: Sandbox, openid: str) -> int:
        answer = sandbox.api(
            "message/custom/send", touser=openid, msgtype="text", text={"content": "您好"}
        )
        errcode: int = answer["errcode"]
        return errcode

    def test_five_within_48_hours_of_a_word(self, sandbox: Sandbox) -> None:
        openid = sandbox.a_phone(follows=True)["openid"]
        shut = self._send(sandbox, openid)
        sandbox.control("phones/p1/say", text="在吗")

        answers = [self._send(sandbox, openid) for _ in range(6)]

        assert shut == 45015
        assert answers == [0, 0, 0, 0, 0, 45047]

    def test_the_window_shuts_with_the_time_on_the_phones(self, sandbox: Sandbox) -> None:
        openid = sandbox.a_phone(follows=True)["openid"]
        sandbox.control("phones/p1/say", text="在吗")

        sandbox.control("clock", advance_s=48 * 3600 - 60)
        open_still = self._send(sandbox, openid)
        sandbox.control("clock", advance_s=61)

        assert (open_still, self._send(sandbox, openid)) == (0, 45015)

    def test_three_within_a_minute_of_a_follow(self, sandbox: Sandbox) -> None:
        openid = sandbox.a_phone()["openid"]
        sandbox.control("phones/p1/follow")

        answers = [self._send(sandbox, openid) for _ in range(4)]
        sandbox.control("phones/p1/unfollow")

        assert answers == [0, 0, 0, 45047]
        assert self._send(sandbox, openid) == 45015

    @pytest.mark.parametrize(
        ("message", "errcode"),
        [
            pytest.param({"msgtype": "text", "text": {"content": ""}}, 44004, id="empty"),
            pytest.param({"msgtype": "text", "text": {"content": "x" * 2049}}, 45002, id="long"),
            pytest.param({"msgtype": "news", "news": {"articles": [{}, {}]}}, 45008, id="two"),
            pytest.param({"msgtype": "hologram"}, 40008, id="unknown_type"),
        ],
    )
    def test_contents_out_of_bounds_are_refused(
        self, sandbox: Sandbox, message: dict[str, Any], errcode: int
    ) -> None:
        openid = sandbox.a_phone(follows=True)["openid"]
        sandbox.control("phones/p1/say", text="在吗")

        answer = sandbox.api("message/custom/send", touser=openid, **message)

        assert answer["errcode"] == errcode


class TestCodes:
    def test_a_temporary_code_runs_out(self, timed: Sandbox, wall: Wall) -> None:
        timed.a_phone()
        timed.api(
            "qrcode/create",
            action_name="QR_SCENE",
            expire_seconds=60,
            action_info={"scene": {"scene_id": 7}},
        )

        wall.ahead_s = 61

        refused = timed.control("phones/p1/scan", scene="7", expect=404)
        assert refused["error"] == "code_expired"


def test_a_token_is_given_only_where_the_list_allows(new_sandbox: NewSandbox) -> None:
    sandbox, _ = new_sandbox(ip_list=["203.0.113.9"])
    plain = requests.get(
        f"{sandbox.base}/cgi-bin/token",
        params={"grant_type": "client_credential", "appid": APPID, "secret": SECRET},
        timeout=WAIT_S,
    ).json()

    assert (plain["errcode"], _forced_token(sandbox)["errcode"]) == (40164, 40164)
    assert "invalid ip 127.0.0.1" in plain["errmsg"]
