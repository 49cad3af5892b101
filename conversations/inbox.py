"""Receiving a callback: once, from the database alone, within WeChat's five seconds."""

from datetime import UTC, datetime

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite

from booking import queries as booking
from conversations import words
from conversations.models import InboxRow
from dispatch.operations import roster
from dispatch.operations.roster import NoSuchBindCode
from gateways.wechat.messages import (
    Followed,
    Incoming,
    Scanned,
    TextSaid,
    Unfollowed,
)
from kernel.db import Session
from kernel.names import surname_of
from members import queries as members
from members.operations import following

_FOLLOWED, _UNFOLLOWED = Followed.__name__.lower(), Unfollowed.__name__.lower()


def receive(db: Session, message: Incoming, *, public_base: str, now: datetime) -> str:
    """Take in what a person did and return what he is answered, "" for silence.

    The same message again is answered the same and changes nothing.
    """
    known = _known_answer(db, message)
    if known is not None:
        return known
    answer = _answer(db, message, public_base, now)
    row = db.scalars(select(InboxRow).where(InboxRow.dedupe_key == message.dedupe_key)).one()
    row.answer = answer
    return answer


def _known_answer(db: Session, message: Incoming) -> str | None:
    """Insert the inbox row; the answer given before when a rival or earlier delivery had it."""
    insert = sqlite.insert if db.get_bind().dialect.name == "sqlite" else postgresql.insert
    row = insert(InboxRow).values(
        dedupe_key=message.dedupe_key,
        openid=message.openid,
        kind=type(message).__name__.lower(),
        text=getattr(message, "text", getattr(message, "scene", "")),
        answer="",
        at=datetime.fromtimestamp(message.sent_at_s, UTC),
    )
    fresh = db.scalars(
        row.on_conflict_do_nothing(index_elements=["dedupe_key"]).returning(InboxRow.id)
    ).first()
    if fresh is not None:
        return None
    return db.scalars(
        select(InboxRow.answer).where(InboxRow.dedupe_key == message.dedupe_key)
    ).one()


def _answer(db: Session, message: Incoming, public_base: str, now: datetime) -> str:
    match message:
        case Followed() | Scanned() if message.scene.startswith(words.BIND_SCENE_PREFIX):
            return _bind(db, message.openid, message.scene, now)
        case Followed():
            following.follow(db, openid=message.openid, scene=message.scene, now=now)
            _unfollow_if_last(db, message.openid)
            store = booking.store_by_scene(db, message.scene)
            return words.welcome(store.welcome if store else None)
        case Scanned():
            member = following.meet(db, openid=message.openid, now=now)
            following.touch(db, member=member, scene=message.scene, now=now)
            store = booking.store_by_scene(db, message.scene)
            return words.scanned(store.name if store else None)
        case Unfollowed():
            _unfollow_if_last(db, message.openid)
            return words.NOTHING
        case TextSaid():
            return words.answer_to(
                message.text, book_url=f"{public_base}/c/", mine_url=f"{public_base}/c/bookings"
            )
        case _:
            return words.NOTHING


def _unfollow_if_last(db: Session, openid: str) -> None:
    """Let him go when leaving is what he did last, in whatever order we are told of it."""
    member = members.member_by_openid(db, openid)
    if member is None:
        return
    following.lock_member(db, member.id)
    last = db.scalars(
        select(InboxRow.kind)
        .where(InboxRow.openid == openid, InboxRow.kind.in_([_FOLLOWED, _UNFOLLOWED]))
        .order_by(InboxRow.at.desc(), InboxRow.id.desc())
    ).first()
    if last == _UNFOLLOWED:
        following.unfollow(db, openid=openid)


def _bind(db: Session, openid: str, scene: str, now: datetime) -> str:
    if members.member_by_openid(db, openid) is None:
        following.follow(db, openid=openid, scene="", now=now)
    try:
        code = scene.removeprefix(words.BIND_SCENE_PREFIX)
        technician = roster.bind(db, bind_code=code, openid=openid)
    except NoSuchBindCode as refusal:
        return str(refusal)
    return words.bound(surname_of(technician.name))
