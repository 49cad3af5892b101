"""What members did after they were written to."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select

from booking.models import Booking
from booking.states import NOT_BOOKED, SERVED
from kernel.db import Session

_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Recall:
    """Of so many people, how many booked in time, and how many of those were served."""

    people: int = 0
    booked: int = 0
    served: int = 0

    @property
    def percent(self) -> float | None:
        return 100 * self.booked / self.people if self.people else None


def recall(db: Session, since: Mapping[int, datetime], *, within: timedelta) -> Recall:
    """Return what members did within that time after the instant that stands for each, by his id."""
    booked, served = set(), set()
    ids = sorted(since)
    for start in range(0, len(ids), _AT_ONCE):
        rows = db.execute(
            select(Booking.member_id, Booking.made_at, Booking.state)
            .where(Booking.member_id.in_(ids[start : start + _AT_ONCE]))
            .where(Booking.state.not_in(NOT_BOOKED), Booking.made_at >= min(since.values()))
        )
        for member_id, made_at, state in rows:
            if since[member_id] <= made_at <= since[member_id] + within:
                booked.add(member_id)
                if state in SERVED:
                    served.add(member_id)
    return Recall(len(ids), len(booked), len(served))
