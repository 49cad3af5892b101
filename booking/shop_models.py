"""The points shop: what there is, and what members took."""

from datetime import datetime

from sqlalchemy import CheckConstraint, Enum, ForeignKey, true
from sqlalchemy.orm import Mapped, mapped_column

from booking.shop import Way
from booking.states import EXCHANGE_MACHINE, ExchangeAction, ExchangeState
from kernel.db import Base, Instant


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
        if self.coupon_kind_id is not None:
            return (Way.WALLET,)
        return tuple(
            way for way, goes in ((Way.POST, self.by_post), (Way.PICKUP, self.by_pickup)) if goes
        )


class Exchange(Base):
    """One article that a member took for points, and how it comes to him."""

    __tablename__ = "booking_exchange"

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(unique=True)
    article_id: Mapped[int] = mapped_column(ForeignKey("booking_article.id"), index=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("members_member.id"), index=True)
    points: Mapped[int]
    way: Mapped[Way] = mapped_column(Enum(Way, native_enum=False, length=32, values_callable=list))
    # Where it is posted to; the parcel's carrier and number.
    contact: Mapped[str] = mapped_column(default="")
    phone: Mapped[str] = mapped_column(default="")
    address: Mapped[str] = mapped_column(default="")
    carrier: Mapped[str] = mapped_column(default="")
    tracking: Mapped[str] = mapped_column(default="")
    # Where it is fetched, by which code.
    store_id: Mapped[int | None] = mapped_column(ForeignKey("booking_store.id"), index=True)
    pickup_code: Mapped[str] = mapped_column(default="", index=True)
    placed_at: Mapped[datetime] = mapped_column(Instant)
    # Who of us did the last step.
    staff_id: Mapped[int | None]
    why: Mapped[str] = mapped_column(default="")
    state: Mapped[ExchangeState] = mapped_column(
        Enum(ExchangeState, native_enum=False, length=32, values_callable=list),
        default=ExchangeState.PLACED,
        index=True,
    )
    state_since: Mapped[datetime] = mapped_column(Instant)
    version: Mapped[int] = mapped_column()

    __mapper_args__ = {"version_id_col": version}  # SQLAlchemy reads it as it is

    def advance(self, action: ExchangeAction, *, now: datetime) -> None:
        """Move along EXCHANGE_MACHINE; nothing else may assign `state`. Raises IllegalMove."""
        self.state = EXCHANGE_MACHINE.after(self.state, action)
        self.state_since = now
