"""What was said in the chat by and to one person: told to him, and forgotten."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import delete, or_, select, update

from conversations.models import Chat, ChatLine, InboxRow, Picture
from kernel import retention
from kernel.db import Session
from kernel.erasing import Ids, Typed, acts_on
from members import queries as members

Told = Mapping[str, Sequence[Mapping[str, object]]]


def told(db: Session, openid: str) -> Told:
    """Return what was said, by what it is."""
    his = select(InboxRow).where(InboxRow.openid == openid).order_by(InboxRow.id)
    ours = select(ChatLine).join(Chat, Chat.id == ChatLine.chat_id).where(Chat.openid == openid)
    return {
        "said": [
            {"at": row.at, "kind": row.kind, "text": row.text, "answer": row.answer}
            for row in db.scalars(his)
        ],
        "replies": [
            {"at": row.at, "answer": row.text}
            for row in db.scalars(ours.where(ChatLine.kind == "reply"))
        ],
    }


def forget(db: Session, openid: str, *, erased: str) -> None:
    """Forget what was said by and to that person, who is called `erased` from now on."""
    chats = select(Chat.id).where(Chat.openid == openid)
    db.execute(update(ChatLine).where(ChatLine.chat_id.in_(chats)).values(text="", picture=""))
    db.execute(update(Chat).where(Chat.openid == openid).values(openid=erased))
    for model in (InboxRow, Picture):
        db.execute(delete(model).where(model.openid == openid))


def typed(ids: Ids) -> tuple[Typed, ...]:
    """Return where people of ours wrote to those members, or of them to each other."""
    his = ChatLine.chat_id.in_(select(Chat.id).where(Chat.member_id.in_(ids)))
    return (
        Typed(ChatLine.text, his),
        Typed(ChatLine.picture, his, mark=""),
        acts_on("chat", Chat.number, Chat.member_id.in_(ids)),
    )


def drop_of_strangers(db: Session, before: datetime, limit: int) -> int:
    """Drop what people did before then of whom no member is known: who was forgotten may still unfollow."""
    is_known = members.with_openid(InboxRow.openid).exists()
    old = select(InboxRow.id).where(InboxRow.at < before, ~is_known).order_by(InboxRow.id)
    ids = db.scalars(old.limit(limit)).all()
    db.execute(delete(InboxRow).where(InboxRow.id.in_(ids)))
    return len(ids)


def drop_old_words(db: Session, before: datetime, limit: int) -> int:
    """Drop what was said before then, and the places that were sent; that something was said stays."""
    theirs = or_(InboxRow.text != "", InboxRow.answer != "", InboxRow.lat.is_not(None))
    ours = or_(ChatLine.text != "", ChatLine.picture != "")
    said = retention.blank(
        db,
        InboxRow,
        where=[InboxRow.at < before, theirs],
        values={"text": "", "answer": "", "lat": None, "lon": None},
        limit=limit,
    )
    return said + retention.blank(
        db,
        ChatLine,
        where=[ChatLine.at < before, ours],
        values={"text": "", "picture": ""},
        limit=limit - said,
    )


def drop_old_pictures(db: Session, before: datetime, limit: int) -> int:
    """Drop pictures that were sent before then; their files leave the shelf by themselves."""
    old = select(Picture.id).where(Picture.at < before).order_by(Picture.id).limit(limit)
    ids = db.scalars(old).all()
    db.execute(delete(Picture).where(Picture.id.in_(ids)))
    return len(ids)
