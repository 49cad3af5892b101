"""The inbox, and conversations with people of ours."""

from datetime import datetime

from sqlalchemy import JSON, Enum, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from conversations.states import CHAT_MACHINE, ChatAction, ChatState
from kernel.db import Base, Instant
from kernel.geo import Point
from kernel.leases import Leased

_EMPTY = text("''")


class InboxRow(Base):
    """One thing a person did in the chat, with what he was answered: a repetition gets the same."""

    __tablename__ = "conversations_inbox"

    id: Mapped[int] = mapped_column(primary_key=True)
    dedupe_key: Mapped[str] = mapped_column(unique=True)
    openid: Mapped[str] = mapped_column(index=True)
    kind: Mapped[str]
    text: Mapped[str] = mapped_column(default="")
    answer: Mapped[str] = mapped_column(default="")
    # When he did it, as WeChat says: we may be told in another order.
    at: Mapped[datetime] = mapped_column(Instant)
    # Of a place that he sent.
    lat: Mapped[float | None]
    lon: Mapped[float | None]

    @property
    def point(self) -> Point | None:
        return None if self.lat is None or self.lon is None else Point(self.lat, self.lon)


class Picture(Leased, Base):
    """A picture that a person sent in the chat: `pending` until it was fetched from WeChat, then `kept`,
    or `gone` when WeChat has it no more or nobody could read it."""

    __tablename__ = "conversations_picture"

    media_id: Mapped[str] = mapped_column(unique=True)
    openid: Mapped[str] = mapped_column(index=True)
    at: Mapped[datetime] = mapped_column(Instant)
    # Under which it lies on the shelf of photos.
    sha256: Mapped[str] = mapped_column(default="", index=True)
    error: Mapped[str] = mapped_column(default="")


class AccountStep(Leased, Base):
    """The one row of the account at WeChat: when its menu and tags are next brought in step with us.

    It waits for ever (`pending`), and is due again and again.
    """

    __tablename__ = "conversations_account"

    done_at: Mapped[datetime | None] = mapped_column(Instant)
    # What the last time has changed, and what stood in its way.
    did: Mapped[str] = mapped_column(default="")
    error: Mapped[str] = mapped_column(default="")


class Chat(Base):
    """A member talks to a person of ours: what he says is in the inbox, what we say in ChatLine."""

    __tablename__ = "conversations_chat"
    __table_args__ = (
        Index("ix_conversations_chat_queue", "state", "branch_id", "store_id"),
        # He has one open conversation at most in each WeChat of his.
        Index(
            "ix_conversations_chat_open",
            "openid",
            unique=True,
            sqlite_where=text("state <> 'closed'"),
            postgresql_where=text("state <> 'closed'"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(unique=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("members_member.id"))
    openid: Mapped[str] = mapped_column(index=True)
    # Whose desk answers: the store that brought him; none for the branch's own.
    store_id: Mapped[int | None] = mapped_column(ForeignKey("booking_store.id"))
    branch_id: Mapped[int] = mapped_column(ForeignKey("dispatch_branch.id"))
    agent_id: Mapped[int | None] = mapped_column(ForeignKey("members_staff.id"))
    opened_at: Mapped[datetime] = mapped_column(Instant, index=True)
    # When one of us first wrote to him: what response times are reckoned by.
    answered_at: Mapped[datetime | None] = mapped_column(Instant)
    state: Mapped[ChatState] = mapped_column(
        Enum(ChatState, native_enum=False, length=32, values_callable=list),
        default=ChatState.WAITING,
    )
    state_since: Mapped[datetime] = mapped_column(Instant)
    version: Mapped[int] = mapped_column()

    __mapper_args__ = {"version_id_col": version}

    def advance(self, action: ChatAction, *, now: datetime) -> None:
        """Move along CHAT_MACHINE; nothing else may assign `state`. Raises IllegalMove."""
        self.state = CHAT_MACHINE.after(self.state, action)
        self.state_since = now


class ChatLine(Base):
    """What one of us wrote to the member (`reply`), or to colleagues on passing on (`note`)."""

    __tablename__ = "conversations_chat_line"

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(unique=True)
    chat_id: Mapped[int] = mapped_column(ForeignKey("conversations_chat.id"), index=True)
    kind: Mapped[str]
    staff_id: Mapped[int] = mapped_column(ForeignKey("members_staff.id"))
    text: Mapped[str]
    # A picture in the stead of words: its sha256 on the shelf of photos.
    picture: Mapped[str] = mapped_column(default="", server_default=_EMPTY, index=True)
    at: Mapped[datetime] = mapped_column(Instant)


class CannedReplies(Base):
    """What the agents of a desk offer at one press, in its order; no row: nobody has changed it."""

    __tablename__ = "conversations_canned"

    id: Mapped[int] = mapped_column(primary_key=True)
    # As conversations.canned.desk_of names it.
    desk: Mapped[str] = mapped_column(unique=True)
    lines: Mapped[list[str]] = mapped_column(JSON)
