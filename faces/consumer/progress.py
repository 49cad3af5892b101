"""Where one booking stands, read once for every page that shows it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from booking import pricing, queries, timeline
from booking.states import KEPT, PROMISED, BookingState
from booking.timeline import Step, Told
from dispatch import queries as dispatch
from dispatch.queries import VisitTimes
from dispatch.states import LEFT, TOLD, VisitState
from faces.chrome.filters import gettext, length_text, surname
from kernel.actor import Actor
from kernel.clock import instant_at, local_date
from kernel.db import Session
from kernel.errors import Invalid
from kernel.geo import Point
from kernel.money import Money
from members import ledger_queries
from members.ledger import points_earned
from notifications import queries as notifications

# Less room than this between the arrival and the end of the promise is tight.
TIGHT_S = 30 * 60
_NOT_YET_THERE = frozenset({VisitState.ASSIGNED, VisitState.ACCEPTED, VisitState.EN_ROUTE})
_BEFORE_START = _NOT_YET_THERE | {VisitState.PLANNED, VisitState.ARRIVED}
_UNSENT = {"suppressed", "dead"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """When he is expected, and how that keeps the promise: tone ok, warn or danger.

    `early_s` is how long before the window opens, 0 within it; `slack_s` how long before it shuts.
    `before` counts the doors he still visits first, None while nobody should count on it.
    """

    at: datetime
    is_under_way: bool
    tone: str
    early_s: int
    slack_s: int
    before: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Technician:
    """Who comes, as a member is told."""

    name: str
    work_number: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """One booking as its member sees it. `state` is the visit's once the promise is made."""

    number: str
    booking_state: BookingState
    state: VisitState
    service: str
    service_code: str
    icon: str
    work_s: int
    starts_at: datetime
    ends_at: datetime
    held_until: datetime
    draft: str
    price: Money
    # What the service costs by itself, and the options by (name, count, amount).
    base: Money
    lines: tuple[tuple[str, int, Money], ...]
    address: str
    compound: str
    door: str
    contact: str
    phone: str
    home: Point
    technician: Technician | None
    arrival: Arrival | None
    # Shown until the work begins; "" after that.
    code: str
    arrived_at: datetime | None
    started_at: datetime | None
    finished_at: datetime | None
    ends_about: datetime | None
    points: int
    photos: tuple[str, ...]

    @property
    def day(self) -> date:
        return local_date(self.starts_at)

    @property
    def is_over(self) -> bool:
        return self.booking_state not in PROMISED | KEPT


def read(db: Session, *, number: str, by: Actor, now: datetime) -> Progress:
    """Return the member's booking with all that its page says. Raises BookingMissing."""
    booking = queries.booking(db, number=number, by=by)
    visit = dispatch.visit(db, booking.visit_id)
    service = queries.services_by_id(db)[booking.service_id]
    times = dispatch.times_of(db, visit)
    is_told = visit.state in TOLD and visit.technician_id is not None
    is_promised = booking.state in PROMISED
    return Progress(
        number=booking.number,
        booking_state=booking.state,
        state=visit.state,
        service=service.name,
        service_code=service.code,
        icon=service.icon,
        work_s=visit.work_s,
        starts_at=booking.starts_at,
        ends_at=booking.ends_at,
        held_until=booking.held_until,
        draft=queries.draft_by_id(db, booking.draft_id).number,
        price=booking.price,
        base=service.price,
        lines=_lines(service.price, service.options, booking.choices, total=booking.price),
        address=booking.address,
        compound=booking.compound,
        door=booking.door,
        contact=booking.contact,
        phone=booking.masked_phone,
        home=visit.point,
        technician=technician(db, visit.technician_id) if is_told else None,
        arrival=(
            _arrival(
                db,
                visit.id,
                visit.state,
                times,
                promise=(booking.starts_at, booking.ends_at),
                now=now,
            )
            if times is not None and visit.state in _NOT_YET_THERE
            else None
        ),
        code=visit.service_code if is_promised and visit.state in _BEFORE_START else "",
        arrived_at=visit.arrived_at,
        started_at=visit.started_at,
        finished_at=visit.finished_at,
        ends_about=(
            instant_at(times.day, times.depart_s)
            if times is not None and visit.state is VisitState.IN_SERVICE
            else None
        ),
        points=ledger_queries.points_of(db, f"booking:{booking.number}", booking.member_id),
        photos=tuple(photo.number for photo in dispatch.photos(db, visit.id)),
    )


def rows(db: Session, *, number: str, by: Actor) -> Sequence[timeline.Row]:
    """Return the booking's timeline. Raises BookingMissing."""
    booking = queries.booking(db, number=number, by=by)
    visit = dispatch.visit(db, booking.visit_id)
    comes = technician(db, visit.technician_id) if visit.technician_id is not None else None
    return timeline.build(
        booking_steps=[Step(s.action, s.at) for s in queries.steps(db, booking.id)],
        visit_steps=[Step(s.action, s.at) for s in dispatch.steps(db, visit.id)],
        messages=[
            Told(m.kind, _arrived(m.state, m.outcome))
            for m in notifications.messages_about(db, f"booking:{booking.number}")
        ],
        facts={
            "technician": comes.name if comes else gettext("师傅"),
            "service": queries.services_by_id(db)[booking.service_id].name,
            "length": length_text(visit.work_s),
            "points": str(points_earned(booking.price)),
        },
    )


def technician(db: Session, technician_id: int | None) -> Technician:
    """Return the technician, who must exist, as members are told of him."""
    assert technician_id is not None
    found = dispatch.technician(db, technician_id)
    return Technician(name=surname(found.name), work_number=found.work_number)


def _arrival(
    db: Session,
    visit_id: int,
    state: VisitState,
    times: VisitTimes,
    *,
    promise: tuple[datetime, datetime],
    now: datetime,
) -> Arrival:
    # The plan's time is as old as the last act on this route: nobody arrives in the past.
    at = max(instant_at(times.day, times.arrive_s), now)
    is_under_way = state is VisitState.EN_ROUTE
    if not is_under_way:
        at = max(at, instant_at(times.day, times.start_s))
    starts_at, ends_at = promise
    slack_s = int((ends_at - at).total_seconds())
    tone = "danger" if slack_s < 0 else "warn" if slack_s < TIGHT_S else "ok"
    is_today = times.day == local_date(now)
    before = _doors_before(db, visit_id, times) if is_today and not is_under_way else None
    return Arrival(
        at=at,
        is_under_way=is_under_way,
        tone=tone,
        early_s=max(0, int((starts_at - at).total_seconds())),
        slack_s=slack_s,
        before=before,
    )


def _doors_before(db: Session, visit_id: int, times: VisitTimes) -> int:
    route = dispatch.route_of(db, technician_id=times.technician_id, day=times.day)
    assert route is not None
    ids = [stop[0] for stop in route.stops]
    earlier = dispatch.visits_by_id(db, ids[: ids.index(visit_id)])
    return sum(visit.state not in LEFT for visit in earlier.values())


def _lines(
    price: Money, card: Sequence[dict[str, object]], choices: dict[str, int], *, total: Money
) -> tuple[tuple[str, int, Money], ...]:
    """Return the price's parts, none when today's price card no longer explains the locked price."""
    try:
        quoted = pricing.quote(price=price, work_s=0, card=card, choices=choices)
    except Invalid:
        return ()
    return quoted.lines if quoted.price == total else ()


def _arrived(state: str, outcome: str) -> bool | None:
    if state in _UNSENT or outcome.startswith("failed"):
        return False
    return True if state == "sent" else None
