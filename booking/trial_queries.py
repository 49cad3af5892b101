"""A trial before and after: what happened at its place and everywhere else, over equal times."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Label, case, func, not_, select
from sqlalchemy.orm import InstrumentedAttribute

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
WEEK = timedelta(days=7)
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
class Week:
    """Counts by measure within seven days, counted from when the trial began in both directions; the
    first and the last may be parts of a week. Negative `nth` were before it."""

    nth: int
    length: timedelta
    here: Mapping[str, int]
    elsewhere: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What happened before the trial and since it began, week by week, the oldest first; both times are
    `span` long."""

    span: timedelta
    weeks: Sequence[Week]

    @property
    def before(self) -> Mapping[str, int]:
        """The counts at its place before it."""
        return _summed(week.here for week in self.weeks if week.nth < 0)

    @property
    def since(self) -> Mapping[str, int]:
        """The counts at its place since it began."""
        return _summed(week.here for week in self.weeks if week.nth >= 0)

    @property
    def others_before(self) -> Mapping[str, int]:
        """The counts everywhere else before it."""
        return _summed(week.elsewhere for week in self.weeks if week.nth < 0)

    @property
    def others_since(self) -> Mapping[str, int]:
        """The counts everywhere else since it began."""
        return _summed(week.elsewhere for week in self.weeks if week.nth >= 0)


def _summed(counts: Iterable[Mapping[str, int]]) -> Mapping[str, int]:
    total: Counter[str] = Counter()
    for each in counts:
        total.update(each)
    return total


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
    steps = -(-span // WEEK) or 1
    edges = [began_at + max(min(n * WEEK, span), -span) for n in range(-steps, steps + 1)]
    known = [_counts(db, where, edges) for where in (here, not_(here))]
    weeks = [
        Week(nth=n - steps, length=edges[n + 1] - edges[n], here=own, elsewhere=others)
        for n, (own, others) in enumerate(zip(*known, strict=True))
    ]
    return Report(span=span, weeks=weeks)


def _counts(
    db: Session, where: ColumnElement[bool], edges: Sequence[datetime]
) -> list[dict[str, int]]:
    """Return the counts of the promises whose window opened within each [edge, next edge)."""
    found = [dict.fromkeys(MEASURES, 0) for _ in edges[1:]]
    due, nth = _within(Promise.starts_at, edges)
    rows = db.execute(
        select(nth, Promise.ending, Booking.cause, func.count())
        .join(Booking, Booking.id == Promise.booking_id)
        .where(where, due, Promise.promised_at.is_not(None))
        .group_by(nth.name, Promise.ending, Booking.cause)
    ).all()
    for week, ending, cause, count in rows:
        found[week]["due"] += count
        for name, counted in _ENDINGS.items():
            found[week][name] += count if ending == counted else 0
        if ending == Ending.CANCELLED and cause == Cause.UNANSWERED:
            found[week]["released"] += count
    happened, nth = _within(Strike.happened_at, edges)
    struck = db.execute(
        select(nth, Strike.kind, func.count())
        .join(Booking, Booking.number == Strike.booking_number)
        .where(where, happened)
        .group_by(nth.name, Strike.kind)
    ).all()
    for week, kind, count in struck:
        if kind in (StrikeKind.NO_SHOW, StrikeKind.REFUSED):
            found[week]["missed"] += count
        if kind is StrikeKind.LATE_CANCEL:
            found[week]["late_cancel"] += count
    return found


def _within(
    at: InstrumentedAttribute[datetime], edges: Sequence[datetime]
) -> tuple[ColumnElement[bool], Label[int]]:
    """Return whether `at` lies within the edges, and in the how manieth week of them."""
    nth = case(*((at < edge, n) for n, edge in enumerate(edges[1:])))
    return (at >= edges[0]) & (at < edges[-1]), nth.label("nth")
