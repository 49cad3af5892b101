"""Geocoders: what the house asks of one, and the two bridges to geopy's way of speaking.

The gazetteer is the default. Any geocoder of geopy can take its place through FromGeopy; the
gazetteer can serve any program that speaks geopy through AsGeopy.
"""

from typing import Any, Protocol

from geopy.exc import GeopyError
from geopy.geocoders.base import Geocoder as GeopyGeocoder
from geopy.location import Location

from gateways.maps import addresses
from gateways.maps.datum import Datum, to_gcj02
from gateways.maps.places import Confidence, Located, Nearby, Suggestion
from kernel.errors import Unavailable
from kernel.geo import Point

ANSWER_MAX_S = 5


class Geocoder(Protocol):
    """Whoever turns words into places and back. Raises Unavailable when it cannot be reached."""

    def geocode(self, text: str) -> Located | None:
        """Return where the address is; None when nobody knows."""
        ...

    def suggest(self, text: str, *, limit: int = 8) -> tuple[Suggestion, ...]:
        """Return names that begin like `text`, best first."""
        ...

    def reverse(self, point: Point, *, within_m: float = 1_500) -> Nearby | None:
        """Return the known place nearest to `point`."""
        ...


class FromGeopy:
    """A remote geocoder behind the nearest knowledge of our own: remote points, local names."""

    def __init__(self, remote: Any, *, datum: Datum, local: Geocoder) -> None:
        """`remote` is a geocoder of geopy; `datum` is what its answers are in (Baidu's: BD-09)."""
        self._remote = remote
        self._datum = datum
        self._local = local

    def geocode(self, text: str) -> Located | None:
        """Return the local answer when it is exact, else the remote point with the local names."""
        known = self._local.geocode(text)
        if known is not None and known.is_exact:
            return known
        try:
            found = self._remote.geocode(text[: addresses.TEXT_MAX], timeout=ANSWER_MAX_S)
        except GeopyError as error:
            if known is not None:
                return known
            raise Unavailable from error
        if found is None:
            return known
        point = to_gcj02(found.latitude, found.longitude, self._datum)
        near = self._local.reverse(point)
        if near is None:
            return known
        return Located(
            point=point,
            confidence=Confidence.LIKELY,
            district=near.district,
            street=near.street,
            door=known.door if known else addresses.door_in(addresses.normal(text).key),
        )

    def suggest(self, text: str, *, limit: int = 8) -> tuple[Suggestion, ...]:
        return self._local.suggest(text, limit=limit)

    def reverse(self, point: Point, *, within_m: float = 1_500) -> Nearby | None:
        return self._local.reverse(point, within_m=within_m)


class AsGeopy(GeopyGeocoder):  # type: ignore[misc]  # geopy has no types
    """Our geocoder for programs that speak geopy; points are GCJ-02."""

    def __init__(self, ours: Geocoder) -> None:
        super().__init__()
        self._ours = ours

    def geocode(
        self, query: str, *, exactly_one: bool = True, timeout: float | None = None
    ) -> Location | list[Location] | None:
        """Return geopy's Location of the address, or None; never waits, so `timeout` is idle."""
        del timeout
        found = self._ours.geocode(query)
        if found is None:
            return None
        place = Location(found.label, (found.point.lat, found.point.lon), {"located": found})
        return place if exactly_one else [place]

    def reverse(
        self, query: Any, *, exactly_one: bool = True, timeout: float | None = None
    ) -> Location | list[Location] | None:
        """Return geopy's Location of the nearest compound, or None."""
        del timeout
        lat, lon = self._coerce_point_to_string(query).split(",")
        near = self._ours.reverse(Point(float(lat), float(lon)))
        if near is None:
            return None
        label = f"{near.district}{near.name}"
        place = Location(label, (near.point.lat, near.point.lon), {"nearby": near})
        return place if exactly_one else [place]
