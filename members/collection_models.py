"""Things that members are owed."""

from datetime import datetime

from sqlalchemy import CheckConstraint, Enum, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from kernel.db import Base, Instant
from kernel.phone import Phone
from members.collecting import Way


class Collection(Base):
    """One thing that a member is owed, once for its cause: sent, or handed over for its code."""

    __tablename__ = "members_collection"
    __table_args__ = (CheckConstraint("sent_at IS NULL OR handed_at IS NULL", name="given_once"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(unique=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("members_member.id"), index=True)
    what: Mapped[str]
    # What it is owed for, as draw:Z…:7.
    cause: Mapped[str] = mapped_column(unique=True)
    code: Mapped[str] = mapped_column(index=True)
    owed_at: Mapped[datetime] = mapped_column(Instant)
    # None until the member has chosen.
    way: Mapped[Way | None] = mapped_column(
        Enum(Way, native_enum=False, length=32, values_callable=list)
    )
    name: Mapped[str] = mapped_column(default="")
    phone: Mapped[str] = mapped_column(default="")
    address: Mapped[str] = mapped_column(default="")
    sent_at: Mapped[datetime | None] = mapped_column(Instant)
    # The courier and his number for it.
    parcel: Mapped[str] = mapped_column(default="")
    handed_at: Mapped[datetime | None] = mapped_column(Instant)
    store_id: Mapped[int | None]
    by_id: Mapped[int | None]

    @property
    def is_given(self) -> bool:
        return self.sent_at is not None or self.handed_at is not None

    @property
    def masked_phone(self) -> str:
        """138****2046, "" for none."""
        return Phone(self.phone).masked if self.phone else ""
