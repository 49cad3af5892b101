"""A person meets the service account."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from secrets import token_hex
from typing import cast

from sqlalchemy import BindParameter, Table, bindparam, insert, select, update

from kernel import locks, outbox
from kernel.db import Session, insert_once
from kernel.errors import ChangedMeanwhile, Conflict
from kernel.numbers import new_number
from kernel.phone import Phone
from kernel.words import msg
from members import queries
from members.events import CodeScanned, MemberFollowed, PhoneConfirmed
from members.merging import CALLER
from members.models import Member, Touch
from members.policy import MemberMissing


class PhoneChanged(Conflict):
    """Another phone was given since; that one would have to be proven."""

    code = "phone_changed"
    says = msg("手机号刚刚改过，请重新确认。")


@dataclass(frozen=True, slots=True)
class Act:
    """Somebody met the account, by the code of that scene, "" for none; `follows`: he began to."""

    openid: str
    scene: str
    follows: bool = False


@dataclass(frozen=True, slots=True)
class Person:
    """A member as following knows him; `whose` is he into whom he was merged, else himself."""

    id: int
    whose: int
    openid: str
    follows: bool
    first_scene: str
    last_scene: str

    def after(self, act: Act) -> "Person":
        """Return him as he is after that."""
        return replace(
            self,
            follows=self.follows or act.follows,
            first_scene=self.first_scene or act.scene,
            last_scene=act.scene or self.last_scene,
        )


def lock_member(db: Session, member_id: int) -> Member:
    """Lock the member, who must exist: the first lock of whatever concerns his bookings.

    Raises ChangedMeanwhile when he was merged into another since the caller learned his id: what is
    written for him would be lost to the other, and what is true of both not asked.
    """
    member = locks.lock(
        db, Member, Member.id == member_id, rank=locks.Rank.MEMBER, key=(member_id,)
    )
    assert member is not None
    if member.merged_into_id is not None:
        raise ChangedMeanwhile
    return member


def lock_person(db: Session, member_id: int) -> Member:
    """Lock the member of that id, or into whom he was merged: for ids that were written down before."""
    return lock_member(db, queries.member(db, member_id).id)


def is_locked(db: Session, member_id: int) -> bool:
    """Tell whether this transaction has locked the member."""
    return locks.is_held(db, rank=locks.Rank.MEMBER, key=(member_id,))


def meet(db: Session, *, openid: str, now: datetime) -> Member:
    """Return the member of that openid, or into whom he was merged; made now when he is new."""
    found = select(Member).where(Member.openid == openid)
    known = db.scalars(found).one_or_none()
    if known is None:
        _make(db, [openid], now=now)
        known = db.scalars(found).one()
    return queries.member(db, known.id)


def meet_all(
    db: Session, openids: Collection[str], *, known: Collection[str] = (), now: datetime
) -> dict[str, Person]:
    """Lock the members of those openids, made now when they are new, and those of `known` who are no
    strangers; return them by openid."""
    there = db.connection().execute(_KNOWN, {"openids": sorted(openids)}).scalars()
    _make(db, sorted(set(openids).difference(there)), now=now)
    asked = {"openids": sorted({*openids, *known})}
    rows = locks.lock_rows(db, _PEOPLE, asked, rank=locks.Rank.MEMBER)
    return {
        row.openid: Person(
            row.id,
            row.merged_into_id or row.id,
            row.openid,
            row.follows,
            row.first_scene,
            row.last_scene,
        )
        for row in rows
    }


def _make(db: Session, openids: Sequence[str], *, now: datetime) -> None:
    # Two of his acts may make him at once.
    newcomers = [
        {"number": new_number("M"), "openid": openid, "joined_at": now} for openid in openids
    ]
    insert_once(db, _MEMBERS, newcomers, by="openid")


def note(
    db: Session,
    people: Mapping[str, Person],
    acts: Sequence[Act],
    *,
    left: Collection[str] = (),
    now: datetime,
) -> None:
    """Record what people did whom `meet_all` has locked, in its order, and that those of `left` do not
    follow any more. The first scene is kept for ever, the last one moves; no scene, no touch."""
    told = dict(people)
    touches = []
    for act in acts:
        before = told[act.openid]
        told[act.openid] = before.after(act)
        if act.scene:
            followed = act.follows and not before.follows
            touches.append(
                {"member_id": before.whose, "scene": act.scene, "at": now, "followed": followed}
            )
        if act.follows:
            outbox.record(db, MemberFollowed(at=now, member_id=before.whose, scene=act.scene))
        elif act.scene:
            outbox.record(db, CodeScanned(at=now, member_id=before.whose, scene=act.scene))
    told |= {openid: replace(told[openid], follows=False) for openid in left}

    changed = [asdict(told[openid]) for openid in told if told[openid] != people[openid]]
    if changed:
        rows = [{"of": row.pop("id"), **row} for row in changed if row.pop("whose")]
        db.connection().execute(_CHANGE, rows)
    if touches:
        db.connection().execute(insert(_TOUCHES), touches)


def belong(db: Session, *, member_id: int, scene: str, store_id: int) -> None:
    """Let a member belong to the store whose code it is by which he first met us; of any other code
    nothing comes."""
    his = (Member.id == member_id) & (Member.first_scene == scene) & Member.store_id.is_(None)
    db.execute(
        update(Member)
        .where(his)
        .values(store_id=store_id)
        .execution_options(synchronize_session=False)
    )


def follow(db: Session, *, openid: str, scene: str, now: datetime) -> Member:
    """Record that he follows, and by which QR code (`scene`, empty for none)."""
    people = meet_all(db, {openid}, now=now)
    note(db, people, [Act(openid, scene, follows=True)], now=now)
    found = select(Member).where(Member.openid == openid)
    return db.scalars(found.execution_options(populate_existing=True)).one()


def unfollow(db: Session, *, openid: str) -> None:
    """Record that he no longer follows; unknown openids are ignored."""
    known = db.scalars(select(Member).where(Member.openid == openid)).one_or_none()
    if known is not None:
        known.follows = False


_MEMBERS, _TOUCHES = cast(Table, Member.__table__), cast(Table, Touch.__table__)
_OPENIDS: BindParameter[str] = bindparam("openids", expanding=True)
_KNOWN = select(_MEMBERS.c.openid).where(_MEMBERS.c.openid.in_(_OPENIDS))
_PEOPLE = (
    select(
        _MEMBERS.c.id,
        _MEMBERS.c.merged_into_id,
        _MEMBERS.c.openid,
        _MEMBERS.c.follows,
        _MEMBERS.c.first_scene,
        _MEMBERS.c.last_scene,
    )
    .where(_MEMBERS.c.openid.in_(_OPENIDS))
    .order_by(_MEMBERS.c.id)
    .with_for_update()
)
_CHANGE = (
    update(_MEMBERS)
    .where(_MEMBERS.c.id == bindparam("of"))
    .values({name: bindparam(name) for name in ("follows", "first_scene", "last_scene")})
)


def name_member(db: Session, *, member_id: int, name: str, phone: str) -> None:
    """Keep the name and phone he last booked with; another phone than before is not confirmed. Raises
    MemberMissing for somebody who was forgotten."""
    member = lock_member(db, member_id)
    if member.erased_at is not None:
        raise MemberMissing
    if member.phone != phone:
        member.phone_confirmed_at = None
    member.name, member.phone = name, phone


def add_caller(db: Session, *, name: str, phone: Phone, now: datetime) -> Member:
    """Write down somebody who called or came in, whom WeChat does not know yet."""
    caller = Member(
        number=new_number("M"),
        openid=f"{CALLER}{token_hex(14)}",
        name=name,
        phone=phone.digits,
        follows=False,
        joined_at=now,
    )
    db.add(caller)
    db.flush()
    return caller


def confirm_phone(db: Session, *, member_id: int, phone: str, now: datetime) -> None:
    """Record that `phone` was proven to be his. Raises PhoneChanged when it is not the one we keep."""
    member = lock_member(db, member_id)
    if not phone or member.phone != phone:
        raise PhoneChanged(field="phone")
    if member.phone_confirmed_at is None:
        outbox.record(db, PhoneConfirmed(at=now, member_id=member_id))
    member.phone_confirmed_at = now
