"""What came of the questions about leakage."""

from datetime import datetime

from sqlalchemy import Enum, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from booking.leaks import LeakAnswer
from kernel.db import Base, Instant


class LeakNote(Base):
    """One answer to a question, by its key; never changed, and nobody's record but ours."""

    __tablename__ = "booking_leak_note"

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(index=True)
    # About whom it asked, under the name that he had then.
    member_id: Mapped[int | None] = mapped_column(index=True)
    branch_id: Mapped[int] = mapped_column(ForeignKey("dispatch_branch.id"))
    answer: Mapped[LeakAnswer] = mapped_column(
        Enum(LeakAnswer, native_enum=False, length=32, values_callable=list)
    )
    text: Mapped[str] = mapped_column(default="")
    staff_id: Mapped[int] = mapped_column(ForeignKey("members_staff.id"))
    at: Mapped[datetime] = mapped_column(Instant)
