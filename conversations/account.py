"""What the account at WeChat should have: its menu, its tags, and who carries which. Pure.

Each store has a tag, which is the group of its followers; each kind of code has one beside it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from booking.codes import CodeKind

TAG_BYTES_MAX = 30
KIND_TAGS: Mapping[CodeKind, str] = {
    CodeKind.BADGE: "扫过工牌",
    CodeKind.PRODUCT: "扫过产品码",
    CodeKind.EVENT: "参加过活动",
    CodeKind.COUPON: "领过优惠券",
}


@dataclass(frozen=True, slots=True)
class Origin:
    """What a scene says of whoever met it: by which kind of code, and for which store ("" for none)."""

    kind: CodeKind
    store_code: str


@dataclass(frozen=True, slots=True)
class Person:
    """A follower with the codes that first and last brought him."""

    openid: str
    first_scene: str
    last_scene: str


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the account should have; `stores` are names by code, `origins` what each scene says."""

    public_base: str
    stores: Mapping[str, str]
    origins: Mapping[str, Origin]
    people: tuple[Person, ...]


def menu(base: str) -> list[dict[str, Any]]:
    """Return the account's menu; `base` is the address of our pages."""
    return [
        {"type": "view", "name": "约上门", "url": f"{base}/c/"},
        {"type": "view", "name": "我的预约", "url": f"{base}/c/bookings"},
        {
            "name": "服务",
            "sub_button": [
                {"type": "view", "name": "我的积分", "url": f"{base}/c/points"},
                {"type": "click", "name": "人工客服", "key": "人工"},
                {"type": "view", "name": "师傅入口", "url": f"{base}/t/"},
            ],
        },
    ]


def is_same_menu(told: Iterable[Mapping[str, Any]], wanted: Iterable[Mapping[str, Any]]) -> bool:
    """Tell whether WeChat shows the menu that is wanted: it adds empty lists and words of its own."""
    return [_plain(button) for button in told] == [_plain(button) for button in wanted]


def tag_names(stores: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return the tags by what stands for them: a store's code, or the name of a kind's tag itself.

    `stores` are codes with names. A store's tag begins with its code, by which it is found again
    when the name was changed, and holds as much of the name as WeChat takes.
    """
    found = {code: _cut(f"{code} {name}") for code, name in stores}
    return found | {name: name for name in KIND_TAGS.values()}


def known_as(key: str, tags: Mapping[str, int]) -> str | None:
    """Return the name under which a tag is at WeChat, None for one that is not there yet."""
    return next((name for name in tags if name == key or name.startswith(f"{key} ")), None)


def carriers(people: Iterable[Person], origins: Mapping[str, Origin]) -> dict[str, set[str]]:
    """Return who should carry which tag, by what stands for it.

    Somebody belongs to the store that brought him last, else to his first.
    """
    found: dict[str, set[str]] = {}
    for one in people:
        met = [origins[scene] for scene in (one.last_scene, one.first_scene) if scene in origins]
        store = next((origin.store_code for origin in met if origin.store_code), "")
        kinds = {KIND_TAGS[origin.kind] for origin in met if origin.kind in KIND_TAGS}
        for key in {store, *kinds} - {""}:
            found.setdefault(key, set()).add(one.openid)
    return found


def parts(openids: Iterable[str], *, size: int) -> list[Sequence[str]]:
    """Return people in groups of one call each, in an order that does not change."""
    listed = sorted(openids)
    return [listed[start : start + size] for start in range(0, len(listed), size)]


def _cut(name: str) -> str:
    return name.encode()[:TAG_BYTES_MAX].decode(errors="ignore").strip()


def _plain(button: Mapping[str, Any]) -> dict[str, Any]:
    below = [_plain(one) for one in button.get("sub_button") or ()]
    kept = {key: button[key] for key in ("name", "type", "url", "key") if button.get(key)}
    if below:
        kept.pop("type", None)
        return kept | {"sub_button": below}
    return kept
