"""Lucky draws and their log."""

from datetime import date, datetime, timedelta

from sqlalchemy import CheckConstraint, Enum, ForeignKey, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from kernel.clock import local_date
from kernel.db import Base, Instant, Sealed
from members.drawing import DrawState, PrizeKind


class Draw(Base):
    """One draw: its eggs, how many are smashed, and what was promised about what lies in them."""

    __tablename__ = "members_draw"
    __table_args__ = (
        CheckConstraint("0 <= smashed and smashed <= eggs", name="smashed_within"),
        CheckConstraint("started_at IS NULL OR discarded_at IS NULL", name="started_or_discarded"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    about: Mapped[str] = mapped_column(default="")
    eggs: Mapped[int]
    smashed: Mapped[int] = mapped_column(default=0)
    # Made at the start, told at the end; the commitment to it is told at the start.
    seed: Mapped[str] = mapped_column(Sealed, default="")
    commitment: Mapped[str] = mapped_column(default="")
    # The hash of the log's last line.
    head: Mapped[str] = mapped_column(default="")
    # The store whose followers alone smash its eggs.
    store_id: Mapped[int | None]
    made_at: Mapped[datetime] = mapped_column(Instant)
    made_by_id: Mapped[int]
    ends_at: Mapped[datetime] = mapped_column(Instant)
    discarded_at: Mapped[datetime | None] = mapped_column(Instant)
    started_at: Mapped[datetime | None] = mapped_column(Instant)
    # Stopped by hand before its eggs or its time ran out.
    stopped_at: Mapped[datetime | None] = mapped_column(Instant)
    stopped_why: Mapped[str] = mapped_column(default="")

    @property
    def last_day(self) -> date:
        return local_date(self.ends_at - timedelta(seconds=1))

    def state_at(self, now: datetime) -> DrawState:
        """Return where it stands."""
        if self.discarded_at is not None:
            return DrawState.DISCARDED
        if self.started_at is None:
            return DrawState.DRAFT
        is_over = self.stopped_at is not None or now >= self.ends_at or self.smashed == self.eggs
        return DrawState.OVER if is_over else DrawState.RUNNING


class DrawPrize(Base):
    """One kind of prize of a draw."""

    __tablename__ = "members_draw_prize"
    __table_args__ = (
        UniqueConstraint("draw_id", "place"),
        CheckConstraint("quantity > 0", name="quantity_positive"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    draw_id: Mapped[int] = mapped_column(ForeignKey("members_draw.id"))
    place: Mapped[int]
    name: Mapped[str]
    kind: Mapped[PrizeKind] = mapped_column(
        Enum(PrizeKind, native_enum=False, length=32, values_callable=list)
    )
    points: Mapped[int] = mapped_column(default=0)
    quantity: Mapped[int]
    # The number of the coupon's kind, "" for what is none.
    coupon: Mapped[str] = mapped_column(default="", server_default=text("''"))


class Play(Base):
    """A member smashed an egg: one line of the log, which nothing changes any more."""

    __tablename__ = "members_play"
    __table_args__ = (UniqueConstraint("draw_id", "egg"), UniqueConstraint("draw_id", "member_id"))

    id: Mapped[int] = mapped_column(primary_key=True)
    draw_id: Mapped[int] = mapped_column(ForeignKey("members_draw.id"))
    egg: Mapped[int]
    member_id: Mapped[int] = mapped_column(ForeignKey("members_member.id"), index=True)
    # The place of the prize that was in it; 0 for none.
    prize: Mapped[int]
    at: Mapped[datetime] = mapped_column(Instant)
    hash: Mapped[str]
