"""Where a visit lies, in the words in which a technician's areas are given: the 小区, when the branch has
it in its books, else the district."""

import math
from collections.abc import Collection, Mapping
from functools import cache, lru_cache

from gateways.maps import gazetteer
from gateways.maps.gazetteer import Kind
from kernel.geo import Point


def area_of(point: Point, estate: str, known: Collection[str]) -> str:
    """Return the area of a visit there; `known` are the branch's 小区."""
    return estate if estate in known else district_of(point)


def served(
    only: Collection[str], never: Collection[str], known: Mapping[str, str]
) -> frozenset[str] | None:
    """Return the areas of one who goes to some districts and 小区 only, all when none is named, and
    never to others; None when that is everywhere. `known` are the branch's 小区 with their districts."""
    if not only and not never:
        return None
    names = {district: {district} for district in districts()}
    names |= {estate: {estate, district} for estate, district in known.items()}
    return frozenset(
        area
        for area, its_names in names.items()
        if not its_names & set(never) and (not only or its_names & set(only))
    )


@cache
def districts() -> tuple[str, ...]:
    """Return the city's districts, by name."""
    return tuple(sorted({entry.district for entry in gazetteer.qingdao().entries} - {""}))


@lru_cache(maxsize=20_000)
def district_of(point: Point) -> str:
    """Return the district in which a place lies."""
    near = gazetteer.qingdao().reverse(point, within_m=math.inf)
    return near.district if near is not None else ""


@cache
def estates() -> dict[str, str]:
    """Return the city's 小区 with their districts."""
    found = gazetteer.qingdao().entries
    return {entry.name: entry.district for entry in found if entry.kind is Kind.COMPOUND}
