"""News to a segment: set up, begun, told to a few at a time, stopped."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import func, select

from kernel import locks, outbox
from kernel.actor import Actor, Role
from kernel.clock import local_date, midnight
from kernel.db import Session
from kernel.errors import Forbidden
from kernel.numbers import new_number
from members import policy, tag_queries
from members.events import NewsOrdered
from members.models import Member
from members.operations import telling
from members.tag_models import Campaign, NewsRefusal, Target
from members.tagging import (
    A_DAY_MAX,
    ABOUT_MIN,
    BATCH_MAX,
    NAME_MAX,
    TEXT_MAX,
    CampaignBegun,
    TagMissing,
    is_held_out,
)

WAITING, TOLD, HELD_OUT, CAPPED, REFUSED, GONE = (
    "waiting",
    "told",
    "held_out",
    "capped",
    "refused",
    "gone",
)


def set_up(
    db: Session,
    *,
    name: str,
    segment_id: int,
    about: str,
    tip: str,
    path: str,
    hold_out: int,
    store_id: int | None = None,
    by: Actor,
    now: datetime,
) -> Campaign:
    """Write a campaign down, to the whole segment or to a store's followers in it; nobody hears of it
    until it begins.

    Raises Forbidden, TagMissing, TooShort, TooLong.
    """
    _check_sender(by, store_id)
    policy.check_length(name, field="name", least=1, most=NAME_MAX)
    policy.check_length(about, field="about", least=ABOUT_MIN, most=TEXT_MAX)
    policy.check_length(tip, field="tip", least=ABOUT_MIN, most=TEXT_MAX)
    tag_queries.segment(db, segment_id)
    row = Campaign(
        number=new_number("N"),
        name=name.strip(),
        segment_id=segment_id,
        about=about.strip(),
        tip=tip.strip(),
        path=path,
        hold_out=hold_out,
        store_id=store_id,
        made_at=now,
        made_by_id=by.id,
    )
    db.add(row)
    db.flush()
    return row


def begin(
    db: Session, *, number: str, scenes: Collection[str] | None = None, by: Actor, now: datetime
) -> Campaign:
    """Choose whom it goes to, as the segment is now; again is as once. `scenes` are those of its store,
    None where it has none.

    Raises Forbidden, TagMissing, CampaignBegun.
    """
    row = _locked(db, number)
    _check_sender(by, row.store_id)
    assert (scenes is None) == (row.store_id is None), "a store writes to its own followers"
    if row.stopped_at is not None:
        raise CampaignBegun
    if row.started_at is not None:
        return row
    segment = tag_queries.segment(db, row.segment_id)
    people = db.scalars(tag_queries.in_segment(segment, scenes=scenes))
    db.add_all(
        Target(campaign_id=row.id, member_id=one, fate=_first_fate(row, one)) for one in people
    )
    row.started_at = now
    db.flush()
    return row


def stop(db: Session, *, number: str, by: Actor, now: datetime) -> Campaign:
    """Tell nobody more; again is as once. Raises Forbidden, TagMissing."""
    row = _locked(db, number)
    _check_sender(by, row.store_id)
    row.stopped_at = row.stopped_at or now
    return row


def _check_sender(by: Actor, store_id: int | None) -> None:
    """Refuse who does not lead all, nor works at that store. Raises Forbidden."""
    if by.role is not Role.STORE:
        policy.check_leader(by)
    elif store_id not in by.store_ids:
        raise Forbidden


def tell_some(db: Session, *, now: datetime) -> int:
    """Tell the next of every campaign under way, BATCH_MAX each, as far as A_DAY_MAX lets; return how
    many were looked at.

    Whoever heard from us within telling's CAP, wants no news or does not follow is passed over, and it is
    written down why. All campaigns are locked, so that no two choose one batch.
    """
    rows = [_locked(db, number) for number in sorted(tag_queries.under_way(db))]
    return sum(_tell(db, row, now=now) for row in rows if row.stopped_at is None)


def _tell(db: Session, row: Campaign, *, now: datetime) -> int:
    since = midnight(local_date(now))
    told_today = select(func.count()).where(Target.campaign_id == row.id, Target.told_at >= since)
    room = min(BATCH_MAX, A_DAY_MAX - (db.scalar(told_today) or 0))
    if room <= 0:
        return 0
    waiting = select(Target).where(Target.campaign_id == row.id, Target.fate == WAITING)
    batch = db.scalars(waiting.order_by(Target.id).limit(room)).all()
    if not batch:
        row.done_at = row.done_at or now
        return 0
    refused, follow = _about(db, [one.member_id for one in batch])
    told = telling.claim(db, follow - refused, now=now)
    for one in batch:
        one.fate = _fate(one.member_id, refused=refused, told=told, follow=follow)
        if one.fate == TOLD:
            one.told_at = now
            outbox.record(
                db, NewsOrdered(at=now, campaign_number=row.number, member_id=one.member_id)
            )
    db.flush()
    return len(batch)


def _first_fate(row: Campaign, member_id: int) -> str:
    held_out = is_held_out(row.number, member_id, percent=row.hold_out)
    return HELD_OUT if held_out else WAITING


def _fate(member_id: int, *, refused: set[int], told: set[int], follow: set[int]) -> str:
    if member_id not in follow:
        return GONE
    if member_id in refused:
        return REFUSED
    return TOLD if member_id in told else CAPPED


def _about(db: Session, ids: list[int]) -> tuple[set[int], set[int]]:
    """Return of those members who want no news, and who follow."""
    refused = select(NewsRefusal.member_id).where(NewsRefusal.member_id.in_(ids))
    follow = select(Member.id).where(Member.id.in_(ids), Member.follows)
    return set(db.scalars(refused)), set(db.scalars(follow))


def _locked(db: Session, number: str) -> Campaign:
    row = locks.lock(
        db,
        Campaign,
        Campaign.number == number,
        rank=locks.Rank.STOCK,
        key=("campaign", number),
    )
    if row is None:
        raise TagMissing
    return row
