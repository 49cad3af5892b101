"""The points shop: what there is, and what members took."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, true
from sqlalchemy.orm import Mapped, mapped_column

from kernel.db import Base, Instant
from members.collecting import Way


class Article(Base):
    """One thing in the shop: a gift, or a coupon where `coupon_kind_id` names one."""

    __tablename__ = "booking_article"
    __table_args__ = (
        CheckConstraint("points > 0", name="points_positive"),
        CheckConstraint("stock IS NULL OR stock >= 0", name="stock_not_negative"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    about: Mapped[str] = mapped_column(default="")
    icon: Mapped[str] = mapped_column(default="gift")
    points: Mapped[int]
    # How many are left; none for a coupon without an end.
    stock: Mapped[int | None]
    # How many one member may have; none for any.
    own_max: Mapped[int | None]
    coupon_kind_id: Mapped[int | None] = mapped_column(ForeignKey("booking_coupon_kind.id"))
    by_post: Mapped[bool] = mapped_column(default=False)
    by_pickup: Mapped[bool] = mapped_column(default=False)
    on_sale: Mapped[bool] = mapped_column(default=True, server_default=true())
    made_at: Mapped[datetime] = mapped_column(Instant)

    @property
    def ways(self) -> tuple[Way, ...]:
        """None for a coupon, which is there at once."""
        offered = ((Way.POST, self.by_post), (Way.PICK_UP, self.by_pickup))
        return tuple(way for way, is_offered in offered if is_offered)


class Exchange(Base):
    """One article that a member took for points: a coupon at once, or a thing that he is owed."""

    __tablename__ = "booking_exchange"

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(unique=True)
    article_id: Mapped[int] = mapped_column(ForeignKey("booking_article.id"), index=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("members_member.id"), index=True)
    points: Mapped[int]
    placed_at: Mapped[datetime] = mapped_column(Instant)
    # How it comes to him, and whether it was undone; none for a coupon.
    collection_id: Mapped[int | None] = mapped_column(
        ForeignKey("members_collection.id"), unique=True
    )
