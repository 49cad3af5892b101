"""Places on earth, in GCJ-02, the datum of every map and phone in mainland China."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

EARTH_RADIUS_M = 6_371_000


@dataclass(frozen=True, slots=True)
class Point:
    """A place in GCJ-02 degrees; latitude first."""

    lat: float
    lon: float

    def __post_init__(self) -> None:
        if not (-90 <= self.lat <= 90 and -180 <= self.lon <= 180):
            raise ValueError(f"no such place: {self.lat}, {self.lon}")


# So many parts of a degree tell the neighbourhood, not the door.
ROUGH_PARTS = 200


def roughly(point: Point) -> Point:
    """Return a point within some 360 m of that one, the same for all that are near: it tells the
    neighbourhood, not the door."""
    return Point(
        round(point.lat * ROUGH_PARTS) / ROUGH_PARTS, round(point.lon * ROUGH_PARTS) / ROUGH_PARTS
    )


def great_circle_m(start: Point, end: Point) -> float:
    """Return the metres between two points on a sphere (haversine)."""
    lat_a, lat_b = math.radians(start.lat), math.radians(end.lat)
    half = (
        math.sin((lat_b - lat_a) / 2) ** 2
        + math.cos(lat_a) * math.cos(lat_b) * math.sin(math.radians(end.lon - start.lon) / 2) ** 2
    )
    return 2 * EARTH_RADIUS_M * math.asin(math.sqrt(half))


def in_ring(point: Point, ring: Sequence[Point]) -> bool:
    """Tell whether the point lies within the closed ring of corners (even-odd rule)."""
    inside = False
    for start, end in zip(ring, (*ring[1:], ring[0]), strict=True):
        if (start.lat > point.lat) != (end.lat > point.lat):
            share = (point.lat - start.lat) / (end.lat - start.lat)
            if point.lon < start.lon + share * (end.lon - start.lon):
                inside = not inside
    return inside
