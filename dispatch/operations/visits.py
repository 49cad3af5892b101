"""What a technician does with his visits. Each act retimes the rest of his route."""

from datetime import datetime

from dispatch.daybook import DayPlan
from dispatch.events import (
    VisitAccepted,
    VisitArrived,
    VisitDeparted,
    VisitDone,
    VisitFinished,
    VisitStarted,
)
from dispatch.models import Visit, VisitPhoto
from dispatch.operations import plan as plans
from dispatch.operations.steps import facts_of, move
from dispatch.queries import VisitMissing, open_visit_ids, photos, visit_by_number
from dispatch.states import LEFT, STARTED, VisitAction, VisitState
from kernel import outbox
from kernel.actor import Actor, Role
from kernel.clock import local_date
from kernel.db import Session
from kernel.errors import Conflict, Invalid
from kernel.numbers import new_number
from kernel.words import msg

PHOTOS_MAX = 20
_WITH_PHOTOS = frozenset({VisitState.ARRIVED, VisitState.IN_SERVICE, VisitState.PAUSED}) | LEFT


class NotNext(Conflict):
    """Visits are driven to in the order of the route."""

    code = "not_next"
    says = msg("请按顺序上门：前面还有一户。")


class NotToday(Conflict):
    """The visit is on another day."""

    code = "not_today"
    says = msg("这一户不是今天的任务。")


class WrongCode(Invalid):
    """The 服务码 is not the member's."""

    code = "wrong_code"
    says = msg("服务码不对，请让业主再看一下手机。")


class PhotoNeeded(Conflict):
    """Work is finished with at least one photo of it."""

    code = "photo_needed"
    says = msg("完工 · 还差 1 张照片。")


class TooManyPhotos(Conflict):
    """PHOTOS_MAX photos are stored already."""

    code = "too_many_photos"
    says = msg("照片已有 20 张，够了，不用再传。")


def accept(db: Session, *, number: str, by: Actor, now: datetime) -> Visit:
    """Take the visit on. Raises VisitMissing, IllegalMove."""
    visit = _own(db, number, by, now)
    move(db, visit, VisitAction.ACCEPT, by=by, now=now)
    outbox.record(db, VisitAccepted(at=now, **facts_of(visit)))
    return visit


def depart(db: Session, *, number: str, by: Actor, now: datetime) -> Visit:
    """Set out for the visit, which must be the next of today's route.

    Raises VisitMissing, NotToday, NotNext, IllegalMove.
    """
    visit = _own(db, number, by, now)
    _check_today(visit, now)
    _check_next(db, visit)
    move(db, visit, VisitAction.DEPART, by=by, now=now)
    visit.departed_at = now
    fresh = _retime(db, visit, now)

    times = {stop[0]: stop for stop in fresh.frozen[_technician(visit)]}
    outbox.record(db, VisitDeparted(at=now, eta_s=times[visit.id][1], **facts_of(visit)))
    return visit


def arrive(db: Session, *, number: str, by: Actor, now: datetime) -> Visit:
    """Stand at the door. Raises VisitMissing, IllegalMove."""
    visit = _own(db, number, by, now)
    move(db, visit, VisitAction.ARRIVE, by=by, now=now)
    visit.arrived_at = now
    _retime(db, visit, now)
    outbox.record(db, VisitArrived(at=now, **facts_of(visit)))
    return visit


def start(db: Session, *, number: str, code: str, by: Actor, now: datetime) -> Visit:
    """Begin the work with the member's 服务码. Raises VisitMissing, WrongCode, IllegalMove."""
    visit = _own(db, number, by, now)
    if code != visit.service_code:
        raise WrongCode(field="code")
    move(db, visit, VisitAction.START, by=by, now=now)
    visit.started_at = now
    _retime(db, visit, now)
    outbox.record(db, VisitStarted(at=now, **facts_of(visit)))
    return visit


def add_photo(db: Session, *, number: str, sha256: str, by: Actor, now: datetime) -> VisitPhoto:
    """Attach a stored photo to the work; the same picture twice is one photo.

    Raises VisitMissing, TooManyPhotos, Conflict before the arrival.
    """
    visit = _own(db, number, by, now)
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


def finish(db: Session, *, number: str, by: Actor, now: datetime) -> Visit:
    """Finish the work. Raises VisitMissing, PhotoNeeded, IllegalMove."""
    visit = _own(db, number, by, now)
    if visit.state is VisitState.IN_SERVICE and not photos(db, visit.id):
        raise PhotoNeeded(field="photo")
    move(db, visit, VisitAction.FINISH, by=by, now=now)
    visit.finished_at = now
    _retime(db, visit, now)
    outbox.record(db, VisitFinished(at=now, **facts_of(visit)))
    return visit


def sign(db: Session, *, visit_id: int, by: Actor, now: datetime) -> Visit:
    """End a visit whose work is signed for. Raises IllegalMove."""
    known = plans.visit_row(db, visit_id)
    plans.lock_day(db, branch_id=known.branch_id, day=known.day, now=now)
    visit = plans.visit_row(db, visit_id)
    move(db, visit, VisitAction.SIGN, by=by, now=now)
    visit.signed_at = now
    outbox.record(db, VisitDone(at=now, **facts_of(visit)))
    return visit


def _own(db: Session, number: str, by: Actor, now: datetime) -> Visit:
    """Return the technician's own visit with its day locked, so that it is fresh."""
    known = visit_by_number(db, number)
    plans.lock_day(db, branch_id=known.branch_id, day=known.day, now=now)
    visit = plans.visit_row(db, known.id)
    if by.role is Role.TECHNICIAN and visit.technician_id != by.id:
        raise VisitMissing
    return visit


def _check_today(visit: Visit, now: datetime) -> None:
    if visit.day != local_date(now):
        raise NotToday


def _check_next(db: Session, visit: Visit) -> None:
    """He finishes one door before he drives to the next. What he was not told of (a hold, a promise
    not yet assigned) does not stand in his way: he could do nothing about it."""
    ids = open_visit_ids(db, technician_id=_technician(visit), day=visit.day)
    if visit.state not in STARTED and ids[:1] != [visit.id]:
        raise NotNext


def _retime(db: Session, visit: Visit, now: datetime) -> DayPlan:
    db.flush()
    return plans.retime(
        db,
        technician_id=_technician(visit),
        branch_id=visit.branch_id,
        day=visit.day,
        now=now,
    )


def _technician(visit: Visit) -> int:
    assert visit.technician_id is not None
    return visit.technician_id
