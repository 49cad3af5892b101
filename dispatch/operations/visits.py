"""What a technician does with his visits. Each act retimes the rest of his route."""

from datetime import datetime

from dispatch.daybook import DayPlan
from dispatch.events import (
    VisitAccepted,
    VisitArrived,
    VisitDeclined,
    VisitDeparted,
    VisitDone,
    VisitFinished,
    VisitPaused,
    VisitResumed,
    VisitStarted,
)
from dispatch.models import BarredPair, Evidence, Visit, VisitPhoto
from dispatch.operations import plan as plans
from dispatch.operations import rehousing
from dispatch.operations.steps import facts_of, move
from dispatch.policy import GEOFENCE_M
from dispatch.queries import (
    VisitMissing,
    open_visit_ids,
    photos,
    visit_by_number,
    work_under_way,
)
from dispatch.states import LEFT, STARTED, VISIT_MACHINE, Proof, VisitAction, VisitState
from kernel import outbox
from kernel.actor import CONSOLE_ROLES, Actor, Role
from kernel.clock import local_date
from kernel.db import Session
from kernel.errors import Conflict, Invalid
from kernel.geo import Point, great_circle_m
from kernel.numbers import new_number
from kernel.words import msg

PHOTOS_MAX = 20
_WITH_PHOTOS = frozenset({VisitState.ARRIVED, VisitState.IN_SERVICE, VisitState.PAUSED}) | LEFT


class NotNext(Conflict):
    """Visits are driven to in the order of the route."""

    code = "not_next"
    says = msg("请按顺序上门：前面还有一户。")


class StillAtWork(Conflict):
    """Work that he began elsewhere has no end yet, be it of an earlier day."""

    code = "still_at_work"
    says = msg("%(visit)s 那一户还没有完工：请先把它完工，或者报告做不完。")


class NotToday(Conflict):
    """The visit is on another day."""

    code = "not_today"
    says = msg("这一户不是今天的任务。")


class WrongCode(Invalid):
    """The 服务码 is not the member's."""

    code = "wrong_code"
    says = msg("服务码不对，请让业主再看一下手机。")


class FarFromDoor(Conflict):
    """His phone is not where the door is; a photo and a reason explain it."""

    code = "far_from_door"
    says = msg("定位离门口还有 %(metres)s 米：请走近再试，或拍照并写明原因。")


class PhotoNeeded(Conflict):
    """Work is finished with so many photos of it."""

    code = "photo_needed"
    says = msg("完工 · 还差 %(n)s 张照片。")


class TooManyPhotos(Conflict):
    """PHOTOS_MAX photos are stored already."""

    code = "too_many_photos"
    says = msg("照片已有 20 张，够了，不用再传。")


def accept(db: Session, *, number: str, by: Actor, now: datetime) -> Visit:
    """Take the visit on. Raises VisitMissing, IllegalMove."""
    visit = own(db, number, by)
    move(db, visit, VisitAction.ACCEPT, by=by, now=now)
    outbox.record(db, VisitAccepted(at=now, **facts_of(visit)))
    return visit


def decline(db: Session, *, number: str, reason: str, by: Actor, now: datetime) -> Visit:
    """Say no to a visit: it finds another technician and is never offered to this one again.

    Raises VisitMissing, IllegalMove.
    """
    visit = own(db, number, by)
    technician_id = technician_of(visit)
    move(db, visit, VisitAction.DECLINE, by=by, now=now, cause=reason)
    outbox.record(db, VisitDeclined(at=now, reason=reason, **facts_of(visit)))
    db.add(BarredPair(visit_id=visit.id, technician_id=technician_id, reason=reason, at=now))
    visit.technician_id = visit.pinned_id = None
    plans.take_out(db, visit, now=now)

    rehousing.give_back(db, visit, cause="declined", by=by, now=now)
    return visit


def depart(db: Session, *, number: str, by: Actor, now: datetime) -> Visit:
    """Set out for the visit, which must be the next of today's route.

    Raises VisitMissing, NotToday, NotNext, StillAtWork, IllegalMove.
    """
    visit = own(db, number, by)
    _check_today(visit, now)
    _check_next(db, visit)
    _check_free(db, visit)
    move(db, visit, VisitAction.DEPART, by=by, now=now)
    visit.departed_at = now
    fresh = _retime(db, visit, now)

    eta_s = {stop[0]: stop[1] for stop in fresh.frozen[technician_of(visit)]}[visit.id]
    outbox.record(db, VisitDeparted(at=now, eta_s=eta_s, **facts_of(visit)))
    if eta_s > visit.shuts_s:
        plans.note_delay(db, visit, eta_s=eta_s, now=now)
    return visit


def arrive(
    db: Session,
    *,
    number: str,
    by: Actor,
    now: datetime,
    place: Point | None = None,
    reason: str = "",
) -> Visit:
    """Stand at the door, proven by `place` (where his phone says he is) or explained by a `reason`.

    A place within GEOFENCE_M of the door is a proof by itself; with a reason instead, a photo has to
    follow before anybody may be called absent. Raises VisitMissing, FarFromDoor, IllegalMove.
    """
    visit = own(db, number, by)
    metres = None if place is None else round(great_circle_m(place, visit.point))
    if not reason and metres is not None and metres > GEOFENCE_M:
        raise FarFromDoor(metres=metres)
    move(db, visit, VisitAction.ARRIVE, by=by, now=now, cause=reason)
    visit.arrived_at = now
    if metres is not None and metres <= GEOFENCE_M:
        facts = {"metres": metres}
        db.add(Evidence(visit_id=visit.id, kind=Proof.ARRIVAL.value, facts=facts, at=now))
    _retime(db, visit, now)
    outbox.record(db, VisitArrived(at=now, **facts_of(visit)))
    return visit


def start(db: Session, *, number: str, code: str, by: Actor, now: datetime) -> Visit:
    """Begin the work with the member's 服务码.

    Raises VisitMissing, WrongCode, StillAtWork, IllegalMove.
    """
    visit = own(db, number, by)
    if VISIT_MACHINE.allows(visit.state, VisitAction.START) and code != visit.service_code:
        raise WrongCode(field="code")
    return _begin(db, visit, by=by, now=now, cause="")


def release_code(db: Session, *, number: str, reason: str, by: Actor, now: datetime) -> Visit:
    """Let the work begin without the 服务码, by a dispatcher who answers for it.

    Raises VisitMissing, StillAtWork, IllegalMove.
    """
    return _begin(db, own(db, number, by), by=by, now=now, cause=reason)


def pause(db: Session, *, number: str, reason: str, by: Actor, now: datetime) -> Visit:
    """Rest the work, for a reason. Raises VisitMissing, IllegalMove."""
    visit = own(db, number, by)
    move(db, visit, VisitAction.PAUSE, by=by, now=now, cause=reason)
    visit.paused_at = now
    outbox.record(db, VisitPaused(at=now, **facts_of(visit)))
    return visit


def resume(db: Session, *, number: str, by: Actor, now: datetime) -> Visit:
    """Go on with the work; it takes as much longer as it rested. Raises VisitMissing, IllegalMove."""
    visit = own(db, number, by)
    move(db, visit, VisitAction.RESUME, by=by, now=now)
    assert visit.paused_at is not None
    visit.work_s += int((now - visit.paused_at).total_seconds())
    visit.paused_at = None
    _retime(db, visit, now)
    outbox.record(db, VisitResumed(at=now, **facts_of(visit)))
    return visit


def lengthen(db: Session, *, visit_id: int, work_s: int, now: datetime) -> Visit:
    """Let the work take `work_s` seconds longer than planned; the rest of his day moves with it."""
    known = plans.visit_row(db, visit_id)
    plans.lock_row(db, branch_id=known.branch_id, day=known.day)
    visit = plans.visit_row(db, visit_id)
    visit.work_s += work_s
    if visit.card_s is not None:
        visit.card_s += work_s
    _retime(db, visit, now)
    return visit


def add_photo(db: Session, *, number: str, sha256: str, by: Actor, now: datetime) -> VisitPhoto:
    """Attach a stored photo to the work; the same picture twice is one photo.

    Raises VisitMissing, TooManyPhotos, Conflict before the arrival.
    """
    visit = own(db, number, by)
    for known in photos(db, visit.id):
        if known.sha256 == sha256:
            return known
    check_takes_photos(db, visit)
    photo = VisitPhoto(number=new_number("P"), visit_id=visit.id, sha256=sha256, taken_at=now)
    db.add(photo)
    db.flush()
    return photo


def check_takes_photos(db: Session, visit: Visit) -> None:
    """Tell whether one photo more may be attached. Raises TooManyPhotos, Conflict before the arrival."""
    if visit.state not in _WITH_PHOTOS:
        raise Conflict
    if len(photos(db, visit.id)) >= PHOTOS_MAX:
        raise TooManyPhotos(field="photo")


def finish(db: Session, *, number: str, by: Actor, now: datetime, photos_least: int = 1) -> Visit:
    """Finish the work, of which there are `photos_least` photos.

    Raises VisitMissing, PhotoNeeded, IllegalMove.
    """
    visit = own(db, number, by)
    if visit.state is VisitState.IN_SERVICE:
        short = photos_least - len(photos(db, visit.id))
        if short > 0:
            raise PhotoNeeded(field="photo", n=short)
    move(db, visit, VisitAction.FINISH, by=by, now=now)
    visit.finished_at = now
    _retime(db, visit, now)
    outbox.record(db, VisitFinished(at=now, **facts_of(visit)))
    return visit


def sign(db: Session, *, visit_id: int, by: Actor, now: datetime) -> Visit:
    """End a visit whose work is signed for. Raises IllegalMove."""
    known = plans.visit_row(db, visit_id)
    plans.lock_row(db, branch_id=known.branch_id, day=known.day)
    visit = plans.visit_row(db, visit_id)
    move(db, visit, VisitAction.SIGN, by=by, now=now)
    visit.signed_at = now
    outbox.record(db, VisitDone(at=now, **facts_of(visit)))
    return visit


def own(db: Session, number: str, by: Actor) -> Visit:
    """Return the technician's own visit, or one in a dispatcher's branches, with its day locked, so
    that it is fresh. Raises VisitMissing."""
    known = visit_by_number(db, number)
    plans.lock_row(db, branch_id=known.branch_id, day=known.day)
    visit = plans.visit_row(db, known.id)
    if by.role is Role.TECHNICIAN and visit.technician_id != by.id:
        raise VisitMissing
    if by.role in CONSOLE_ROLES and not by.sees_branch(visit.branch_id):
        raise VisitMissing
    return visit


def technician_of(visit: Visit) -> int:
    """Return who was told of the visit; somebody must have been."""
    assert visit.technician_id is not None
    return visit.technician_id


def _begin(db: Session, visit: Visit, *, by: Actor, now: datetime, cause: str) -> Visit:
    if VISIT_MACHINE.allows(visit.state, VisitAction.START):
        _check_free(db, visit)
    move(db, visit, VisitAction.START, by=by, now=now, cause=cause)
    visit.started_at = now
    _retime(db, visit, now)
    outbox.record(db, VisitStarted(at=now, **facts_of(visit)))
    return visit


def _check_today(visit: Visit, now: datetime) -> None:
    if visit.day != local_date(now):
        raise NotToday


def _check_next(db: Session, visit: Visit) -> None:
    """He finishes one door before he drives to the next. What he was not told of (a hold, a promise
    not yet assigned) does not stand in his way: he could do nothing about it."""
    ids = open_visit_ids(db, technician_id=technician_of(visit), day=visit.day)
    if visit.state not in STARTED and ids[:1] != [visit.id]:
        raise NotNext


def _check_free(db: Session, visit: Visit) -> None:
    """Nobody works at two doors at once, as the database demands too."""
    other = work_under_way(db, technician_id=technician_of(visit))
    if other is not None and other.id != visit.id:
        raise StillAtWork(visit=other.number)


def _retime(db: Session, visit: Visit, now: datetime) -> DayPlan:
    db.flush()
    return plans.retime(
        db,
        technician_id=technician_of(visit),
        branch_id=visit.branch_id,
        day=visit.day,
        now=now,
    )
