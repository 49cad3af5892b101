"""What a visit brings and takes along: goods, parts and old appliances, and when they are late."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, Enum, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from booking.goods import GoodsKind, LateAnswer, LateReason, machine_of
from booking.states import GoodsAction, GoodsState
from kernel.db import Base, Instant


def _enum(kind: type[StrEnum]) -> Enum:
    return Enum(kind, native_enum=False, length=32, values_callable=list)


class GoodsItem(Base):
    """Something that a visit of the booking needs, or an old appliance that it takes along."""

    __tablename__ = "booking_goods_item"
    __table_args__ = (CheckConstraint("quantity > 0", name="some_of_it"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(unique=True)
    booking_id: Mapped[int] = mapped_column(ForeignKey("booking_booking.id"), index=True)
    # The service whose visit carries it: a booking may have a delivery and an installation.
    service_id: Mapped[int] = mapped_column(ForeignKey("booking_service.id"))
    kind: Mapped[GoodsKind] = mapped_column(_enum(GoodsKind))
    name: Mapped[str]
    # By which the ERP knows it; empty while nobody told.
    order_number: Mapped[str] = mapped_column(default="", index=True)
    sku: Mapped[str] = mapped_column(default="")
    serial: Mapped[str] = mapped_column(default="")
    quantity: Mapped[int] = mapped_column(default=1)
    # When the warehouse expects it; none while nobody has said.
    expected_at: Mapped[datetime | None] = mapped_column(Instant)
    added_at: Mapped[datetime] = mapped_column(Instant)
    state: Mapped[GoodsState] = mapped_column(_enum(GoodsState), index=True)
    state_since: Mapped[datetime] = mapped_column(Instant)
    version: Mapped[int] = mapped_column()

    __mapper_args__ = {"version_id_col": version}

    def advance(self, action: GoodsAction, *, now: datetime) -> None:
        """Move along the machine of its kind; nothing else may assign `state`. Raises IllegalMove."""
        self.state = machine_of(self.kind).after(self.state, action)
        self.state_since = now


class GoodsStep(Base):
    """One move of an item, or a word about when it comes; contiguous per item, never changed."""

    __tablename__ = "booking_goods_step"
    __table_args__ = (UniqueConstraint("item_id", "seq"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    item_id: Mapped[int] = mapped_column(ForeignKey("booking_goods_item.id"))
    seq: Mapped[int]
    # A GoodsAction, `create`, or `expect` when only `expected_at` was told.
    action: Mapped[str]
    state: Mapped[GoodsState] = mapped_column(_enum(GoodsState))
    expected_at: Mapped[datetime | None] = mapped_column(Instant)
    actor_role: Mapped[str]
    actor_id: Mapped[int]
    at: Mapped[datetime] = mapped_column(Instant)


class LateGoods(Base):
    """An item that will not be there for a visit, and what the member said to that."""

    __tablename__ = "booking_late_goods"
    __table_args__ = (UniqueConstraint("item_id", "visit_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    item_id: Mapped[int] = mapped_column(ForeignKey("booking_goods_item.id"))
    booking_id: Mapped[int] = mapped_column(ForeignKey("booking_booking.id"), index=True)
    visit_id: Mapped[int] = mapped_column(ForeignKey("dispatch_visit.id"))
    reason: Mapped[LateReason] = mapped_column(_enum(LateReason))
    found_at: Mapped[datetime] = mapped_column(Instant)
    # When it was there after all; none while it is late.
    ended_at: Mapped[datetime | None] = mapped_column(Instant)
    answer: Mapped[LateAnswer | None] = mapped_column(_enum(LateAnswer))
    answered_at: Mapped[datetime | None] = mapped_column(Instant)
    answered_role: Mapped[str] = mapped_column(default="")
    answered_id: Mapped[int] = mapped_column(default=0)
