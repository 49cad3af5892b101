"""Canned replies: what the agents of a desk offer at one press.

A branch's lines are offered at all of its desks, a store's own in front of them. Until a leader changes
them a branch has words.CANNED and a store none.
"""

from collections.abc import Sequence

from sqlalchemy import select

from conversations import words
from conversations.models import CannedReplies, Chat
from kernel.db import Session


def desk_of(branch_id: int, store_id: int | None = None) -> str:
    """Return the key of a desk: a store's, or that of the branch with all of its stores."""
    return f"branch:{branch_id}" if store_id is None else f"{_STORE}{store_id}"


def first_lines(desk: str) -> list[str]:
    """Return what a desk has that nobody has changed."""
    return [] if desk.startswith(_STORE) else list(words.CANNED)


def lines(db: Session, desk: str) -> Sequence[str]:
    """Return a desk's own lines in their order."""
    found = db.scalars(select(CannedReplies).where(CannedReplies.desk == desk)).one_or_none()
    return first_lines(desk) if found is None else found.lines


def offered(db: Session, chat: Chat) -> list[str]:
    """Return the lines at the desk that answers the conversation, none of them twice."""
    desks = [desk_of(chat.branch_id, chat.store_id), desk_of(chat.branch_id)]
    return list(dict.fromkeys(line for desk in desks for line in lines(db, desk)))


_STORE = "store:"
