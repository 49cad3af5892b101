"""What the house asks of WeChat, in plain values; every failure is a WeChatError.

wechatpy knows the platform's calls; `_Wire` keeps its calls and replaces its way of sending them:
our bases, two timeouts, one bounded refresh of the token, and a success only where WeChat says so.
Nothing here may be called inside a transaction: the token's row needs one of its own.
"""

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self, TypeVar

import wechatpy

from gateways.http import ANSWER_BYTES_MAX, Answer, Caller
from gateways.wechat.account import Account
from gateways.wechat.answers import JSON, ask_raw, read
from gateways.wechat.errors import Category, WeChatError, unclear
from gateways.wechat.media import Media
from gateways.wechat.tags import TAG_BYTES_MAX, TAGS_MAX, Tags
from gateways.wechat.token import AccessTokens, SharedSecret, lent_from
from kernel.settings import Settings

SCENE_MAX = 64
TEMPORARY_QR_MAX_S = 2_592_000
CLIENT_MSG_ID_MAX = 32
TEXT_BYTES_MAX = 2048
MENU_BUTTONS_MAX, SUB_BUTTONS_MAX = 3, 5
MENU_NAME_MAX, SUB_NAME_MAX = 4, 8
NO_MENU = 46003

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class QrCode:
    """A parametric QR code; `expires_in_s` is None for a permanent one."""

    url: str
    expires_in_s: int | None


@dataclass(frozen=True, slots=True)
class Template:
    """A message template granted to the account; `content` holds its `{{thing1.DATA}}` fields."""

    template_id: str
    title: str
    content: str


@dataclass(frozen=True, slots=True)
class Quota:
    """How often a call may be made on a day, and was made today."""

    limit: int
    used: int


class WeChat:
    """One official account. Safe to share between the threads of a process."""

    def __init__(self, account: Account, *, caller: Caller | None = None) -> None:
        self._account = account
        caller = caller or Caller()
        self._wire = _Wire(account, caller, AccessTokens(account, caller))
        self.tags = Tags(self._wire)
        self.media = Media(self._wire)
        self._tickets = SharedSecret(f"jsapi:{account.appid}", self._lend_ticket)

    @classmethod
    def from_settings(cls, settings: Settings) -> Self:
        return cls(Account.from_settings(settings))

    def send_template(
        self,
        *,
        openid: str,
        template_id: str,
        data: Mapping[str, str],
        url: str,
        client_msg_id: str,
    ) -> str:
        """Send a template message and return WeChat's msgid.

        `data` maps keys such as `thing1` to values that `fields.check_fields` has passed. WeChat
        sends one message per openid and `client_msg_id` (32 characters at most) in ten minutes.
        Raises WeChatError.
        """
        if not 0 < len(client_msg_id) <= CLIENT_MSG_ID_MAX:
            raise ValueError(f"client_msg_id has 1 to {CLIENT_MSG_ID_MAX} characters")
        told = self._wire.post(
            "message/template/send",
            data={
                "touser": openid,
                "template_id": template_id,
                "url": url,
                "client_msg_id": client_msg_id,
                "data": {key: {"value": value} for key, value in data.items()},
            },
        )
        msgid = told.get("msgid")
        if told.get("errcode") != 0 or not msgid:
            raise unclear("no msgid in the answer")
        return str(msgid)

    def send_subscription(
        self, *, openid: str, template_id: str, data: Mapping[str, str], url: str
    ) -> None:
        """Send a subscription notice, which uses up one grant of the person. Raises WeChatError.

        WeChat takes no id of ours here: a call whose answer was lost must not be made again.
        """
        told = self._wire.post(
            "message/subscribe/bizsend",
            data={
                "touser": openid,
                "template_id": template_id,
                "page": url,
                "data": {key: {"value": value} for key, value in data.items()},
            },
        )
        _check_done(told)

    def send_text(self, *, openid: str, text: str) -> None:
        """Send a customer message; WeChat allows it for a while after the member's own act.

        `text` has 1 to TEXT_BYTES_MAX bytes in UTF-8. Raises WeChatError.
        """
        if not 0 < len(text.encode()) <= TEXT_BYTES_MAX:
            raise ValueError(f"a customer message has 1 to {TEXT_BYTES_MAX} bytes")
        _check_done(self._wire.message.send_text(openid, text))

    def send_picture(self, *, openid: str, media_id: str) -> None:
        """Send a picture of `media.upload` as a customer message, as `send_text`. Raises WeChatError."""
        _check_done(self._wire.message.send_image(openid, media_id))

    def create_menu(self, buttons: Sequence[Mapping[str, Any]]) -> None:
        """Replace the account's menu. Raises ValueError beyond WeChat's sizes, WeChatError."""
        check_menu(buttons)
        _check_done(self._wire.menu.create({"button": list(buttons)}))

    def create_tag(self, name: str, *, known: Collection[str]) -> int:
        """Make a tag for followers beside the `known` ones and return its id.

        Raises ValueError beyond WeChat's limits, WeChatError.
        """
        check_tag(name, known)
        made = self._wire.post("tags/create", data={"tag": {"name": name}}).get("tag")
        if not isinstance(made, dict) or not isinstance(made.get("id"), int):
            raise unclear("no tag in the answer")
        return int(made["id"])

    def menu(self) -> Sequence[Mapping[str, Any]]:
        """Return the buttons of the account's menu, none while it has none. Raises WeChatError."""
        try:
            told = self._wire.get("menu/get").get("menu", {}).get("button")
        except WeChatError as error:
            if error.code == NO_MENU:
                return ()
            raise
        if not isinstance(told, list):
            raise unclear("no buttons in the answer")
        return told

    def create_qr(self, *, scene: str, seconds: int | None) -> QrCode:
        """Create a QR code whose scan tells us `scene` (1 to 64 characters).

        With `seconds` (60 to 2,592,000) it expires; None makes one of the account's 100,000
        permanent ones. Raises WeChatError.
        """
        if not 0 < len(scene) <= SCENE_MAX:
            raise ValueError(f"a scene has 1 to {SCENE_MAX} characters")
        wanted: dict[str, Any] = {
            "action_name": "QR_LIMIT_STR_SCENE",
            "action_info": {"scene": {"scene_str": scene}},
        }
        if seconds is not None:
            if not 60 <= seconds <= TEMPORARY_QR_MAX_S:
                raise ValueError(f"a temporary code lives 60 to {TEMPORARY_QR_MAX_S} seconds")
            wanted |= {"action_name": "QR_STR_SCENE", "expire_seconds": seconds}
        told = self._wire.qrcode.create(wanted)
        return QrCode(_text(told, "url"), told.get("expire_seconds"))

    def quota(self, call: str) -> Quota:
        """Return what WeChat says of a call's quota of today; `call` is its path. Raises WeChatError."""
        told = self._wire.post("openapi/quota/get", data={"cgi_path": call}).get("quota")
        limit, used = (told or {}).get("daily_limit"), (told or {}).get("used")
        if not isinstance(limit, int) or not isinstance(used, int):
            raise unclear("no quota in the answer")
        return Quota(limit, used)

    def clear_quotas(self) -> None:
        """Begin the day's counts of all calls anew, which WeChat allows ten times a month.

        Raises WeChatError.
        """
        _check_done(self._wire.post("clear_quota", data={"appid": self._account.appid}))

    def list_templates(self) -> tuple[Template, ...]:
        """Return the templates granted to the account. Raises WeChatError."""
        told = self._wire.get("template/get_all_private_template")
        listed = told.get("template_list")
        if not isinstance(listed, list):
            raise unclear("no template_list in the answer")
        return tuple(
            Template(_text(one, "template_id"), _text(one, "title"), _text(one, "content"))
            for one in listed
        )

    def jsapi_ticket(self) -> str:
        """Return the ticket that signs pages for the JS-SDK; shared by all processes.

        Raises WeChatError.
        """
        return self._tickets.current()

    def _lend_ticket(self) -> Any:
        return lent_from(self._wire.jsapi.get_ticket(), "ticket")


class _Wire(wechatpy.WeChatClient):  # type: ignore[misc]  # wechatpy has no types
    """wechatpy's calls, sent our way."""

    def __init__(self, account: Account, caller: Caller, tokens: AccessTokens) -> None:
        super().__init__(account.appid, account.secret, auto_retry=False)
        self._account = account
        self._caller = caller
        self._tokens = tokens

    @property
    def access_token(self) -> str:
        return self._tokens.current()

    def fetch_access_token(self) -> None:
        """Forbidden: wechatpy would fetch a token of its own and kill the one we share."""
        raise AssertionError("tokens come from AccessTokens alone")

    def _request(
        self,
        method: str,
        url_or_endpoint: str,
        params: Mapping[str, Any] | None = None,
        data: Any = None,
        **unknown: Any,
    ) -> dict[str, Any]:
        """Send a call, and once more with a new token when WeChat says that the token is dead."""
        assert not unknown, f"the wire does not carry {sorted(unknown)}"
        body = None if data is None else json.dumps(data, ensure_ascii=False).encode()
        plain = {key: str(value) for key, value in (params or {}).items()}
        return self.carried(method, url_or_endpoint, params=plain, body=body, reader=read)

    def carried(
        self,
        method: str,
        url_or_endpoint: str,
        *,
        params: Mapping[str, str],
        reader: Callable[[Answer], T],
        body: bytes | None = None,
        content_type: str = JSON,
        bytes_max: int = ANSWER_BYTES_MAX,
    ) -> T:
        """Send a call with a ready body and return what `reader` makes of the answer.

        Once more, the same bytes, with a new token when WeChat says that the token is dead.
        """
        url = self._account.rebase(
            url_or_endpoint if "://" in url_or_endpoint else self.API_BASE_URL + url_or_endpoint
        )

        def sent(token: str) -> T:
            answer = ask_raw(
                self._caller,
                method.upper(),
                url,
                params={**params, "access_token": token},
                body=body,
                content_type=content_type,
                bytes_max=bytes_max,
            )
            return reader(answer)

        token = self._tokens.current()
        try:
            return sent(token)
        except WeChatError as error:
            if error.category is not Category.TOKEN:
                raise
        return sent(self._tokens.instead_of(token))


def check_menu(buttons: Sequence[Mapping[str, Any]]) -> None:
    """Raise ValueError beyond 3 buttons of 4 characters, each with 5 buttons of 8 at most."""
    if not 0 < len(buttons) <= MENU_BUTTONS_MAX:
        raise ValueError(f"a menu has 1 to {MENU_BUTTONS_MAX} buttons")
    for button in buttons:
        below = button.get("sub_button", ())
        if len(below) > SUB_BUTTONS_MAX:
            raise ValueError(f"a button opens {SUB_BUTTONS_MAX} others at most")
        names = [(button["name"], MENU_NAME_MAX), *((one["name"], SUB_NAME_MAX) for one in below)]
        for name, longest in names:
            if not 0 < len(name) <= longest:
                raise ValueError(f"the name {name!r} has more than {longest} characters, or none")


def check_tag(name: str, known: Collection[str]) -> None:
    """Raise ValueError for a name WeChat would refuse: taken, empty, over 30 bytes, or past 100 tags."""
    if not name.strip() or name in known:
        raise ValueError(f"the tag {name!r} has no name, or is there already")
    if len(name.encode()) > TAG_BYTES_MAX:
        raise ValueError(f"the tag {name!r} has more than {TAG_BYTES_MAX} bytes")
    if len(known) >= TAGS_MAX:
        raise ValueError(f"an account has {TAGS_MAX} tags at most")


def _check_done(told: Mapping[str, Any]) -> None:
    if told.get("errcode") != 0:
        raise unclear("no errcode in the answer")


def _text(told: Any, key: str) -> str:
    found = told.get(key) if isinstance(told, dict) else None
    if not isinstance(found, str):
        raise unclear(f"no {key} in the answer")
    return found
