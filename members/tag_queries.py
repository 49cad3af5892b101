"""Reads of tags, segments and campaigns."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime

from sqlalchemy import Select, String, cast, func, literal, select
from sqlalchemy.orm import aliased

from kernel.actor import Actor
from kernel.db import Session
from members import merge_queries, queries
from members.ledger import COMPLETION, DEBT, POINTS
from members.ledger_models import Account, Entry, Posting
from members.models import Member
from members.scope import of_stores
from members.tag_models import Campaign, NewsRefusal, Segment, Tag, Tagging, Target
from members.tagging import WAITING, Change, Facts, NotToCall, TagMissing, wears


def tags(db: Session) -> Sequence[Tag]:
    """Return every tag, by name."""
    return db.scalars(select(Tag).order_by(Tag.name)).all()


def tag(db: Session, tag_id: int) -> Tag:
    """Return a tag. Raises TagMissing."""
    row = db.get(Tag, tag_id)
    if row is None:
        raise TagMissing
    return row


def tag_counts(db: Session) -> Mapping[int, int]:
    """Return how many members have each tag."""
    rows = db.execute(select(Tagging.tag_id, func.count()).group_by(Tagging.tag_id))
    return {row[0]: row[1] for row in rows}


def tags_by_member(db: Session, member_ids: Sequence[int]) -> Mapping[int, list[Tag]]:
    """Return the tags of each of those members, by name."""
    found: dict[int, list[Tag]] = {member_id: [] for member_id in member_ids}
    rows = select(Tagging.member_id, Tag).join(Tag, Tagging.tag_id == Tag.id)
    for member_id, row in db.execute(rows.where(Tagging.member_id.in_(found)).order_by(Tag.name)):
        found[member_id].append(row)
    return found


def tags_of(db: Session, member_id: int) -> Sequence[Tag]:
    """Return the tags of a member, by name."""
    found = select(Tag).join(Tagging, Tagging.tag_id == Tag.id)
    return db.scalars(found.where(Tagging.member_id == member_id).order_by(Tag.name)).all()


def has_tag(db: Session, member_id: int, *, tag_id: int) -> bool:
    """Tell whether the tag stands on the member."""
    found = select(Tagging.id).where(Tagging.member_id == member_id, Tagging.tag_id == tag_id)
    return db.scalar(found) is not None


def wearers(db: Session, tag_id: int) -> set[int]:
    """Return the members who have the tag."""
    return set(db.scalars(select(Tagging.member_id).where(Tagging.tag_id == tag_id)))


def facts(db: Session) -> Iterator[tuple[int, Facts]]:
    """Yield what rules look at, for everybody by the id that stands; what was completed under the name
    of who was merged into him counts for him."""
    whose, undoes = func.replace(Account.owner, DEBT, ""), aliased(Posting)
    by_name = (
        select(
            whose.label("owner"),
            func.count(func.distinct(Posting.id)).label("completed"),
            func.max(Posting.at).label("last_at"),
        )
        .join(Entry, Entry.posting_id == Posting.id)
        .join(Account, Account.id == Entry.account_id)
        .outerjoin(undoes, undoes.reverses_id == Posting.id)
        .where(Posting.kind == COMPLETION, whose.like("member:%"), undoes.id.is_(None))
        .group_by(whose)
        .subquery()
    )
    owner = literal("member:") + cast(Member.id, String)
    person = func.coalesce(Member.merged_into_id, Member.id)
    done = (
        select(
            person.label("id"),
            func.sum(by_name.c.completed).label("completed"),
            func.max(by_name.c.last_at).label("last_at"),
        )
        .join(by_name, by_name.c.owner == owner)
        .group_by(person)
        .subquery()
    )
    found = (
        select(Member.id, Member.joined_at, done.c.completed, done.c.last_at, Account.balance)
        .outerjoin(done, done.c.id == Member.id)
        .outerjoin(Account, (Account.owner == owner) & (Account.unit == POINTS))
        .where(*merge_queries.LIVING)
    )
    for member_id, joined_at, completed, last_at, points in db.execute(found):
        yield member_id, Facts(joined_at, int(completed or 0), last_at, points or 0)


def rule_changes(db: Session, *, now: datetime, only: int | None = None) -> Mapping[int, Change]:
    """Return by tag what the rules, or `only` that tag's, would change now."""
    ruled = [row for row in tags(db) if row.rule and only in (None, row.id)]
    everybody = list(facts(db)) if ruled else []
    found = {}
    for row in ruled:
        assert row.rule is not None
        wanted = {member for member, known in everybody if wears(row.rule, known, now=now)}
        have = wearers(db, row.id)
        change = Change(frozenset(wanted - have), frozenset(have - wanted))
        if change.on or change.off:
            found[row.id] = change
    return found


def segments(db: Session) -> Sequence[Segment]:
    """Return every segment, the newest first."""
    return db.scalars(select(Segment).order_by(Segment.id.desc())).all()


def segment(db: Session, segment_id: int) -> Segment:
    """Return a segment. Raises TagMissing."""
    row = db.get(Segment, segment_id)
    if row is None:
        raise TagMissing
    return row


def in_segment(row: Segment, *, scenes: Collection[str] | None = None) -> Select[int]:
    """Return the query for the ids of those in it, of those alone whom one of the scenes brought first or
    last where scenes are given."""

    def worn(tag_id: int) -> Select[int]:
        return select(Tagging.member_id).where(Tagging.tag_id == tag_id)

    found = select(Member.id).where(*merge_queries.LIVING)
    if scenes is not None:
        found = found.where(Member.first_scene.in_(scenes) | Member.last_scene.in_(scenes))
    for tag_id in row.with_ids:
        found = found.where(Member.id.in_(worn(tag_id)))
    for tag_id in row.without_ids:
        found = found.where(Member.id.not_in(worn(tag_id)))
    return found


def segment_counts(
    db: Session, row: Segment, *, scenes: Collection[str] | None = None
) -> tuple[int, int]:
    """Return how many are in it, of those whom the scenes brought where some are given, and how many of
    them may be written to."""
    ids = in_segment(row, scenes=scenes).subquery()
    people = db.scalar(select(func.count()).select_from(ids)) or 0
    refused = select(NewsRefusal.member_id)
    reached = select(func.count()).where(
        Member.id.in_(select(ids.c.id)), Member.follows, Member.id.not_in(refused)
    )
    return people, db.scalar(reached) or 0


def wants_news(db: Session, member_id: int) -> bool:
    """Tell whether he hears news beside what concerns his own bookings and account, or does so into
    whom he was merged."""
    return db.get(NewsRefusal, queries.member(db, member_id).id) is None


def campaigns(
    db: Session, *, by: Actor, within: Collection[int] | None, limit: int, offset: int = 0
) -> tuple[Sequence[Campaign], int]:
    """Return a page of the campaigns in the actor's scope, the newest first, and how many there are."""
    where = of_stores(Campaign.store_id, by=by, within=within)
    total = db.scalar(select(func.count()).select_from(Campaign).where(where)) or 0
    found = select(Campaign).where(where).order_by(Campaign.id.desc()).limit(limit).offset(offset)
    return db.scalars(found).all(), total


def campaign(
    db: Session, *, number: str, by: Actor, within: Collection[int] | None = ()
) -> Campaign:
    """Return a campaign in the actor's scope: of no store, or of one of the stores `within`, None for all.
    Raises TagMissing."""
    where = of_stores(Campaign.store_id, by=by, within=within)
    row = db.scalars(select(Campaign).where(Campaign.number == number, where)).one_or_none()
    if row is None:
        raise TagMissing
    return row


def under_way(db: Session) -> Sequence[str]:
    """Return the numbers of the campaigns that have still somebody to write to."""
    found = select(Campaign.number).where(
        Campaign.started_at.is_not(None),
        Campaign.stopped_at.is_(None),
        Campaign.done_at.is_(None),
        Campaign.is_by_call.is_(False),
    )
    return db.scalars(found.order_by(Campaign.id)).all()


def to_call(db: Session, row: Campaign, *, limit: int) -> Sequence[tuple[Target, Member]]:
    """Return whom to call next: first those whom nobody called yet, then whoever waits longest."""
    order = (Target.tried_at.is_not(None), Target.tried_at, Target.id)
    found = db.execute(_waiting(row).order_by(*order).limit(limit))
    return [(target, member) for target, member in found]


def waiting_call(db: Session, row: Campaign, *, member_number: str) -> tuple[Target, Member]:
    """Return that one of those who are to be called. Raises NotToCall, also where there is no such
    member."""
    found = db.execute(_waiting(row).where(Member.number == member_number)).one_or_none()
    if found is None or not row.is_by_call or row.started_at is None or row.stopped_at is not None:
        raise NotToCall
    return found[0], found[1]


def _waiting(row: Campaign) -> Select[Target, Member]:
    """Return the query for who waits to be called: not who was merged or forgotten since it began, nor
    who wants no news any more."""
    return (
        select(Target, Member)
        .join(Member, Member.id == Target.member_id)
        .where(Target.campaign_id == row.id, Target.fate == WAITING, *merge_queries.LIVING)
        .where(Member.id.not_in(select(NewsRefusal.member_id)))
    )


def fates_of(db: Session, campaign_ids: Sequence[int]) -> Mapping[int, Counter[str]]:
    """Return how many targets of each campaign stand how."""
    found: dict[int, Counter[str]] = {id_: Counter() for id_ in campaign_ids}
    rows = db.execute(
        select(Target.campaign_id, Target.fate, func.count())
        .where(Target.campaign_id.in_(campaign_ids))
        .group_by(Target.campaign_id, Target.fate)
    )
    for campaign_id, fate, count in rows:
        found[campaign_id][fate] = count
    return found


def targets_of(db: Session, campaign_id: int) -> Sequence[Target]:
    """Return all who were chosen."""
    return db.scalars(select(Target).where(Target.campaign_id == campaign_id)).all()
