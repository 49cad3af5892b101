"""A sandbox that is really served on loopback, and the account's server that it calls back."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import requests
from flask import Flask, Response, request
from wechatpy import parse_message
from wechatpy.crypto import WeChatCrypto
from wechatpy.utils import check_signature
from werkzeug.serving import BaseWSGIServer, make_server

from kernel.clock import wall_s
from sandbox.app import create_app
from sandbox.pay.shop import shop_of
from sandbox.settings import Settings, account_of
from sandbox.stage import EXTENSION, Stage
from tests import shop
from tests.patience import WAIT_S

APPID = "wx5a8b7c6d5e4f3a2b"
SECRET = "the-secret-of-the-account"
TOKEN = "the-token-of-the-account"
AES_KEY = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
TEMPLATE = {
    "template_id": "M1",
    "title": "预约成功通知",
    "content": "服务项目：{{thing1.DATA}}\n上门时间：{{time2.DATA}}\n当前状态：{{phrase3.DATA}}",
}
GOOD_DATA = {
    "thing1": {"value": "空调安装"},
    "time2": {"value": "2026年11月26日 10:00~12:00"},
    "phrase3": {"value": "已预约"},
}


LIBRARY = [{"short": "43216", **TEMPLATE}]
SUBSCRIPTION = {**TEMPLATE, "template_id": "S1", "title": "上门提醒"}


class Wall:
    """True time in seconds, which stands but for what a test lets go by."""

    def __init__(self) -> None:
        self._stood_s = wall_s()
        self.ahead_s = 0.0

    def __call__(self) -> float:
        return self._stood_s + self.ahead_s


class Served:
    """A WSGI app on a free port of loopback, in threads of its own."""

    def __init__(self, app: Flask) -> None:
        self._server: BaseWSGIServer = make_server("127.0.0.1", 0, app, threaded=True)
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.02,), daemon=True
        )
        self._thread.start()
        self.base = f"http://127.0.0.1:{self._server.server_port}"

    def stop(self) -> None:
        self._server.shutdown()
        self._thread.join(10)
        self._server.server_close()


@dataclass(frozen=True, slots=True)
class Received:
    """One try that arrived: its query, whether its signature holds, and the opened XML."""

    query: dict[str, str]
    is_signed: bool
    body: str
    message: Any


@dataclass
class Receiver:
    """The account's server: opens callbacks with wechatpy and answers what it was told to."""

    aes: bool
    # What to answer to the next tries: a passive reply's XML, or a function of the request.
    answers: list[str | Callable[[], Response]] = field(default_factory=list)
    received: list[Received] = field(default_factory=list)

    def app(self) -> Flask:
        app = Flask("receiver")
        app.add_url_rule("/callback", view_func=self._greet, methods=["GET"])
        app.add_url_rule("/callback", view_func=self._receive, methods=["POST"])
        return app

    def _greet(self) -> str:
        check_signature(
            TOKEN, request.args["signature"], request.args["timestamp"], request.args["nonce"]
        )
        return request.args["echostr"]

    def _receive(self) -> Response:
        query = request.args.to_dict()
        body = self._opened(query)
        message = parse_message(body)
        self.received.append(
            Received(query=query, is_signed=self._is_signed(query), body=body, message=message)
        )
        answer = self.answers.pop(0) if self.answers else "success"
        if callable(answer):
            return answer()
        return Response(self._sealed(answer, query), mimetype="text/xml")

    def _opened(self, query: dict[str, str]) -> str:
        raw = request.get_data(as_text=True)
        if not self.aes:
            return raw
        opened: str | bytes = _crypto().decrypt_message(
            raw, query["msg_signature"], query["timestamp"], query["nonce"]
        )
        return opened.decode() if isinstance(opened, bytes) else opened

    def _sealed(self, answer: str, query: dict[str, str]) -> str:
        if not self.aes or answer == "success":
            return answer
        sealed: str = _crypto().encrypt_message(answer, query["nonce"], query["timestamp"])
        return sealed

    def _is_signed(self, query: dict[str, str]) -> bool:
        check_signature(TOKEN, query["signature"], query["timestamp"], query["nonce"])
        return True


def _crypto() -> Any:
    return WeChatCrypto(TOKEN, AES_KEY, APPID)


@dataclass
class Sandbox:
    """A served sandbox, held as a test holds it: through HTTP."""

    base: str
    stage: Stage

    def control(self, path: str, *, expect: int = 200, **body: Any) -> dict[str, Any]:
        """POST to the control interface and return its JSON."""
        answer = requests.post(
            f"{self.base}/control/{path}", json=body, headers={"X-Sandbox": "1"}, timeout=2 * WAIT_S
        )
        assert answer.status_code == expect, answer.text
        told: dict[str, Any] = answer.json()
        return told

    def look(self, path: str, **query: Any) -> dict[str, Any]:
        """GET from the control interface."""
        answer = requests.get(f"{self.base}/control/{path}", params=query, timeout=WAIT_S)
        assert answer.status_code == 200, answer.text
        told: dict[str, Any] = answer.json()
        return told

    def settle(self) -> None:
        """Wait until the callbacks have been delivered or given up."""
        assert self.control("settle", timeout_s=int(WAIT_S))["settled"]

    def a_phone(self, *, name: str = "林女士", follows: bool = False) -> dict[str, Any]:
        return self.control("phones", expect=201, name=name, follows=follows)

    def inbox(self, phone: str) -> list[dict[str, Any]]:
        messages: list[dict[str, Any]] = self.look(f"phones/{phone}/inbox")["messages"]
        return messages

    def log(self, **query: Any) -> list[dict[str, Any]]:
        lines: list[dict[str, Any]] = self.look("log", **query)["log"]
        return lines

    def token(self) -> str:
        answer = requests.post(
            f"{self.base}/cgi-bin/stable_token",
            json={"grant_type": "client_credential", "appid": APPID, "secret": SECRET},
            timeout=WAIT_S,
        )
        token: str = answer.json()["access_token"]
        return token

    def api(self, path: str, *, token: str | None = None, **body: Any) -> dict[str, Any]:
        """POST to the platform's API with a token and return its JSON."""
        answer = requests.post(
            f"{self.base}/cgi-bin/{path}",
            params={"access_token": self.token() if token is None else token},
            json=body,
            timeout=WAIT_S,
        )
        assert answer.status_code == 200
        told: dict[str, Any] = answer.json()
        return told

    def send_template(self, openid: str, **changes: Any) -> dict[str, Any]:
        """Send a good M1 to `openid`, with `changes` to the call."""
        return self.api(
            "message/template/send",
            **{"touser": openid, "template_id": "M1", "data": GOOD_DATA} | changes,
        )

    def a_code(self, scene: str) -> dict[str, Any]:
        return self.api(
            "qrcode/create",
            action_name="QR_LIMIT_STR_SCENE",
            action_info={"scene": {"scene_str": scene}},
        )


def a_sandbox_app(
    database: Path,
    *,
    callback_url: str,
    aes: bool = False,
    timeout_s: float = WAIT_S,
    wall: Callable[[], float] = wall_s,
    has_shop: bool = False,
    retry_gap_s: float = 0.0,
    **account: Any,
) -> Flask:
    """Build a sandbox that tries again at once, or after `retry_gap_s`.

    `has_shop`: it plays the merchant of tests/shop.py.
    """
    settings = Settings(
        account=account_of(
            {
                "appid": APPID,
                "secret": SECRET,
                "token": TOKEN,
                "aes_key": AES_KEY if aes else "",
                "aes": aes,
                "name": "门铃到家",
                "callback_url": callback_url,
                "web_base": "http://doorbell.localhost:8000",
                "templates": [TEMPLATE],
                "library": LIBRARY,
                "subscriptions": [SUBSCRIPTION],
                "agents": {"xiaolan@menling": "小蓝"},
                **account,
            }
        ),
        database=database,
        shop=shop_of(shop.platform_half()) if has_shop else None,
        callback_timeout_s=timeout_s,
        retry_gap_s=retry_gap_s,
    )
    return create_app(settings, wall=wall)


def stage_of(app: Flask) -> Stage:
    stage: Stage = app.extensions[EXTENSION]
    return stage


def query_of(url: str) -> dict[str, str]:
    return {key: values[0] for key, values in parse_qs(urlsplit(url).query).items()}
