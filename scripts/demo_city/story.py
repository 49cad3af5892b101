"""The stories of bookings as plain values: what was wished, promised and done, and on which sheet."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from dispatch.planner.problem import Window
from kernel.actor import Actor
from scripts.demo_city.demand import Wish
from scripts.demo_city.rounds import Deed


@dataclass(slots=True, kw_only=True)
class Story:
    """One booking from its draft to where it stands now; what has not happened is None.

    `stop_id` names it on its sheet's routes; it is 0 for a hold that was given up, by the member
    himself (`has_relented`) or because it ran out.
    """

    wish: Wish
    window: Window
    stop_id: int
    held_at: datetime
    committed_at: datetime | None = None
    released_at: datetime | None = None
    has_relented: bool = False
    technician_id: int | None = None
    assigned_at: datetime | None = None
    accepted_at: datetime | None = None
    deed: Deed | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """One technician's route: [stop_id, arrive_s, start_s, depart_s] each, and his rests."""

    stops: Sequence[Sequence[int]]
    rests: Sequence[Sequence[int]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """One branch's day: its bookings' stories, its routes by technician id, its publications."""

    branch_id: int
    day: date
    stories: Sequence[Story]
    lines: Mapping[int, Line]
    published_at: Sequence[datetime]
    publisher: Actor
