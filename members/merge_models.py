"""Two rows of one person that became one. Rows are never changed; triggers refuse it."""

from datetime import datetime

from sqlalchemy import JSON, Enum, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from kernel.db import Base, Instant
from members.merging import MergeReason


class Merge(Base):
    """A member was merged into another: who did it, why, and how many rows of which table moved."""

    __tablename__ = "members_merge"

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(unique=True)
    gone_id: Mapped[int] = mapped_column(ForeignKey("members_member.id"), unique=True)
    kept_id: Mapped[int] = mapped_column(ForeignKey("members_member.id"), index=True)
    reason: Mapped[MergeReason] = mapped_column(
        Enum(MergeReason, native_enum=False, length=32, values_callable=list)
    )
    # What one of us wrote; empty when it went by itself or by the member's own hand.
    why: Mapped[str] = mapped_column(default="")
    actor_role: Mapped[str]
    actor_id: Mapped[int]
    # By table, and under `points`, `compensation` and `deposits` what was carried over.
    moved: Mapped[dict[str, int]] = mapped_column(JSON)
    # By which a blacklisting may begin with it.
    rules_version: Mapped[str]
    at: Mapped[datetime] = mapped_column(Instant)
