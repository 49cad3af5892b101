"""Which grade a member was told that he holds."""

from datetime import datetime

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from kernel.db import Base, Instant


class HeldGrade(Base):
    """The grade that a member holds as far as he was told; without a row it is the first."""

    __tablename__ = "members_grade"

    member_id: Mapped[int] = mapped_column(ForeignKey("members_member.id"), primary_key=True)
    place: Mapped[int] = mapped_column(default=0)
    since: Mapped[datetime] = mapped_column(Instant)
    # When it was last held against the ledger: what was earned grows old.
    looked_at: Mapped[datetime] = mapped_column(Instant, index=True)
