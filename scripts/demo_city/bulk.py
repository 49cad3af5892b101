"""Inserting thousands of rows at once, which SQLite would otherwise take one by one."""

from collections.abc import Sequence
from typing import TypeVar

from sqlalchemy import select

from booking.models import Booking, Draft
from dispatch.models import Visit
from kernel.db import Session
from members.models import Member

# Rows with a public number of their own.
Numbered = TypeVar("Numbered", Member, Draft, Visit, Booking)


def insert_all(db: Session, model: type[Numbered], rows: Sequence[Numbered]) -> None:
    """Insert the rows in their order and tell each its id; the session does not keep them."""
    db.bulk_save_objects(rows)
    ids = dict(db.execute(select(model.number, model.id)).all())
    for row in rows:
        row.id = ids[row.number]
