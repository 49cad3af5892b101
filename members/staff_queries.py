"""Reads of the console's accounts."""

from collections.abc import Collection, Sequence

from sqlalchemy import select

from kernel.actor import Actor
from kernel.db import Session
from members.models import Staff
from members.operations.staff import StaffMissing


def accounts(db: Session) -> Sequence[Staff]:
    """Return every account, also those that were shut, by login."""
    return db.scalars(select(Staff).order_by(Staff.login)).all()


def account(db: Session, staff_id: int) -> Staff:
    """Return the account with that id. Raises StaffMissing."""
    found = db.get(Staff, staff_id)
    if found is None:
        raise StaffMissing
    return found


def names(db: Session, staff_ids: Collection[int]) -> dict[int, str]:
    """Return the names of those accounts by id."""
    rows = db.execute(select(Staff.id, Staff.name).where(Staff.id.in_(staff_ids)))
    return {row.id: row.name for row in rows}


def of_branch(db: Session, branch_id: int) -> list[Staff]:
    """Return the people of a branch who may sign in, by login; those of every branch are of none."""
    return [
        row
        for row in accounts(db)
        if branch_id in row.branch_ids and row.disabled_at is None and row.password_hash
    ]


def within_scope(db: Session, by: Actor) -> frozenset[int] | None:
    """Return the accounts whose acts the actor may read; None for all.

    Who is bound to branches reads of those who are bound to no others.
    """
    if not by.branch_ids:
        return None
    return frozenset(
        row.id
        for row in accounts(db)
        if row.branch_ids and by.branch_ids.issuperset(row.branch_ids)
    )
