"""Datums: GPS speaks WGS-84, Baidu BD-09, everything else in China GCJ-02. Convert at the edges. Pure.

Taking one for another moves a point by hundreds of metres; the house stores GCJ-02 alone.
"""

import math
from enum import StrEnum

from kernel.geo import Point

_AXIS_M = 6_378_245.0  # Krasovsky 1940, on which GCJ-02 is built
_ECCENTRICITY = 0.00669342162296594323
_BAIDU_TURN = math.pi * 3000 / 180


class Datum(StrEnum):
    GCJ02 = "gcj02"
    WGS84 = "wgs84"
    BD09 = "bd09"


def to_gcj02(lat: float, lon: float, datum: Datum) -> Point:
    """Return the place in GCJ-02 whose degrees are given in `datum`; good to a metre in China."""
    if datum is Datum.WGS84:
        north, east = _shift(lat, lon)
        return Point(lat + north, lon + east)
    if datum is Datum.BD09:
        x, y = lon - 0.0065, lat - 0.006
        length = math.hypot(x, y) - 0.00002 * math.sin(y * _BAIDU_TURN)
        angle = math.atan2(y, x) - 0.000003 * math.cos(x * _BAIDU_TURN)
        return Point(length * math.sin(angle), length * math.cos(angle))
    return Point(lat, lon)


def _shift(lat: float, lon: float) -> tuple[float, float]:
    """Return by how many degrees GCJ-02 lies north and east of WGS-84."""
    x, y = lon - 105.0, lat - 35.0
    common = (20 * math.sin(6 * x * math.pi) + 20 * math.sin(2 * x * math.pi)) * 2 / 3
    north_m = -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * math.sqrt(abs(x)) + common
    north_m += (20 * math.sin(y * math.pi) + 40 * math.sin(y / 3 * math.pi)) * 2 / 3
    north_m += (160 * math.sin(y / 12 * math.pi) + 320 * math.sin(y * math.pi / 30)) * 2 / 3
    east_m = 300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * math.sqrt(abs(x)) + common
    east_m += (20 * math.sin(x * math.pi) + 40 * math.sin(x / 3 * math.pi)) * 2 / 3
    east_m += (150 * math.sin(x / 12 * math.pi) + 300 * math.sin(x / 30 * math.pi)) * 2 / 3
    sine = math.sin(math.radians(lat))
    curve = 1 - _ECCENTRICITY * sine * sine
    metres_north = _AXIS_M * (1 - _ECCENTRICITY) / (curve * math.sqrt(curve))
    metres_east = _AXIS_M / math.sqrt(curve) * math.cos(math.radians(lat))
    return math.degrees(north_m / metres_north), math.degrees(east_m / metres_east)
