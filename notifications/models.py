"""Messages and what became of them."""

from datetime import date, datetime

from sqlalchemy import JSON, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from kernel.db import Base, Instant
from kernel.leases import Leased


class Message(Leased, Base):
    """One message to one person, sent once.

    `state` (of Leased) is pending, then `sent`, `suppressed` (this person cannot get it, or it came too late to be of use),
    `unknown` (it may have arrived; only a person may send it again), `dead` (it surely did not) or
    `call` (no other way is left: it waits for a person with a telephone).
    """

    __tablename__ = "notifications_message"
    __table_args__ = (
        Index("ix_notifications_message_due", "state", "due_s", "id"),
        Index(
            "ix_notifications_message_unclear",
            "state",
            "due_s",
            sqlite_where=text("maybe_sent_s IS NOT NULL"),
            postgresql_where=text("maybe_sent_s IS NOT NULL"),
        ),
        Index(
            "ix_notifications_message_single",
            "state",
            "due_s",
            "id",
            sqlite_where=text("channel <> 'template'"),
            postgresql_where=text("channel <> 'template'"),
        ),
        Index("ix_notifications_message_turn", "about", "openid", "state"),
    )

    # Event, recipient and kind: the same news never makes a second row.
    dedupe_key: Mapped[str] = mapped_column(unique=True)
    kind: Mapped[str] = mapped_column(index=True)
    openid: Mapped[str] = mapped_column(index=True)
    # `booking:B…` or `visit:V…`: what it is about.
    about: Mapped[str]
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
    # By which way it is tried now, or came to its end.
    channel: Mapped[str] = mapped_column(default="template", server_default="template")
    # When the booking was to begin as the message was made: news of another window is not told.
    window_at: Mapped[datetime | None] = mapped_column(Instant)


class MessageStep(Base):
    """One thing that happened to a message; only ever added to."""

    __tablename__ = "notifications_step"

    id: Mapped[int] = mapped_column(primary_key=True)
    message_id: Mapped[int] = mapped_column(ForeignKey("notifications_message.id"), index=True)
    channel: Mapped[str]
    # sent, tried (will be again), passed (to the next way), held, suppressed, unknown, dead, resent, called.
    what: Mapped[str]
    words: Mapped[str] = mapped_column(default="")
    actor_role: Mapped[str] = mapped_column(default="system")
    actor_id: Mapped[int] = mapped_column(default=0)
    at: Mapped[datetime] = mapped_column(Instant)


class CallCount(Base):
    """How often a way was used on a true day: WeChat's quotas are of days, and of calls."""

    __tablename__ = "notifications_call_count"

    day: Mapped[date] = mapped_column(primary_key=True)
    channel: Mapped[str] = mapped_column(primary_key=True)
    used: Mapped[int] = mapped_column(default=0)


class QuotaRow(Leased, Base):
    """The one row of what WeChat says of our quotas, and when it is asked again; it waits for ever."""

    __tablename__ = "notifications_quota"

    # Calls a day by way, as WeChat told them last.
    limits: Mapped[dict[str, int]] = mapped_column(JSON)
    told_at: Mapped[datetime | None] = mapped_column(Instant)
    # A person wants the day's counts begun anew; and when that was done last.
    clear_wanted: Mapped[bool] = mapped_column(default=False)
    cleared_at: Mapped[datetime | None] = mapped_column(Instant)
    error: Mapped[str] = mapped_column(default="")


class Grant(Base):
    """One thing that happened to a person's grants of a subscription notice; only ever added to."""

    __tablename__ = "notifications_grant"
    __table_args__ = (Index("ix_notifications_grant_whose", "openid", "template_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    # What told us of it: told again, it makes no second row.
    dedupe_key: Mapped[str] = mapped_column(unique=True)
    openid: Mapped[str]
    template_id: Mapped[str]
    # granted, refused, taken_back, used, lost.
    what: Mapped[str]
    at: Mapped[datetime] = mapped_column(Instant)


class StrayReport(Base):
    """WeChat's report of a template message of which no message of ours had the id when it came."""

    __tablename__ = "notifications_stray_report"

    id: Mapped[int] = mapped_column(primary_key=True)
    msgid: Mapped[str] = mapped_column(unique=True)
    openid: Mapped[str] = mapped_column(index=True)
    status: Mapped[str]
    # True time.
    came_s: Mapped[float]
