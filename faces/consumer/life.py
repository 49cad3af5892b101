"""What a member can do about his booking now, and what stands around it: read for its page."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from booking import asset_queries, feedback_queries, goods_queries, payment_queries, queries
from booking.goods import GoodsKind, LateAnswer
from booking.operations import cancelling, feedback, moving
from booking.payment_queries import DEPOSIT
from booking.policy import DISPUTE_FOR, Tariff
from booking.states import PROMISED, SERVED, AdditionState, BookingState, GoodsState, PaymentState
from booking.urging import URGE_PAUSE, Answer
from dispatch import queries as dispatch
from dispatch.states import LEFT, MOVABLE, OUT, UNDER_WAY, VisitState
from faces.chrome.filters import gettext
from faces.consumer import progress, story, strikes
from kernel.actor import Actor
from kernel.db import Session
from kernel.money import ZERO, Money
from kernel.words import msg
from members import queries as members
from members import strike_queries
from members.policy import AppealSubject
from members.risk import Note
from members.states import StrikeState

_AT_THE_DOOR = UNDER_WAY - {VisitState.EN_ROUTE}
GOODS_WORDS = {
    GoodsState.NOT_SHIPPED: msg("未发货"),
    GoodsState.IN_WAREHOUSE: msg("已到仓"),
    GoodsState.ON_VAN: msg("在师傅车上"),
    GoodsState.DELIVERED: msg("已送达"),
    GoodsState.RETURNED: msg("已退回"),
    GoodsState.TO_COLLECT: msg("上门时取走"),
    GoodsState.COLLECTED: msg("已取走"),
}
_GOODS_TONES = {
    GoodsState.NOT_SHIPPED: "warn",
    GoodsState.RETURNED: "danger",
    GoodsState.DELIVERED: "ok",
    GoodsState.COLLECTED: "ok",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Leg:
    """One of the windows that stand for a booking: the delivery's, then the service's."""

    name: str
    starts_at: datetime
    ends_at: datetime
    state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One thing the booking brings or takes along."""

    name: str
    quantity: int
    words: str
    tone: str
    since: datetime
    serial: str
    expected_at: datetime | None
    is_old: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """An addition that waits for the member, with the sum before and after."""

    number: str
    name: str
    count: int
    price: Money
    reason: str
    before: Money
    after: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class Urged:
    """The latest answer to 催一催, and when he may ask again; none when he may now."""

    answer: Answer
    at: datetime
    again_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Costs:
    """What moving and cancelling cost now, None where they cannot be done; `is_ours` when it is free
    because the fault is ours."""

    move: Tariff | None = None
    cancel: Tariff | None = None
    is_ours: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Rated:
    """What he thought of it."""

    stars: int
    tags: tuple[str, ...]
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Complained:
    """One complaint, and our answer once there is one."""

    text: str
    opened_at: datetime
    answer: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Appliance:
    """An appliance that was scanned for the booking."""

    number: str
    name: str
    serial: str
    is_genuine: bool
    bound_at: datetime | None
    warranty_until: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Life:
    """All of a booking's page beside where its visit stands."""

    legs: tuple[Leg, ...]
    goods: tuple[Item, ...]
    late: tuple[Item, ...]
    late_answer: LateAnswer | None
    asked: tuple[Asked, ...]
    urged: Urged | None
    # What he can pay now, "" for nothing, and what became of his deposit, "" for none.
    to_pay: str
    deposit_state: str
    # Why a deposit is asked of him.
    deposit_reasons: tuple[Note, ...]
    releases_unanswered: bool
    is_asked: bool
    is_address_sure: bool
    may_confirm: bool
    may_urge: bool
    may_sign: bool
    may_rate: bool
    costs: Costs
    # The number and the state of the strike that came of it, "" for none.
    strike: str
    strike_state: str
    compensation: Money
    rating: Rated | None
    complaints: tuple[Complained, ...]
    disputes: tuple[strikes.Appealed, ...]
    # Until when its outcome may be contested; none when it may not.
    dispute_until: datetime | None
    appliances: tuple[Appliance, ...]

    @property
    def owes_money_back(self) -> bool:
        """Tell, once all is over, whether his deposit is still on its way to him."""
        is_kept = self.deposit_state == "paid" and bool(self.strike_state)
        return self.deposit_state in ("paid", "refunding") and not is_kept


def read(db: Session, *, number: str, by: Actor, now: datetime) -> Life:
    """Return what stands around the member's booking. Raises BookingMissing."""
    booking = queries.booking(db, number=number, by=by)
    visit = dispatch.visit(db, booking.visit_id)
    standing = members.standing_of(db, booking.member_id, branch_id=booking.branch_id, now=now)
    is_promised = booking.state in PROMISED and not booking.needs_window
    late = goods_queries.late_goods(db, booking.id)
    rated = rating(db, booking.id)
    strike, strike_state = _strike(db, number, member_id=booking.member_id)
    disputes = strikes.appeals_about(db, kind=AppealSubject.BOOKING, number=number)
    paid = story.compensations(db, number, member_id=booking.member_id)
    return Life(
        legs=tuple(_legs(db, booking.id, booking.state)),
        goods=tuple(_goods(db, booking.id)),
        late=tuple(item for item in _goods(db, booking.id, only={i.id for _, i in late})),
        late_answer=late[0][0].answer if late else None,
        asked=tuple(_asked(db, booking.id, booking.price)) if is_promised else (),
        urged=_urged(db, booking.id, visit_id=visit.id, now=now) if is_promised else None,
        to_pay=_to_pay(db, booking.id),
        deposit_state=deposit_state(db, booking.id),
        deposit_reasons=standing.reasons,
        releases_unanswered=standing.releases_unanswered,
        is_asked=booking.asks > 0,
        is_address_sure=booking.address_is_sure or not is_promised,
        may_confirm=is_promised
        and booking.state is BookingState.BOOKED
        and visit.state in MOVABLE | {VisitState.EN_ROUTE},
        # Once he stands at the door there is nobody left to hurry.
        may_urge=is_promised and visit.state not in LEFT | OUT | _AT_THE_DOOR,
        may_sign=is_promised and visit.state is VisitState.WORK_DONE,
        may_rate=rated is None and feedback.may_rate(db, booking),
        costs=costs(db, number=number, by=by, now=now),
        strike=strike,
        strike_state=strike_state,
        compensation=sum((amount for _, amount in paid), ZERO),
        rating=rated,
        complaints=tuple(_complaints(db, booking.id)),
        disputes=disputes,
        dispute_until=_dispute_until(db, booking.id, now=now)
        if booking.state in SERVED and strikes.may_appeal(disputes)
        else None,
        appliances=tuple(_appliances(db, booking.id)),
    )


def costs(db: Session, *, number: str, by: Actor, now: datetime) -> Costs:
    """Return what moving and cancelling cost now: said before he presses. Raises BookingMissing."""
    booking = queries.booking(db, number=number, by=by)
    if booking.state not in PROMISED:
        return Costs()
    state = dispatch.visit(db, booking.visit_id).state
    moved, cancelled = moving.quote(db, booking, now=now), cancelling.quote(db, booking, now=now)
    move, cancel, is_ours = moved.tariff, cancelled.tariff, moved.is_ours
    if goods_queries.late_goods(db, booking.id):
        # What he gives up or moves because our goods are late costs him nothing.
        free = Tariff(free_until=booking.starts_at)
        move, cancel, is_ours = free, free, True
    may_move = booking.needs_window or state in MOVABLE
    may_cancel = may_move or state is VisitState.EN_ROUTE
    return Costs(
        move=move if may_move else None,
        cancel=cancel if may_cancel else None,
        is_ours=is_ours,
    )


def held(db: Session, *, number: str, by: Actor) -> tuple[tuple[Leg, ...], str]:
    """Return the windows that are held together, two for a coupled booking, and what became of a
    deposit. Raises BookingMissing."""
    booking = queries.booking(db, number=number, by=by)
    return tuple(_legs(db, booking.id, booking.state)), deposit_state(db, booking.id)


def rating(db: Session, booking_id: int) -> Rated | None:
    """Return what the member thought of the booking."""
    found = feedback_queries.rating_of(db, booking_id)
    if found is None:
        return None
    return Rated(stars=found.stars, tags=tuple(found.tags), text=found.text)


def deposit_state(db: Session, booking_id: int) -> str:
    """Return what became of the booking's deposit: a PaymentState's value, "" when none was asked."""
    row = payment_queries.latest(db, booking_id, purpose=DEPOSIT)
    return row.state.value if row is not None else ""


def _to_pay(db: Session, booking_id: int) -> str:
    found = [
        row for row in payment_queries.payments_of(db, booking_id) if row.state is PaymentState.OPEN
    ]
    return found[-1].number if found else ""


def _legs(db: Session, booking_id: int, state: BookingState) -> list[Leg]:
    services = queries.services_by_id(db)
    promises = queries.standing_promises(db, booking_id)
    visits = dispatch.visits_by_id(db, [kept.visit_id for kept in promises])
    return [
        Leg(
            name=services[kept.service_id].name,
            starts_at=kept.starts_at,
            ends_at=kept.ends_at,
            state=progress.shown_state(
                state, visits[kept.visit_id].state, cause="", needs_window=False
            ),
        )
        for kept in promises
    ]


def _goods(db: Session, booking_id: int, *, only: set[int] | None = None) -> list[Item]:
    """Return what the booking brings; `only` names items, else parts are left out."""
    return [
        Item(
            name=row.name,
            quantity=row.quantity,
            words=gettext(GOODS_WORDS[row.state]),
            tone=_GOODS_TONES.get(row.state, "info"),
            since=row.state_since,
            serial=row.serial,
            expected_at=row.expected_at,
            is_old=row.kind is GoodsKind.OLD,
        )
        for row in goods_queries.items_of(db, booking_id)
        if (row.id in only if only is not None else row.kind is not GoodsKind.PART)
    ]


def _asked(db: Session, booking_id: int, price: Money) -> list[Asked]:
    return [
        Asked(
            number=row.number,
            name=row.name,
            count=row.count,
            price=row.price,
            reason=row.reason,
            before=price,
            after=price + row.price,
        )
        for row in queries.additions(db, booking_id)
        if row.state is AdditionState.ASKED
    ]


def _urged(db: Session, booking_id: int, *, visit_id: int, now: datetime) -> Urged | None:
    last = feedback_queries.latest_urge(db, booking_id)
    if last is None or last.visit_id != visit_id:
        return None
    again_at = last.at + URGE_PAUSE
    return Urged(
        answer=feedback_queries.answer_of(last),
        at=last.at,
        again_at=again_at if now < again_at else None,
    )


def _strike(db: Session, number: str, *, member_id: int) -> tuple[str, str]:
    """Return the number and the state of the strike that came of the booking, "" for none."""
    for row in strike_queries.strikes_of(db, member_id=member_id):
        if row.booking_number == number and row.state is not StrikeState.WAIVED:
            return row.number, row.state.value
    return "", ""


def _dispute_until(db: Session, booking_id: int, *, now: datetime) -> datetime | None:
    completed_at = queries.completed_at(db, booking_id)
    until = completed_at and completed_at + DISPUTE_FOR
    return until if until is not None and now <= until else None


def _complaints(db: Session, booking_id: int) -> Sequence[Complained]:
    return [
        Complained(text=row.text, opened_at=row.opened_at, answer=row.answer)
        for row in feedback_queries.complaints_of(db, booking_id)
    ]


def _appliances(db: Session, booking_id: int) -> list[Appliance]:
    found = asset_queries.assets_of_booking(db, booking_id)
    models = asset_queries.models_by_id(db, [row.model_id for row in found if row.model_id])
    return [
        Appliance(
            number=row.number,
            name=models[row.model_id].name if row.model_id else "",
            serial=row.serial,
            is_genuine=row.model_id is not None,
            bound_at=row.bound_at,
            warranty_until=row.warranty_until,
        )
        for row in found
    ]
