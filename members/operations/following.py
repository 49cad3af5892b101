"""A person meets the service account."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite

from kernel import locks, outbox
from kernel.db import Session
from kernel.errors import Conflict
from kernel.numbers import new_number
from kernel.words import msg
from members.events import MemberFollowed
from members.models import Member, Touch


class PhoneChanged(Conflict):
    """Another phone was given since; that one would have to be proven."""

    code = "phone_changed"
    says = msg("手机号刚刚改过，请重新确认。")


def lock_member(db: Session, member_id: int) -> Member:
    """Lock the member, who must exist: the first lock of whatever concerns his bookings."""
    member = locks.lock(
        db, Member, Member.id == member_id, rank=locks.Rank.MEMBER, key=(member_id,)
    )
    assert member is not None
    return member


def meet(db: Session, *, openid: str, now: datetime) -> Member:
    """Return the member of that openid, made now when he is new."""
    found = select(Member).where(Member.openid == openid)
    known = db.scalars(found).one_or_none()
    if known is not None:
        return known
    # Two of his acts may make him at once; PostgreSQL waits here for the other's commit.
    insert = sqlite.insert if db.get_bind().dialect.name == "sqlite" else postgresql.insert
    newcomer = insert(Member).values(
        number=new_number("M"),
        openid=openid,
        name="",
        phone="",
        follows=False,
        first_scene="",
        last_scene="",
        joined_at=now,
    )
    db.execute(newcomer.on_conflict_do_nothing(index_elements=["openid"]))
    return db.scalars(found).one()


def follow(db: Session, *, openid: str, scene: str, now: datetime) -> Member:
    """Record that he follows, and by which QR code (`scene`, empty for none)."""
    member = meet(db, openid=openid, now=now)
    followed, member.follows = not member.follows, True
    touch(db, member=member, scene=scene, followed=followed, now=now)
    outbox.record(db, MemberFollowed(at=now, member_id=member.id, scene=scene))
    return member


def touch(
    db: Session, *, member: Member, scene: str, followed: bool = False, now: datetime
) -> None:
    """Record a scan, by which he may have begun to follow; the first scene is kept for ever, the last
    one moves. No scene, no touch."""
    if not scene:
        return
    member.first_scene = member.first_scene or scene
    member.last_scene = scene
    db.add(Touch(member_id=member.id, scene=scene, at=now, followed=followed))


def unfollow(db: Session, *, openid: str) -> None:
    """Record that he no longer follows; unknown openids are ignored."""
    known = db.scalars(select(Member).where(Member.openid == openid)).one_or_none()
    if known is not None:
        known.follows = False


def name_member(db: Session, *, member_id: int, name: str, phone: str) -> None:
    """Keep the name and phone he last booked with; another phone than before is not confirmed."""
    member = lock_member(db, member_id)
    if member.phone != phone:
        member.phone_confirmed_at = None
    member.name, member.phone = name, phone


def confirm_phone(db: Session, *, member_id: int, phone: str, now: datetime) -> None:
    """Record that `phone` was proven to be his. Raises PhoneChanged when it is not the one we keep."""
    member = lock_member(db, member_id)
    if not phone or member.phone != phone:
        raise PhoneChanged(field="phone")
    member.phone_confirmed_at = now
