"""The people of a member's household."""

from datetime import datetime

from sqlalchemy import JSON, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from kernel.db import Base, Instant
from kernel.phone import Phone


class Contact(Base):
    """Somebody whom we may turn to in a member's stead, and for what."""

    __tablename__ = "members_contact"

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(unique=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("members_member.id"), index=True)
    name: Mapped[str]
    phone: Mapped[str]
    # Of contacts.ContactRole; never none.
    roles: Mapped[list[str]] = mapped_column(JSON)
    added_at: Mapped[datetime] = mapped_column(Instant)

    @property
    def masked_phone(self) -> str:
        return Phone(self.phone).masked
