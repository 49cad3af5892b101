"""How long it takes from door to door, as whole seconds that a proof may rely on.

Every matrix obeys the triangle inequality: going by way of a third place is never shorter. The
planner's insertion needs that; an estimate that broke it would let a longer route look feasible.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from kernel.geo import EARTH_RADIUS_M, Point

Seconds = NDArray[np.int32]
_Radians = NDArray[np.float64]


class TravelTimes(Protocol):
    """Whoever can say how long travel takes. Answers are symmetric or not, never negative."""

    @property
    def fingerprint(self) -> str:
        """Name the source and its parameters; equal fingerprints give equal answers."""
        ...

    def matrix(self, points: Sequence[Point]) -> Seconds:
        """Return the seconds from each point (row) to each point (column)."""
        ...

    def to_from(self, points: Sequence[Point], point: Point) -> tuple[Seconds, Seconds]:
        """Return the seconds from each of `points` to `point`, and from `point` to each of them."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class GreatCircle:
    """The great circle, times a detour, at one speed, plus a constant for parking and walking.

    Between different places it takes `leg_s` and the drive rounded up; at the same place, nothing.
    """

    detour: float = 1.35
    speed_kmh: float = 24.0
    leg_s: int = 90

    def __post_init__(self) -> None:
        # A second of constant absorbs what floating point may take from the triangle inequality.
        if not (self.detour >= 1 and self.speed_kmh > 0 and self.leg_s >= 1):
            raise ValueError("travel needs a detour of 1 or more, a speed, and a second per leg")

    @property
    def fingerprint(self) -> str:
        return (
            f"great-circle-1 detour={self.detour!r} speed_kmh={self.speed_kmh!r} leg_s={self.leg_s}"
        )

    def matrix(self, points: Sequence[Point]) -> Seconds:
        """Return the seconds between all points, the same both ways."""
        lat, lon = _radians(points)
        return self._seconds(lat[:, None], lon[:, None], lat[None, :], lon[None, :])

    def to_from(self, points: Sequence[Point], point: Point) -> tuple[Seconds, Seconds]:
        """Return the row and column that `point` would add to the matrix of `points`."""
        lat, lon = _radians([*points, point])
        seconds = self._seconds(lat[:-1], lon[:-1], lat[-1:], lon[-1:])
        return seconds, seconds.copy()

    def _seconds(self, lat: _Radians, lon: _Radians, to_lat: _Radians, to_lon: _Radians) -> Seconds:
        half = (
            np.sin((to_lat - lat) / 2) ** 2
            + np.cos(lat) * np.cos(to_lat) * np.sin((to_lon - lon) / 2) ** 2
        )
        metres = 2 * EARTH_RADIUS_M * np.arcsin(np.sqrt(np.minimum(half, 1.0)))
        drive_s = np.ceil(metres * (self.detour * 3.6 / self.speed_kmh))
        is_elsewhere = (lat != to_lat) | (lon != to_lon)
        return np.where(is_elsewhere, drive_s + self.leg_s, 0).astype(np.int32)


def _radians(points: Sequence[Point]) -> tuple[_Radians, _Radians]:
    degrees = np.array([(point.lat, point.lon) for point in points], dtype=np.float64)
    lat, lon = np.radians(degrees.reshape(-1, 2)).T
    return np.ascontiguousarray(lat), np.ascontiguousarray(lon)
