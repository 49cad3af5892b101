"""A trial before and after: what happened at its place and everywhere else, over equal times."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, func, not_, select

from booking import queries
from booking.models import Booking, Promise
from booking.policy import Cause, Ending
from dispatch import queries as dispatch
from kernel.actor import SYSTEM, Actor, Role
from kernel.db import Session
from kernel.words import msg
from members import queries as members
from members import rule_queries
from members.rule_models import Place, RuleAct, RuleStep
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
    """Counts by measure before the trial and since it began, at its place and elsewhere; both times are
    `span` long."""

    span: timedelta
    before: Mapping[str, int]
    since: Mapping[str, int]
    others_before: Mapping[str, int]
    others_since: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """A trial with how it ended, None while it lasts, what its place is called, and what is known."""

    step: RuleStep
    ended: RuleStep | None
    name: str
    report: Report


def places(db: Session, *, by: Actor) -> dict[Place, str]:
    """Return where the actor may try a version, by name: each branch, and its stores."""
    branches = {row.id: row for row in dispatch.branches(db) if by.sees_branch(row.id)}
    found = {Place(branch_id=row.id): row.name for row in branches.values()}
    for store in queries.stores(db):
        if store.branch_id in branches:
            found[Place(branch_id=store.branch_id, store_id=store.id)] = store.name
    return found


def trials(db: Session, steps: Sequence[RuleStep], *, by: Actor, now: datetime) -> list[Trial]:
    """Return the trials that began with some of those steps, as far as the actor sees their places: a
    store's people see what their own stores try."""
    names = {place: name for place, name in places(db, by=SYSTEM).items() if _sees(by, place)}
    found = []
    for step in steps:
        name = names.get(step.place) if step.place else None
        if step.act is not RuleAct.PILOT or step.place is None or name is None:
            continue
        ended = rule_queries.step_after(db, step)
        until = ended.at if ended else now
        known = report(db, place=step.place, began_at=step.at, until=until)
        found.append(Trial(step=step, ended=ended, name=name, report=known))
    return found


def _sees(by: Actor, place: Place) -> bool:
    if by.role is Role.STORE:
        return place.store_id in by.store_ids
    return by.sees_branch(place.branch_id)


def report(db: Session, *, place: Place, began_at: datetime, until: datetime) -> Report:
    """Return what is known of a trial that began then; `until` is now, or when it ended."""
    span = min(until - began_at, SPAN_MAX)
    here = Booking.branch_id == place.branch_id
    if place.store_id is not None:
        # Whom the store brought, wherever he books.
        here = Booking.member_id.in_(members.ids_of_store(place.store_id))
    there = not_(here)
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
