"""Handing a member over to a person: queue, claim, reply, pass on, close."""

from datetime import datetime

from sqlalchemy import select

from booking import queries as booking
from conversations import policy, queries
from conversations.events import ChatMoved, ChatWritten
from conversations.models import Chat, ChatLine
from conversations.states import ChatAction, ChatState
from dispatch import queries as dispatch
from kernel import outbox
from kernel.actor import SYSTEM, Actor
from kernel.db import Session
from kernel.errors import Conflict, Invalid, Missing
from kernel.numbers import new_number
from kernel.words import msg
from members.operations import following
from notifications import operations as messages
from notifications import queries as notifications
from notifications import saying
from notifications.channels import Channel


class NotYourChat(Conflict):
    """A colleague has taken it."""

    code = "not_your_chat"
    says = msg("这个会话由别的客服接待，请先接过来。")


class LineMissing(Missing):
    """Nobody wrote this in the conversation."""

    code = "line_missing"
    says = msg("没有找到这句话。")


class NotGranted(Conflict):
    """He did not ask for the notice, or it was sent already."""

    code = "not_granted"
    says = msg("业主没有订阅客服回复通知，请改用电话。")


class DeskMissing(Invalid):
    """No such store."""

    code = "desk_missing"
    says = msg("没有这个门店，请重新选择。")


def ask_for_person(db: Session, *, openid: str, now: datetime) -> Chat | None:
    """Put the member into the queue of his own store, or of the branch he last booked with; return
    the conversation, the open one if he has it, and None while there is no branch at all."""
    member = following.meet(db, openid=openid, now=now)
    following.lock_member(db, member.id)
    open_one = queries.open_chat(db, openid)
    if open_one is not None:
        return open_one
    store = booking.own_store(db, first_scene=member.first_scene, last_scene=member.last_scene)
    last = next(iter(booking.bookings_of(db, member.id, limit=1)), None)
    first = next(iter(dispatch.branches(db)), None)
    places = [store.branch_id if store else None, last.branch_id if last else None]
    branch_id = next((i for i in [*places, first.id if first else None] if i is not None), None)
    if branch_id is None:
        return None

    chat = Chat(
        number=new_number("T"),
        member_id=member.id,
        openid=openid,
        store_id=store.id if store else None,
        branch_id=branch_id,
        opened_at=now,
        state_since=now,
    )
    db.add(chat)
    db.flush()

    outbox.record(db, ChatMoved(at=now, number=chat.number))
    return chat


def hear(db: Session, chat: Chat, *, at: datetime) -> None:
    """Tell the desk that the member has said something; what it was, the inbox keeps."""
    outbox.record(db, ChatWritten(at=at, number=chat.number))


def leave(db: Session, *, openid: str, now: datetime) -> bool:
    """End the member's conversation because he wishes so; False when he is in none."""
    chat = queries.open_chat(db, openid)
    if chat is None:
        return False
    following.lock_person(db, chat.member_id)

    chat.advance(ChatAction.CLOSE, now=now)

    outbox.record(db, ChatMoved(at=now, number=chat.number))
    return True


def let_go(db: Session, *, number: str, now: datetime) -> None:
    """End a conversation in which nobody says anything any more. Raises ChatMissing, IllegalMove."""
    chat = queries.chat(db, number=number, by=SYSTEM)

    chat.advance(ChatAction.CLOSE, now=now)

    outbox.record(db, ChatMoved(at=now, number=chat.number))


def claim(db: Session, *, number: str, by: Actor, now: datetime) -> Chat:
    """Take a waiting conversation. Raises ChatMissing, IllegalMove."""
    chat = queries.chat(db, number=number, by=by)

    chat.advance(ChatAction.CLAIM, now=now)
    chat.agent_id = by.id

    outbox.record(db, ChatMoved(at=now, number=chat.number))
    return chat


def reply(
    db: Session, *, number: str, text: str = "", picture: str = "", by: Actor, now: datetime
) -> ChatLine:
    """Write to the member, or show him a picture by its sha256, while WeChat lets us.

    Raises ChatMissing, NotYourChat, WindowShut.
    """
    chat = check_own(db, number=number, by=by)
    window = queries.message_window(db, chat.openid, now=now)
    if window is None:
        raise policy.WindowShut(field="picture" if picture else "text")

    line = ChatLine(
        number=new_number("L"),
        chat_id=chat.id,
        kind="reply",
        staff_id=by.id,
        text=text,
        picture=picture,
        at=now,
    )
    db.add(line)
    chat.answered_at = chat.answered_at or now

    outbox.record(db, ChatWritten(at=now, number=chat.number))
    saying.say_in_chat(
        db,
        chat.openid,
        about=f"chat:{chat.number}",
        key=line.number,
        text=text,
        picture=picture,
        not_after=window.ends_at,
        now=now,
    )
    return line


def say_again(db: Session, *, number: str, line: str, by: Actor, now: datetime) -> None:
    """Let a line that did not arrive go once more, now that WeChat lets us write.

    It stands where it is said again. Raises ChatMissing, NotYourChat, LineMissing, WindowShut,
    NotToBeSent.
    """
    chat = check_own(db, number=number, by=by)
    written = _line(db, chat, line)
    window = queries.message_window(db, chat.openid, now=now)
    if window is None:
        raise policy.WindowShut

    written.at = now
    messages.resend_line(
        db, line=line, way=Channel.CUSTOMER, not_after=window.ends_at, by=by, now=now
    )

    outbox.record(db, ChatWritten(at=now, number=chat.number))


def remind(
    db: Session, *, number: str, line: str, template_id: str, by: Actor, now: datetime
) -> None:
    """Tell the member of a line by the subscription notice for which he gave a grant.

    Raises ChatMissing, NotYourChat, LineMissing, NotGranted, NotToBeSent.
    """
    chat = check_own(db, number=number, by=by)
    _line(db, chat, line)
    if not template_id or not notifications.grants_left(db, chat.openid, template_id):
        raise NotGranted

    messages.resend_line(
        db,
        line=line,
        way=Channel.SUBSCRIPTION,
        not_after=now + saying.KEEPS_FOR,
        by=by,
        now=now,
    )

    outbox.record(db, ChatWritten(at=now, number=chat.number))


def note_called(db: Session, *, number: str, line: str, by: Actor, now: datetime) -> None:
    """Write down that a line was told by telephone.

    Raises ChatMissing, NotYourChat, LineMissing, NobodyToCall.
    """
    chat = check_own(db, number=number, by=by)
    _line(db, chat, line)

    messages.note_line_called(db, line=line, by=by, now=now)

    outbox.record(db, ChatWritten(at=now, number=chat.number))


def pass_on(
    db: Session, *, number: str, store_code: str, words: str, by: Actor, now: datetime
) -> Chat:
    """Give it to another desk's queue: a store's, or the branch's own for "".

    Raises ChatMissing, NotYourChat, DeskMissing.
    """
    chat = check_own(db, number=number, by=by)
    store = booking.store_by_code(db, store_code) if store_code else None
    if store_code and store is None:
        raise DeskMissing(field="store")

    chat.advance(ChatAction.PASS_ON, now=now)
    chat.agent_id = None
    chat.store_id = store.id if store else None
    chat.branch_id = store.branch_id if store else chat.branch_id
    db.add(
        ChatLine(
            number=new_number("L"),
            chat_id=chat.id,
            kind="note",
            staff_id=by.id,
            text=words,
            at=now,
        )
    )

    outbox.record(db, ChatMoved(at=now, number=chat.number))
    return chat


def close(db: Session, *, number: str, by: Actor, now: datetime) -> Chat:
    """End it. Raises ChatMissing, NotYourChat."""
    chat = check_own(db, number=number, by=by)

    chat.advance(ChatAction.CLOSE, now=now)

    outbox.record(db, ChatMoved(at=now, number=chat.number))
    return chat


def _line(db: Session, chat: Chat, line: str) -> ChatLine:
    found = select(ChatLine).where(ChatLine.chat_id == chat.id, ChatLine.number == line)
    written = db.scalars(found.where(ChatLine.kind == "reply")).one_or_none()
    if written is None:
        raise LineMissing
    return written


def check_own(db: Session, *, number: str, by: Actor) -> Chat:
    """Return the conversation that he has taken. Raises ChatMissing, NotYourChat."""
    chat = queries.chat(db, number=number, by=by)
    if chat.state is not ChatState.CLAIMED or chat.agent_id != by.id:
        raise NotYourChat
    return chat
