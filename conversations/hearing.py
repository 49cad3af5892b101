"""What a spoken or written wish for a visit says: service, district, day, part of the day. Pure."""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

# What people call a trade, and what the services of it are called in the catalogue.
_ACTS = ("安装", "维修", "清洗", "移机", "配送", "送货", "拆机", "保养")
_MEANT = {"装": "安装", "修": "维修", "坏": "维修", "洗": "清洗", "送": "配送", "拆": "拆机"}
_PARTS = {
    "morning": ("上午", "早上", "早晨", "中午前"),
    "afternoon": ("下午", "午后", "中午"),
    "evening": ("晚上", "傍晚", "下班", "今晚", "明晚"),
}
# 大后天 holds 后天.
_DAYS_AHEAD = {"大后天": 3, "后天": 2, "明天": 1, "明早": 1, "明晚": 1, "今天": 0, "今晚": 0}
_DAYS = "一二三四五六日天"
_WEEKDAY = re.compile(rf"(下?)(?:周|星期|礼拜)([{_DAYS}])")
_DATE = re.compile(r"(?:(\d{1,2})月)?(\d{1,2})[日号]")


@dataclass(frozen=True, slots=True)
class Wish:
    """What was understood; each part is "", the day None, when nothing was said of it."""

    service: str = ""
    district: str = ""
    part: str = ""
    day: date | None = None

    def __bool__(self) -> bool:
        return bool(self.service or self.district or self.part or self.day)


def may_be_wish(text: str, *, districts: Collection[str]) -> bool:
    """Tell whether a line that was typed says what is to be done, and where or when; a word alone is
    answered as a keyword."""
    is_act = any(word in text for word in (*_ACTS, *_MEANT))
    is_when = bool(
        any(word in text for said in (*_PARTS.values(), _DAYS_AHEAD) for word in said)
        or _WEEKDAY.search(text)
        or _DATE.search(text)
    )
    return is_act and (is_when or any(_names(text, district) for district in districts))


def names_thing(text: str, service_name: str) -> bool:
    """Tell whether the thing of a service is named, and not only what is done to it."""
    thing = _thing(service_name)
    return bool(thing) and thing in text


def wish(
    text: str, *, services: Sequence[tuple[str, str]], districts: Collection[str], today: date
) -> Wish:
    """Return what `text`, said `today`, wishes; `services` are codes with names, the likelier first."""
    return Wish(
        service=_service(text, services),
        district=next((d for d in sorted(districts, key=len, reverse=True) if _names(text, d)), ""),
        part=next((part for part, said in _PARTS.items() if any(w in text for w in said)), ""),
        day=_day(text, today),
    )


def _day(text: str, today: date) -> date | None:
    """Return the day that is said: the next one so called, today among them."""
    ahead = next((days for word, days in _DAYS_AHEAD.items() if word in text), None)
    if ahead is not None:
        return today + timedelta(days=ahead)
    if said := _WEEKDAY.search(text):
        weekday = min(_DAYS.index(said[2]), 6)
        monday = today - timedelta(days=today.weekday())
        if said[1]:
            return monday + timedelta(days=7 + weekday)
        return today + timedelta(days=(weekday - today.weekday()) % 7)
    if said := _DATE.search(text):
        return _next_date(today, int(said[1] or 0), int(said[2]))
    return None


def _next_date(today: date, month: int, day: int) -> date | None:
    """Return the next day of that number, in whatever month where `month` is 0."""
    for ahead in range(366):
        found = today + timedelta(days=ahead)
        if found.day == day and month in (0, found.month):
            return found
    return None


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
