"""The control interface, the page's guards, the clock, and what survives a restart."""

import threading
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
from flask import Flask, request

from tests.integration.sandbox.conftest import NewSandbox
from tests.integration.sandbox.serving import Sandbox, Served, Wall, a_sandbox_app, stage_of
from tests.patience import WAIT_S

MENU: dict[str, Any] = {"button": [{"type": "click", "name": "我的预约", "key": "MINE"}]}
AUTHORIZE = {
    "appid": "wx5a8b7c6d5e4f3a2b",
    "redirect_uri": "http://p1.doorbell.localhost:8000/wechat/oauth",
    "response_type": "code",
    "scope": "snsapi_base",
    "state": "s1",
}


class TestGuards:
    @pytest.mark.parametrize("path", ["phones", "clock", "faults", "settle", "phones/p1/follow"])
    def test_what_changes_something_wants_the_header(self, sandbox: Sandbox, path: str) -> None:
        answer = requests.post(f"{sandbox.base}/control/{path}", json={}, timeout=WAIT_S)

        assert (answer.status_code, answer.json()["error"]) == (403, "header_missing")

    def test_a_host_name_from_elsewhere_is_not_served(self, sandbox: Sandbox) -> None:
        answer = requests.get(
            f"{sandbox.base}/control/phones", headers={"Host": "evil.example:8001"}, timeout=WAIT_S
        )

        assert answer.status_code == 403

    def test_the_page_runs_nothing_inline_and_frames_the_accounts_pages_only(
        self, sandbox: Sandbox
    ) -> None:
        page = requests.get(
            f"{sandbox.base}/", headers={"Host": "sandbox.doorbell.localhost:8001"}, timeout=WAIT_S
        )

        policy = dict(
            rule.strip().split(" ", 1)
            for rule in page.headers["Content-Security-Policy"].split(";")
        )
        assert page.status_code == 200
        assert policy["default-src"] == "'none'"
        assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == "'self'"
        assert policy["frame-src"].split()[-2:] == [
            "http://doorbell.localhost:8000",
            "http://*.doorbell.localhost:8000",
        ]
        assert "unsafe" not in page.headers["Content-Security-Policy"]
        assert " style=" not in page.text
        assert " onclick=" not in page.text

    def test_the_page_moves_to_the_host_that_shares_the_pages_site(self, sandbox: Sandbox) -> None:
        answer = requests.get(f"{sandbox.base}/", allow_redirects=False, timeout=WAIT_S)

        port = sandbox.base.rsplit(":", 1)[1]
        assert answer.headers["Location"] == f"http://sandbox.doorbell.localhost:{port}/"

    @pytest.mark.parametrize(
        "body",
        ["[]", "{", '{"nickname": "x"}', '{"name": 7}'],
        ids=["list", "cut", "other", "type"],
    )
    def test_a_body_of_another_shape_is_refused(self, sandbox: Sandbox, body: str) -> None:
        answer = requests.post(
            f"{sandbox.base}/control/phones", data=body, headers={"X-Sandbox": "1"}, timeout=WAIT_S
        )

        assert (answer.status_code, answer.json()["error"]) == (400, "bad_body")


class TestPhones:
    def test_a_fresh_sandbox_holds_the_phones_of_the_account(self, new_sandbox: NewSandbox) -> None:
        sandbox, _ = new_sandbox(phones=["林女士", "王师傅"])

        phones = sandbox.look("phones")["phones"]

        assert [(one["phone"], one["name"], one["follows"]) for one in phones] == [
            ("p1", "林女士", False),
            ("p2", "王师傅", False),
        ]

    def test_a_known_openid_can_be_given_a_phone_once(self, sandbox: Sandbox) -> None:
        openid = "o" + "A" * 27
        made = sandbox.control("phones", expect=201, name="林女士", openid=openid, follows=True)

        again = sandbox.control("phones", expect=409, name="别人", openid=openid)

        assert (made["openid"], made["follows"]) == (openid, True)
        assert again["error"] == "openid_taken"

    def test_a_follower_without_a_screen_gets_messages_but_is_not_listed(
        self, sandbox: Sandbox
    ) -> None:
        made = sandbox.control("phones", expect=201, name="老会员", follows=True, shown=False)

        assert sandbox.send_template(made["openid"])["errcode"] == 0
        assert len(sandbox.inbox(made["phone"])) == 1
        assert sandbox.look("phones")["phones"] == []

    def test_a_stranger_can_neither_talk_nor_use_the_menu(self, sandbox: Sandbox) -> None:
        sandbox.a_phone()
        sandbox.api("menu/create", **MENU)

        said = sandbox.control("phones/p1/say", expect=409, text="在吗")
        clicked = sandbox.control("phones/p1/click", expect=409, name="我的预约")

        assert said["error"] == clicked["error"] == "not_following"

    def test_what_is_not_there_is_missing(self, sandbox: Sandbox) -> None:
        sandbox.a_phone(follows=True)

        errors = [
            sandbox.control("phones/p9/say", expect=404, text="在吗")["error"],
            sandbox.control("phones/p1/click", expect=404, name="没有这项")["error"],
            sandbox.control("log/99/replay", expect=404)["error"],
        ]

        assert errors == ["no_such_phone", "no_such_button", "no_such_entry"]

    def test_following_by_search_carries_no_scene(self, sandbox: Sandbox) -> None:
        sandbox.a_phone()

        outcome = sandbox.control("phones/p1/follow")
        again = sandbox.control("phones/p1/follow", expect=409)

        assert outcome == {"screen": "chat", "follows": True}
        assert again["error"] == "follows_already"

    def test_scanning_a_page_opens_it_on_the_phones_own_host(self, sandbox: Sandbox) -> None:
        sandbox.a_phone()

        page = sandbox.control("phones/p1/scan", content="http://doorbell.localhost:8000/t/QD0217")
        text = sandbox.control("phones/p1/scan", content="6901234567892")

        assert page["url"] == "http://p1.doorbell.localhost:8000/t/QD0217"
        assert (text["screen"], text["text"]) == ("text", "6901234567892")

    def test_a_code_is_found_by_what_its_picture_holds(self, sandbox: Sandbox) -> None:
        code = sandbox.a_code("st_hailu_03")
        sandbox.a_phone()

        outcome = sandbox.control("phones/p1/scan", content=code["url"])

        assert (outcome["screen"], outcome["scene"]) == ("follow_card", "st_hailu_03")

    def test_codes_carry_the_names_that_the_account_gives_them(
        self, new_sandbox: NewSandbox
    ) -> None:
        sandbox, _ = new_sandbox(scene_names={"st_hailu_03": "海尔路旗舰店 3 号立牌"})
        sandbox.a_code("st_hailu_03")

        [code] = sandbox.look("codes")["codes"]

        assert (code["scene"], code["name"]) == ("st_hailu_03", "海尔路旗舰店 3 号立牌")
        assert requests.get(sandbox.base + code["picture"], timeout=WAIT_S).status_code == 200


class TestChanges:
    def test_only_what_is_new_is_told(self, sandbox: Sandbox) -> None:
        phone = sandbox.a_phone(follows=True)
        sandbox.send_template(phone["openid"])
        sandbox.settle()
        first = sandbox.look("changes")
        sandbox.send_template(phone["openid"])
        sandbox.settle()

        second = sandbox.look(
            "changes",
            revision=first["revision"],
            message=first["messages"][-1]["id"],
            log=first["log"][-1]["id"],
        )
        third = sandbox.look("changes", revision=second["revision"])

        assert len(second["messages"]) == 1
        assert {line["name"] for line in second["log"]} == {
            "stable_token",
            "message/template/send",
            "TEMPLATESENDJOBFINISH",
        }
        assert set(third) == {"revision", "clock"}


class _ProductClock:
    """The product's clock as the sandbox meets it over HTTP."""

    def __init__(self) -> None:
        self.offset_s = 3600.0
        self.orders: list[tuple[str, dict[str, Any]]] = []
        # Who only asks: whether he is there, and what he waits for before he is told what it was.
        self.is_asked = threading.Event()
        self.before_it_tells: Callable[[], object] = lambda: None

    def app(self) -> Flask:
        app = Flask("product")
        app.add_url_rule("/demo/clock", view_func=self._answer, methods=["GET", "POST"])
        return app

    def _answer(self) -> dict[str, Any]:
        if request.method == "POST":
            self.orders.append((request.headers["X-Control-Key"], request.get_json()))
            self.offset_s += request.get_json()["advance_s"]
            return {"now": "2026-11-23T09:00:00+08:00", "offset_s": self.offset_s}
        told = {"now": "2026-11-23T09:00:00+08:00", "offset_s": self.offset_s}
        self.is_asked.set()
        self.before_it_tells()
        return told


@pytest.fixture
def product(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[_ProductClock, str]]:
    # The sandbox goes on without a product that is slow to answer; here it is only the machine.
    monkeypatch.setattr("sandbox.business_clock._TIMEOUT_S", WAIT_S)
    clock = _ProductClock()
    served = Served(clock.app())
    yield clock, f"{served.base}/demo/clock"
    served.stop()


def _now(sandbox: Sandbox) -> datetime:
    return datetime.fromisoformat(sandbox.look("clock")["now"])


class TestClock:
    def test_it_follows_and_moves_the_products_clock(
        self, new_sandbox: NewSandbox, product: tuple[_ProductClock, str]
    ) -> None:
        clock, url = product
        sandbox, _ = new_sandbox(clock_url=url, control_key="key", wall=Wall())
        before = _now(sandbox)

        sandbox.control("clock", advance_s=900)

        assert clock.orders == [("key", {"advance_s": 900})]
        assert _now(sandbox) - before == timedelta(seconds=900)
        assert sandbox.stage.clock.now().timestamp() - sandbox.stage.wall() == pytest.approx(4500)

    def test_who_asked_before_it_moved_does_not_move_it_back(
        self, new_sandbox: NewSandbox, product: tuple[_ProductClock, str]
    ) -> None:
        clock, url = product
        sandbox, _ = new_sandbox(clock_url=url, control_key="key", wall=Wall())
        has_moved = threading.Event()
        clock.before_it_tells = lambda: has_moved.wait(0.5)
        asking = threading.Thread(target=sandbox.stage.clock.refresh)
        asking.start()
        assert clock.is_asked.wait(WAIT_S)

        sandbox.stage.clock.move({"advance_s": 900})
        has_moved.set()
        asking.join(WAIT_S)

        assert sandbox.stage.clock.now().timestamp() - sandbox.stage.wall() == pytest.approx(4500)

    def test_without_the_product_the_time_stays_and_the_person_is_told(
        self, new_sandbox: NewSandbox
    ) -> None:
        sandbox, _ = new_sandbox(clock_url="http://127.0.0.1:9/demo/clock")
        before = _now(sandbox)

        refused = sandbox.control("clock", expect=503, advance_s=900)

        assert refused["error"] == "clock_unreachable"
        assert _now(sandbox) - before < timedelta(seconds=60)

    def test_alone_it_keeps_a_clock_of_its_own(self, sandbox: Sandbox) -> None:
        sandbox.control("clock", to="next_0900")

        now = _now(sandbox)

        assert now.utcoffset() == timedelta(hours=8)
        assert (now.hour, now.minute) == (9, 0)

    @pytest.mark.parametrize(
        "order",
        [{}, {"advance_s": 0}, {"advance_s": -60}, {"advance_s": 32 * 86_400}, {"to": "noon"}],
    )
    def test_time_never_goes_back_nor_astray(self, sandbox: Sandbox, order: dict[str, Any]) -> None:
        assert sandbox.control("clock", expect=400, **order)["error"] == "bad_clock_move"

    def test_events_carry_the_time_on_the_phones_and_signatures_the_true_one(
        self, new_sandbox: NewSandbox
    ) -> None:
        sandbox, receiver = new_sandbox(wall=Wall())
        sandbox.a_phone(follows=True)
        sandbox.control("clock", advance_s=86_400)

        sandbox.control("phones/p1/say", text="在吗")
        sandbox.settle()

        [told] = receiver.received
        created = told.message.create_time.timestamp()
        assert created - sandbox.stage.wall() == pytest.approx(86_400, abs=1)
        assert int(told.query["timestamp"]) == pytest.approx(sandbox.stage.wall(), abs=1)


class TestAuthorizing:
    def _ask(self, sandbox: Sandbox, **changes: str) -> requests.Response:
        return requests.get(
            f"{sandbox.base}/connect/oauth2/authorize",
            params=AUTHORIZE | changes,
            allow_redirects=False,
            timeout=WAIT_S,
        )

    @pytest.mark.parametrize(
        ("change", "sentence"),
        [
            ({"appid": "wx0"}, "AppID"),
            ({"redirect_uri": "http://evil.example/x"}, "redirect_uri"),
            ({"redirect_uri": "http://doorbell.localhost.evil.example:8000/"}, "redirect_uri"),
            ({"redirect_uri": "http://p1.doorbell.localhost:9/x"}, "redirect_uri"),
            ({"scope": "snsapi_all"}, "Scope"),
            ({"response_type": "token"}, "Scope"),
            ({"state": "s" * 129}, "state"),
            ({"redirect_uri": "http://p9.doorbell.localhost:8000/x"}, "没有这部手机"),
        ],
    )
    def test_a_bad_question_is_refused_and_logged(
        self, sandbox: Sandbox, change: dict[str, str], sentence: str
    ) -> None:
        sandbox.a_phone()

        answer = self._ask(sandbox, **change)

        assert answer.status_code == 400
        assert sentence in answer.text
        assert [line["ok"] for line in sandbox.log(direction="page")] == [False]

    def test_a_page_without_a_phones_host_asks_which_phone(self, sandbox: Sandbox) -> None:
        sandbox.a_phone(name="林女士")
        sandbox.a_phone(name="王师傅")
        page = "http://doorbell.localhost:8000/wechat/oauth"

        asked = self._ask(sandbox, redirect_uri=page)
        chosen = self._ask(sandbox, redirect_uri=page, phone="p2")

        assert asked.status_code == 200
        assert all(name in asked.text for name in ("林女士", "王师傅"))
        assert chosen.headers["Location"].startswith(f"{page}?code=")


class TestRestart:
    def test_phones_codes_menu_messages_and_tokens_are_still_there(self, tmp_path: Path) -> None:
        database = tmp_path / "sandbox.sqlite3"
        closed = "http://127.0.0.1:9/callback"
        app = a_sandbox_app(database, callback_url=closed)
        first = Served(app)
        sandbox = Sandbox(base=first.base, stage=stage_of(app))
        token = sandbox.token()
        sandbox.a_code("st_hailu_03")
        sandbox.api("menu/create", **MENU)
        phone = sandbox.a_phone(follows=True)
        sandbox.send_template(phone["openid"], client_msg_id="B1-M1")
        first.stop()
        sandbox.stage.close()

        app = a_sandbox_app(database, callback_url=closed)
        second = Served(app)
        sandbox = Sandbox(base=second.base, stage=stage_of(app))
        try:
            repeated = sandbox.send_template(phone["openid"], client_msg_id="B1-M1")

            assert sandbox.token() == token
            assert [one["scene"] for one in sandbox.look("codes")["codes"]] == ["st_hailu_03"]
            assert sandbox.look("menu")["menu"] == MENU
            assert [one["msgid"] for one in sandbox.inbox("p1")] == [repeated["msgid"]]
        finally:
            second.stop()
            sandbox.stage.close()

    def test_a_callback_that_was_waiting_is_pushed_by_the_next_life(
        self, tmp_path: Path, new_sandbox: NewSandbox
    ) -> None:
        database = tmp_path / "sandbox.sqlite3"
        app = a_sandbox_app(database, callback_url="http://127.0.0.1:9/callback")
        stage = stage_of(app)
        stage.pusher.stop()
        client = app.test_client()
        header = {"X-Sandbox": "1"}
        client.post("/control/phones", json={"name": "林女士", "follows": True}, headers=header)
        client.post("/control/phones/p1/say", json={"text": "在吗"}, headers=header)
        stage.memory.close()

        sandbox, receiver = new_sandbox()
        sandbox.settle()

        assert [one.message.content for one in receiver.received] == ["在吗"]
