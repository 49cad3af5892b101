"""Row locks in one order for the whole house: member, then branch-days, then stock, then
ledger accounts.

On PostgreSQL a lock is SELECT … FOR UPDATE. On SQLite the writing transaction itself is the lock
(BEGIN IMMEDIATE) and the same call only reads.
"""

from collections.abc import Mapping, Sequence
from enum import IntEnum
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Row, Select, select

from kernel.db import Base, Session

M = TypeVar("M", bound=Base)


class Rank(IntEnum):
    """The order in which locks are taken; within a rank, by `key`."""

    MEMBER = 1
    BRANCH_DAY = 2
    # What is counted out among many, as a draw's eggs.
    STOCK = 3
    ACCOUNT = 4


def lock(
    db: Session, model: type[M], where: ColumnElement[bool], *, rank: Rank, key: tuple[Any, ...]
) -> M | None:
    """Lock and return the one row `where` finds, fresh from the database; None when there is none.

    A lock out of order is a programmer's mistake and asserts.
    """
    _check_order(db, (rank, key))
    statement = select(model).where(where).with_for_update()
    return db.scalars(statement.execution_options(populate_existing=True)).one_or_none()


def lock_rows(
    db: Session, statement: Select[Any], values: Mapping[str, Any], *, rank: Rank
) -> Sequence[Row[Any]]:
    """Lock and return what the statement finds: it asks for the locks, in the order of its first column,
    which is each row's key."""
    rows = db.connection().execute(statement, values).all()
    for row in rows:
        _check_order(db, (rank, (row[0],)))
    return rows


def is_held(db: Session, *, rank: Rank, key: tuple[Any, ...]) -> bool:
    """Tell whether this transaction has taken that lock."""
    return (rank, key) in db.info.get("locks", ())


def _check_order(db: Session, place: tuple[Rank, tuple[Any, ...]]) -> None:
    held = db.info.setdefault("locks", [])
    assert not held or place in held or place > max(held), f"lock {place} after {max(held)}"
    held.append(place)
