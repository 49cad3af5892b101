"""A booking's timeline, gathered from every table that knows a part of it."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from booking import goods_queries, queries, timeline
from booking.goods import GoodsKind
from booking.states import AdditionState
from booking.timeline import Step, Told
from dispatch import queries as dispatch
from faces.chrome.filters import day_text, gettext, length_text, window_text
from faces.consumer import progress
from kernel.actor import Actor
from kernel.db import Session
from kernel.money import Money
from members import ledger, ledger_queries, rule_queries
from notifications import queries as notifications

_UNSENT = {"suppressed", "dead", "call"}
_GOODS_TOLD = {"stock", "load", "deliver", "collect"}
_LINES_MAX = 200


def rows(db: Session, *, number: str, by: Actor) -> Sequence[timeline.Row]:
    """Return the booking's timeline. Raises BookingMissing."""
    booking = queries.booking(db, number=number, by=by)
    visit = dispatch.visit(db, booking.visit_id)
    return timeline.build(
        booking_steps=[
            *_of_booking(db, booking.id, asked_at=booking.asked_at),
            *_of_goods(db, booking.id),
            *_of_additions(db, booking.id),
            *_of_compensation(db, booking.number, member_id=booking.member_id),
        ],
        visit_steps=list(_of_visits(db, booking.id, service_id=booking.service_id)),
        messages=[
            Told(m.kind, _arrived(m.state, m.outcome))
            for m in notifications.messages_about(db, f"booking:{booking.number}")
        ],
        facts={
            "technician": _name(db, visit.technician_id),
            "service": queries.services_by_id(db)[booking.service_id].name,
            "length": length_text(_work_s(db, booking.id, booking.service_id, visit.work_s)),
            "points": str(
                ledger.points_earned(booking.due, rules=rule_queries.governing(db, booking))
            ),
        },
    )


def _work_s(db: Session, booking_id: int, service_id: int, first_s: int) -> int:
    """Return how long the service takes: its own visit's time, where a delivery comes before it."""
    own = [k for k in queries.standing_promises(db, booking_id) if k.service_id == service_id]
    return dispatch.visit(db, own[-1].visit_id).work_s if own else first_s


def _of_booking(db: Session, booking_id: int, *, asked_at: datetime | None) -> Iterator[Step]:
    # By when it was promised; of two that were promised together the first, as the page's head says it.
    windows: dict[datetime | None, str] = {}
    promises = queries.promises(db, booking_id)
    for kept in promises:
        together = [
            other
            for other in promises
            if (other.promised_at, other.ended_at) == (kept.promised_at, kept.ended_at)
        ]
        first = min(together, key=lambda other: other.starts_at)
        window = window_text(first.starts_at, first.ends_at)
        windows[kept.promised_at] = f"{day_text(first.starts_at)} {window}"
    for step in queries.steps(db, booking_id):
        facts = {"window": windows.get(step.at, "")}
        yield Step(step.action, step.at, step.cause, facts=facts)
    if asked_at is not None:
        yield Step("ask", asked_at)


def _of_visits(db: Session, booking_id: int, *, service_id: int) -> Iterator[Step]:
    promises = queries.promises(db, booking_id)
    visits = dispatch.visits_by_id(db, [kept.visit_id for kept in promises])
    services = queries.services_by_id(db)
    for kept in promises:
        is_own = kept.service_id == service_id
        part = "" if is_own else services[kept.service_id].short_name
        facts = {"technician": _name(db, visits[kept.visit_id].technician_id)}
        for step in dispatch.steps(db, kept.visit_id):
            yield Step(step.action, step.at, step.cause, part=part, facts=facts)


def _of_goods(db: Session, booking_id: int) -> Iterator[Step]:
    for item, step in goods_queries.steps_of(db, booking_id):
        if item.kind is not GoodsKind.PART and step.action in _GOODS_TOLD:
            yield Step(step.action, step.at, facts={"item": item.name})
    for late, item in goods_queries.late_goods(db, booking_id):
        yield Step("goods_late", late.found_at, facts={"item": item.name})


def _of_additions(db: Session, booking_id: int) -> Iterator[Step]:
    for row in queries.additions(db, booking_id):
        facts = {"item": row.name, "price": str(row.price)}
        yield Step("addition_asked", row.asked_at, facts=facts)
        if row.decided_at is not None and row.state is not AdditionState.WITHDRAWN:
            yield Step(f"addition_{row.state}", row.decided_at, facts=facts)


def _of_compensation(db: Session, number: str, *, member_id: int) -> Iterator[Step]:
    for at, amount in compensations(db, number, member_id=member_id):
        yield Step("compensate", at, facts={"price": str(amount)})


def compensations(db: Session, number: str, *, member_id: int) -> list[tuple[datetime, Money]]:
    """Return what was posted to the member for a promise of that booking that we broke."""
    lines = ledger_queries.lines(
        db, owner=ledger.member_owner(member_id), unit=ledger.COMPENSATION, limit=_LINES_MAX
    )
    about = f"booking:{number}"
    return [(line.at, Money(line.amount)) for line in lines if line.evidence == about]


def _name(db: Session, technician_id: int | None) -> str:
    if technician_id is None:
        return gettext("师傅")
    return progress.technician(db, technician_id).name


def _arrived(state: str, outcome: str) -> bool | None:
    if state in _UNSENT or outcome.startswith("failed"):
        return False
    return True if state == "sent" else None
