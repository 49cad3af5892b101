"""Receiving a callback: once, from the database alone, within WeChat's five seconds."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache
from operator import attrgetter
from typing import Any, cast

from sqlalchemy import Table, select
from sqlalchemy.dialects import postgresql, sqlite

from booking import code_queries
from booking import queries as booking
from conversations import answers, policy, queries, words
from conversations.models import InboxRow, Picture
from conversations.operations import chats
from conversations.states import ChatState
from dispatch.operations import roster
from dispatch.operations.roster import NoSuchBindCode
from gateways.wechat.messages import (
    AgentChanged,
    CodeScanned,
    Followed,
    GrantsChanged,
    ImageSent,
    Incoming,
    LocationSent,
    MassFinished,
    MenuClicked,
    MenuViewed,
    Other,
    Scanned,
    TextSaid,
    Unfollowed,
    VoiceSent,
)
from kernel import leases
from kernel.db import Session, ring_after_commit
from kernel.names import surname_of
from members import queries as members
from members.operations import following
from notifications.granting import deed_of
from notifications.operations import record_grant

PICTURE_BELL = "pictures"
_FOLLOWED, _UNFOLLOWED = Followed.__name__.lower(), Unfollowed.__name__.lower()


@dataclass(frozen=True, slots=True)
class Said:
    """What a person did that changes nothing but the inbox, and what he is answered."""

    message: Incoming
    answer: str
    # What is worth keeping, when it is not what the message itself says.
    gist: str | None = None


def said(message: Incoming, *, public_base: str) -> Said | None:
    """Return the message with its answer; None for one that changes more or whose answer is in the
    database: `receive` takes it in."""
    if isinstance(message, Followed | Unfollowed | Scanned | LocationSent):
        return None
    if isinstance(message, CodeScanned) and message.awaits:
        return Said(message, words.CODE_SEEN)
    if isinstance(message, VoiceSent) and not message.heard.strip():
        return Said(message, words.NOT_HEARD)
    asked = _asked(message)
    if asked is None:
        return Said(message, words.NOTHING)
    if isinstance(message, VoiceSent) or not words.asks_to_book(asked) or words.ends_chat(asked):
        return None
    return Said(message, words.to_book(f"{public_base}/c/"))


def note(db: Session, things: Sequence[Said]) -> list[str]:
    """Keep what was said and return what each is answered; what is there already stays as it is.

    Nothing to him whom a person of ours answers.
    """
    known = queries.chats_of(
        db, {one.message.openid for one in things if isinstance(one.message, _TO_PEOPLE)}
    )
    open_ones = {chat.openid: chat for chat in known if chat.state is not ChatState.CLOSED}
    held = {openid for openid, chat in open_ones.items() if chat.state is ChatState.CLAIMED}
    settled = {
        one.message.dedupe_key: (
            replace(one, answer=words.NOTHING)
            if isinstance(one.message, _TO_PEOPLE) and one.message.openid in held
            else one
        )
        for one in things
    }
    # In one order everywhere: two processes with the same repetitions must not wait for each other.
    rows = [
        _row(one.message, answer=one.answer, gist=one.gist) for _, one in sorted(settled.items())
    ]
    db.connection().execute(_insert(db.get_bind().dialect.name), rows)
    _want_pictures(db, [one.message for one in things if isinstance(one.message, ImageSent)])
    _keep_grants(db, [one.message for one in things if isinstance(one.message, GrantsChanged)])
    for one in settled.values():
        if isinstance(one.message, _TO_PEOPLE) and one.message.openid in open_ones:
            chats.hear(db, open_ones[one.message.openid], at=_sent_at(one.message))
    if known:
        # Whether a person answers may have changed between a message and its repetition.
        asked = select(InboxRow.dedupe_key, InboxRow.answer).where(
            InboxRow.dedupe_key.in_(list(settled))
        )
        kept = {row.dedupe_key: row.answer for row in db.execute(asked)}
        return [kept[one.message.dedupe_key] for one in things]
    return [one.answer for one in things]


def _want_pictures(db: Session, messages: Sequence[ImageSent]) -> None:
    """Have these pictures fetched while WeChat still has them."""
    if not messages:
        return
    insert = sqlite.insert if db.get_bind().dialect.name == "sqlite" else postgresql.insert
    rows = [
        {
            "state": leases.PENDING,
            "due_s": 0.0,
            "lease_until_s": 0.0,
            "fence": 0,
            "attempts": 0,
            "media_id": message.media_id,
            "openid": message.openid,
            "at": _sent_at(message),
            "sha256": "",
            "error": "",
        }
        for message in sorted(messages, key=attrgetter("media_id"))
    ]
    db.execute(insert(Picture).on_conflict_do_nothing(index_elements=["media_id"]), rows)
    ring_after_commit(db, PICTURE_BELL)


def _keep_grants(db: Session, messages: Sequence[GrantsChanged]) -> None:
    """Write what happened to subscription grants into their ledger; told again, nothing happens."""
    for message in messages:
        for place, grant in enumerate(message.grants):
            deed = deed_of(message.kind, grant.status)
            if deed is not None:
                record_grant(
                    db,
                    key=f"{message.dedupe_key}:{place}",
                    openid=message.openid,
                    template_id=grant.template_id,
                    what=deed,
                    at=_sent_at(message),
                )


def note_paid(db: Session, *, openid: str, number: str, at: datetime) -> None:
    """Keep a payment beside what he did in the chat; once, however often it is told."""
    row = {
        "dedupe_key": f"paid:{number}",
        "openid": openid,
        "kind": policy.PAID,
        "text": number,
        "answer": "",
        "at": at,
    }
    db.connection().execute(_insert(db.get_bind().dialect.name), row)


def receive(db: Session, message: Incoming, *, public_base: str, now: datetime) -> str:
    """Take in what a person did and return what he is answered, "" for silence.

    The same message again is answered the same and changes nothing.
    """
    plain = said(message, public_base=public_base)
    if plain is not None:
        return note(db, [plain])[0]
    if isinstance(message, LocationSent | TextSaid | MenuClicked | VoiceSent):
        return _answered(db, message, public_base=public_base, now=now)
    statement = _insert(db.get_bind().dialect.name).returning(_INBOX.c.id)
    if db.connection().execute(statement, _row(message, answer="")).first() is None:
        # A rival or an earlier delivery had it.
        kept = select(InboxRow.answer).where(InboxRow.dedupe_key == message.dedupe_key)
        return db.scalars(kept).one()
    answer = _answer(db, message, public_base=public_base, now=now)
    if answer:
        row = db.scalars(select(InboxRow).where(InboxRow.dedupe_key == message.dedupe_key)).one()
        row.answer = answer
    return answer


def _answered(
    db: Session,
    message: LocationSent | TextSaid | MenuClicked | VoiceSent,
    *,
    public_base: str,
    now: datetime,
) -> str:
    """Answer from the database and keep it; a repetition is answered as it was the first time."""
    kept = select(InboxRow.answer).where(InboxRow.dedupe_key == message.dedupe_key)
    before = db.scalars(kept).one_or_none()
    if before is not None:
        return before
    if isinstance(message, LocationSent):
        chat = queries.open_chat(db, message.openid)
        answer = words.NOTHING
        if chat is None or chat.state is ChatState.WAITING:
            answer = answers.place(db, message, public_base=public_base, now=now)
        note(db, [Said(message, answer, gist=answers.place_name(message))])
    else:
        answer = _to_words(db, message, public_base=public_base, now=now)
        note(db, [Said(message, answer)])
    # A rival may have been first.
    return db.scalars(kept).one()


def _to_words(
    db: Session, message: TextSaid | MenuClicked | VoiceSent, *, public_base: str, now: datetime
) -> str:
    asked = _asked(message) or ""
    if words.ends_chat(asked):
        left = chats.leave(db, openid=message.openid, now=now)
        return words.CHAT_ENDED if left else words.HELP
    chat = queries.open_chat(db, message.openid)
    is_held = chat is not None and chat.state is ChatState.CLAIMED
    if is_held and not isinstance(message, MenuClicked):
        return words.NOTHING
    if words.asks_for_own(asked):
        return answers.mine(db, openid=message.openid, public_base=public_base, now=now)
    if words.asks_for_person(asked):
        return words.IN_CHAT if is_held else _handed_over(db, message.openid, now)
    if chat is not None:
        # He talks to a person now.
        return words.NOTHING
    if isinstance(message, VoiceSent):
        return answers.heard(db, asked, public_base=public_base)
    return words.HELP


def _handed_over(db: Session, openid: str, now: datetime) -> str:
    opened = chats.ask_for_person(db, openid=openid, now=now)
    if opened is None:
        return words.HELP
    store = booking.store_name(db, opened.store_id)
    return words.handed_over(store, ahead=queries.ahead_of(db, opened))


_INBOX = cast(Table, InboxRow.__table__)
# What a person may be meant by; a press on the menu is meant for the account.
_TO_PEOPLE = (TextSaid, VoiceSent, ImageSent, LocationSent)


@cache
def _insert(dialect: str) -> Any:
    insert = sqlite.insert if dialect == "sqlite" else postgresql.insert
    return insert(_INBOX).on_conflict_do_nothing(index_elements=["dedupe_key"])


def _row(message: Incoming, *, answer: str, gist: str | None = None) -> dict[str, Any]:
    return {
        "dedupe_key": message.dedupe_key,
        "openid": message.openid,
        "kind": type(message).__name__.lower(),
        "text": _GIST.get(type(message), lambda _: "")(message) if gist is None else gist,
        "answer": answer,
        "at": _sent_at(message),
    }


def _sent_at(message: Incoming) -> datetime:
    return datetime.fromtimestamp(message.sent_at_s, UTC)


# What is worth keeping of a message, in a line.
_GIST: Mapping[type[Incoming], Callable[[Any], str]] = {
    TextSaid: attrgetter("text"),
    Followed: attrgetter("scene"),
    Scanned: attrgetter("scene"),
    MenuClicked: attrgetter("key"),
    MenuViewed: attrgetter("url"),
    CodeScanned: attrgetter("result"),
    VoiceSent: attrgetter("heard"),
    ImageSent: attrgetter("media_id"),
    LocationSent: attrgetter("label"),
    Other: attrgetter("kind"),
    AgentChanged: lambda told: f"{told.kind} {told.agent}",
    MassFinished: lambda told: f"{told.msgid} {told.status} {told.sent}/{told.failed}",
    GrantsChanged: lambda told: " ".join(
        [told.kind, *(f"{grant.template_id}={grant.status}" for grant in told.grants)]
    ),
}


def _asked(message: Incoming) -> str | None:
    """Return the words of a message; None for one that has none."""
    match message:
        case TextSaid():
            return message.text
        case MenuClicked():
            return message.key
        case VoiceSent():
            return message.heard
        case _:
            return None


def _answer(db: Session, message: Incoming, *, public_base: str, now: datetime) -> str:
    match message:
        case Followed() | Scanned() if message.scene.startswith(words.BIND_SCENE_PREFIX):
            return _bind(db, message.openid, message.scene, now)
        case Followed():
            following.follow(db, openid=message.openid, scene=message.scene, now=now)
            _unfollow_if_last(db, message.openid)
            return words.welcome(code_queries.source(db, message.scene), public_base=public_base)
        case Scanned():
            member = following.meet(db, openid=message.openid, now=now)
            following.touch(db, member=member, scene=message.scene, now=now)
            return words.scanned(code_queries.source(db, message.scene), public_base=public_base)
        case Unfollowed():
            _unfollow_if_last(db, message.openid)
            return words.NOTHING
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
