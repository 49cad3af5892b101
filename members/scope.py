"""Whose is what the house or one store runs for members: draws, surveys, campaigns, things to hand out."""

from collections.abc import Collection

from sqlalchemy import ColumnElement, or_, true
from sqlalchemy.orm import InstrumentedAttribute

from kernel.actor import Actor, Role


def of_stores(
    store_id: InstrumentedAttribute[int | None], *, by: Actor, within: Collection[int] | None
) -> ColumnElement[bool]:
    """Return the condition for what is in the actor's scope: for a store's people what is their stores';
    for others what is of no store, and what is of the stores `within`, of all where that is None."""
    if by.role is Role.STORE:
        return store_id.in_(by.store_ids)
    return true() if within is None else or_(store_id.is_(None), store_id.in_(within))
