"""The travel provider in force: one for proof, solver, judge and drag alike."""

from gateways.maps.travel import GreatCircle, TravelTimes
from kernel.geo import Point

_current: TravelTimes = GreatCircle()


def current() -> TravelTimes:
    """Return the provider of travel times."""
    return _current


def use(provider: TravelTimes) -> None:
    """Make `provider` the one in force; at start-up only, since proofs are made under it."""
    global _current  # noqa: PLW0603  # joined once by app.py
    _current = provider


def between_s(start: Point, end: Point) -> int:
    """Return the seconds of driving between two places."""
    return int(current().matrix((start, end))[0, 1])
