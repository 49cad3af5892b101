"""Receiving callbacks: once, from the database alone, within WeChat's five seconds.

Those of several people are received in one transaction: a statement costs as much for one as for all.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from operator import attrgetter
from typing import Any, cast

from sqlalchemy import Select, Table, bindparam, func, select, update

from booking import code_queries
from booking import queries as booking
from booking.codes import Source
from conversations import answers, policy, queries, words
from conversations.models import Chat, InboxRow, Picture
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
from kernel.db import Session, insert_once, ring_after_commit
from kernel.names import surname_of
from members import queries as members
from members.operations import following
from members.operations.following import Act
from notifications.granting import Happened, deed_of
from notifications.operations import record_grants

PICTURE_BELL = "pictures"
_FOLLOWED, _UNFOLLOWED = Followed.__name__.lower(), Unfollowed.__name__.lower()


def goes_alone(message: Incoming) -> bool:
    """Tell whether a message is to be received by itself: what it asks for takes long, or a lock."""
    return isinstance(message, LocationSent) or _is_deed(message)


def receive(
    db: Session, messages: Sequence[Incoming], *, public_base: str, now: datetime
) -> list[str]:
    """Take in what people did and return what each is answered, "" for silence.

    The same message again is answered the same and changes nothing. One that goes alone is received
    alone.
    """
    told = {message.dedupe_key: message for message in messages}
    known = queries.open_chats(
        db, {one.openid for one in told.values() if isinstance(one, _IN_CHATS)}
    )
    looked = _look(db, told.values(), public_base=public_base, now=now)
    # What takes long is not worked out twice.
    answered = queries.answers_given(
        db, [key for key, message in told.items() if isinstance(message, LocationSent)]
    )
    answered |= {
        key: _answer(db, message, known.get(message.openid), looked)
        for key, message in told.items()
        if key not in answered
    }
    new = _kept(db, told, answered)
    if len(new) < len(told):
        # Whoever answers him may have changed between a message and its repetition.
        answered |= queries.answers_given(db, told.keys() - new)

    came = [message for key, message in told.items() if key in new]
    _meet(db, came, now)
    _want_pictures(db, [message for message in came if isinstance(message, ImageSent)])
    record_grants(db, [deed for message in came for deed in _deeds(message)])
    for message in came:
        chat = known.get(message.openid)
        if _is_deed(message):
            answered[message.dedupe_key] = _done(db, message, chat, now)
        if chat and chat.state is not ChatState.CLOSED and isinstance(message, _TO_PEOPLE):
            chats.hear(db, chat, at=_sent_at(message))
    return [answered[message.dedupe_key] for message in messages]


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
    insert_once(db, _INBOX, [row], by="dedupe_key")


_INBOX = cast(Table, InboxRow.__table__)
# What a person may be meant by; a press on the menu is meant for the account.
_TO_PEOPLE = (TextSaid, VoiceSent, ImageSent, LocationSent)
_IN_CHATS = (*_TO_PEOPLE, MenuClicked)


# --- What is answered without a deed of ours ------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class _Looked:
    """What the answers to some messages need: the codes by scene, people's bookings and their stores in
    words by openid, what was understood of voices, and of lines that wish for a visit, by their text."""

    sources: Mapping[str, Source]
    mine: Mapping[str, str]
    stores: Mapping[str, str]
    heard: Mapping[str, str]
    written: Mapping[str, str]
    public_base: str
    now: datetime


def _look(
    db: Session, messages: Collection[Incoming], *, public_base: str, now: datetime
) -> _Looked:
    scenes = {
        one.scene for one in messages if isinstance(one, Followed | Scanned) and not _is_deed(one)
    }
    asking = {one.openid for one in messages if words.asks_for_own(_words_of(one))}
    seeking = {one.openid for one in messages if words.asks_for_store(_words_of(one))}
    spoken = {one.heard for one in messages if isinstance(one, VoiceSent) and one.heard.strip()}
    typed = {one.text for one in messages if isinstance(one, TextSaid)}
    return _Looked(
        sources=code_queries.sources_by_scene(db, scenes),
        mine=answers.mine(db, asking, public_base=public_base, now=now),
        stores=answers.stores(db, seeking, public_base=public_base),
        heard=answers.heard(db, spoken, public_base=public_base, now=now),
        written=answers.written(db, typed, public_base=public_base, now=now),
        public_base=public_base,
        now=now,
    )


def _answer(db: Session, message: Incoming, chat: Chat | None, looked: _Looked) -> str:
    match message:
        case Followed():
            source = looked.sources.get(message.scene)
            return words.welcome(source, public_base=looked.public_base)
        case Scanned():
            source = looked.sources.get(message.scene)
            return words.scanned(source, public_base=looked.public_base)
        case CodeScanned() if message.awaits:
            return words.CODE_SEEN
        case LocationSent() if chat is None or chat.state is ChatState.WAITING:
            return answers.place(db, message, public_base=looked.public_base, now=looked.now)
        case TextSaid() | MenuClicked() | VoiceSent():
            return _to_words(message, chat, looked)
        case _:
            return words.NOTHING


def _to_words(
    message: TextSaid | MenuClicked | VoiceSent, chat: Chat | None, looked: _Looked
) -> str:
    asked, is_heard = _words_of(message), isinstance(message, VoiceSent)
    if _is_held(chat) and not isinstance(message, MenuClicked):
        # Nothing to him whom a person of ours answers.
        return words.NOTHING
    if is_heard and not asked.strip():
        return words.NOT_HEARD
    if words.asks_to_book(asked) and not is_heard:
        return looked.written.get(asked) or words.to_book(f"{looked.public_base}/c/")
    if words.asks_for_own(asked):
        return looked.mine[message.openid]
    if words.asks_for_store(asked):
        return looked.stores[message.openid]
    if chat is not None:
        # He talks to a person now.
        return words.NOTHING
    return looked.heard[asked] if is_heard else looked.written.get(asked, words.HELP)


def _is_held(chat: Chat | None) -> bool:
    return chat is not None and chat.state is ChatState.CLAIMED


def _words_of(message: Incoming) -> str:
    """Return the words of a message, "" for one that has none."""
    match message:
        case TextSaid():
            return message.text
        case MenuClicked():
            return message.key
        case VoiceSent():
            return message.heard
        case _:
            return ""


# --- Keeping it -----------------------------------------------------------------------------


def _kept(
    db: Session, told: Mapping[str, Incoming], answered: Mapping[str, str]
) -> Collection[str]:
    """Keep the messages with their answers; return the keys of those that were not there before."""
    # In one order everywhere: two processes with the same repetitions must not wait for each other.
    rows = [_row(told[key], answer=answered[key]) for key in sorted(told)]
    return insert_once(db, _INBOX, rows, by="dedupe_key")


def _row(message: Incoming, *, answer: str) -> dict[str, Any]:
    point = message.point if isinstance(message, LocationSent) else None
    return {
        "dedupe_key": message.dedupe_key,
        "openid": message.openid,
        "kind": type(message).__name__.lower(),
        "text": _GIST.get(type(message), lambda _: "")(message),
        "answer": answer,
        "at": _sent_at(message),
        "lat": point and point.lat,
        "lon": point and point.lon,
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
    LocationSent: answers.place_name,
    Other: attrgetter("kind"),
    AgentChanged: lambda told: f"{told.kind} {told.agent}",
    MassFinished: lambda told: f"{told.msgid} {told.status} {told.sent}/{told.failed}",
    GrantsChanged: lambda told: " ".join(
        [told.kind, *(f"{grant.template_id}={grant.status}" for grant in told.grants)]
    ),
}


# --- What else it changes -------------------------------------------------------------------


def _meet(db: Session, came: Sequence[Incoming], now: datetime) -> None:
    """Know who follows, who left, and by which codes they came."""
    acts = [
        Act(one.openid, one.scene, follows=isinstance(one, Followed))
        for one in came
        if isinstance(one, Followed | Scanned) and not _is_deed(one)
    ]
    left = {one.openid for one in came if isinstance(one, Unfollowed)}
    if not acts and not left:
        return
    people = following.meet_all(db, {act.openid for act in acts}, known=left, now=now)
    moved = left | {act.openid for act in acts if act.follows}
    gone = _left_last(db, moved & people.keys())
    following.note(db, people, acts, left=gone, now=now)


def _left_last(db: Session, openids: Collection[str]) -> Sequence[str]:
    """Return those of the people whose leaving is what they did last, in whatever order we were told
    of it. They are locked, so that nobody tells of more meanwhile."""
    if not openids:
        return ()
    return db.connection().execute(_GONE, {"openids": sorted(openids)}).scalars().all()


def _gone() -> Select[str]:
    lately = func.row_number().over(
        partition_by=_INBOX.c.openid, order_by=(_INBOX.c.at.desc(), _INBOX.c.id.desc())
    )
    acts = (
        select(_INBOX.c.openid, _INBOX.c.kind, lately.label("lately"))
        .where(_INBOX.c.openid.in_(bindparam("openids", expanding=True)))
        .where(_INBOX.c.kind.in_([_FOLLOWED, _UNFOLLOWED]))
        .subquery()
    )
    return select(acts.c.openid).where(acts.c.lately == 1, acts.c.kind == _UNFOLLOWED)


_GONE = _gone()


def _want_pictures(db: Session, messages: Sequence[ImageSent]) -> None:
    """Have these pictures fetched while WeChat still has them."""
    rows = [
        {"media_id": message.media_id, "openid": message.openid, "at": _sent_at(message)}
        for message in sorted(messages, key=attrgetter("media_id"))
    ]
    if insert_once(db, Picture.__table__, rows, by="media_id"):
        ring_after_commit(db, PICTURE_BELL)


def _deeds(message: Incoming) -> Iterator[Happened]:
    """Tell what happened to subscription grants."""
    if not isinstance(message, GrantsChanged):
        return
    for place, grant in enumerate(message.grants):
        what = deed_of(message.kind, grant.status)
        if what is not None:
            yield Happened(
                key=f"{message.dedupe_key}:{place}",
                openid=message.openid,
                template_id=grant.template_id,
                what=what,
                at=_sent_at(message),
            )


def _is_deed(message: Incoming) -> bool:
    """Tell whether more than an answer is asked for: to be bound, to have a person or none."""
    if isinstance(message, Followed | Scanned):
        return message.scene.startswith(words.BIND_SCENE_PREFIX)
    asked = _words_of(message)
    if words.ends_chat(asked):
        return True
    is_written = not isinstance(message, VoiceSent)
    answers_itself = words.asks_for_own(asked) or (is_written and words.asks_to_book(asked))
    return words.asks_for_person(asked) and not answers_itself


def _done(db: Session, message: Incoming, chat: Chat | None, now: datetime) -> str:
    """Do what is asked for, and keep what is answered."""
    if isinstance(message, Followed | Scanned):
        answer = _bind(db, message.openid, message.scene, now)
    elif words.ends_chat(_words_of(message)):
        left = chats.leave(db, openid=message.openid, now=now)
        answer = words.CHAT_ENDED if left else words.HELP
    elif _is_held(chat):
        answer = words.IN_CHAT if isinstance(message, MenuClicked) else words.NOTHING
    else:
        answer = _handed_over(db, message.openid, now)
    kept = update(InboxRow).where(InboxRow.dedupe_key == message.dedupe_key)
    db.execute(kept.values(answer=answer))
    return answer


def _handed_over(db: Session, openid: str, now: datetime) -> str:
    opened = chats.ask_for_person(db, openid=openid, now=now)
    if opened is None:
        return words.HELP
    store = booking.store_name(db, opened.store_id)
    return words.handed_over(store, ahead=queries.ahead_of(db, opened))


def _bind(db: Session, openid: str, scene: str, now: datetime) -> str:
    if members.member_by_openid(db, openid) is None:
        following.follow(db, openid=openid, scene="", now=now)
    try:
        code = scene.removeprefix(words.BIND_SCENE_PREFIX)
        technician = roster.bind(db, bind_code=code, openid=openid)
    except NoSuchBindCode as refusal:
        return str(refusal)
    return words.bound(surname_of(technician.name))
