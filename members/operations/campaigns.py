"""News to a segment: set up, begun, told to a few at a time, stopped."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import func, select, update

from kernel import locks, outbox
from kernel.actor import SYSTEM, Actor, Role
from kernel.clock import local_date, midnight
from kernel.db import Session
from kernel.numbers import new_number
from members import policy, tag_queries
from members.events import NewsOrdered
from members.models import Member
from members.operations import following, tags, telling
from members.scope import of_stores
from members.tag_models import Campaign, NewsRefusal, Target
from members.tagging import (
    A_DAY_MAX,
    ABOUT_MIN,
    BATCH_MAX,
    CAPPED,
    GONE,
    HELD_OUT,
    NAME_MAX,
    REFUSED,
    TEXT_MAX,
    TOLD,
    WAITING,
    CallOutcome,
    CampaignBegun,
    TagMissing,
    is_held_out,
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
    is_by_call: bool = False,
    by: Actor,
    now: datetime,
) -> Campaign:
    """Write a campaign down, to the whole segment or to a store's followers in it, who are written to or
    called; nobody hears of it until it begins.

    Raises Forbidden, TagMissing, TooShort, TooLong.
    """
    policy.check_runs(by, store_id)
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
        is_by_call=is_by_call,
        made_at=now,
        made_by_id=by.id,
    )
    db.add(row)
    db.flush()
    return row


def begin(
    db: Session,
    *,
    number: str,
    scenes: Collection[str] | None = None,
    by: Actor,
    within: Collection[int] | None = (),
    now: datetime,
) -> Campaign:
    """Choose whom it goes to, as the segment is now; again is as once. `scenes` are those of its store,
    None where it has none; `within` here and below the stores in the actor's scope, None for all.

    Raises Forbidden, TagMissing, CampaignBegun.
    """
    row = _locked(db, number, by=by, within=within)
    policy.check_runs(by, row.store_id)
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
    if row.is_by_call:
        _leave_out_whom_no_call_reaches(db, row)
    return row


def stop(
    db: Session, *, number: str, by: Actor, within: Collection[int] | None = (), now: datetime
) -> Campaign:
    """Tell nobody more; again is as once. Raises Forbidden, TagMissing."""
    row = _locked(db, number, by=by, within=within)
    policy.check_runs(by, row.store_id)
    row.stopped_at = row.stopped_at or now
    return row


def tell_some(db: Session, *, now: datetime) -> int:
    """Tell the next of every campaign under way, BATCH_MAX each, as far as A_DAY_MAX lets; return how
    many were looked at.

    Whoever heard from us within telling's CAP, wants no news or does not follow is passed over, and it is
    written down why. All campaigns are locked, so that no two choose one batch.
    """
    numbers = sorted(tag_queries.under_way(db))
    rows = [_locked(db, number, by=SYSTEM, within=None) for number in numbers]
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


def note_call(
    db: Session,
    *,
    number: str,
    member_number: str,
    outcome: CallOutcome,
    text: str,
    by: Actor,
    within: Collection[int] | None = (),
    now: datetime,
) -> Campaign:
    """Write down what came of calling one of those who are to be called; who wants no more hears no
    news from then on.

    Raises Forbidden, TagMissing, NotToCall.
    """
    if by.role is not Role.STORE:
        policy.check_decider(by)
    row = tag_queries.campaign(db, number=number, by=by, within=within)
    _, asked = tag_queries.waiting_call(db, row, member_number=member_number)
    member = following.lock_member(db, asked.id)
    row = _locked(db, number, by=by, within=within)
    one, _ = tag_queries.waiting_call(db, row, member_number=member_number)
    one.tried_at, one.tried_by_id, one.said = now, by.id, text.strip()
    if outcome is CallOutcome.REACHED:
        one.fate, one.told_at = TOLD, now
        telling.claim(db, [member.id], now=now)
    elif outcome is CallOutcome.NO_MORE:
        one.fate = REFUSED
        tags.want_news(db, wanted=False, by=Actor(member.id, Role.MEMBER), now=now)
    db.flush()
    if not tag_queries.to_call(db, row, limit=1):
        row.done_at = row.done_at or now
    return row


def _leave_out_whom_no_call_reaches(db: Session, row: Campaign) -> None:
    """Pass over who wants no news or has no phone, before anybody is called."""
    waiting = update(Target).where(Target.campaign_id == row.id, Target.fate == WAITING)
    mute = select(Member.id).where(Member.phone == "")
    db.execute(waiting.where(Target.member_id.in_(mute)).values(fate=GONE))
    refused = select(NewsRefusal.member_id)
    db.execute(waiting.where(Target.member_id.in_(refused)).values(fate=REFUSED))


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


def _locked(db: Session, number: str, *, by: Actor, within: Collection[int] | None) -> Campaign:
    where = (Campaign.number == number) & of_stores(Campaign.store_id, by=by, within=within)
    row = locks.lock(db, Campaign, where, rank=locks.Rank.STOCK, key=("campaign", number))
    if row is None:
        raise TagMissing
    return row
