"""QR codes that bring people, and how far those went whom each one brought. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from enum import StrEnum

from kernel.money import ZERO, Money
from kernel.words import msg


class CodeKind(StrEnum):
    STORE = "store"
    BADGE = "badge"
    PRODUCT = "product"
    EVENT = "event"
    COUPON = "coupon"


class By(StrEnum):
    """Which code has earned a booking: the last one met before it, or the first one ever."""

    LAST = "last"
    FIRST = "first"


KIND_WORDS: Mapping[CodeKind, str] = {
    CodeKind.STORE: msg("门店"),
    CodeKind.BADGE: msg("工牌"),
    CodeKind.PRODUCT: msg("产品"),
    CodeKind.EVENT: msg("活动"),
    CodeKind.COUPON: msg("优惠券"),
}
# What a scene begins with; a store's own is `st_` and its code.
SCENE_HEADS: Mapping[CodeKind, str] = {
    CodeKind.BADGE: "bd_",
    CodeKind.PRODUCT: "pd_",
    CodeKind.EVENT: "ev_",
    CodeKind.COUPON: "cp_",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """What a scene stands for; "" and None where its kind has no such thing. `bearer` is whose badge
    it is, and has a `work_number` when he is a technician."""

    scene: str
    kind: CodeKind
    name: str
    branch_id: int
    store_id: int | None = None
    store: str = ""
    welcome: str = ""
    about: str = ""
    service_code: str = ""
    service: str = ""
    bearer: str = ""
    work_number: str = ""
    is_over: bool = False


@dataclass(frozen=True, slots=True)
class Met:
    """A member met a code; `followed` when he began to follow by it."""

    member_id: int
    scene: str
    at: datetime
    followed: bool


@dataclass(frozen=True, slots=True)
class Bought:
    """A member made a booking, for which `paid` has come in by now."""

    member_id: int
    at: datetime
    paid: Money
    is_served: bool = False


@dataclass(slots=True)
class Came:
    """How often a code was scanned, by how many people, how many of them began to follow; how many
    bookings it has earned, how many of those are served and paid, and what for."""

    scans: int = 0
    people: int = 0
    follows: int = 0
    booked: int = 0
    served: int = 0
    paid: int = 0
    sum: Money = ZERO


def funnel(
    met: Iterable[Met], bought: Iterable[Bought], *, since: datetime, by: By
) -> dict[str, Came]:
    """Return by scene how far people came since that instant, itself included.

    `met` is all that those people have ever met, `bought` what they have booked since.
    """
    histories: dict[int, list[Met]] = {}
    for one in sorted(met, key=lambda one: one.at):
        histories.setdefault(one.member_id, []).append(one)
    found: dict[str, Came] = {}
    for history in histories.values():
        recent = [one for one in history if one.at >= since]
        for one in recent:
            found.setdefault(one.scene, Came()).scans += 1
        for scene in {one.scene for one in recent}:
            found[scene].people += 1
        for scene in {one.scene for one in recent if one.followed}:
            found[scene].follows += 1
    for booking in bought:
        earner = _earner(histories.get(booking.member_id, []), booking.at, by)
        if earner is None:
            continue
        came = found.setdefault(earner, Came())
        came.booked += 1
        came.served += booking.is_served
        came.paid += booking.paid > ZERO
        came.sum += booking.paid
    return found


def together(parts: Iterable[Came]) -> Came:
    """Return what several codes have done; who met two of them is two."""
    whole = Came()
    for one in parts:
        for each in fields(Came):
            setattr(whole, each.name, getattr(whole, each.name) + getattr(one, each.name))
    return whole


def _earner(history: list[Met], at: datetime, by: By) -> str | None:
    before = [one.scene for one in history if one.at <= at]
    if not before:
        return None
    return before[0] if by is By.FIRST else before[-1]
