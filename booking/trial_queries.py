"""A trial before and after: what happened at its branch and everywhere else, over equal times."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, func, select

from booking.models import Booking, Promise
from booking.policy import Cause, Ending
from kernel.db import Session
from kernel.words import msg
from members.rules import StrikeKind
from members.strike_models import Strike

# A trial is looked at over so long at most.
SPAN_MAX = timedelta(days=30)
# As kept as cancelled: what is counted by how a promise ended.
_ENDINGS: Mapping[str, Ending] = {
    "kept": Ending.KEPT,
    "cancelled": Ending.CANCELLED,
    "moved": Ending.MOVED,
}
MEASURES: Mapping[str, str] = {
    "due": msg("到期的承诺"),
    "kept": msg("按约完成"),
    "moved": msg("改约"),
    "cancelled": msg("取消"),
    "released": msg("不答复放开"),
    "missed": msg("没能见面"),
    "late_cancel": msg("临期取消"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Counts by measure before the trial and since it began, at its branch and at the others; both
    times are `span` long."""

    span: timedelta
    before: Mapping[str, int]
    since: Mapping[str, int]
    others_before: Mapping[str, int]
    others_since: Mapping[str, int]


def report(db: Session, *, branch_id: int, began_at: datetime, until: datetime) -> Report:
    """Return what is known of a trial that began then; `until` is now, or when it ended."""
    span = min(until - began_at, SPAN_MAX)
    here, there = Booking.branch_id == branch_id, Booking.branch_id != branch_id
    before, since = (began_at - span, began_at), (began_at, began_at + span)
    return Report(
        span=span,
        before=_counts(db, here, *before),
        since=_counts(db, here, *since),
        others_before=_counts(db, there, *before),
        others_since=_counts(db, there, *since),
    )


def _counts(
    db: Session, where: ColumnElement[bool], since: datetime, until: datetime
) -> dict[str, int]:
    """Return the counts of the promises whose window opened within [since, until)."""
    due = (Promise.starts_at >= since) & (Promise.starts_at < until)
    rows = db.execute(
        select(Promise.ending, Booking.cause, func.count())
        .join(Booking, Booking.id == Promise.booking_id)
        .where(where, due, Promise.promised_at.is_not(None))
        .group_by(Promise.ending, Booking.cause)
    ).all()
    found = dict.fromkeys(MEASURES, 0)
    for ending, cause, count in rows:
        found["due"] += count
        for name, counted in _ENDINGS.items():
            found[name] += count if ending == counted else 0
        if ending == Ending.CANCELLED and cause == Cause.UNANSWERED:
            found["released"] += count
    struck = db.execute(
        select(Strike.kind, func.count())
        .join(Booking, Booking.number == Strike.booking_number)
        .where(where, Strike.happened_at >= since, Strike.happened_at < until)
        .group_by(Strike.kind)
    ).all()
    for kind, count in struck:
        if kind in (StrikeKind.NO_SHOW, StrikeKind.REFUSED):
            found["missed"] += count
        if kind is StrikeKind.LATE_CANCEL:
            found["late_cancel"] += count
    return found
