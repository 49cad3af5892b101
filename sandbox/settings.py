"""What the sandbox is told from outside: one account in a JSON file, and a few variables."""

import ipaddress
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from sandbox.message_templates import MessageTemplate
from sandbox.pay.shop import Shop, read_shop

CALLBACK_TIMEOUT_S = 5.0
RETRY_GAP_S = 1.0
_PLACE_TEXTS = ("name", "province", "city", "county", "detail")
_REAL_HOSTS = ("qq.com", "weixin.com", "wechat.com", "tenpay.com")
_AES_KEY_LENGTH = 43


class BadAccount(Exception):
    """The sandbox cannot start with this account; the sentence names the key at fault."""


class UnsafeBase(BadAccount):
    """An address points away from this machine. The sandbox talks to loopback only."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A place that people on phones choose: in a chat, or as the address of wx.openAddress. GCJ-02."""

    name: str
    province: str
    city: str
    county: str
    detail: str
    latitude: float
    longitude: float


# Two homes, so that there is something to choose at once.
HOMES = (
    Place(
        name="浮山后三小区",
        province="山东省",
        city="青岛市",
        county="市北区",
        detail="浮山后三小区12号楼2单元402",
        latitude=36.1030,
        longitude=120.4118,
    ),
    Place(
        name="海信花园",
        province="山东省",
        city="青岛市",
        county="市北区",
        detail="同安一路海信花园6号楼1单元1201",
        latitude=36.0972,
        longitude=120.4158,
    ),
)


# Where phones stand as long as nobody says otherwise.
QINGDAO = Place(
    name="五四广场",
    province="山东省",
    city="青岛市",
    county="市南区",
    detail="东海西路35号",
    latitude=36.0619,
    longitude=120.3846,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """The service account that the sandbox plays, and where its server is."""

    appid: str
    secret: str
    token: str
    callback_url: str
    web_base: str
    name: str = "服务号"
    about: str = "服务号"
    aes: bool = False
    aes_key: str = ""
    clock_url: str = ""
    # How far business time runs ahead while the product has not yet been asked.
    clock_offset_s: float = 0.0
    control_key: str = ""
    templates: tuple[MessageTemplate, ...] = ()
    # What api_add_template can add, by its short number, and the subscription notices.
    library: Mapping[str, MessageTemplate] = field(default_factory=dict)
    subscriptions: tuple[MessageTemplate, ...] = ()
    # Names of customer-service agents, as getkflist tells them: "xiaolan@shop" to nickname.
    agents: Mapping[str, str] = field(default_factory=dict)
    # Where every phone stands. None: they tell no page where they are.
    place: Place | None = None
    places: tuple[Place, ...] = HOMES
    # Names of the phones that a fresh sandbox begins with.
    phones: tuple[str, ...] = ()
    # Openid to name of people who follow already and have no screen on the page.
    followers: Mapping[str, str] = field(default_factory=dict)
    # From where tokens may be asked for; empty: from anywhere.
    ip_list: tuple[str, ...] = ()
    # Whether a phone tells where it is when it opens the chat.
    reports_location: bool = False
    # What a QR code's scene is called in the tray, e.g. {"st_hailu_03": "海尔路旗舰店 3 号立牌"}.
    scene_names: Mapping[str, str] = field(default_factory=dict)

    @property
    def original_id(self) -> str:
        """The account's own name in callbacks, which WeChat writes as gh_ and twelve hex digits."""
        return "gh_" + self.appid.removeprefix("wx")[:12].ljust(12, "0")


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything `create_app` needs; times in seconds."""

    account: Account
    database: Path
    # The merchant of WeChat Pay; without one its calls are refused.
    shop: Shop | None = None
    callback_timeout_s: float = CALLBACK_TIMEOUT_S
    retry_gap_s: float = RETRY_GAP_S

    @classmethod
    def from_env(cls, environ: Mapping[str, str]) -> "Settings":
        """Read SANDBOX_ACCOUNT, SANDBOX_DB and SANDBOX_PAY. Raises BadAccount, BadShop."""
        missing = [name for name in ("SANDBOX_ACCOUNT", "SANDBOX_DB") if not environ.get(name)]
        if missing:
            raise BadAccount(f"missing in the environment: {', '.join(missing)}")
        return cls(
            account=read_account(Path(environ["SANDBOX_ACCOUNT"])),
            database=Path(environ["SANDBOX_DB"]),
            shop=read_shop(Path(environ["SANDBOX_PAY"])) if environ.get("SANDBOX_PAY") else None,
            callback_timeout_s=float(environ.get("SANDBOX_CALLBACK_TIMEOUT_S", CALLBACK_TIMEOUT_S)),
            retry_gap_s=float(environ.get("SANDBOX_RETRY_GAP_S", RETRY_GAP_S)),
        )


def read_account(path: Path) -> Account:
    """Read the account's JSON file. Raises BadAccount, and UnsafeBase for an address elsewhere."""
    try:
        given = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise BadAccount(f"cannot read the account at {path}: {error}") from error
    if not isinstance(given, dict):
        raise BadAccount("the account is not a JSON object")
    return account_of(given)


def account_of(given: Mapping[str, Any]) -> Account:
    """Build the account from its JSON object; unknown keys are ignored, so that it may grow."""
    missing = [key for key in _REQUIRED if not given.get(key)]
    if missing:
        raise BadAccount(f"the account lacks: {', '.join(missing)}")
    account = Account(
        **{key: str(given[key]) for key in _TEXTS if key in given},
        aes=bool(given.get("aes", False)),
        clock_offset_s=float(given.get("clock_offset_s", 0)),
        templates=tuple(_template(one) for one in given.get("templates", ())),
        library={str(one["short"]): _template(one) for one in given.get("library", ())},
        subscriptions=tuple(_template(one) for one in given.get("subscriptions", ())),
        agents={str(k): str(v) for k, v in given.get("agents", {}).items()},
        place=_place("place", given["place"]) if given.get("place") else None,
        places=_places(given["places"]) if "places" in given else HOMES,
        phones=tuple(str(name) for name in given.get("phones", ())),
        followers={str(k): str(v) for k, v in given.get("followers", {}).items()},
        ip_list=tuple(str(address) for address in given.get("ip_list", ())),
        reports_location=bool(given.get("reports_location", False)),
        scene_names={str(k): str(v) for k, v in given.get("scene_names", {}).items()},
    )
    _check(account)
    return account


_REQUIRED = ("appid", "secret", "token", "callback_url", "web_base")
_TEXTS = (*_REQUIRED, "name", "about", "aes_key", "clock_url", "control_key")


def _template(given: Mapping[str, Any]) -> MessageTemplate:
    return MessageTemplate.of(
        template_id=str(given.get("template_id", "")),
        title=str(given["title"]),
        content=str(given["content"]),
        approved=given.get("approved", {}),
    )


def _places(given: Any) -> tuple[Place, ...]:
    if not isinstance(given, list):
        raise BadAccount("places is not a list")
    return tuple(_place("each of places", one) for one in given)


def _place(what: str, given: Any) -> Place:
    try:
        return Place(
            **{key: str(given.get(key, "")) for key in _PLACE_TEXTS},
            latitude=float(given["latitude"]),
            longitude=float(given["longitude"]),
        )
    except (TypeError, AttributeError, KeyError, ValueError) as error:
        raise BadAccount(f"{what} needs latitude and longitude") from error


def _check(account: Account) -> None:
    check_base("callback_url", account.callback_url)
    check_base("web_base", account.web_base)
    if account.clock_url:
        check_base("clock_url", account.clock_url)
    if account.aes and len(account.aes_key) != _AES_KEY_LENGTH:
        raise BadAccount(f"aes_key must have {_AES_KEY_LENGTH} characters when aes is true")


def check_base(name: str, address: str) -> None:
    """Refuse an address that is not on this machine.

    Raises UnsafeBase unless the host is loopback or a name under .localhost.
    """
    parts = urlsplit(address)
    host = (parts.hostname or "").rstrip(".").lower()
    if parts.scheme not in ("http", "https") or not host:
        raise UnsafeBase(f"{name} is not an http address: {address!r}")
    if any(host == real or host.endswith("." + real) for real in _REAL_HOSTS):
        raise UnsafeBase(f"{name} points at the real WeChat: {address!r}")
    if not is_local(host):
        raise UnsafeBase(f"{name} must stay on loopback or *.localhost: {address!r}")


def is_local(host: str) -> bool:
    """Return whether `host` (no port) names this machine."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
