"""What of a branch's day needs a person now, with who could help. Derived from the rows each time
it is asked; nothing is stored, so that nothing can go stale.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum

from sqlalchemy import select

from dispatch import live, policy, queries
from dispatch.board import Bar, Board
from dispatch.looks import Look
from dispatch.models import Evidence, Visit
from dispatch.planner.lateness import Chance
from dispatch.planner.problem import Window
from dispatch.states import MOVABLE, OWED, Proof, VisitState
from kernel.clock import instant_at, local_date
from kernel.db import Session

# A no-show may be vetoed for as long as its strike waits.
VETO_LIFE = timedelta(hours=24)
# Who could take a visit is worked out for so many of them at most.
ASKED_MAX = 12


class AlertKind(StrEnum):
    """What is wrong, in the order in which alerts that break together are shown."""

    UNSERVED = "unserved"
    LATE = "late"
    STRANDED = "stranded"
    RELEASE = "release"
    EVIDENCE = "evidence"
    RISK = "risk"
    UNACCEPTED = "unaccepted"
    NO_SHOW = "no_show"


@dataclass(frozen=True, slots=True, kw_only=True)
class Taker:
    """A technician who could take a visit within its window, and the driving that it adds."""

    technician_id: int
    name: str
    arrive_s: int
    extra_s: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """One thing that a person must see to; at `breaks_at` it is too late.

    `length_s` is by how much a late visit misses its window or what is left of a tight one, and of
    the evidence clock how long it still runs; `count` the visits of a technician that are meant;
    `reason` is what he gave as his; `chance` is how likely a visit in danger is late.
    """

    kind: AlertKind
    breaks_at: datetime
    visit: Visit
    technician_id: int | None = None
    technician: str = ""
    length_s: int = 0
    count: int = 1
    reason: str = ""
    chance: Chance | None = None
    takers: tuple[Taker, ...] = ()


def day_alerts(db: Session, *, board: Board, now: datetime) -> list[Alert]:
    """Return what needs a person on that board, what breaks first before the others."""
    days_off = (board.day - local_date(now)).days
    if days_off < 0:
        return []
    visits = queries.visits_in_routes(db, branch_id=board.branch_id, day=board.day)
    unserved = queries.unserved(db, branch_id=board.branch_id, day=board.day)
    found = [_unserved(visit) for visit in unserved]
    found += [_endangered(bar, visits[bar.visit_id]) for bar in board.at_risk]
    found += _stranded(board, visits)
    found += _unaccepted(board, visits, now=now)
    found += _without_code(db, board, visits)
    found += _at_doors(db, board, visits, now=now)
    if days_off == 0:
        found += _deserted(db, board, now=now)
    found.sort(key=lambda alert: (alert.breaks_at, list(AlertKind).index(alert.kind)))
    return _with_takers(db, board, found, now=now)


def takers_of(
    db: Session, visits: Sequence[Visit], *, branch_id: int, day: date, now: datetime
) -> dict[int, tuple[Taker, ...]]:
    """Return who else could take each of those visits of one day within its window, by visit id."""
    plan = live.day_plan(db, branch_id=branch_id, day=day, now=now)
    names = {row.id: row.name for row in queries.technicians(db, branch_id=branch_id)}
    holders = {i: route.worker_id for route in plan.plan.routes for i in route.stop_ids}
    barred = queries.barred_from(db, [visit.id for visit in visits])
    found: dict[int, tuple[Taker, ...]] = {}
    for visit in visits:
        if visit.state not in OWED:
            found[visit.id] = ()
            continue
        # He who has it anyway is no other technician.
        own = {holders[visit.id]} if visit.id in holders else set()
        shape = live.shape_of(visit, barred=barred.get(visit.id, frozenset()) | own)
        found[visit.id] = tuple(
            Taker(
                technician_id=witness.worker_id,
                name=names[witness.worker_id],
                arrive_s=witness.arrive_s,
                extra_s=witness.extra_s,
            )
            for witness in live.takers(plan, shape, Window(visit.opens_s, visit.shuts_s))
        )
    return found


def _unserved(visit: Visit) -> Alert:
    return Alert(kind=AlertKind.UNSERVED, breaks_at=_shuts_at(visit), visit=visit)


def _endangered(bar: Bar, visit: Visit) -> Alert:
    is_late = bar.look is Look.LATE
    return Alert(
        kind=AlertKind.LATE if is_late else AlertKind.RISK,
        breaks_at=_shuts_at(visit),
        visit=visit,
        technician_id=bar.technician_id,
        technician=bar.technician,
        length_s=abs(bar.slack_s),
        chance=bar.chance,
    )


def _stranded(board: Board, visits: Mapping[int, Visit]) -> list[Alert]:
    """Name the technicians who are away and still have visits before them."""
    found = []
    for row in board.rows:
        left = [bar for bar in row.bars if bar.state in MOVABLE]
        if row.shift is None and left:
            first = visits[left[0].visit_id]
            found.append(
                Alert(
                    kind=AlertKind.STRANDED,
                    breaks_at=_shuts_at(first),
                    visit=first,
                    technician_id=row.technician_id,
                    technician=row.name,
                    count=len(left),
                )
            )
    return found


def _unaccepted(board: Board, visits: Mapping[int, Visit], *, now: datetime) -> list[Alert]:
    """Name the technicians who were given visits and have not said yes in time."""
    waiting: dict[int, list[Visit]] = defaultdict(list)
    for visit in visits.values():
        is_due = now >= visit.state_since + policy.ACCEPT_LIFE
        if visit.state is VisitState.ASSIGNED and is_due and visit.technician_id:
            waiting[visit.technician_id].append(visit)
    names = {row.technician_id: row.name for row in board.rows}
    found = []
    for technician_id, own in waiting.items():
        first = min(own, key=lambda visit: (visit.shuts_s, visit.id))
        found.append(
            Alert(
                kind=AlertKind.UNACCEPTED,
                breaks_at=_shuts_at(first),
                visit=first,
                technician_id=technician_id,
                technician=names.get(technician_id, ""),
                count=len(own),
            )
        )
    return found


def _without_code(db: Session, board: Board, visits: Mapping[int, Visit]) -> list[Alert]:
    """Name who stands at a door without the 服务码 and asked for the work to begin; each once."""
    asked: dict[int, Evidence] = {}
    for proof in _proofs_at_doors(db, visits, kinds=(Proof.RELEASE_ASKED,)):
        asked[proof.visit_id] = proof
    return [
        Alert(
            kind=AlertKind.RELEASE,
            breaks_at=proof.at + policy.RELEASE_LIFE,
            visit=visits[visit_id],
            technician_id=visits[visit_id].technician_id,
            technician=_name_of(board, visits[visit_id]),
            reason=str(proof.facts.get("reason", "")),
        )
        for visit_id, proof in asked.items()
    ]


def _at_doors(
    db: Session, board: Board, visits: Mapping[int, Visit], *, now: datetime
) -> list[Alert]:
    """Name the doors at which nobody answers: somebody has begun to call or to write."""
    proofs = _proofs_at_doors(db, visits, kinds=(Proof.CALL, Proof.MESSAGE))
    found = []
    for visit_id in sorted({proof.visit_id for proof in proofs}):
        visit = visits[visit_id]
        assert visit.arrived_at is not None
        runs_out_at = visit.arrived_at + policy.WAIT
        found.append(
            Alert(
                kind=AlertKind.EVIDENCE,
                breaks_at=runs_out_at,
                visit=visit,
                technician_id=visit.technician_id,
                technician=_name_of(board, visit),
                length_s=max(0, int((runs_out_at - now).total_seconds())),
            )
        )
    return found


def _proofs_at_doors(
    db: Session, visits: Mapping[int, Visit], *, kinds: tuple[Proof, ...]
) -> Sequence[Evidence]:
    """Return what of those kinds was recorded at the doors where somebody stands, oldest first."""
    doors = [v.id for v in visits.values() if v.state is VisitState.ARRIVED and v.arrived_at]
    rows = select(Evidence).where(Evidence.visit_id.in_(doors), Evidence.kind.in_(kinds))
    return db.scalars(rows.order_by(Evidence.id)).all()


def _name_of(board: Board, visit: Visit) -> str:
    names = {row.technician_id: row.name for row in board.rows}
    return names.get(visit.technician_id or 0, "")


def _deserted(db: Session, board: Board, *, now: datetime) -> list[Alert]:
    """Name the no-shows that a dispatcher may still veto, whatever their day."""
    rows = select(Visit).where(
        Visit.branch_id == board.branch_id,
        Visit.state == VisitState.NO_SHOW,
        Visit.finished_at > now - VETO_LIFE,
    )
    return [
        Alert(
            kind=AlertKind.NO_SHOW,
            breaks_at=visit.finished_at + VETO_LIFE,
            visit=visit,
            technician_id=visit.technician_id,
            technician=_name_of(board, visit),
        )
        for visit in db.scalars(rows.order_by(Visit.id))
        if visit.finished_at is not None
    ]


def _with_takers(
    db: Session, board: Board, found: Sequence[Alert], *, now: datetime
) -> list[Alert]:
    """Say who could take what is unserved or late, for the first ASKED_MAX of them."""
    in_need = (AlertKind.UNSERVED, AlertKind.LATE)
    asked = [alert.visit for alert in found if alert.kind in in_need][:ASKED_MAX]
    takers = takers_of(db, asked, branch_id=board.branch_id, day=board.day, now=now)
    return [
        replace(alert, takers=takers.get(alert.visit.id, ())) if alert.kind in in_need else alert
        for alert in found
    ]


def _shuts_at(visit: Visit) -> datetime:
    return instant_at(visit.day, visit.shuts_s)
