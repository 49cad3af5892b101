"""What people typed about somebody, taken out once he is forgotten.

Of a row that stands for ever this is the one change that its guard lets happen, to the mark and to
nothing else (ADR 0036): who did it, when, and what was decided stays.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, String, literal, select, update
from sqlalchemy.orm import InstrumentedAttribute

from kernel import leases
from kernel.audit import AuditRow
from kernel.db import Session
from kernel.outbox import OutboxRow

MARK = "***"
# A query for the ids of those who are forgotten.
Ids = Select[int]


@dataclass(frozen=True, slots=True)
class Typed:
    """A column into which people type, and which rows of it are about whoever is forgotten."""

    column: InstrumentedAttribute[Any]
    about: ColumnElement[bool]
    mark: object = MARK


def acts_on(kind: str, number: InstrumentedAttribute[str], about: ColumnElement[bool]) -> Typed:
    """Return what the audit log keeps of acts on those things of that kind."""
    things = select(literal(f"{kind}:") + number).where(about)
    return Typed(AuditRow.detail, AuditRow.about.in_(things), mark={})


def told(name: str, said: ColumnElement[bool]) -> Typed:
    """Return what those events of that name told of which `said` is true, once they are delivered: there
    were words of people among it."""
    is_over = (OutboxRow.name == name) & (OutboxRow.state != leases.PENDING)
    return Typed(OutboxRow.facts, is_over & said, mark={})


def take_out(db: Session, places: Iterable[Typed]) -> int:
    """Write the mark over whatever is typed there; return in how many rows. Safe to repeat."""
    taken = 0
    for place in places:
        written = place.mark if isinstance(place.mark, str) else json.dumps(place.mark)
        is_typed = place.column.cast(String).not_in(("", written))
        change: Any = update(place.column.class_).where(place.about, is_typed)
        change = change.values({place.column.key: place.mark})
        found: Any = db.execute(change.execution_options(synchronize_session=False))
        taken += found.rowcount
    return taken
