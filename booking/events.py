"""What booking tells the house."""

from dataclasses import dataclass
from datetime import date, datetime

from kernel.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class _BookingEvent(Event):
    booking_id: int
    number: str
    member_id: int

    def topics(self) -> tuple[str, ...]:
        return (f"booking:{self.number}", f"member:{self.member_id}")


@dataclass(frozen=True, slots=True, kw_only=True)
class BookingHeld(_BookingEvent):
    """A window is kept for the member."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BookingBooked(_BookingEvent):
    """The promise is made."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BookingExpired(_BookingEvent):
    """The hold ran out or was given up; its place is free."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BookingCompleted(_BookingEvent):
    """All visits are done; the points stand in the ledger."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GoodsAdded(_BookingEvent):
    """The booking has more to bring or to take along; what and where its items are, rows say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GoodsMoved(_BookingEvent):
    """An item came to `state`."""

    item_number: str
    state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GoodsExpected(_BookingEvent):
    """The warehouse said anew when it expects an item."""

    item_number: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GoodsLate(_BookingEvent):
    """An item will not be there for its visit, told once for each: the member is asked what now."""

    item_number: str
    visit_id: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LateGoodsAnswered(_BookingEvent):
    """The member said whether to wait, to move the visit or to come without what is late."""

    answer: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AssetScanned(_BookingEvent):
    """A technician scanned the serial number of an appliance; `verdict` is the genuine check's."""

    asset_number: str
    verdict: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WarrantyBound(Event):
    """The warranty of an appliance is the member's."""

    asset_number: str
    member_id: int

    def topics(self) -> tuple[str, ...]:
        return (f"member:{self.member_id}",)


@dataclass(frozen=True, slots=True, kw_only=True)
class BookingRated(_BookingEvent):
    """The member rated the booking; `technician_id` is 0 when nobody had come."""

    stars: int
    technician_id: int

    def topics(self) -> tuple[str, ...]:
        # Not by super(): dataclass(slots=True) makes a new class, which its cell would not know.
        return (*_BookingEvent.topics(self), f"technician:{self.technician_id}")


@dataclass(frozen=True, slots=True, kw_only=True)
class ComplaintOpened(_BookingEvent):
    """The member complained; the console owes him an answer."""

    complaint_number: str

    def topics(self) -> tuple[str, ...]:
        return (*_BookingEvent.topics(self), "complaints")


@dataclass(frozen=True, slots=True, kw_only=True)
class ComplaintAnswered(_BookingEvent):
    """The console answered a complaint."""

    complaint_number: str

    def topics(self) -> tuple[str, ...]:
        return (*_BookingEvent.topics(self), "complaints")


@dataclass(frozen=True, slots=True, kw_only=True)
class BookingUrged(_BookingEvent):
    """The member asked where the technician is, and was told: `late_s` seconds past the promise."""

    visit_id: int
    place: str
    late_s: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DepositAsked(_BookingEvent):
    """The window is held and becomes a promise when the deposit is paid."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfirmationAsked(_BookingEvent):
    """The member is asked whether he will be at home, for the `ask`th time."""

    ask: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BookingConfirmed(_BookingEvent):
    """The member, or an agent on the phone with him, says that he will be at home."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AddressVouched(_BookingEvent):
    """Somebody who knows has said that the address is right."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BookingMoved(_BookingEvent):
    """The promise was replaced by one with another window; the old one was given up after it."""

    promise_id: int
    by_provider: bool
    points: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BookingCancelled(_BookingEvent):
    """The promise was withdrawn; `cause` says by whom or why, `points` what it costs the member."""

    cause: str
    points: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BookingFailed(_BookingEvent):
    """The technician stood at the door in vain: nobody home, or he was refused."""

    visit_id: int
    cause: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnNeeded(_BookingEvent):
    """The visit has to be made once more; the member picks a window with priority."""

    visit_id: int
    cause: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkFinished(_BookingEvent):
    """The technician is done; the member signs and pays."""

    visit_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BookingClosed(_BookingEvent):
    """Rated, or left unrated for a week."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CareNewsOrdered(Event):
    """A member is to be told what his care plan says."""

    plan_number: str
    member_id: int

    def topics(self) -> tuple[str, ...]:
        return (f"member:{self.member_id}",)


@dataclass(frozen=True, slots=True, kw_only=True)
class BookingDisputed(_BookingEvent):
    """An appeal about it is open."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DisputeResolved(_BookingEvent):
    """The appeal was decided."""

    appeal_number: str
    upheld: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class AdditionAsked(_BookingEvent):
    """The technician asks for something off the price card; the member decides."""

    addition_number: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AdditionDecided(_BookingEvent):
    """The member agreed or not, or the technician took it back."""

    addition_number: str
    state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PromiseBroken(_BookingEvent):
    """We were too late or did not come; `fen` of compensation were posted without being asked for."""

    promise_id: int
    cause: str
    fen: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceCodeReleased(_BookingEvent):
    """A dispatcher let the work begin without the 服务码."""

    visit_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _WaitingEvent(Event):
    waiting_number: str
    member_id: int
    branch_id: int
    day: date

    def topics(self) -> tuple[str, ...]:
        return (
            f"waiting:{self.waiting_number}",
            f"member:{self.member_id}",
            f"day:{self.branch_id}:{self.day.isoformat()}",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingJoined(_WaitingEvent):
    """A member stands in the line of a day, at `position`; 1 is the first."""

    position: int


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingOffered(_WaitingEvent):
    """A place came free and is held for him who waited, until `until`."""

    booking_number: str
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingEnded(_WaitingEvent):
    """He waits no more: `state` is taken, lapsed or withdrawn."""

    state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StandbyOffered(_WaitingEvent):
    """He who waits is asked to stand by for a place that may come free until `until`."""

    standby_id: int
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class StandbyEnded(_WaitingEvent):
    """He stands by no more, and has no booking of it; `was_accepted`: he had said that he would."""

    standby_id: int
    why: str
    was_accepted: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentReceived(_BookingEvent):
    """WeChat has the money that was asked for."""

    payment_number: str
    fen: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundOrdered(_BookingEvent):
    """What was paid goes back whole, since it came too late for its window (`reason`)."""

    payment_number: str
    fen: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BookingRefunded(_BookingEvent):
    """A finished booking was paid back whole: `fen` of money, and whatever else had paid for it."""

    fen: int
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CouponIssued(Event):
    """A member has a new coupon, good until `expires_at`; `key` names what it was given for."""

    member_id: int
    name: str
    source: str
    key: str
    expires_at: datetime

    def topics(self) -> tuple[str, ...]:
        return (f"member:{self.member_id}",)


@dataclass(frozen=True, slots=True, kw_only=True)
class CouponExpiryAnnounced(Event):
    """So many coupons of a member expire soon, the first at `expires_at`."""

    member_id: int
    count: int
    expires_at: datetime

    def topics(self) -> tuple[str, ...]:
        return (f"member:{self.member_id}",)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExchangePlaced(Event):
    """A member took something in the points shop, for `points`."""

    exchange_number: str
    member_id: int
    points: int

    def topics(self) -> tuple[str, ...]:
        return (f"member:{self.member_id}",)


@dataclass(frozen=True, slots=True, kw_only=True)
class TryoutMoved(Event):
    """A tryout came to `state`; or, as `news` says, its time ends soon or is over."""

    tryout_number: str
    member_id: int
    state: str
    news: str

    def topics(self) -> tuple[str, ...]:
        return (f"member:{self.member_id}",)


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundArrived(_BookingEvent):
    """What was paid has reached its payer again."""

    payment_number: str
    fen: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DepositSettled(_BookingEvent):
    """The deposit of an ended booking goes back, or is kept for a journey in vain."""

    fen: int
    is_kept: bool
