"""What a branch has learned of the time its visits take; read once a day.

Only days that are over count, so that all through a day everybody plans by the same figures. What was
promised keeps the length it was planned with: that stands in the visit's own row.
"""

from datetime import date, datetime, timedelta
from threading import Lock

from sqlalchemy import func, select

from dispatch.models import Visit, VisitStep
from dispatch.planner.lateness import Spread
from dispatch.service_times import Done, ServiceTimes
from dispatch.states import VisitAction, VisitState
from kernel.clock import local_date
from kernel.db import Session

HISTORY = timedelta(days=180)
VISITS_MAX = 20_000
_BRANCHES_MAX = 256

_known: dict[tuple[str, int, date], ServiceTimes] = {}
_known_lock = Lock()


def service_times(db: Session, *, branch_id: int, now: datetime) -> ServiceTimes:
    """Return what the branch's visits of the days before today say; kept for today."""
    today = local_date(now)
    key = (str(db.get_bind().engine.url), branch_id, today)
    if key not in _known:
        done = _done(db, branch_id=branch_id, first=today - HISTORY, until=today, limit=VISITS_MAX)
        with _known_lock:
            if len(_known) >= _BRANCHES_MAX:
                _known.clear()
            _known[key] = ServiceTimes(done)
    return _known[key]


def forget() -> None:
    """Drop what was learned; nothing but time is lost."""
    with _known_lock:
        _known.clear()


def spread_of(visit: Visit, times: ServiceTimes, *, technician_id: int | None) -> Spread:
    """Return how the length of that visit spreads when that technician makes it, in shares of what is
    planned for it."""
    return times.spread_of(
        card_s=visit.card_s if visit.card_s is not None else visit.work_s,
        work_s=visit.work_s,
        service=visit.service,
        estate=visit.estate,
        technician_id=technician_id,
    )


def _done(db: Session, *, branch_id: int, first: date, until: date, limit: int) -> list[Done]:
    """Return the branch's finished visits from day `first` up to, not on, `until`, the latest `limit`
    of them; those whose work rested are left out."""
    rested = select(VisitStep.visit_id).where(VisitStep.action == VisitAction.PAUSE.value)
    found = (
        select(
            Visit.service,
            Visit.estate,
            Visit.technician_id,
            func.coalesce(Visit.card_s, Visit.work_s),
            Visit.started_at,
            Visit.finished_at,
        )
        .where(
            Visit.branch_id == branch_id,
            Visit.day >= first,
            Visit.day < until,
            Visit.state.in_([VisitState.WORK_DONE, VisitState.DONE]),
            Visit.id.not_in(rested),
        )
        .order_by(Visit.day.desc(), Visit.id.desc())
        .limit(limit)
    )
    return [
        Done(
            service=service,
            estate=estate,
            technician_id=technician_id,
            card_s=card_s,
            actual_s=int((finished_at - started_at).total_seconds()),
        )
        for service, estate, technician_id, card_s, started_at, finished_at in db.execute(found)
        if started_at is not None and finished_at is not None
    ]
