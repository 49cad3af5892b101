"""Services, stores, drafts and bookings."""

from datetime import datetime
from typing import Any

from sqlalchemy import (
    JSON,
    CheckConstraint,
    Enum,
    ForeignKey,
    UniqueConstraint,
    false,
    text,
    true,
)
from sqlalchemy.orm import Mapped, mapped_column

from booking.states import (
    ADDITION_MACHINE,
    BOOKING_MACHINE,
    AdditionAction,
    AdditionState,
    BookingAction,
    BookingState,
)
from kernel.db import Base, Fen, Instant
from kernel.geo import Point
from kernel.money import ZERO, Money
from kernel.phone import Phone

_STATE = Enum(BookingState, native_enum=False, length=32, values_callable=list)


class Service(Base):
    """Something a member can buy: how long it takes, which skill it needs, what it costs."""

    __tablename__ = "booking_service"

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(unique=True)
    # delivery, installation, maintenance or tryout.
    category: Mapped[str]
    name: Mapped[str]
    # What stands on the board, four characters at most.
    short_name: Mapped[str]
    about: Mapped[str] = mapped_column(default="")
    icon: Mapped[str]
    work_s: Mapped[int]
    skill: Mapped[str]
    level: Mapped[int] = mapped_column(default=1)
    price: Mapped[Money] = mapped_column(Fen)
    # The price card: [{code, name, kind: count|switch|choice, most, price_fen, work_s}], with `unit`
    # and `note` where they help; a choice has a `group`, of which one is chosen.
    options: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)
    # What a visit of it brings: [{kind: goods|part, name, sku?, quantity?, option?}]. Always a list:
    # nullable only because neither database could add the column otherwise.
    brings: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list, nullable=True)
    # What he ticks before the work is done, and the photos he takes of it, each by its name; always
    # lists, as `brings` is.
    checks: Mapped[list[str]] = mapped_column(JSON, default=list, nullable=True)
    shots: Mapped[list[str]] = mapped_column(JSON, default=list, nullable=True)
    # The delivery that may come before it in the same booking (送装一体); none when there is none.
    delivery_code: Mapped[str | None]
    # After an installation or a maintenance a care plan begins: every so many months (0 for none) the
    # service of that code (itself when empty), with these tips. Nullable as `brings` is.
    care_months: Mapped[int] = mapped_column(default=0, nullable=True)
    care_code: Mapped[str] = mapped_column(default="", nullable=True)
    care_tips: Mapped[str] = mapped_column(default="", nullable=True)
    place: Mapped[int] = mapped_column(default=0)
    # Off sale it cannot be booked anew; what was booked is kept as it was promised.
    on_sale: Mapped[bool] = mapped_column(default=True, server_default=true())


class CheckedPoint(Base):
    """One point of a visit's check list that was ticked, in the words it had then."""

    __tablename__ = "booking_check"
    __table_args__ = (UniqueConstraint("visit_id", "point"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    visit_id: Mapped[int] = mapped_column(ForeignKey("dispatch_visit.id"))
    point: Mapped[str]
    at: Mapped[datetime] = mapped_column(Instant)


class Store(Base):
    """Where followers come from; its QR code carries `scene`. Its place is unknown until a leader writes
    it down."""

    __tablename__ = "booking_store"

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    scene: Mapped[str] = mapped_column(unique=True)
    branch_id: Mapped[int] = mapped_column(ForeignKey("dispatch_branch.id"))
    welcome: Mapped[str]
    address: Mapped[str] = mapped_column(default="", server_default=text("''"))
    lat: Mapped[float | None]
    lon: Mapped[float | None]

    @property
    def point(self) -> Point | None:
        return None if self.lat is None or self.lon is None else Point(self.lat, self.lon)


class Draft(Base):
    """What a member has filled in so far; kept, so that nothing he typed is lost."""

    __tablename__ = "booking_draft"

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(unique=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("members_member.id"), index=True)
    service_id: Mapped[int] = mapped_column(ForeignKey("booking_service.id"))
    choices: Mapped[dict[str, int]] = mapped_column(JSON, default=dict)
    branch_id: Mapped[int] = mapped_column(ForeignKey("dispatch_branch.id"))
    address: Mapped[str]
    compound: Mapped[str]
    door: Mapped[str]
    lat: Mapped[float]
    lon: Mapped[float]
    contact: Mapped[str]
    phone: Mapped[str]
    work_s: Mapped[int]
    price: Mapped[Money] = mapped_column(Fen)
    made_at: Mapped[datetime] = mapped_column(Instant)
    # The delivery that comes before the service in the same booking (送装一体), with the seconds it
    # takes; none when the service comes alone.
    delivery_id: Mapped[int | None]
    delivery_work_s: Mapped[int] = mapped_column(default=0, server_default="0")
    # The gazetteer knew the address to the letter; else somebody still has to say that it is right.
    address_is_sure: Mapped[bool] = mapped_column(default=True, server_default=true())

    @property
    def point(self) -> Point:
        return Point(self.lat, self.lon)


class Booking(Base):
    """One member was promised a service at one door: arrival within [starts_at, ends_at].

    `visit_id`, `starts_at` and `ends_at` are those of the promise that stands now; the promises
    themselves, also the earlier ones, are rows of their own and never change their window.
    """

    __tablename__ = "booking_booking"
    __table_args__ = (
        CheckConstraint("starts_at < ends_at", name="window_has_length"),
        CheckConstraint("price >= 0", name="price_not_negative"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(unique=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("members_member.id"), index=True)
    draft_id: Mapped[int] = mapped_column(ForeignKey("booking_draft.id"), index=True)
    visit_id: Mapped[int] = mapped_column(ForeignKey("dispatch_visit.id"), unique=True)
    branch_id: Mapped[int] = mapped_column(ForeignKey("dispatch_branch.id"))
    service_id: Mapped[int] = mapped_column(ForeignKey("booking_service.id"))
    choices: Mapped[dict[str, int]] = mapped_column(JSON, default=dict)
    price: Mapped[Money] = mapped_column(Fen)
    # What points, vouchers and coupons pay of it; the rows of `discount_models` say which.
    discount: Mapped[Money] = mapped_column(Fen, default=ZERO, server_default="0")
    address: Mapped[str]
    compound: Mapped[str]
    door: Mapped[str]
    contact: Mapped[str]
    phone: Mapped[str]
    starts_at: Mapped[datetime] = mapped_column(Instant, index=True)
    ends_at: Mapped[datetime] = mapped_column(Instant)
    held_until: Mapped[datetime] = mapped_column(Instant)
    made_at: Mapped[datetime] = mapped_column(Instant)
    # Why it ended or must be visited again, one of `policy.Cause`; empty while nothing went wrong.
    cause: Mapped[str] = mapped_column(default="", server_default=text("''"))
    # The risk tier on which presence is asked for, taken when the promise was made, and how often
    # and when last the member was asked.
    tier: Mapped[int] = mapped_column(default=0, server_default="0")
    asks: Mapped[int] = mapped_column(default=0, server_default="0")
    asked_at: Mapped[datetime | None] = mapped_column(Instant)
    # When somebody was last looked for who would stand by for its place.
    standby_looked_at: Mapped[datetime | None] = mapped_column(Instant)
    # What must be paid before it is a promise; zero for most.
    deposit: Mapped[Money] = mapped_column(Fen, default=ZERO, server_default="0")
    consented_at: Mapped[datetime | None] = mapped_column(Instant)
    address_is_sure: Mapped[bool] = mapped_column(default=True, server_default=true())
    # A visit has to be made once more and has no window yet; the member picks one with priority.
    needs_window: Mapped[bool] = mapped_column(default=False, server_default=false())
    # The first of the two steps in which the house withdraws a promise.
    withdrawal_asked_by: Mapped[int | None]
    withdrawal_asked_at: Mapped[datetime | None] = mapped_column(Instant)
    # Paid back whole, long after the work.
    refunded_at: Mapped[datetime | None] = mapped_column(Instant)
    # When the clock must look at this booking again; none when nothing is due.
    look_at: Mapped[datetime | None] = mapped_column(Instant, index=True)
    state: Mapped[BookingState] = mapped_column(_STATE, default=BookingState.HELD, index=True)
    state_since: Mapped[datetime] = mapped_column(Instant)
    version: Mapped[int] = mapped_column()

    __mapper_args__ = {"version_id_col": version}

    @property
    def masked_phone(self) -> str:
        return Phone(self.phone).masked

    @property
    def due(self) -> Money:
        """What is to be paid in money."""
        return max(self.price - self.discount, ZERO)

    @property
    def place(self) -> str:
        """The 小区 and the door in it, as people say it."""
        return f"{self.compound}{self.door}"

    def advance(self, action: BookingAction, *, now: datetime) -> None:
        """Move along BOOKING_MACHINE; nothing else may assign `state`. Raises IllegalMove."""
        self.state = BOOKING_MACHINE.after(self.state, action)
        self.state_since = now


class Promise(Base):
    """One window, kept for a booking by one visit and told to the member when it was promised.

    The window never changes. A booking moved to another window, visited twice or served by two
    visits has several; those without `ended_at` stand.
    """

    __tablename__ = "booking_promise"
    __table_args__ = (CheckConstraint("starts_at < ends_at", name="promise_has_length"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    booking_id: Mapped[int] = mapped_column(ForeignKey("booking_booking.id"), index=True)
    visit_id: Mapped[int] = mapped_column(ForeignKey("dispatch_visit.id"), unique=True)
    service_id: Mapped[int] = mapped_column(ForeignKey("booking_service.id"))
    starts_at: Mapped[datetime] = mapped_column(Instant, index=True)
    ends_at: Mapped[datetime] = mapped_column(Instant)
    # None while the window is only held.
    promised_at: Mapped[datetime | None] = mapped_column(Instant)
    ended_at: Mapped[datetime | None] = mapped_column(Instant)
    # How it ended, one of `policy.Ending`; empty while it stands.
    ending: Mapped[str] = mapped_column(default="")
    # The points for a window on somebody's way (顺路), fixed when it was held, due when it is kept.
    bonus: Mapped[int] = mapped_column(default=0, server_default="0")


class Addition(Base):
    """Something off the price card that a technician asks for at the door (增项)."""

    __tablename__ = "booking_addition"

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(unique=True)
    booking_id: Mapped[int] = mapped_column(ForeignKey("booking_booking.id"), index=True)
    visit_id: Mapped[int] = mapped_column(ForeignKey("dispatch_visit.id"))
    code: Mapped[str]
    name: Mapped[str]
    count: Mapped[int]
    price: Mapped[Money] = mapped_column(Fen)
    work_s: Mapped[int]
    reason: Mapped[str]
    asked_at: Mapped[datetime] = mapped_column(Instant)
    decided_at: Mapped[datetime | None] = mapped_column(Instant)
    state: Mapped[AdditionState] = mapped_column(
        Enum(AdditionState, native_enum=False, length=32, values_callable=list),
        default=AdditionState.ASKED,
    )

    def advance(self, action: AdditionAction, *, now: datetime) -> None:
        """Move along ADDITION_MACHINE; nothing else may assign `state`. Raises IllegalMove."""
        self.state = ADDITION_MACHINE.after(self.state, action)
        self.decided_at = now


class BookingStep(Base):
    """One move of a booking, with who made it; contiguous per booking, never changed."""

    __tablename__ = "booking_step"
    __table_args__ = (UniqueConstraint("booking_id", "seq"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    booking_id: Mapped[int] = mapped_column(ForeignKey("booking_booking.id"))
    seq: Mapped[int]
    action: Mapped[str]
    state: Mapped[BookingState] = mapped_column(_STATE)
    actor_role: Mapped[str]
    actor_id: Mapped[int]
    # Why, where there is a choice; empty where the action says it all.
    cause: Mapped[str] = mapped_column(default="", server_default=text("''"))
    at: Mapped[datetime] = mapped_column(Instant)
