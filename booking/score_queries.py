"""The facts from which a technician's score is reckoned."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import select

from booking import feedback_queries, queries, score
from booking.asset_models import AssetBooking
from booking.assets import INSTALLATION
from booking.goods import GoodsKind
from booking.goods_models import GoodsItem
from booking.models import Booking, Promise
from booking.score import Arrival, Fix, Records, Score
from booking.states import SERVED, GoodsState
from dispatch import attendance
from dispatch import queries as dispatch
from kernel.clock import local_date
from kernel.db import Session
from members import rule_queries
from members.rules import ScoreFormula


def scores(db: Session, *, technician_ids: Collection[int], now: datetime) -> dict[int, Score]:
    """Return the scores of those technicians by id."""
    return {i: score_of(db, technician_id=i, now=now) for i in technician_ids}


def score_of(
    db: Session, *, technician_id: int, now: datetime, formula: ScoreFormula | None = None
) -> Score:
    """Return the technician's score with its parts over the span that ends now, by that formula, else
    by the one in force at his branch."""
    if formula is None:
        known = dispatch.technicians_by_id(db, [technician_id]).get(technician_id)
        branch_id = known.branch_id if known else None
        formula = rule_queries.in_force(db, branch_id=branch_id).score
    span = formula.span
    visits = attendance.visits_due(
        db,
        technician_id=technician_id,
        first=local_date(now - span),
        last=local_date(now),
    )
    promises = {
        promise.visit_id: promise
        for promise in _promises_of_visits(db, [visit.id for visit in visits])
        if now - span < promise.starts_at <= now
    }
    own = [visit for visit in visits if visit.id in promises]
    ratings = feedback_queries.ratings_of(
        db, technician_id=technician_id, since=now - span, until=now
    )
    finished = [visit.id for visit in own if attendance.is_finished(visit)]
    return score.score(
        ratings=[rating.stars for rating in ratings],
        arrivals=[
            Arrival(promises[v.id].starts_at, promises[v.id].ends_at, v.arrived_at)
            for v in own
            if v.arrived_at is not None or attendance.is_missed(v)
        ],
        fixes=_fixes(db, formula, [promises[v.id] for v in own if attendance.is_attended(v)]),
        records=_records(db, [promises[visit_id] for visit_id in finished]),
        formula=formula,
    )


def _promises_of_visits(db: Session, visit_ids: Sequence[int]) -> Sequence[Promise]:
    found = select(Promise).where(Promise.visit_id.in_(visit_ids), Promise.promised_at.is_not(None))
    return db.scalars(found).all()


def _fixes(db: Session, formula: ScoreFormula, attended: Sequence[Promise]) -> list[Fix]:
    """Return the completed jobs that one technician began; `attended` is where he worked.

    A job is one service of a booking. He who is called to finish another's work is not to blame.
    """
    served = _served(db, {promise.booking_id for promise in attended})
    by_job = _attended_by_job(db, served)
    again = _revisited(db, served, within=formula.revisit_span)
    fixes = []
    for promise in attended:
        visit_ids = by_job.get((promise.booking_id, promise.service_id), [])
        if visit_ids[:1] == [promise.visit_id]:
            fixes.append(Fix(len(visit_ids), promise.booking_id in again))
    return fixes


def _served(db: Session, booking_ids: Collection[int]) -> list[int]:
    found = select(Booking.id).where(Booking.id.in_(booking_ids), Booking.state.in_(SERVED))
    return list(db.scalars(found))


def _attended_by_job(
    db: Session, booking_ids: Collection[int]
) -> Mapping[tuple[int, int], list[int]]:
    """Return the attended visits of each booking's service, the first one first."""
    found = select(Promise).where(Promise.booking_id.in_(booking_ids))
    promises = db.scalars(found.order_by(Promise.starts_at, Promise.id)).all()
    visits = dispatch.visits_by_id(db, [promise.visit_id for promise in promises])
    jobs: dict[tuple[int, int], list[int]] = defaultdict(list)
    for promise in promises:
        if attendance.is_attended(visits[promise.visit_id]):
            jobs[promise.booking_id, promise.service_id].append(promise.visit_id)
    return jobs


def _revisited(db: Session, booking_ids: Collection[int], *, within: timedelta) -> set[int]:
    """Return those of the bookings whose appliance another booking served so soon after."""
    here = db.scalars(select(AssetBooking).where(AssetBooking.booking_id.in_(booking_ids))).all()
    asset_ids = {row.asset_id for row in here}
    by_asset: dict[int, list[AssetBooking]] = defaultdict(list)
    for row in db.scalars(select(AssetBooking).where(AssetBooking.asset_id.in_(asset_ids))):
        by_asset[row.asset_id].append(row)
    return {row.booking_id for row in here if _is_followed(row, by_asset[row.asset_id], within)}


def _is_followed(served: AssetBooking, others: Iterable[AssetBooking], within: timedelta) -> bool:
    return any(
        other.booking_id != served.booking_id and served.at < other.at <= served.at + within
        for other in others
    )


def _records(db: Session, finished: Sequence[Promise]) -> list[Records]:
    """Return what was recorded of each finished visit: a photo, each item scanned, and the serial
    number of what was installed."""
    catalogue = queries.services_by_id(db)
    photos = attendance.photo_counts(db, [promise.visit_id for promise in finished])
    booking_ids = {promise.booking_id for promise in finished}
    serials = set(
        db.scalars(select(AssetBooking.visit_id).where(AssetBooking.booking_id.in_(booking_ids)))
    )
    items: dict[tuple[int, int], list[GoodsItem]] = defaultdict(list)
    brought = select(GoodsItem).where(
        GoodsItem.booking_id.in_(booking_ids), GoodsItem.kind != GoodsKind.OLD
    )
    for item in db.scalars(brought):
        items[item.booking_id, item.service_id].append(item)
    records = []
    for promise in finished:
        own = items[promise.booking_id, promise.service_id]
        kept = [promise.visit_id in photos]
        kept += [item.state is GoodsState.DELIVERED for item in own]
        if catalogue[promise.service_id].category == INSTALLATION:
            kept.append(promise.visit_id in serials)
        records.append(Records(sum(kept), len(kept)))
    return records
