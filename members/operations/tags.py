"""Tags and segments: made, put on, taken off, kept by their rules; and who wants no news."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import delete, select

from kernel.actor import Actor
from kernel.db import Session
from members import policy, tag_queries
from members.operations import following
from members.tag_models import NewsRefusal, Segment, Tag, Tagging
from members.tagging import NAME_MAX, Change, NoTags, Rule, TagByRule, TagKnown

HAND, RULE = "hand", "rule"
_AT_ONCE = 500


def make_tag(db: Session, *, name: str, rule: Rule | None, by: Actor, now: datetime) -> Tag:
    """Make a tag; with a rule it stands at once on whom the rule says.

    Raises Forbidden, TooShort, TooLong, TagKnown.
    """
    policy.check_decider(by)
    policy.check_length(name, field="name", least=1, most=NAME_MAX)
    if db.scalar(select(Tag.id).where(Tag.name == name.strip())) is not None:
        raise TagKnown(field="name")
    row = Tag(
        name=name.strip(),
        rule_kind=rule.kind if rule else None,
        rule_number=rule.number if rule else 0,
        made_at=now,
    )
    db.add(row)
    db.flush()
    keep_rules(db, changes=tag_queries.rule_changes(db, now=now, only=row.id), now=now)
    return row


def put_on(db: Session, *, tag_id: int, member_id: int, source: str = HAND, now: datetime) -> Tag:
    """Put a tag on a member; again is as once. Raises TagMissing, TagByRule."""
    following.lock_member(db, member_id)
    row = _by_hand(db, tag_id)
    known = select(Tagging.id).where(Tagging.tag_id == tag_id, Tagging.member_id == member_id)
    if db.scalar(known) is None:
        db.add(Tagging(tag_id=tag_id, member_id=member_id, source=source, at=now))
        db.flush()
    return row


def take_off(db: Session, *, tag_id: int, member_id: int) -> Tag:
    """Take a tag off a member; again is as once. Raises TagMissing, TagByRule."""
    following.lock_member(db, member_id)
    row = _by_hand(db, tag_id)
    db.execute(delete(Tagging).where(Tagging.tag_id == tag_id, Tagging.member_id == member_id))
    return row


def keep_rules(db: Session, *, changes: Mapping[int, Change], now: datetime) -> int:
    """Bring the taggings of rules to what `tag_queries.rule_changes` found; return how many changed."""
    changed = 0
    for tag_id, change in sorted(changes.items()):
        there = tag_queries.wearers(db, tag_id)
        fresh = sorted(change.on - there)
        db.add_all(Tagging(tag_id=tag_id, member_id=one, source=RULE, at=now) for one in fresh)
        db.flush()
        changed += len(fresh) + _take_off_all(db, tag_id, sorted(change.off & there))
    return changed


def make_segment(
    db: Session,
    *,
    name: str,
    with_ids: Sequence[int],
    without_ids: Sequence[int],
    by: Actor,
    now: datetime,
) -> Segment:
    """Name a segment. Raises Forbidden, TooShort, TooLong, TagKnown, NoTags."""
    policy.check_decider(by)
    policy.check_length(name, field="segment", least=1, most=NAME_MAX)
    known = {row.id for row in tag_queries.tags(db)}
    if not with_ids or set(with_ids) & set(without_ids) or {*with_ids, *without_ids} - known:
        raise NoTags(field="with_ids")
    if db.scalar(select(Segment.id).where(Segment.name == name.strip())) is not None:
        raise TagKnown(field="segment")
    row = Segment(
        name=name.strip(), with_ids=list(with_ids), without_ids=list(without_ids), made_at=now
    )
    db.add(row)
    db.flush()
    return row


def want_news(db: Session, *, wanted: bool, by: Actor, now: datetime) -> None:
    """Let the member hear news, or none; again is as once."""
    following.lock_member(db, by.id)
    row = db.get(NewsRefusal, by.id)
    if wanted and row is not None:
        db.delete(row)
    elif not wanted and row is None:
        db.add(NewsRefusal(member_id=by.id, at=now))


def _by_hand(db: Session, tag_id: int) -> Tag:
    row = tag_queries.tag(db, tag_id)
    if row.rule is not None:
        raise TagByRule
    return row


def _take_off_all(db: Session, tag_id: int, members: Sequence[int]) -> int:
    for start in range(0, len(members), _AT_ONCE):
        part = members[start : start + _AT_ONCE]
        db.execute(delete(Tagging).where(Tagging.tag_id == tag_id, Tagging.member_id.in_(part)))
    return len(members)
