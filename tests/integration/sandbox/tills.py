"""A merchant's side of WeChat Pay: his library and his till."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from flask import Flask, Response, request
from wechatpayv3 import WeChatPay, WeChatPayType

from tests import shop
from tests.integration.sandbox.serving import APPID, Sandbox, Wall
from tests.patience import WAIT_S

NUMBER = "D20261123001"


@dataclass(frozen=True, slots=True)
class Arrived:
    """One notice as it came."""

    headers: Mapping[str, str]
    body: bytes


@dataclass
class Till:
    """Takes whatever comes to the notice's address and answers the statuses it was told to."""

    answers: list[int] = field(default_factory=list)
    arrived: list[Arrived] = field(default_factory=list)

    def app(self) -> Flask:
        app = Flask("till")
        app.add_url_rule(shop.NOTICE_PATH, view_func=self._take, methods=["POST"])
        return app

    def _take(self) -> Response:
        self.arrived.append(Arrived(dict(request.headers), request.get_data()))
        return Response(status=self.answers.pop(0) if self.answers else 204)


@dataclass
class Counter:
    """A merchant's library, its till, and the sandbox they meet."""

    sandbox: Sandbox
    library: WeChatPay
    till: Till
    wall: Wall
    notify_url: str
    openid: str

    def call(self, method: str, **arguments: Any) -> tuple[int, Any]:
        """Call the library; return WeChat's status and JSON."""
        status, text = getattr(self.library, method)(**arguments)
        return status, json.loads(text) if text else None

    def place(self, **changes: Any) -> tuple[int, Any]:
        order: dict[str, Any] = {
            "description": "上门押金",
            "out_trade_no": NUMBER,
            "amount": {"total": 3000, "currency": "CNY"},
            "payer": {"openid": self.openid},
        }
        return self.call("pay", **order | changes)

    def a_paid_order(self) -> None:
        self.place()
        self.sandbox.control(f"payments/{NUMBER}/pay")
        self.sandbox.settle()

    def refund(self, fen: int = 3000, **changes: Any) -> tuple[int, Any]:
        asked: dict[str, Any] = {
            "out_refund_no": "R1",
            "out_trade_no": NUMBER,
            "amount": {"refund": fen, "total": 3000, "currency": "CNY"},
            "reason": "客户取消",
        }
        return self.call("refund", **asked | changes)

    def read(self, place: int = -1) -> Any:
        """Return the notice that arrived, opened by the library; None when it does not verify."""
        arrived = self.till.arrived[place]
        return self.library.callback(arrived.headers, arrived.body)

    def move(self, seconds: float) -> None:
        """Let true time go by, and the courier look."""
        self.wall.ahead_s += seconds
        self.sandbox.stage.ring()
        self.sandbox.settle()


def a_library(base: str, notify_url: str) -> WeChatPay:
    library = WeChatPay(
        wechatpay_type=WeChatPayType.JSAPI,
        mchid=shop.MCHID,
        private_key=shop.private_pem(shop.merchant_key()),
        cert_serial_no=shop.SERIAL,
        appid=APPID,
        apiv3_key=shop.APIV3_KEY,
        notify_url=notify_url,
        timeout=(WAIT_S, WAIT_S),
        public_key=shop.public_pem(shop.platform_key()),
        public_key_id=shop.PUBLIC_KEY_ID,
    )
    library._core._gate_way = base
    return library
