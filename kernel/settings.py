"""What the surroundings decide: read once from the environment, frozen, units in the names."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from enum import StrEnum
from pathlib import Path
from urllib.parse import urlsplit


class Mode(StrEnum):
    DEMO = "demo"
    PRODUCTION = "production"
    TEST = "test"


class BadSettings(Exception):
    """The environment does not describe a system that could run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """One field per environment variable of the same name in capitals; secrets have no default."""

    mode: Mode
    data_dir: Path
    database_url: str
    secret_key: str
    public_base: str
    wechat_appid: str
    wechat_secret: str
    wechat_token: str
    redis_url: str = ""
    sandbox_base: str = ""
    control_key: str = ""
    wechat_aes_key: str = ""
    wechat_api_base: str = "https://api.weixin.qq.com"
    wechat_mp_base: str = "https://mp.weixin.qq.com"
    wechat_open_base: str = "https://open.weixin.qq.com"
    wechat_pay_base: str = "https://api.mch.weixin.qq.com"
    wechat_jssdk_url: str = "https://res.wx.qq.com/open/js/jweixin-1.6.0.js"
    # JSON object: message kind (M1, M5, …) to the template id the account was given. The demo's
    # sandbox grants ids equal to the kinds.
    wechat_template_ids: str = "{}"
    # The same for subscription notices; a kind without one goes on to the next way.
    wechat_subscription_ids: str = "{}"
    # WeChat Pay: all of these or none; without them nobody can pay. The key files are PEM.
    wechat_pay_mchid: str = ""
    wechat_pay_serial: str = ""
    wechat_pay_key_file: str = ""
    wechat_pay_apiv3_key: str = field(default="", repr=False)
    wechat_pay_public_key_id: str = ""
    wechat_pay_public_key_file: str = ""
    # Where WeChat Pay reaches us, when that is not PUBLIC_BASE.
    wechat_pay_notify_base: str = ""
    # What the provider of texts takes for one.
    sms_price_fen: str = "4.5"
    map_tiles_url: str = ""
    callback_url: str = ""
    # "off" counts no calls: for load tests and nothing else.
    rate_limits: str = "on"
    # How many proxies of ours stand in front and tell the caller's address.
    trusted_proxies: str = "0"

    @classmethod
    def from_env(cls, environ: Mapping[str, str]) -> "Settings":
        """Read the settings. Raises BadSettings, naming what is missing or contradictory."""
        given = {f.name: environ[f.name.upper()] for f in fields(cls) if f.name.upper() in environ}
        missing = [name for name in _REQUIRED if not given.get(name)]
        if missing:
            raise BadSettings(
                f"missing in the environment: {', '.join(m.upper() for m in missing)}"
            )
        try:
            mode = Mode(given.pop("mode"))
        except ValueError as error:
            raise BadSettings("MODE is one of demo, production, test") from error
        settings = cls(mode=mode, data_dir=Path(given.pop("data_dir")), **given)
        _check(settings)
        return settings

    @property
    def is_demo(self) -> bool:
        return self.mode is Mode.DEMO

    @property
    def takes_payments(self) -> bool:
        """Whether a merchant of WeChat Pay is configured; then it is so completely."""
        return bool(self.wechat_pay_mchid)

    @property
    def sms_price_hundredths(self) -> int:
        """What a text costs, in hundredths of a fen."""
        whole, _, part = self.sms_price_fen.partition(".")
        return int(whole) * 100 + int(f"{part}00"[:2])

    @property
    def public_host(self) -> str:
        """The host name of our pages, without its port."""
        return urlsplit(self.public_base).hostname or ""


_REQUIRED = (
    "mode",
    "data_dir",
    "database_url",
    "secret_key",
    "public_base",
    "wechat_appid",
    "wechat_secret",
    "wechat_token",
)

_MERCHANT = (
    "wechat_pay_mchid",
    "wechat_pay_serial",
    "wechat_pay_key_file",
    "wechat_pay_apiv3_key",
    "wechat_pay_public_key_id",
    "wechat_pay_public_key_file",
)


def _check(settings: Settings) -> None:
    if len(settings.secret_key) < 32:
        raise BadSettings("SECRET_KEY needs 32 characters or more")
    if settings.wechat_aes_key and len(settings.wechat_aes_key) != 43:
        raise BadSettings("WECHAT_AES_KEY has 43 characters, or is empty for plain mode")
    if not _is_object(settings.wechat_template_ids):
        raise BadSettings("WECHAT_TEMPLATE_IDS is a JSON object of kinds and template ids")
    if not _is_object(settings.wechat_subscription_ids):
        raise BadSettings("WECHAT_SUBSCRIPTION_IDS is a JSON object of kinds and template ids")
    _check_values(settings)
    _check_merchant(settings)
    if settings.mode is Mode.PRODUCTION:
        _check_production(settings)


def _check_values(settings: Settings) -> None:
    if settings.rate_limits not in ("on", "off"):
        raise BadSettings("RATE_LIMITS is on or off")
    if not (settings.trusted_proxies.isascii() and settings.trusted_proxies.isdigit()):
        raise BadSettings("TRUSTED_PROXIES is the number of proxies in front, 0 for none")
    if re.fullmatch(r"[0-9]{1,6}(\.[0-9]{1,2})?", settings.sms_price_fen) is None:
        raise BadSettings("SMS_PRICE_FEN is a price in fen with two decimals at most")


def _check_production(settings: Settings) -> None:
    if settings.sandbox_base or settings.control_key:
        raise BadSettings("a sandbox is configured: refused in production")
    if not settings.public_base.startswith("https://"):
        raise BadSettings("PUBLIC_BASE must be https in production")
    if not settings.takes_payments:
        return
    if not settings.wechat_pay_base.startswith("https://"):
        raise BadSettings("WECHAT_PAY_BASE must be https in production")
    if not (settings.wechat_pay_notify_base or settings.public_base).startswith("https://"):
        raise BadSettings("WECHAT_PAY_NOTIFY_BASE must be https in production")


def _check_merchant(settings: Settings) -> None:
    given = {name: getattr(settings, name) for name in _MERCHANT}
    if not any(given.values()):
        return
    missing = [name for name, value in given.items() if not value]
    if missing:
        raise BadSettings(
            f"half a merchant of WeChat Pay; also needed: {', '.join(missing).upper()}"
        )
    if len(settings.wechat_pay_apiv3_key.encode()) != 32:
        raise BadSettings("WECHAT_PAY_APIV3_KEY has 32 characters")
    if "?" in settings.wechat_pay_notify_base:
        raise BadSettings("WECHAT_PAY_NOTIFY_BASE has no query")


def _is_object(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict)
    except ValueError:
        return False
