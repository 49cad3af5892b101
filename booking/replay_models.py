"""Replays: a month lived once more under other rules."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON
from sqlalchemy.orm import Mapped, mapped_column

from kernel.db import Base, Instant
from kernel.leases import Leased


class Replay(Leased, Base):
    """What `version` would have made of [since, until) instead of `against`; `state` is pending until it
    is `done`, or `dead` when no hand came to its end."""

    __tablename__ = "booking_replay"

    number: Mapped[str] = mapped_column(unique=True)
    version: Mapped[str] = mapped_column(index=True)
    against: Mapped[str]
    since: Mapped[datetime] = mapped_column(Instant)
    until: Mapped[datetime] = mapped_column(Instant)
    asked_by: Mapped[int]
    asked_at: Mapped[datetime] = mapped_column(Instant)
    # How many people there are to look at, and how many were.
    total: Mapped[int] = mapped_column(default=0)
    looked: Mapped[int] = mapped_column(default=0)
    # How many of them would have been treated otherwise.
    affected: Mapped[int] = mapped_column(default=0)
    # By matter: {people, before, after}.
    sums: Mapped[dict[str, dict[str, int]]] = mapped_column(JSON, default=dict)
    # Those whom it hits most, PEOPLE_MAX at most: {member_id or technician_id, differences}.
    people: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)
