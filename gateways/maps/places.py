"""What the maps answer with: frozen values in GCJ-02, whoever answers."""

from dataclasses import dataclass
from enum import StrEnum

from kernel.geo import Point


class Confidence(StrEnum):
    """How sure a place is; the first two are good enough to plan a visit."""

    COMPOUND = "compound"  # the very compound
    LIKELY = "likely"  # a compound by a misspelt name, or in another district than was said
    STREET = "street"  # the middle of a street
    DISTRICT = "district"  # the seat of a district


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """Building, unit and room as digits or letters; "" where the address names none."""

    building: str = ""
    unit: str = ""
    room: str = ""

    @property
    def short(self) -> str:
        """Return the door as people write it on a bell: 12-2-402."""
        return "-".join(part for part in (self.building, self.unit, self.room) if part)


@dataclass(frozen=True, slots=True, kw_only=True)
class Located:
    """An address that was found. Names are "" where the address did not get so far.

    `number` is the street's, and only told of an address without a compound.
    """

    point: Point
    confidence: Confidence
    district: str
    street: str = ""
    number: str = ""
    compound: str = ""
    door: Door = Door()

    @property
    def is_exact(self) -> bool:
        return self.confidence is Confidence.COMPOUND

    @property
    def label(self) -> str:
        """Return the address in one line, as large to small as Chinese addresses go."""
        number = f"{self.number}号" if self.number else ""
        place = self.compound or self.street + number
        return f"{self.district}{place} {self.door.short}".rstrip()


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """One line under the address box; `kind` is compound or street."""

    name: str
    kind: str
    district: str
    street: str
    point: Point


@dataclass(frozen=True, slots=True, kw_only=True)
class Nearby:
    """The known compound nearest to a point."""

    name: str
    district: str
    street: str
    point: Point
    distance_m: float
