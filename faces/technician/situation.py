"""What stands around one visit: what he carries, what he asked for, what he has proven."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from booking import asset_queries, check_queries, checks, goods_queries, payment_queries
from booking import queries as bookings
from booking.goods import GoodsKind
from booking.policy import SIGN_LIFE
from booking.states import LOADED_GOODS, AdditionState, GoodsState
from dispatch import queries
from dispatch.operations import trouble
from dispatch.policy import EvidenceClock
from dispatch.states import Proof, VisitState
from faces.chrome.errors import sentence_of
from faces.technician.agenda import Card
from kernel.db import Session
from kernel.errors import Refusal
from kernel.money import Money
from members import ledger_queries

_BEFORE_THE_ROAD = frozenset({VisitState.ASSIGNED, VisitState.ACCEPTED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One thing to load, or to take along."""

    number: str
    name: str
    quantity: int
    label: str
    state: GoodsState
    is_part: bool
    is_loaded: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One line of the price card that may be asked for at the door."""

    code: str
    name: str
    price: Money
    most: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One addition that he asked for."""

    number: str
    name: str
    count: int
    price: Money
    reason: str
    state: AdditionState
    decided_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Proven:
    """One thing that was recorded at the door."""

    kind: str
    facts: Mapping[str, Any]
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Serial:
    """One appliance that was scanned here; `model` is "" when no list vouches for it."""

    serial: str
    model: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """One point of the check list."""

    words: str
    is_ticked: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """All of it. `hindrance` says why he may not set out yet, "" when he may."""

    items: tuple[Item, ...]
    takes_old: bool
    hindrance: str
    additions: tuple[Asked, ...]
    card: tuple[Option, ...]
    serials: tuple[Serial, ...]
    evidence: tuple[Proven, ...]
    clock: EvidenceClock | None
    signs_itself_at: datetime | None
    errand: Money | None
    owed: Money | None
    checks: tuple[Point, ...]
    shots: tuple[str, ...]

    @property
    def unchecked(self) -> int:
        """How many points of the check list are open."""
        return sum(1 for point in self.checks if not point.is_ticked)

    @property
    def photos_least(self) -> int:
        """How many photos the work needs."""
        return checks.photos_least(self.shots)

    @property
    def to_load(self) -> int:
        """How many things are not on the van yet."""
        return sum(1 for item in self.items if not item.is_loaded)

    def last(self, kind: str) -> Proven | None:
        """Return the newest proof of that kind."""
        return next((proof for proof in reversed(self.evidence) if proof.kind == kind), None)

    @property
    def release_asked_at(self) -> datetime | None:
        """When he asked the dispatcher to let the work begin without a code."""
        asked = self.last(Proof.RELEASE_ASKED.value)
        return asked.at if asked else None


def read(db: Session, card: Card) -> Situation:
    """Return the situation of a visit of his."""
    booking = bookings.booking_of_visit(db, card.id)
    items = goods_queries.items_of_visit(db, card.id)
    visit = queries.visit(db, card.id)
    service = check_queries.service_of_visit(db, card.id)
    owed = payment_queries.owed(db, booking.id)
    errand = ledger_queries.posting_of(db, f"errand:{card.number}")
    return Situation(
        items=tuple(
            Item(
                number=item.number,
                name=item.name,
                quantity=item.quantity,
                label=item.serial or item.order_number or item.sku or item.number,
                state=item.state,
                is_part=item.kind is GoodsKind.PART,
                is_loaded=item.state in LOADED_GOODS,
            )
            for item in items
            if item.kind is not GoodsKind.OLD
        ),
        takes_old=any(item.kind is GoodsKind.OLD for item in items),
        hindrance=_hindrance(db, card),
        additions=_additions(db, booking.id, card.id),
        card=_card(bookings.services_by_id(db)[booking.service_id].options),
        serials=_serials(db, booking.id),
        evidence=tuple(
            Proven(kind=proof.kind, facts=proof.facts, at=proof.at)
            for proof in queries.evidence(db, card.id)
        ),
        clock=trouble.clock_of(db, visit),
        signs_itself_at=(
            card.finished_at + SIGN_LIFE
            if card.state is VisitState.WORK_DONE and card.finished_at
            else None
        ),
        errand=_earned(db, errand.id) if errand else None,
        owed=owed.amount if owed else None,
        checks=_points(service.checks or (), check_queries.ticked(db, card.id)),
        shots=tuple(service.shots or ()),
    )


def _points(points: Sequence[str], ticked: Collection[str]) -> tuple[Point, ...]:
    return tuple(Point(words=point, is_ticked=point in ticked) for point in points)


def _hindrance(db: Session, card: Card) -> str:
    if card.state not in _BEFORE_THE_ROAD:
        return ""
    try:
        goods_queries.check_may_depart(db, visit_id=card.id)
    except Refusal as refusal:
        return sentence_of(refusal)
    return ""


def _additions(db: Session, booking_id: int, visit_id: int) -> tuple[Asked, ...]:
    return tuple(
        Asked(
            number=one.number,
            name=one.name,
            count=one.count,
            price=one.price,
            reason=one.reason,
            state=one.state,
            decided_at=one.decided_at,
        )
        for one in bookings.additions(db, booking_id)
        if one.visit_id == visit_id
    )


def _card(options: Sequence[dict[str, object]]) -> tuple[Option, ...]:
    return tuple(
        Option(
            code=str(option["code"]),
            name=str(option["name"]),
            price=Money(int(str(option["price_fen"]))),
            most=int(str(option["most"])),
        )
        for option in options
    )


def _serials(db: Session, booking_id: int) -> tuple[Serial, ...]:
    found = asset_queries.assets_of_booking(db, booking_id)
    models = asset_queries.models_by_id(db, [asset.model_id for asset in found if asset.model_id])
    return tuple(
        Serial(
            serial=asset.serial,
            model=models[asset.model_id].name if asset.model_id in models else "",
        )
        for asset in found
    )


def _earned(db: Session, posting_id: int) -> Money:
    _, legs = ledger_queries.legs_of(db, posting_id)
    return Money(max(legs.values()))
