"""An offline gazetteer: districts, streets and residential compounds of one city, with search.

The data are ours (qingdao.csv): names and plausible places, good enough to plan and show a day. It
knows compounds and not houses, so that a point is right to a few hundred metres at best.
"""

import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import NamedTuple

from gateways.maps import addresses
from gateways.maps.addresses import NormalText
from gateways.maps.places import Confidence, Located, Nearby, Suggestion
from kernel.geo import Point, great_circle_m

SUGGESTIONS_MAX = 20
# Shorter names differ from their neighbours by one character too often to guess.
_TYPO_LENGTH_MIN = 4
# Numbers, quarters of the compass and stages tell compounds apart: there is no typo in them.
_TELLING = frozenset("0123456789十东西南北中前后期大小")


class Kind(StrEnum):
    DISTRICT = "district"
    STREET = "street"
    COMPOUND = "compound"


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the gazetteer; `keys` are its name and aliases in normal form, name first."""

    kind: Kind
    name: str
    district: str
    street: str
    point: Point
    keys: tuple[str, ...]


class _Mention(NamedTuple):
    entry: Entry
    start: int
    end: int


class Gazetteer:
    """Finds places by name. Immutable; safe to share."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        self._entries = tuple(entries)
        self._compounds = tuple(e for e in self._entries if e.kind is Kind.COMPOUND)
        self._streets = tuple(e for e in self._entries if e.kind is Kind.STREET)

    @property
    def entries(self) -> Sequence[Entry]:
        return self._entries

    def geocode(self, text: str) -> Located | None:
        """Return where the address is, as exactly as it can be told; None when nobody knows.

        A street that several districts have needs its district.
        """
        normal = addresses.normal(text)
        if addresses.is_elsewhere(normal):
            return None
        said = self._mentions(normal)
        district = next((m.entry.district for m in said if m.entry.kind is Kind.DISTRICT), "")
        return (
            self._by_compound(normal, said, district)
            or self._by_typo(normal, said, district)
            or self._by_street(normal, said, district)
            or self._by_district(normal, said)
        )

    def suggest(self, text: str, *, limit: int = 8) -> tuple[Suggestion, ...]:
        """Return up to `limit` (SUGGESTIONS_MAX at most) compounds and streets, best first.

        By prefix, then anywhere in the name, then with one wrong character; a district named in
        front narrows the search, and a door behind a compound does not disturb it.
        """
        normal = addresses.normal(text)
        if addresses.is_elsewhere(normal):
            return ()
        query, district = self._without_district(normal)
        found = self._ranked(query, district) if query or district else []
        if not found:
            found = self._behind_door(text)
        return tuple(_suggestion(entry) for entry in found[: min(limit, SUGGESTIONS_MAX)])

    def reverse(self, point: Point, *, within_m: float = 1_500) -> Nearby | None:
        """Return the compound nearest to `point`; None when none is within `within_m` metres."""
        nearest = min(self._compounds, key=lambda entry: great_circle_m(entry.point, point))
        distance_m = great_circle_m(nearest.point, point)
        if distance_m > within_m:
            return None
        return Nearby(
            name=nearest.name,
            district=nearest.district,
            street=nearest.street,
            point=nearest.point,
            distance_m=distance_m,
        )

    def _mentions(self, normal: NormalText) -> list[_Mention]:
        """Return every name said in the text, but those inside a longer one (延安一路 in 延安一路小区)."""
        start = addresses.city_length(normal)
        found = [
            _Mention(entry, place, place + len(key))
            for entry in self._entries
            for key in entry.keys
            if (place := normal.key.find(key, start)) >= 0
        ]
        return [m for m in found if not any(_inside(m, other) for other in found)]

    def _by_compound(
        self, normal: NormalText, said: list[_Mention], district: str
    ) -> Located | None:
        named = [m for m in said if m.entry.kind is Kind.COMPOUND]
        if not named:
            return None
        # The longest name, in the district that was said, and the last of equals: 同安小区 in 合肥路小区旁.
        best = max(named, key=lambda m: (m.entry.district == district, m.end - m.start, m.start))
        is_sure = district in ("", best.entry.district)
        return _located(
            best.entry,
            Confidence.COMPOUND if is_sure else Confidence.LIKELY,
            tail=normal.key[best.end :],
        )

    def _by_typo(self, normal: NormalText, said: list[_Mention], district: str) -> Located | None:
        # What was said rightly is no typo: 同安路小区 is on 同安路 and not 同和路小区.
        streets = [m for m in said if m.entry.kind is Kind.STREET]
        text = normal.key[addresses.city_length(normal) :]
        for street in streets:
            text = text.replace(
                normal.key[street.start : street.end], "|" * (street.end - street.start)
            )
        found = {
            entry.name: (entry, place + len(key))
            for entry in self._compounds
            for key in entry.keys
            if district in ("", entry.district) and (place := _typo_place(key, text)) >= 0
        }
        if len(found) != 1:
            return None
        entry, end = next(iter(found.values()))
        return _located(entry, Confidence.LIKELY, tail=text[end:])

    def _by_street(self, normal: NormalText, said: list[_Mention], district: str) -> Located | None:
        named = [
            m for m in said if m.entry.kind is Kind.STREET and district in ("", m.entry.district)
        ]
        if not named or len({m.entry.district for m in named if m.start == named[0].start}) > 1:
            return None
        first = named[0]
        tail = normal.key[first.end :]
        number = addresses.number_in(tail)
        tail = tail[len(number) + 1 :] if number else tail
        return _located(first.entry, Confidence.STREET, tail=tail, number=number)

    def _by_district(self, normal: NormalText, said: list[_Mention]) -> Located | None:
        named = [m for m in said if m.entry.kind is Kind.DISTRICT]
        if not named:
            return None
        first = named[0]
        return _located(first.entry, Confidence.DISTRICT, tail=normal.key[first.end :])

    def _without_district(self, normal: NormalText) -> tuple[str, str]:
        """Return the query behind city and district, and the district."""
        query = normal.key[addresses.city_length(normal) :]
        heads = [
            (key, entry.district)
            for entry in self._entries
            if entry.kind is Kind.DISTRICT
            for key in entry.keys
            if query.startswith(key) and not self._begins_a_name(query)
        ]
        key, district = max(heads, key=lambda head: len(head[0]), default=("", ""))
        return query[len(key) :], district

    def _begins_a_name(self, query: str) -> bool:
        # 即墨古城小区 begins with a district's name and is none.
        return any(key.startswith(query) for entry in self._compounds for key in entry.keys)

    def _ranked(self, query: str, district: str) -> list[Entry]:
        ranked = [
            (rank, entry.kind is not Kind.COMPOUND, len(entry.name), place, entry)
            for place, entry in enumerate((*self._compounds, *self._streets))
            if district in ("", entry.district)
            and (rank := min(_rank(query, key) for key in entry.keys)) < _NO_MATCH
        ]
        return [entry for *_, entry in sorted(ranked, key=lambda row: row[:4])]

    def _behind_door(self, text: str) -> list[Entry]:
        located = self.geocode(text)
        if located is None or not located.compound:
            return []
        return [
            e for e in self._compounds if (e.name, e.point) == (located.compound, located.point)
        ]


@cache
def qingdao() -> Gazetteer:
    """Return the gazetteer of Qingdao, read once from the file beside this one."""
    with Path(__file__).with_name("qingdao.csv").open(encoding="utf-8", newline="") as rows:
        return Gazetteer(_entry(row) for row in csv.DictReader(rows))


def _entry(row: dict[str, str]) -> Entry:
    names = [row["name"], *filter(None, row["aliases"].split("|"))]
    return Entry(
        kind=Kind(row["kind"]),
        name=row["name"],
        district=row["district"],
        street=row["street"],
        point=Point(float(row["lat"]), float(row["lon"])),
        keys=tuple(addresses.normal(name).key for name in names),
    )


def _inside(one: _Mention, other: _Mention) -> bool:
    is_longer = other.end - other.start > one.end - one.start
    return is_longer and other.start <= one.start and one.end <= other.end


def _located(entry: Entry, confidence: Confidence, *, tail: str, number: str = "") -> Located:
    return Located(
        point=entry.point,
        confidence=confidence,
        district=entry.district,
        street=entry.name if entry.kind is Kind.STREET else entry.street,
        number=number,
        compound=entry.name if entry.kind is Kind.COMPOUND else "",
        door=addresses.door_in(tail),
    )


def _suggestion(entry: Entry) -> Suggestion:
    street = entry.name if entry.kind is Kind.STREET else entry.street
    return Suggestion(
        name=entry.name,
        kind=entry.kind.value,
        district=entry.district,
        street=street,
        point=entry.point,
    )


_EXACT, _PREFIX, _INSIDE, _SCATTERED, _TYPO, _NO_MATCH = range(6)


def _rank(query: str, key: str) -> int:
    """Return how well the key answers, best first; the empty query is every key's prefix."""
    if query == key:
        return _EXACT
    if key.startswith(query):
        return _PREFIX
    if len(query) >= 2 and query in key:
        return _INSIDE
    if len(query) >= 3 and _is_scattered(query, key):
        return _SCATTERED
    if len(query) >= 3 and _is_typo(query, key[: len(query)]):
        return _TYPO
    return _NO_MATCH


def _is_scattered(query: str, key: str) -> bool:
    """Tell whether the query's characters stand in the key in this order: 浮后三 in 浮山后三小区."""
    rest = iter(key)
    return all(char in rest for char in query)


def _typo_place(key: str, text: str) -> int:
    """Return where `text` has `key` but for one character, or -1."""
    if len(key) < _TYPO_LENGTH_MIN:
        return -1
    places = range(len(text) - len(key) + 1)
    return next((at for at in places if _is_typo(key, text[at : at + len(key)])), -1)


def _is_typo(one: str, other: str) -> bool:
    if len(one) != len(other):
        return False
    wrong = [(a, b) for a, b in zip(one, other, strict=True) if a != b]
    return len(wrong) == 1 and not _TELLING.intersection(wrong[0])
