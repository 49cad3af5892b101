"""For whom draws, surveys and campaigns are: all members, or the followers of one store."""

from collections.abc import Sequence

from booking import queries as booking
from faces.chrome import call
from faces.chrome.filters import gettext
from kernel.actor import Role
from kernel.db import Session
from kernel.errors import Forbidden

# What a form says for all members.
ALL = 0


def within(db: Session) -> Sequence[int] | None:
    """Return the ids of the stores in the actor's scope, None for all."""
    return booking.stores_within(db, call.actor())


def places(db: Session) -> list[tuple[int, str]]:
    """Return for whom the actor may run something, by what a form says: ALL but for a store's people, and
    each store in his scope."""
    ids = within(db)
    found = [(row.id, row.name) for row in booking.stores(db) if ids is None or row.id in ids]
    return found if call.actor().role is Role.STORE else [(ALL, gettext("所有会员")), *found]


def chosen(db: Session, store: int) -> int | None:
    """Return the store that a form names, None for all members. Raises Forbidden."""
    if store not in dict(places(db)):
        raise Forbidden
    return store or None


def names(db: Session) -> dict[int | None, str]:
    """Return the stores' names by id."""
    return {row.id: row.name for row in booking.stores(db)}
