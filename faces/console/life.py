"""All of a booking's life, read for its page: promises, visits, lights, goods, money, what can be done."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from booking import (
    discount_queries,
    discounts,
    feedback_queries,
    goods,
    goods_queries,
    payment_queries,
    pricing,
    queries,
)
from booking.operations import cancelling, moving
from booking.policy import Tariff
from booking.readiness import Light
from booking.states import PROMISED, SERVED, AdditionState, BookingState, GoodsState
from dispatch import board as boards
from dispatch import queries as dispatch
from dispatch.states import MOVABLE, OWED, Proof, VisitState
from faces.chrome import call
from faces.chrome.filters import gettext, said
from faces.console import evidence, life_words, story
from faces.console.evidence import Axis
from kernel.clock import SHANGHAI
from kernel.db import Session
from kernel.errors import Invalid
from kernel.machine import IllegalMove
from members import queries as members
from members import rule_queries, strike_queries
from members.risk import StrikeKind
from members.states import StrikeState
from notifications import queries as notifications

_CANCELLABLE = MOVABLE | {VisitState.EN_ROUTE}


@dataclass(frozen=True, slots=True, kw_only=True)
class Acts:
    """What may be done about a booking now, with what it costs; None and False where it may not."""

    confirm: bool = False
    vouch: bool = False
    move: Tariff | None = None
    cancel: Tariff | None = None
    is_ours: bool = False
    withdraw: bool = False
    is_asked: bool = False
    veto: bool = False
    release_code: bool = False
    miss: bool = False
    hand_over: bool = False
    serve: bool = False
    refund: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Lit:
    """One of the five lights in words."""

    name: str
    is_green: bool
    says: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Leg:
    """One standing visit of the booking: two for a coupled one (送装一体)."""

    service: str
    visit: Any
    person: Any
    bar: Any
    lights: tuple[Lit, ...]
    may_hand_over: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One thing that is brought or taken along, and where it may go from here."""

    row: Any
    service: str
    is_late: bool
    # As a browser's datetime-local holds it.
    expected: str
    targets: tuple[GoodsState, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A strike that came of the booking, with its evidence."""

    row: Any
    axis: Axis | None


def read(db: Session, number: str) -> dict[str, Any]:
    """Return what the booking's page shows. Raises BookingMissing."""
    found = queries.booking(db, number=number, by=call.actor())
    services = queries.services_by_id(db)
    promises = queries.promises(db, found.id)
    visits = dispatch.visits_by_id(db, [kept.visit_id for kept in promises])
    visit = dispatch.visit(db, found.visit_id)
    people = dispatch.technicians_by_id(
        db, {v.technician_id for v in visits.values() if v.technician_id}
    )
    strikes = strike_queries.strikes_of_booking(db, booking_number=number)
    return {
        "booking": found,
        "visit": visit,
        "services": services,
        "service": services[found.service_id],
        "lines": _lines(db, found, services),
        "member": members.member(db, found.member_id),
        "promises": [(kept, visits[kept.visit_id]) for kept in promises],
        "people": people,
        "legs": _legs(db, found, services, people),
        "items": _items(db, found.id, services),
        "additions": queries.additions(db, found.id),
        "payments": payment_queries.payments_of(db, found.id),
        "discounts": discount_queries.standing(db, found.id),
        "discount_words": discounts.KIND_WORDS,
        "cases": [Case(row=row, axis=evidence.axis_of(row.evidence)) for row in strikes],
        "rating": feedback_queries.rating_of(db, found.id),
        "complaints": feedback_queries.complaints_of(db, found.id),
        "urges": feedback_queries.urges(db, found.id),
        "photos": dispatch.photos(db, visit.id),
        "acts": acts_of(db, found, visit, strikes),
        "release_asked": _release_asked(db, visit),
        "fee": rule_queries.governing(db, found).broken_fee,
        "rows": _timeline(db, found.id, visits, visit.state),
        "said": _messages(db, number, [v.number for v in visits.values()]),
        "words": life_words,
        "told": told_of,
    }


def acts_of(db: Session, booking: Any, visit: Any, strikes: Sequence[Any]) -> Acts:
    """Return what a dispatcher may do about the booking now."""
    pending = {row.kind for row in strikes if row.state is StrikeState.PENDING}
    if booking.state not in PROMISED:
        is_doubted = visit.state is VisitState.NO_SHOW and StrikeKind.NO_SHOW in pending
        return Acts(
            veto=is_doubted and booking.state is BookingState.CANCELLED,
            refund=booking.state in SERVED and booking.refunded_at is None,
        )
    now = call.now()
    moved = moving.quote(db, booking, now=now)
    cancelled = cancelling.quote(db, booking, now=now)
    may_move = booking.needs_window or visit.state in MOVABLE
    stands = not booking.needs_window
    return Acts(
        confirm=stands and booking.state is BookingState.BOOKED and visit.state in _CANCELLABLE,
        vouch=not booking.address_is_sure,
        move=moved.tariff if may_move else None,
        cancel=cancelled.tariff if may_move or visit.state in _CANCELLABLE else None,
        is_ours=moved.is_ours,
        withdraw=stands and visit.state in _CANCELLABLE,
        is_asked=booking.withdrawal_asked_at is not None,
        release_code=stands and visit.state is VisitState.ARRIVED,
        miss=stands and visit.state in _CANCELLABLE and booking.starts_at <= now,
        hand_over=stands and visit.state in OWED,
        serve=stands and visit.state in OWED and visit.route_id is None,
    )


def told_of(tariff: Tariff) -> str:
    """Return what was said of a cost, to be held against the cost when the button is pressed."""
    return f"{tariff.points}/{int(tariff.is_strike)}/{tariff.errand.fen}"


def _lines(
    db: Session, booking: Any, services: Mapping[int, Any]
) -> tuple[tuple[str, int, Any], ...]:
    """Return what comes on top of the service's own price: its options, none when today's price card
    no longer explains them, its delivery, and the additions he has agreed to."""
    service = services[booking.service_id]
    try:
        lines = pricing.quote(
            price=service.price, work_s=0, card=service.options, choices=booking.choices
        ).lines
    except Invalid:
        lines = ()
    draft = queries.draft_by_id(db, booking.draft_id)
    if draft.delivery_id is not None:
        delivery = services[draft.delivery_id]
        lines = (*lines, (delivery.name, 1, delivery.price))
    agreed = queries.additions(db, booking.id)
    return (
        *lines,
        *((a.name, a.count, a.price) for a in agreed if a.state is AdditionState.APPROVED),
    )


def _legs(
    db: Session, booking: Any, services: Mapping[int, Any], people: Mapping[int, Any]
) -> list[Leg]:
    legs = []
    for kept in queries.standing_promises(db, booking.id):
        visit = dispatch.visit(db, kept.visit_id)
        bar = boards.bar_of(db, visit.id, branch_id=visit.branch_id, day=visit.day, now=call.now())
        legs.append(
            Leg(
                service=services[kept.service_id].name,
                visit=visit,
                person=people.get(visit.technician_id or 0),
                bar=bar,
                lights=tuple(
                    _lit(light)
                    for light in goods_queries.readiness_of(db, booking, visit_id=visit.id)
                ),
                may_hand_over=visit.state in OWED,
            )
        )
    return legs


def _lit(light: Light) -> Lit:
    name, _ = life_words.LAMPS[light.lamp]
    return Lit(name=gettext(name), is_green=light.is_green, says=said(light.says, light.facts))


def _items(db: Session, booking_id: int, services: Mapping[int, Any]) -> list[Item]:
    late = {item.id for _, item in goods_queries.late_goods(db, booking_id)}
    return [
        Item(
            row=row,
            service=services[row.service_id].short_name,
            is_late=row.id in late,
            expected=f"{row.expected_at.astimezone(SHANGHAI):%Y-%m-%dT%H:%M}"
            if row.expected_at
            else "",
            targets=tuple(t for t in GoodsState if _leads(row, t)),
        )
        for row in goods_queries.items_of(db, booking_id)
    ]


def _leads(row: Any, target: GoodsState) -> bool:
    try:
        return bool(goods.way(row.kind, row.state, target))
    except IllegalMove:
        return False


def _timeline(
    db: Session, booking_id: int, visits: Mapping[int, Any], state: VisitState
) -> list[dict[str, Any]]:
    visit_steps = [step for visit_id in visits for step in dispatch.steps(db, visit_id)]
    return story.timeline(
        queries.steps(db, booking_id),
        visit_steps,
        state,
        goods=goods_queries.steps_of(db, booking_id),
    )


def _release_asked(db: Session, visit: Any) -> Any:
    """Return the newest asking for the work to begin without the 服务码; None when nobody waits."""
    if visit.state is not VisitState.ARRIVED:
        return None
    asked = [p for p in dispatch.evidence(db, visit.id) if p.kind == Proof.RELEASE_ASKED]
    return asked[-1] if asked else None


def _messages(db: Session, number: str, visits: Sequence[str]) -> list[story.Line]:
    found = list(notifications.messages_about(db, f"booking:{number}"))
    for visit in visits:
        found += notifications.messages_about(db, f"visit:{visit}")
    return [story.line_of(m) for m in sorted(found, key=lambda m: m.id)]
