"""Whether a visit can be made: five lights, each green or with its sentence. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from booking.goods import GoodsKind
from booking.states import ABSENT_GOODS, LOADED_GOODS, GoodsState
from kernel.errors import Conflict
from kernel.words import msg


class Lamp(StrEnum):
    GOODS = "goods"
    PARTS = "parts"
    ADDRESS = "address"
    PRESENCE = "presence"
    CONSENT = "consent"


class GoodsUnanswered(Conflict):
    """Goods are late, and the member has not said whether to come all the same."""

    code = "goods_late"
    says = msg("「%(name)s」来不及到，还在等业主答复，先不要出发。")


class NotLoaded(Conflict):
    """Something that the visit needs was not scanned onto the van."""

    code = "not_loaded"
    says = msg("「%(name)s」还没有扫码装车，装好再出发。")


@dataclass(frozen=True, slots=True, kw_only=True)
class Thing:
    """One item as a visit looks at it.

    `is_due_before`: another visit of the booking delivers it, and must have. `is_unanswered`: it is
    late and the member has not answered; `is_waived`: he said to come without it.
    """

    name: str
    kind: GoodsKind
    state: GoodsState
    is_due_before: bool = False
    is_unanswered: bool = False
    is_waived: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """All that the lights of one visit are read from."""

    things: Sequence[Thing]
    is_address_sure: bool
    is_presence_confirmed: bool
    is_consent_given: bool


@dataclass(frozen=True, slots=True)
class Light:
    """One light; `says` quotes `facts`."""

    lamp: Lamp
    is_green: bool
    says: str
    facts: Mapping[str, str] = field(default_factory=dict)


_PLAIN = {
    Lamp.ADDRESS: (msg("地址已核对。"), msg("地址还没有核对准。")),
    Lamp.PRESENCE: (msg("业主已确认到时在家。"), msg("业主还没有确认到时在家。")),
    Lamp.CONSENT: (msg("业主已同意收费标准。"), msg("业主还没有同意收费标准。")),
}
_NOTHING_NEEDED = {
    Lamp.GOODS: msg("这次上门不用带商品。"),
    Lamp.PARTS: msg("这次上门不用带配件。"),
}
_ALL_THERE = {Lamp.GOODS: msg("商品已备齐。"), Lamp.PARTS: msg("配件已备齐。")}
_KIND_OF = {Lamp.GOODS: GoodsKind.GOODS, Lamp.PARTS: GoodsKind.PART}


def lights(facts: Facts) -> tuple[Light, ...]:
    """Return the five lights, in the order of Lamp."""
    return (
        _of_things(Lamp.GOODS, facts.things),
        _of_things(Lamp.PARTS, facts.things),
        _plain(Lamp.ADDRESS, facts.is_address_sure),
        _plain(Lamp.PRESENCE, facts.is_presence_confirmed),
        _plain(Lamp.CONSENT, facts.is_consent_given),
    )


def is_ready(shown: Sequence[Light]) -> bool:
    """Tell whether every light is green."""
    return all(light.is_green for light in shown)


def missing(shown: Sequence[Light]) -> tuple[Light, ...]:
    """Return the lights that keep the visit from being ready."""
    return tuple(light for light in shown if not light.is_green)


def check_may_depart(things: Sequence[Thing]) -> None:
    """Refuse a technician who would come for nothing. Raises GoodsUnanswered, NotLoaded.

    What the member does without need not be on the van; what another visit delivers is not his.
    """
    own = [t for t in things if t.kind is not GoodsKind.OLD and not t.is_due_before]
    for thing in own:
        if thing.is_unanswered and not thing.is_waived:
            raise GoodsUnanswered(name=thing.name)
    for thing in own:
        if thing.state not in LOADED_GOODS and not thing.is_waived:
            raise NotLoaded(name=thing.name)


def _plain(lamp: Lamp, is_green: bool) -> Light:
    yes, no = _PLAIN[lamp]
    return Light(lamp, is_green, yes if is_green else no)


def _of_things(lamp: Lamp, things: Sequence[Thing]) -> Light:
    of_kind = [thing for thing in things if thing.kind is _KIND_OF[lamp]]
    if not of_kind:
        return Light(lamp, True, _NOTHING_NEEDED[lamp])
    lacking = [(thing, says) for thing in of_kind if (says := _lack(thing))]
    if not lacking:
        return Light(lamp, True, _ALL_THERE[lamp])
    thing, says = lacking[0]
    return Light(lamp, False, says, {"name": thing.name})


def _lack(thing: Thing) -> str:
    """Return what is wrong with the item, "" for nothing."""
    if thing.is_waived:
        return ""
    if thing.is_due_before:
        return "" if thing.state is GoodsState.DELIVERED else msg("「%(name)s」还没有送到。")
    if thing.state not in ABSENT_GOODS:
        return ""
    if thing.is_unanswered:
        return msg("「%(name)s」来不及到，等业主答复。")
    if thing.state is GoodsState.RETURNED:
        return msg("「%(name)s」已经退回。")
    return msg("「%(name)s」还没有到仓。")
