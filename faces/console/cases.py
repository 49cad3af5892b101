"""A strike as pages show it: its moves, its appeals, its evidence; and the names of our people."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from faces.console import evidence
from faces.console.evidence import Axis
from kernel.db import Session
from members import queries, strike_queries
from members.policy import AppealSubject


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A strike with all that was said and done about it."""

    row: Any
    steps: Sequence[Any]
    appeals: Sequence[Any]
    axis: Axis | None


def case_of(db: Session, row: Any) -> Case:
    """Return the strike as a case."""
    return Case(
        row=row,
        steps=strike_queries.strike_steps(db, row.id),
        appeals=strike_queries.appeals_about(
            db, subject_kind=AppealSubject.STRIKE, subject_number=row.number
        ),
        axis=evidence.axis_of(row.evidence),
    )


def names_of(db: Session, staff_ids: Collection[int]) -> dict[int, str]:
    """Return the names of those of our people that there are."""
    found = {staff_id: queries.staff(db, staff_id) for staff_id in staff_ids if staff_id}
    return {staff_id: row.name for staff_id, row in found.items() if row is not None}
