"""What a spoken or written wish for a visit says: service, district, part of the day. Pure."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

# What people call a trade, and what the services of it are called in the catalogue.
_ACTS = ("安装", "维修", "清洗", "移机", "配送", "送货", "拆机", "保养")
_MEANT = {"装": "安装", "修": "维修", "坏": "维修", "洗": "清洗", "送": "配送", "拆": "拆机"}
_PARTS = {
    "morning": ("上午", "早上", "早晨", "中午前"),
    "afternoon": ("下午", "午后", "中午"),
    "evening": ("晚上", "傍晚", "下班"),
}


@dataclass(frozen=True, slots=True)
class Wish:
    """What was understood; each part is "" when nothing was said of it."""

    service: str = ""
    district: str = ""
    part: str = ""

    def __bool__(self) -> bool:
        return bool(self.service or self.district or self.part)


def may_be_wish(text: str, *, districts: Collection[str]) -> bool:
    """Tell whether a line that was typed says what is to be done, and where or when; a word alone is
    answered as a keyword."""
    is_act = any(word in text for word in (*_ACTS, *_MEANT))
    is_when = any(word in text for said in _PARTS.values() for word in said)
    return is_act and (is_when or any(_names(text, district) for district in districts))


def names_thing(text: str, service_name: str) -> bool:
    """Tell whether the thing of a service is named, and not only what is done to it."""
    thing = _thing(service_name)
    return bool(thing) and thing in text


def wish(text: str, *, services: Sequence[tuple[str, str]], districts: Collection[str]) -> Wish:
    """Return what `text` wishes; `services` are codes with names, the likelier first."""
    return Wish(
        service=_service(text, services),
        district=next((d for d in sorted(districts, key=len, reverse=True) if _names(text, d)), ""),
        part=next((part for part, said in _PARTS.items() if any(w in text for w in said)), ""),
    )


def _service(text: str, services: Sequence[tuple[str, str]]) -> str:
    """Return the service whose thing is named, and among those the one whose act is."""
    acts = {act for act in _ACTS if act in text}
    acts |= {act for word, act in _MEANT.items() if word in text}
    best, best_worth = "", (0, 0)
    for code, name in services:
        worth = (int(names_thing(text, name)), int(any(act in name for act in acts)))
        if worth > best_worth:
            best, best_worth = code, worth
    return best


def _thing(service_name: str) -> str:
    for act in _ACTS:
        service_name = service_name.replace(act, "")
    return service_name


def _names(text: str, district: str) -> bool:
    """Tell whether a district is said, also without 区 where two characters remain."""
    short = district.removesuffix("区").removesuffix("市")
    return district in text or (len(short) >= 2 and short in text)
