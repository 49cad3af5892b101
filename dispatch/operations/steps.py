"""The one way in which a visit moves: its machine, and the step that records it."""

from datetime import date, datetime
from typing import TypedDict

from sqlalchemy import func, select

from dispatch.models import Visit, VisitStep
from dispatch.states import VisitAction
from kernel.actor import Actor
from kernel.db import Session


class VisitFacts(TypedDict):
    """The fields that every event of a visit has."""

    visit_id: int
    visit_number: str
    branch_id: int
    day: date
    technician_id: int


def facts_of(visit: Visit) -> VisitFacts:
    """Return what every event of a visit says."""
    return VisitFacts(
        visit_id=visit.id,
        visit_number=visit.number,
        branch_id=visit.branch_id,
        day=visit.day,
        technician_id=visit.technician_id or 0,
    )


def move(
    db: Session,
    visit: Visit,
    action: VisitAction | None,
    *,
    by: Actor,
    now: datetime,
    cause: str = "",
) -> None:
    """Advance the visit and record the step with its cause; without an action, record its birth.

    Raises IllegalMove.
    """
    before = select(func.count()).where(VisitStep.visit_id == visit.id).scalar_subquery()
    if action is not None:
        visit.advance(action, now=now)
    db.add(
        VisitStep(
            visit_id=visit.id,
            seq=1 if action is None else before + 1,
            action=action.value if action else "create",
            state=visit.state,
            actor_role=by.role.value,
            actor_id=by.id,
            cause=cause,
            at=now,
        )
    )
