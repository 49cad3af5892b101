"""Messages and what became of them."""

from datetime import datetime

from sqlalchemy import JSON, Index
from sqlalchemy.orm import Mapped, mapped_column

from kernel.db import Base, Instant
from kernel.leases import Leased


class Message(Leased, Base):
    """One message to one person, sent once.

    `state` (of Leased) is pending, then `sent`, `suppressed` (this person cannot get it, or it came too late to be of use),
    `unknown` (it may have arrived; nobody may send it again) or `dead` (it surely did not).
    """

    __tablename__ = "notifications_message"
    __table_args__ = (Index("ix_notifications_message_due", "state", "due_s"),)

    # Event, recipient and kind: the same news never makes a second row.
    dedupe_key: Mapped[str] = mapped_column(unique=True)
    kind: Mapped[str] = mapped_column(index=True)
    openid: Mapped[str] = mapped_column(index=True)
    # `booking:B…` or `visit:V…`: what it is about.
    about: Mapped[str] = mapped_column(index=True)
    fields: Mapped[dict[str, str]] = mapped_column(JSON)
    path: Mapped[str]
    made_at: Mapped[datetime] = mapped_column(Instant)
    # Business time after which the news is of no use to anybody; none for news that keeps.
    not_after: Mapped[datetime | None] = mapped_column(Instant)
    sent_at: Mapped[datetime | None] = mapped_column(Instant)
    # True time of the first attempt that may have arrived although no answer came.
    maybe_sent_s: Mapped[float | None]
    msgid: Mapped[str] = mapped_column(default="", index=True)
    # What WeChat reported later: success, failed:user block, failed: system failed.
    outcome: Mapped[str] = mapped_column(default="")
    error: Mapped[str] = mapped_column(default="")
