"""The two times at one moment: business time for people, true time for signatures and expiries."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Moment:
    """`at_s`: business time, whole seconds since 1970. `wall_s`: true time."""

    at_s: int
    wall_s: float
