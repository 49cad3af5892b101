"""What WeChat tells us in a callback, as plain frozen values. Pure."""

import hashlib
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from xml.parsers.expat import ExpatError

from gateways.wechat.elements import elements
from kernel.geo import Point

BODY_BYTES_MAX = 64 << 10
# The year 2100: what lies beyond it fits no column, and nobody said it.
SENT_AT_S_MAX = 4_102_444_800
_SCENE_PREFIX = "qrscene_"
_NAME_MAX = 128


class Unreadable(Exception):
    """Rightly signed, yet no message: log an alarm and answer `success`; a retry cannot help."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Incoming:
    """Something a member did. `sent_at_s` is WeChat's own time, seconds since 1970.

    `dedupe_key` is equal for every delivery of the same thing: WeChat tells it up to three times.
    """

    openid: str
    account: str
    sent_at_s: int
    dedupe_key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Followed(Incoming):
    """`scene` is that of the scanned code, "" without one; also `ticket`."""

    scene: str
    ticket: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Unfollowed(Incoming):
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class Scanned(Incoming):
    """A follower scanned a parametric code."""

    scene: str
    ticket: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MenuClicked(Incoming):
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MenuViewed(Incoming):
    """A menu button opened a page."""

    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeScanned(Incoming):
    """A menu button opened the camera: `result` is what the code says. `awaits` an answer of ours."""

    key: str
    result: str
    awaits: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class TextSaid(Incoming):
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageSent(Incoming):
    media_id: str
    picture_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class VoiceSent(Incoming):
    """`heard` is WeChat's transcript, most often empty: never depend on it."""

    media_id: str
    heard: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LocationSent(Incoming):
    point: Point
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LocationReported(Incoming):
    """The member's phone tells its place while he chats; `accuracy_m` as the phone says."""

    point: Point
    accuracy_m: float


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateFinished(Incoming):
    """What became of a template message; `status` is WeChat's word, such as `success`."""

    msgid: str
    status: str

    @property
    def is_delivered(self) -> bool:
        return self.status == "success"


@dataclass(frozen=True, slots=True, kw_only=True)
class MassFinished(Incoming):
    """What became of a message to many; `status` is WeChat's word, such as `send success`."""

    msgid: str
    status: str
    sent: int
    failed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentChanged(Incoming):
    """WeChat's own customer service took up (`create`), ended (`close`) or passed on (`switch`) a
    chat; `agent` has it now, or had it last."""

    kind: str
    agent: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """One template of a subscription answer; `status` is accept, reject or a send's outcome."""

    template_id: str
    status: str
    msgid: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantsChanged(Incoming):
    """The member answered (`popup`), changed (`change`) or was sent (`sent`) subscription notices."""

    kind: str
    grants: tuple[Grant, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Other(Incoming):
    """Something this house has no use for; `kind` is WeChat's name for it."""

    kind: str


class _Fields:
    """The message's elements, each of which must be text and there once."""

    def __init__(self, found: Mapping[str, Any]) -> None:
        self._found = found

    def text(self, name: str, default: str | None = None) -> str:
        value = self._found.get(name)
        if value is None and (default is not None or name in self._found):
            return default or ""
        if not isinstance(value, str):
            raise Unreadable(f"{name} is missing, nested or repeated")
        return value

    def name(self, name: str) -> str:
        value = self.text(name)
        if not 0 < len(value) <= _NAME_MAX:
            raise Unreadable(f"{name} is empty or too long")
        return value

    def whole(self, name: str) -> int:
        value = self.text(name)
        if not (value.isascii() and value.isdigit() and len(value) <= 12):
            raise Unreadable(f"{name} is not a number")
        return int(value)

    def real(self, name: str) -> float:
        try:
            value = float(self.text(name))
        except ValueError as error:
            raise Unreadable(f"{name} is not a number") from error
        if not math.isfinite(value):
            raise Unreadable(f"{name} is not finite")
        return value

    def point(self, lat: str, lon: str) -> Point:
        try:
            return Point(self.real(lat), self.real(lon))
        except ValueError as error:
            raise Unreadable("no such place") from error

    def below(self, name: str) -> "_Fields":
        """Return what an element holds; nothing, when it is not there."""
        found = self._found.get(name)
        return _Fields(found if isinstance(found, dict) else {})

    def listed(self, name: str) -> "list[_Fields]":
        """Return the items of that name, also where there is but one."""
        found = self._found.get(name)
        items = found if isinstance(found, list) else [found]
        return [_Fields(item) for item in items if isinstance(item, dict)]


def parse(xml: bytes) -> Incoming:
    """Return what the opened callback says. Raises Unreadable for anything that is no message."""
    if len(xml) > BODY_BYTES_MAX:
        raise Unreadable("too long")
    try:
        found = elements(xml).get("xml")
    # Entities are refused by ValueError, of which UnicodeDecodeError is one; a letter may say that it
    # is written in a script that nobody knows (LookupError).
    except (ExpatError, ValueError, LookupError) as error:
        raise Unreadable("not XML") from error
    if not isinstance(found, dict):
        raise Unreadable("no element xml")
    fields = _Fields(found)
    kind = fields.name("MsgType").lower()
    if kind == "event":
        event = fields.name("Event").lower()
        return _EVENTS.get(event, _other)(fields, _common(fields, event=event))
    return _MESSAGES.get(kind, _other)(fields, _common(fields, event=""))


_Common = dict[str, Any]
_Reader = Callable[[_Fields, _Common], Incoming]


def _common(fields: _Fields, *, event: str) -> _Common:
    openid, sent_at_s = fields.name("FromUserName"), fields.whole("CreateTime")
    if sent_at_s > SENT_AT_S_MAX:
        raise Unreadable("CreateTime is no time")
    return {
        "openid": openid,
        "account": fields.name("ToUserName"),
        "sent_at_s": sent_at_s,
        "dedupe_key": _dedupe_key(fields, openid, sent_at_s, event),
    }


def _dedupe_key(fields: _Fields, openid: str, sent_at_s: int, event: str) -> str:
    """Join what WeChat says identifies a delivery; hashed, since an EventKey may be a long URL."""
    if not event:
        parts = [openid, fields.name("MsgId")]
    else:
        # Two messages may finish within one second: their MsgID tells them apart.
        parts = [
            openid,
            str(sent_at_s),
            event,
            fields.text("EventKey", ""),
            fields.text("MsgID", ""),
            *_granted(fields, event),
        ]
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()


def _granted(fields: _Fields, event: str) -> list[str]:
    """Return what tells apart two notices of one second: they have no EventKey."""
    kind = _GRANT_EVENTS.get(event)
    listed = fields.below(_holder(kind)).listed("List") if kind else []
    return [item.text(name, "") for item in listed for name in ("TemplateId", "MsgID")]


def _followed(fields: _Fields, common: _Common) -> Incoming:
    scene = fields.text("EventKey", "").removeprefix(_SCENE_PREFIX)
    return Followed(**common, scene=scene, ticket=fields.text("Ticket", ""))


def _scanned(fields: _Fields, common: _Common) -> Incoming:
    return Scanned(**common, scene=fields.text("EventKey", ""), ticket=fields.text("Ticket", ""))


def _reported(fields: _Fields, common: _Common) -> Incoming:
    point = fields.point("Latitude", "Longitude")
    return LocationReported(**common, point=point, accuracy_m=fields.real("Precision"))


def _located(fields: _Fields, common: _Common) -> Incoming:
    point = fields.point("Location_X", "Location_Y")  # X is the latitude
    return LocationSent(**common, point=point, label=fields.text("Label", ""))


def _finished(fields: _Fields, common: _Common) -> Incoming:
    return TemplateFinished(**common, msgid=fields.name("MsgID"), status=fields.name("Status"))


def _mass_finished(fields: _Fields, common: _Common) -> Incoming:
    return MassFinished(
        **common,
        msgid=fields.name("MsgID"),
        status=fields.name("Status"),
        sent=fields.whole("SentCount") if fields.text("SentCount", "") else 0,
        failed=fields.whole("ErrorCount") if fields.text("ErrorCount", "") else 0,
    )


def _code_scanned(*, awaits: bool) -> _Reader:
    def read(fields: _Fields, common: _Common) -> Incoming:
        result = fields.below("ScanCodeInfo").text("ScanResult", "")
        return CodeScanned(**common, key=fields.text("EventKey", ""), result=result, awaits=awaits)

    return read


def _agent(kind: str, element: str) -> _Reader:
    return lambda fields, common: AgentChanged(**common, kind=kind, agent=fields.text(element, ""))


def _pictured(fields: _Fields, common: _Common) -> Incoming:
    picture_url = fields.text("PicUrl", "")
    return ImageSent(**common, media_id=fields.name("MediaId"), picture_url=picture_url)


def _voiced(fields: _Fields, common: _Common) -> Incoming:
    heard = fields.text("Recognition", "")
    return VoiceSent(**common, media_id=fields.name("MediaId"), heard=heard)


def _grants(kind: str) -> _Reader:
    def read(fields: _Fields, common: _Common) -> Incoming:
        grants = tuple(_grant(item) for item in fields.below(_holder(kind)).listed("List"))
        return GrantsChanged(**common, kind=kind, grants=grants)

    return read


def _holder(kind: str) -> str:
    return f"SubscribeMsg{kind.capitalize()}Event"


def _grant(item: _Fields) -> Grant:
    status = item.text("SubscribeStatusString", "") or item.text("ErrorStatus", "")
    return Grant(template_id=item.name("TemplateId"), status=status, msgid=item.text("MsgID", ""))


def _other(fields: _Fields, common: _Common) -> Incoming:
    return Other(**common, kind=fields.text("Event", "") or fields.name("MsgType"))


_GRANT_EVENTS = {f"subscribe_msg_{kind}_event": kind for kind in ("popup", "change", "sent")}
_EVENTS: Mapping[str, _Reader] = {
    "subscribe": _followed,
    "unsubscribe": lambda _fields, common: Unfollowed(**common),
    "scan": _scanned,
    "click": lambda fields, common: MenuClicked(**common, key=fields.text("EventKey", "")),
    "view": lambda fields, common: MenuViewed(**common, url=fields.text("EventKey", "")),
    "location": _reported,
    "templatesendjobfinish": _finished,
    "masssendjobfinish": _mass_finished,
    "scancode_push": _code_scanned(awaits=False),
    "scancode_waitmsg": _code_scanned(awaits=True),
    "kf_create_session": _agent("create", "KfAccount"),
    "kf_close_session": _agent("close", "KfAccount"),
    "kf_switch_session": _agent("switch", "ToKfAccount"),
    **{event: _grants(kind) for event, kind in _GRANT_EVENTS.items()},
}
_MESSAGES: Mapping[str, _Reader] = {
    "text": lambda fields, common: TextSaid(**common, text=fields.text("Content")),
    "image": _pictured,
    "voice": _voiced,
    "location": _located,
}
