"""QR codes beside those of the stores."""

from datetime import datetime

from sqlalchemy import Enum, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from booking.codes import CodeKind
from kernel.db import Base, Instant


class Code(Base):
    """A QR code that a branch hands out: on a badge, a product, at an event, with a coupon."""

    __tablename__ = "booking_code"

    id: Mapped[int] = mapped_column(primary_key=True)
    scene: Mapped[str] = mapped_column(unique=True)
    kind: Mapped[CodeKind] = mapped_column(
        Enum(CodeKind, native_enum=False, length=32, values_callable=list)
    )
    name: Mapped[str]
    branch_id: Mapped[int] = mapped_column(ForeignKey("dispatch_branch.id"), index=True)
    # Whose followers it makes; none for the branch's own.
    store_id: Mapped[int | None] = mapped_column(ForeignKey("booking_store.id"))
    # Who bears the badge: one of the two.
    technician_id: Mapped[int | None] = mapped_column(ForeignKey("dispatch_technician.id"))
    staff_id: Mapped[int | None] = mapped_column(ForeignKey("members_staff.id"))
    # What a product leads to.
    service_id: Mapped[int | None] = mapped_column(ForeignKey("booking_service.id"))
    # What a coupon code gives to whoever scans it.
    coupon_kind_id: Mapped[int | None]
    # How it greets, and what stands on the page of whoever came by it.
    welcome: Mapped[str] = mapped_column(default="")
    about: Mapped[str] = mapped_column(default="")
    made_at: Mapped[datetime] = mapped_column(Instant)
    # Printed ones go on to be scanned: they still count, but promise nothing any more.
    ended_at: Mapped[datetime | None] = mapped_column(Instant)
