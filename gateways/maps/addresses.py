"""Taking a Chinese address apart: normal form, city, and the door behind the compound. Pure."""

import re
import unicodedata
from dataclasses import dataclass

from gateways.maps.places import Door

TEXT_MAX = 120

_DROPPED = re.compile(r"[\s,，。;；、·.()（）【】\[\]\"'“”]+")
_DIGITS = str.maketrans("〇零一二三四五六七八九两", "001234567892")
_TENS = re.compile(r"([1-9]?)十([1-9]?)")
_PROVINCE_CITY = re.compile(
    r"^(?:中国)?(?:([^省市区]{2,3})省|(山东)(?!路))?(?:([^省市区]{2,4})市(?![南北]))?"
)
_CITY_WORDS = ("", "青岛", "即墨", "胶南")

_DASHED = re.compile(
    r"(?<![0-9a-z])([0-9]{1,3}|[a-z])(?:(?:号楼|栋|幢|座|#|楼)-?|-)([0-9]{1,2})-([0-9]{2,4})(?![0-9])"
)
_DASHED_SHORT = re.compile(r"(?<![0-9a-z])([0-9]{1,3}|[a-z])-([0-9]{3,4})(?![0-9-])")
_NUMBER = re.compile(r"([0-9]{1,4}(?:-[0-9]{1,3})?)号(?!楼|院)")
_BUILDING = re.compile(r"([0-9]{1,3}|[a-z][0-9]{0,2}|[东西南北])(?:号楼|号院|栋|幢|座|楼|#|号)")
_UNIT = re.compile(r"([0-9]{1,2}|[a-z]|[东西中南北])(?:单元|门洞|门)")
_ROOM = re.compile(r"(?<![0-9a-z])([0-9]{2,4}|[0-9][东西中]户?)(?:室|户|房|号)?$")


@dataclass(frozen=True, slots=True)
class NormalText:
    """An address without blanks and marks; `key` has the same length, digits for numerals."""

    clean: str
    key: str


def normal(text: str) -> NormalText:
    """Return the first TEXT_MAX characters of `text` in normal form."""
    clean = _DROPPED.sub("", unicodedata.normalize("NFKC", text[:TEXT_MAX])).lower()
    return NormalText(clean, clean.translate(_DIGITS))


def is_elsewhere(text: NormalText) -> bool:
    """Tell whether the address begins with another province or city than ours."""
    found = _PROVINCE_CITY.match(text.clean)
    assert found is not None, "every part of the pattern may be absent"
    province, short_province, city = found.groups()
    return (province or short_province or "山东") != "山东" or (city or "") not in _CITY_WORDS


def city_length(text: NormalText) -> int:
    """Return how many characters at the head name the country, province and city."""
    found = _PROVINCE_CITY.match(text.clean)
    end = found.end() if found else 0
    return len("青岛") if end == 0 and text.clean.startswith("青岛") else end


def number_in(tail: str) -> str:
    """Return the street number that stands right behind a street's name, or ""."""
    found = _NUMBER.match(tail)
    return found[1] if found else ""


def door_in(tail: str) -> Door:
    """Return the door that stands behind a compound's name, such as 12号楼2单元402 or 12-2-402.

    `tail` is a part of NormalText.key.
    """
    tail = _TENS.sub(lambda ten: f"{int(ten[1] or 1) * 10 + int(ten[2] or 0)}", tail)
    if dashed := _DASHED.search(tail):
        return Door(building=dashed[1].upper(), unit=dashed[2], room=dashed[3])
    if short := _DASHED_SHORT.search(tail):
        return Door(building=short[1].upper(), room=short[2])
    building = _BUILDING.search(tail)
    rest = tail[building.end() :] if building else tail
    unit = _UNIT.search(rest)
    rest = rest[unit.end() :] if unit else rest
    room = _ROOM.search(rest)
    return Door(
        building=building[1].upper() if building else "",
        unit=unit[1].upper() if unit else "",
        room=room[1] if room else "",
    )
