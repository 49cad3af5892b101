"""Rows of work that one hand at a time may do: lease, fence, finish.

A worker claims a row for a bounded time. Each claim raises the row's fence; a worker whose lease
ran out finds another fence and its late writing changes nothing. Times are true time, so the demo
clock cannot expire a lease.
"""

from collections.abc import Collection, Sequence
from operator import attrgetter
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, case, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from kernel.clock import wall_s

PENDING = "pending"

W = TypeVar("W", bound="Leased")


class Leased:
    """Columns of a table of work; `due_s` and `lease_until_s` are true seconds since 1970."""

    id: Mapped[int] = mapped_column(primary_key=True)
    state: Mapped[str] = mapped_column(default=PENDING, index=True)
    due_s: Mapped[float] = mapped_column(default=0.0)
    lease_until_s: Mapped[float] = mapped_column(default=0.0)
    fence: Mapped[int] = mapped_column(default=0)
    attempts: Mapped[int] = mapped_column(default=0)


def due(model: type[Leased]) -> ColumnElement[bool]:
    """Return the condition for rows that wait and that nobody holds."""
    now_s = wall_s()
    return (model.state == PENDING) & (model.due_s <= now_s) & (model.lease_until_s <= now_s)


def claim(
    db: Session,
    model: type[W],
    *,
    lease_s: float,
    limit: int,
    only: ColumnElement[bool] | None = None,
    first: ColumnElement[bool] | None = None,
) -> Sequence[W]:
    """Take up to `limit` due rows for `lease_s` seconds; two hands never get the same row.

    Of those for which `only` holds. Oldest first; with `first`, the rows for which that holds before
    all others, and each kind as it fell due, which an index of state, due_s and id gives without a
    look at whatever else waits.
    """
    if first is None:
        ids = _due_ids(db, model, model.id, limit=limit, only=only)
    else:
        order = (model.due_s, model.id)
        ids = _due_ids(db, model, *order, limit=limit, only=_both(only, first))
        if len(ids) < limit:
            rest = _both(only, ~first)
            ids += _due_ids(db, model, *order, limit=limit - len(ids), only=rest)
    if not ids:
        return ()
    # They are locked, and due: said once more, SQLite would look for them among all that are.
    taken = (
        update(model)
        .where(model.id.in_(ids))
        .values(
            lease_until_s=wall_s() + lease_s, fence=model.fence + 1, attempts=model.attempts + 1
        )
        .returning(model)
    )
    options = {"synchronize_session": False, "populate_existing": True}
    return sorted(db.scalars(taken, execution_options=options), key=attrgetter("id"))


def _due_ids(
    db: Session,
    model: type[Leased],
    *order: Any,
    limit: int,
    only: ColumnElement[bool] | None,
) -> list[int]:
    chosen = select(model.id).where(due(model)).order_by(*order).limit(limit)
    if only is not None:
        chosen = chosen.where(only)
    return list(db.scalars(chosen.with_for_update(skip_locked=True)))


def _both(one: ColumnElement[bool] | None, other: ColumnElement[bool]) -> ColumnElement[bool]:
    return other if one is None else one & other


def still_held(db: Session, rows: Sequence[W]) -> list[W]:
    """Return those whose lease is still ours, and keep others away from them while this transaction
    lasts."""
    model, fences = type(rows[0]), {row.id: row.fence for row in rows}
    held = select(model.id, model.fence).where(
        model.id.in_(fences), model.state == PENDING, model.lease_until_s > wall_s()
    )
    found = {tuple(row) for row in db.execute(held.order_by(model.id).with_for_update())}
    return [row for row in rows if (row.id, row.fence) in found]


def give_back(db: Session, rows: Sequence[Leased]) -> None:
    """Let rows just claimed in this transaction wait as if nobody had taken them."""
    if not rows:
        return
    model = type(rows[0])
    db.execute(
        update(model)
        .where(model.id.in_([row.id for row in rows]))
        .values(lease_until_s=0.0, attempts=model.attempts - 1)
        .execution_options(synchronize_session=False)
    )


def finish(db: Session, row: Leased, *, state: str, retry_in_s: float = 0.0, **values: Any) -> bool:
    """Record the outcome; False, and nothing changed, when the lease passed to another hand."""
    model = type(row)
    done = db.execute(
        update(model)
        .where(model.id == row.id, model.fence == row.fence, model.state == PENDING)
        .values(state=state, due_s=wall_s() + retry_in_s, lease_until_s=0.0, **values)
        .execution_options(synchronize_session=False)
    )
    return bool(done.rowcount)  # type: ignore[attr-defined]  # an UPDATE's result has it


def finish_all(db: Session, rows: Collection[Leased], *, state: str, **values: Any) -> set[int]:
    """Record one outcome of several; return the ids of those whose lease was still ours, as of the
    others nothing is changed."""
    model = type(next(iter(rows)))
    fences = {row.id: row.fence for row in rows}
    done = (
        update(model)
        .where(
            model.id.in_(fences),
            model.fence == case(fences, value=model.id),
            model.state == PENDING,
        )
        .values(state=state, due_s=wall_s(), lease_until_s=0.0, **values)
        .returning(model.id)
        .execution_options(synchronize_session=False)
    )
    return set(db.scalars(done))


def anew(fence: ColumnElement[int]) -> dict[str, Any]:
    """Return the values with which an ended row waits once more; whoever held it writes nothing."""
    return {
        "state": PENDING,
        "due_s": 0.0,
        "lease_until_s": 0.0,
        "attempts": 0,
        "fence": fence + 1,
    }


def ended(fence: ColumnElement[int], *, state: str) -> dict[str, Any]:
    """Return the values with which a row that waits ends unclaimed; whoever held it writes nothing."""
    return {"state": state, "lease_until_s": 0.0, "fence": fence + 1}
