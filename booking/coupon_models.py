"""Coupons: their kinds, those that members have, and to whom many are given at once."""

from datetime import datetime

from sqlalchemy import CheckConstraint, Enum, ForeignKey, Index, false, text
from sqlalchemy.orm import Mapped, mapped_column

from booking.coupons import CouponForm, CouponSource, Terms
from kernel.db import Base, Fen, Instant
from kernel.money import ZERO, Money


class CouponKind(Base):
    """One kind of coupon: its terms, how long each lives, and how many there may be."""

    __tablename__ = "booking_coupon_kind"
    __table_args__ = (
        CheckConstraint("given_max IS NULL OR given <= given_max", name="given_within_limit"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    form: Mapped[CouponForm] = mapped_column(
        Enum(CouponForm, native_enum=False, length=32, values_callable=list)
    )
    amount: Mapped[Money] = mapped_column(Fen, default=ZERO)
    percent_off: Mapped[int] = mapped_column(default=0)
    most: Mapped[Money] = mapped_column(Fen, default=ZERO)
    least: Mapped[Money] = mapped_column(Fen, default=ZERO)
    is_second_only: Mapped[bool] = mapped_column(default=False, server_default=false())
    service_id: Mapped[int | None] = mapped_column(ForeignKey("booking_service.id"))
    store_id: Mapped[int | None] = mapped_column(ForeignKey("booking_store.id"))
    live_days: Mapped[int]
    # None for as many as are asked for.
    given_max: Mapped[int | None]
    given: Mapped[int] = mapped_column(default=0)
    made_at: Mapped[datetime] = mapped_column(Instant)
    # Given no more; those that members have stay good.
    ended_at: Mapped[datetime | None] = mapped_column(Instant)

    @property
    def terms(self) -> Terms:
        return Terms(
            form=self.form,
            amount=self.amount,
            percent_off=self.percent_off,
            most=self.most,
            least=self.least,
            is_second_only=self.is_second_only,
            service_id=self.service_id,
            store_id=self.store_id,
        )


class Coupon(Base):
    """One coupon of a member: free, on a booking, or used up by it."""

    __tablename__ = "booking_coupon"
    __table_args__ = (
        CheckConstraint("used_at IS NULL OR booking_id IS NOT NULL", name="used_on_a_booking"),
        Index(
            "ix_booking_coupon_untold",
            "expires_at",
            sqlite_where=text("told_at IS NULL AND booking_id IS NULL"),
            postgresql_where=text("told_at IS NULL AND booking_id IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(unique=True)
    kind_id: Mapped[int] = mapped_column(ForeignKey("booking_coupon_kind.id"), index=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("members_member.id"), index=True)
    # What it was given for, once: a scene, a giving, an order, each with its member.
    key: Mapped[str] = mapped_column(unique=True)
    source: Mapped[CouponSource] = mapped_column(
        Enum(CouponSource, native_enum=False, length=32, values_callable=list)
    )
    given_at: Mapped[datetime] = mapped_column(Instant)
    expires_at: Mapped[datetime] = mapped_column(Instant)
    told_at: Mapped[datetime | None] = mapped_column(Instant)
    booking_id: Mapped[int | None] = mapped_column(ForeignKey("booking_booking.id"), index=True)
    used_at: Mapped[datetime | None] = mapped_column(Instant)


class CouponGiving(Base):
    """A kind that is given to all followers, or to those of a store or a segment, some at a time;
    `last_id` is the member who had his last."""

    __tablename__ = "booking_coupon_giving"

    id: Mapped[int] = mapped_column(primary_key=True)
    kind_id: Mapped[int] = mapped_column(ForeignKey("booking_coupon_kind.id"), index=True)
    # Whose followers, or which members; neither for all followers.
    store_id: Mapped[int | None] = mapped_column(ForeignKey("booking_store.id"))
    segment_id: Mapped[int | None] = mapped_column(ForeignKey("members_segment.id"))
    asked_by_id: Mapped[int]
    asked_at: Mapped[datetime] = mapped_column(Instant)
    last_id: Mapped[int] = mapped_column(default=0)
    given: Mapped[int] = mapped_column(default=0)
    done_at: Mapped[datetime | None] = mapped_column(Instant, index=True)
