"""Points that members spend on the spot."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from kernel.db import Base, Instant


class Redemption(Base):
    """So many points that a member offers by a code, and what became of them: taken by one of us,
    withdrawn or left to run out; what was taken may be given back."""

    __tablename__ = "members_redemption"
    __table_args__ = (
        CheckConstraint("points > 0", name="points_positive"),
        CheckConstraint("redeemed_at IS NULL OR withdrawn_at IS NULL", name="taken_or_withdrawn"),
        Index(
            "ix_members_redemption_open",
            "code",
            sqlite_where=text("redeemed_at IS NULL"),
            postgresql_where=text("redeemed_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(unique=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("members_member.id"), index=True)
    points: Mapped[int]
    code: Mapped[str]
    # The rules that say what they are worth.
    rules_version: Mapped[str] = mapped_column(server_default=text("'2026-11'"))
    offered_at: Mapped[datetime] = mapped_column(Instant)
    expires_at: Mapped[datetime] = mapped_column(Instant)
    withdrawn_at: Mapped[datetime | None] = mapped_column(Instant)
    redeemed_at: Mapped[datetime | None] = mapped_column(Instant, index=True)
    # Who took them: a technician's id, or one of the console's; at which store, where it was one.
    by_role: Mapped[str] = mapped_column(default="")
    by_id: Mapped[int | None]
    store_id: Mapped[int | None]
    # What he gave for them.
    what: Mapped[str] = mapped_column(default="")
    reversed_at: Mapped[datetime | None] = mapped_column(Instant)
    reversed_by_id: Mapped[int | None]
    reversed_why: Mapped[str] = mapped_column(default="")
