"""What technicians did over a stretch of days: read for their scores."""

from collections.abc import Collection, Sequence
from datetime import date

from sqlalchemy import func, select

from dispatch.models import Visit, VisitPhoto
from dispatch.states import STARTED, VisitState
from kernel.db import Session

# Somebody worked at it, to the end or not.
ATTENDED = frozenset({VisitState.WORK_DONE, VisitState.DONE, VisitState.INCOMPLETE})
_FINISHED = frozenset({VisitState.WORK_DONE, VisitState.DONE})


def visits_due(db: Session, *, technician_id: int, first: date, last: date) -> Sequence[Visit]:
    """Return the visits of those days for which he set out, or should have, by day and window."""
    found = select(Visit).where(
        Visit.technician_id == technician_id,
        Visit.day >= first,
        Visit.day <= last,
        Visit.state.in_(STARTED | {VisitState.PROVIDER_NO_SHOW}),
    )
    return db.scalars(found.order_by(Visit.day, Visit.opens_s, Visit.id)).all()


def is_attended(visit: Visit) -> bool:
    """Tell whether somebody worked there."""
    return visit.state in ATTENDED


def is_finished(visit: Visit) -> bool:
    """Tell whether the work there was brought to its end."""
    return visit.state in _FINISHED


def is_missed(visit: Visit) -> bool:
    """Tell whether nobody came."""
    return visit.state is VisitState.PROVIDER_NO_SHOW


def photo_counts(db: Session, visit_ids: Collection[int]) -> dict[int, int]:
    """Return how many photos each of those visits has; those without are left out."""
    rows = db.execute(
        select(VisitPhoto.visit_id, func.count())
        .where(VisitPhoto.visit_id.in_(visit_ids))
        .group_by(VisitPhoto.visit_id)
    )
    return {row[0]: row[1] for row in rows}
