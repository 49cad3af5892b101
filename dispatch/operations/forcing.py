"""What a dispatcher's hand does against the plan: a move that breaks times, and a visit that is to stay.

He answers for it with a reason in words. Who may come at all is nothing that gives way.
"""

from datetime import datetime

from dispatch import moves
from dispatch.events import VisitForced
from dispatch.models import RouteRow, Visit
from dispatch.moves import Move
from dispatch.operations import plan as plans
from dispatch.operations import publishing, withdrawals
from dispatch.operations.plan import LockedDay
from dispatch.operations.steps import facts_of
from kernel import outbox
from kernel.actor import Actor
from kernel.db import Session
from kernel.errors import Conflict
from kernel.words import msg


class Impossible(Conflict):
    """No reason lets this technician come, or stay so long."""

    code = "impossible"
    says = msg(
        "这一单不能强制派给他：技能、证书、拒单、不够的工具、车上的空间和每天 30 分钟的加班上限不能放宽。"
    )


class BreaksMore(Conflict):
    """The move breaks something that nobody has said yes to."""

    code = "breaks_more"
    says = msg("情况变了，强制放入会破坏的和刚才看到的不一样，请再看一遍。")


class NothingToPin(Conflict):
    """The visit stands in nobody's route."""

    code = "nothing_to_pin"
    says = msg("这一单还没有师傅，没法钉住。")


def force(
    db: Session,
    *,
    number: str,
    technician_id: int,
    version: int,
    reason: str,
    told: str,
    by: Actor,
    now: datetime,
) -> Visit:
    """Give a visit to a technician though that breaks times; it stays with him from then on.

    `told` is what the dispatcher saw it break, `moves.Move.told`; who comes late is told as always, and
    overtime is what the technician has agreed to. Raises VisitMissing, ChangedMeanwhile, IllegalMove,
    Impossible, BreaksMore.
    """
    visit = withdrawals.in_hand(db, number=number, version=version, by=by, now=now)
    move = moves.of_visit(db, visit, technician_id, now=now)
    if move is None or not move.may_be_forced:
        raise Impossible(field="technician")
    if not set(move.told.split()) <= set(told.split()):
        raise BreaksMore

    plans.take_out(db, visit, now=now)
    _put(db, visit, move, now=now)
    visit.pinned_id = technician_id
    fresh = plans.lock_day(db, branch_id=visit.branch_id, day=visit.day, now=now)
    was_told = visit.technician_id is not None or fresh.row.published_at is not None
    if was_told and visit.technician_id != technician_id:
        publishing.assign(db, visit, technician_id, by=by, now=now, cause=reason)
    facts = facts_of(visit)
    facts["technician_id"] = technician_id
    outbox.record(db, VisitForced(at=now, reason=reason, breaks=move.told, **facts))
    plans.note_delays(db, fresh.plan, now=now)
    return visit


def pin(db: Session, *, number: str, version: int, stays: bool, by: Actor, now: datetime) -> Visit:
    """Let a visit stay with whom it is, whatever a better plan or a repair would do, or no longer.

    Raises VisitMissing, ChangedMeanwhile, IllegalMove, NothingToPin.
    """
    visit = withdrawals.in_hand(db, number=number, version=version, by=by, now=now)
    row = db.get(RouteRow, visit.route_id) if visit.route_id is not None else None
    if stays and row is None:
        raise NothingToPin
    visit.pinned_id = row.technician_id if stays and row is not None else None
    locked = plans.lock_day(db, branch_id=visit.branch_id, day=visit.day, now=now)
    plans.changed(db, locked.row, now=now)
    return visit


def _put(db: Session, visit: Visit, move: Move, *, now: datetime) -> None:
    """Write the route with the visit in it, and the shift as long as he has agreed to stay."""
    technician_id = move.route.worker_id
    if move.overtime_s:
        shift = withdrawals.shift_of(db, technician_id, visit.day)
        shift.shuts_s = max(shift.shuts_s, -(-move.taker.after.finish_s // 60) * 60)
    locked = plans.lock_day(db, branch_id=visit.branch_id, day=visit.day, now=now)
    row = plans.put_order(
        db,
        LockedDay(locked.row, locked.plan),
        technician_id=technician_id,
        timetable=move.taker.after,
    )
    visit.route_id = row.id
    db.flush()
    plans.changed(db, locked.row, now=now)
