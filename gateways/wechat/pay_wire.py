"""wechatpayv3's calls, sent our way: our host, our timeouts, one kind of failure.

wechatpayv3 knows WeChat Pay's paths and bodies; `_Core` replaces the one method that sends. A success
is a 2xx with a fresh signature of WeChat Pay's public key, never anything else.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import wechatpayv3
from wechatpayv3.core import Core
from wechatpayv3.type import RequestType
from wechatpayv3.utils import build_authorization

from gateways.http import ANSWER_BYTES_MAX, Answer, Caller, MaybeSent, Unsent
from gateways.wechat import pay_proofs
from gateways.wechat.pay_errors import refused, unclear, unsent
from kernel.settings import BadSettings, Settings

NOTICE_PATH = "/wechat/pay/notice"
HTTP_OK = 200
# A packed bill of a hundred thousand trades.
FILE_BYTES_MAX = 32 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Merchant:
    """The merchant we are at WeChat Pay; keys are PEM texts. `notify_url` is where notices go."""

    appid: str
    mchid: str
    serial: str
    private_key: str = field(repr=False)
    apiv3_key: str = field(repr=False)
    public_key_id: str
    public_key: str = field(repr=False)
    notify_url: str
    pay_base: str = "https://api.mch.weixin.qq.com"

    @classmethod
    def from_settings(cls, settings: Settings) -> Self:
        """Read the merchant and its key files. Raises BadSettings when one cannot be read."""
        base = settings.wechat_pay_notify_base or settings.public_base
        return cls(
            appid=settings.wechat_appid,
            mchid=settings.wechat_pay_mchid,
            serial=settings.wechat_pay_serial,
            private_key=_read("WECHAT_PAY_KEY_FILE", settings.wechat_pay_key_file),
            apiv3_key=settings.wechat_pay_apiv3_key,
            public_key_id=settings.wechat_pay_public_key_id,
            public_key=_read("WECHAT_PAY_PUBLIC_KEY_FILE", settings.wechat_pay_public_key_file),
            notify_url=base.rstrip("/") + NOTICE_PATH,
            pay_base=settings.wechat_pay_base.rstrip("/"),
        )


class Wire(wechatpayv3.WeChatPay):  # type: ignore[misc]  # wechatpayv3 has no types
    """The calls `pay`, `query`, `close`, `refund`, `query_refund`, `trade_bill` and `download_bill` of
    wechatpayv3.

    Each returns WeChat's JSON object ({} for an empty answer), the last one a file's bytes, or raises
    PayError.
    """

    def __init__(self, merchant: Merchant, caller: Caller, *, wall: Callable[[], float]) -> None:
        """Raises BadSettings when a key is not one."""
        try:
            super().__init__(
                wechatpay_type=wechatpayv3.WeChatPayType.JSAPI,
                mchid=merchant.mchid,
                private_key=merchant.private_key,
                cert_serial_no=merchant.serial,
                appid=merchant.appid,
                apiv3_key=merchant.apiv3_key,
                notify_url=merchant.notify_url,
                public_key=merchant.public_key,
                public_key_id=merchant.public_key_id,
            )
            self._core = _Core(merchant, caller, wall=wall)
        except Exception as error:  # wechatpayv3 raises nothing narrower
            raise BadSettings(f"WeChat Pay's keys cannot be used: {error}") from error

    @property
    def public_key(self) -> Any:
        """WeChat Pay's public key, loaded."""
        return self._core.public_key


class _Core(Core):  # type: ignore[misc]  # wechatpayv3 has no types
    def __init__(self, merchant: Merchant, caller: Caller, *, wall: Callable[[], float]) -> None:
        super().__init__(
            mchid=merchant.mchid,
            cert_serial_no=merchant.serial,
            private_key=merchant.private_key,
            apiv3_key=merchant.apiv3_key,
            public_key=merchant.public_key,
            public_key_id=merchant.public_key_id,
        )
        self._gate_way = merchant.pay_base
        self._caller = caller
        self._wall = wall

    @property
    def public_key(self) -> Any:
        return self._public_key

    def request(
        self,
        path: str,
        method: RequestType = RequestType.GET,
        data: dict[str, Any] | None = None,
        *,
        skip_verify: bool = False,
        **unknown: Any,
    ) -> Any:
        """Send one signed request, never twice, and return the answer's JSON. Raises PayError.

        With `skip_verify` the answer is a file, which WeChat does not sign: its bytes are returned.
        """
        assert not any(unknown.values()), f"the wire does not carry {sorted(unknown)}"
        # The very text that is signed is sent.
        body = "" if data is None else json.dumps(data)
        headers = {
            "Accept": "application/json",
            "Content-Type": "application/json",
            "Wechatpay-Serial": self._public_key_id,
            "Authorization": build_authorization(
                path, method.value, self._mchid, self._cert_serial_no, self._private_key, data=body
            ),
        }
        try:
            answer = self._caller.call(
                method.value,
                self._gate_way + path,
                body=body.encode() if body else None,
                headers=headers,
                bytes_max=FILE_BYTES_MAX if skip_verify else ANSWER_BYTES_MAX,
            )
        except Unsent as error:
            raise unsent(f"not reached: {error}") from error
        except MaybeSent as error:
            raise unclear(f"no answer: {error}") from error
        if skip_verify and answer.status == HTTP_OK:
            return answer.body
        return self._read(answer)

    def _read(self, answer: Answer) -> dict[str, Any]:
        told = _told(answer)
        if not 200 <= answer.status < 300 or "code" in told:
            code = told.get("code")
            if not isinstance(code, str) or not code:
                raise unclear(f"HTTP {answer.status}")
            raise refused(code, str(told.get("message", "")))
        try:
            pay_proofs.check_signed(
                answer.headers,
                answer.body,
                key=self._public_key,
                key_id=self._public_key_id,
                now_s=self._wall(),
            )
        except pay_proofs.Unproven as error:
            raise unclear(f"the answer is not WeChat's: {error}") from error
        return told


def _told(answer: Answer) -> dict[str, Any]:
    if not answer.body:
        return {}
    try:
        told = json.loads(answer.body)
    except ValueError as error:  # undecodable bytes are a ValueError too
        raise unclear(f"HTTP {answer.status} that is not JSON") from error
    if not isinstance(told, dict):
        raise unclear(f"HTTP {answer.status} that is not an object")
    return told


def _read(name: str, path: str) -> str:
    try:
        return Path(path).read_text(encoding="ascii")
    except (OSError, ValueError) as error:
        raise BadSettings(f"{name} cannot be read: {error}") from error
