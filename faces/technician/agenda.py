"""What a technician reads: his visits in driving order, each as he needs it at the door."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from booking import policy
from booking import queries as bookings
from dispatch import queries, travel
from dispatch.policy import ACCEPT_LIFE
from dispatch.states import LEFT, OUT, UNDER_WAY, VisitState
from kernel.clock import instant_at, local_date
from kernel.db import Session
from kernel.geo import Point, roughly
from kernel.money import ZERO, Money
from kernel.names import surname_of

# Less room than this between the arrival and the end of the promise is tight.
TIGHT_S = 30 * 60
# How far back we look for visits that were begun and never finished.
OVERDUE_DAYS = 7
WEEK_DAYS = 7
_UNDER_WAY = UNDER_WAY
_MADE = frozenset({VisitState.WORK_DONE, VisitState.DONE})
_NOT_YET_THERE = frozenset({VisitState.ASSIGNED, VisitState.ACCEPTED, VisitState.EN_ROUTE})


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """One visit. `expected_at` says when he will be there, None when he is or nobody knows;
    `tone` how that keeps the promise: ok, warn or danger."""

    id: int
    number: str
    state: VisitState
    day: date
    starts_at: datetime
    ends_at: datetime
    expected_at: datetime | None
    tone: str
    compound: str
    door: str
    address: str
    service: str
    options: tuple[tuple[str, int], ...]
    work_s: int
    contact: str
    phone: str
    price: Money
    booking: str
    member_id: int
    point: Point
    arrived_at: datetime | None
    started_at: datetime | None
    finished_at: datetime | None
    paused_at: datetime | None
    cause: str
    attempt: int
    since: datetime
    branch_id: int

    @property
    def is_made(self) -> bool:
        """Whether the work was brought to its end."""
        return self.state in _MADE

    @property
    def accept_by(self) -> datetime | None:
        """Until when he is asked, before the dispatcher is told; None once he has answered."""
        return self.since + ACCEPT_LIFE if self.state is VisitState.ASSIGNED else None

    @property
    def place(self) -> str:
        return f"{self.compound} {self.door}".strip()

    @property
    def late_s(self) -> int:
        """How long after the promise's end he is expected; 0 when he keeps it."""
        if self.expected_at is None:
            return 0
        return max(0, int((self.expected_at - self.ends_at).total_seconds()))

    @property
    def worked_s(self) -> int:
        if self.started_at is None or self.finished_at is None:
            return 0
        return int((self.finished_at - self.started_at).total_seconds())


@dataclass(frozen=True, slots=True, kw_only=True)
class Agenda:
    """One day: what is ahead in driving order, what is over (done or not), what was called off
    before he was at the door, and when the last work should end."""

    day: date
    ahead: tuple[Card, ...]
    done: tuple[Card, ...]
    off: tuple[Card, ...]
    ends_at: datetime | None

    @property
    def next(self) -> Card | None:
        return self.ahead[0] if self.ahead else None

    @property
    def count(self) -> int:
        return len(self.ahead) + len(self.done)

    @property
    def served(self) -> Money:
        """The prices of what is done, together."""
        return sum((card.price for card in self.done if card.is_made), ZERO)

    @property
    def unsigned(self) -> int:
        """How many wait for the member's signature."""
        return sum(1 for card in self.done if card.state is VisitState.WORK_DONE)

    @property
    def worked_s(self) -> int:
        return sum(card.worked_s for card in self.done)


@dataclass(frozen=True, slots=True, kw_only=True)
class Leg:
    """The drive to a door from the one before it."""

    start: Point
    start_place: str
    drive_s: int


def day_of(db: Session, *, technician_id: int, day: date, now: datetime) -> Agenda:
    """Return the technician's agenda of that day."""
    [agenda] = days_of(db, technician_id=technician_id, first=day, days=1, now=now)
    return agenda


def days_of(
    db: Session, *, technician_id: int, first: date, days: int, now: datetime
) -> list[Agenda]:
    """Return one agenda for each of `days` days from `first` on."""
    last = first + timedelta(days=days - 1)
    stops = _stops(db, technician_id, first=first, last=last)
    cards = _cards(db, technician_id, stops, first=first, last=last, now=now)
    dates = [first + timedelta(days=n) for n in range(days)]
    return [_agenda(day, [card for card in cards if card.day == day], stops) for day in dates]


def overdue(db: Session, *, technician_id: int, now: datetime) -> list[Card]:
    """Return what he began on an earlier day and never finished."""
    yesterday = local_date(now) - timedelta(days=1)
    first = yesterday - timedelta(days=OVERDUE_DAYS - 1)
    cards = _cards(db, technician_id, {}, first=first, last=yesterday, now=now)
    return [card for card in cards if card.state in _UNDER_WAY]


def visit(db: Session, *, number: str, technician_id: int, now: datetime) -> tuple[Card, Agenda]:
    """Return the technician's own visit and the day on which it stands. Raises VisitMissing."""
    day = queries.own_visit(db, number=number, technician_id=technician_id).day
    agenda = day_of(db, technician_id=technician_id, day=day, now=now)
    [found] = [c for c in (*agenda.ahead, *agenda.done, *agenda.off) if c.number == number]
    return found, agenda


def leg_to(agenda: Agenda, found: Card) -> Leg | None:
    """Return the drive to a visit of that agenda; None from home, which is nobody's business, and to
    one that is off."""
    order = (*agenda.done, *agenda.ahead)
    if found not in order:
        return None
    place = order.index(found)
    if place == 0:
        return None
    before = order[place - 1]
    return Leg(
        start=before.point,
        start_place=before.place,
        drive_s=travel.between_s(before.point, found.point),
    )


# Visit id to the seconds of arrival, start and departure, in the order of the route.
_Stops = Mapping[int, tuple[int, int, int]]


def _stops(db: Session, technician_id: int, *, first: date, last: date) -> _Stops:
    rows = queries.routes_of(db, technician_id=technician_id, first=first, last=last)
    return {visit_id: (a, s, d) for row in rows for visit_id, a, s, d in row.stops}


def _agenda(day: date, cards: Sequence[Card], stops: _Stops) -> Agenda:
    place = {visit_id: n for n, visit_id in enumerate(stops)}
    ahead = [card for card in cards if card.state not in LEFT | OUT]
    # What is under way comes first; what the plan would rather give to another comes last.
    ahead.sort(key=lambda card: (card.state not in _UNDER_WAY, place.get(card.id, len(place))))
    done = [card for card in cards if card.state in LEFT]
    done.sort(key=lambda card: card.finished_at or card.ends_at)
    ends = [stops[card.id][2] for card in ahead if card.id in stops]
    return Agenda(
        day=day,
        ahead=tuple(ahead),
        done=tuple(done),
        off=tuple(card for card in cards if card.state in OUT),
        ends_at=instant_at(day, max(ends)) if ends else None,
    )


def _cards(
    db: Session, technician_id: int, stops: _Stops, *, first: date, last: date, now: datetime
) -> list[Card]:
    """Return his visits of those days, by day and window."""
    visits = queries.visits_of(db, technician_id=technician_id, first=first, last=last)
    served = bookings.bookings_of_visits(db, [visit.id for visit in visits])
    promises = bookings.promises_of_visits(db, [visit.id for visit in visits])
    services = bookings.services_by_id(db)
    cards = []
    for visit in visits:
        booking, promise = served[visit.id], promises[visit.id]
        service = services[promise.service_id]
        expected_at = _expected(visit.state, visit.day, stops.get(visit.id), now)
        is_over = visit.finished_at is not None or visit.state in OUT
        ends_at = visit.finished_at or promise.ends_at
        shows = policy.is_door_shown(
            starts_at=promise.starts_at, ends_at=ends_at if is_over else max(ends_at, now), now=now
        )
        cards.append(
            Card(
                id=visit.id,
                number=visit.number,
                state=visit.state,
                day=visit.day,
                starts_at=promise.starts_at,
                ends_at=promise.ends_at,
                expected_at=expected_at,
                tone=_tone(expected_at, promise.ends_at),
                compound=booking.compound,
                door=booking.door if shows else "",
                address=booking.address if shows else booking.compound,
                service=service.name,
                options=_options(service.options, booking.choices),
                work_s=visit.work_s,
                contact=booking.contact if shows else f"{surname_of(booking.contact)}**",
                phone=booking.masked_phone,
                price=booking.due,
                booking=booking.number,
                member_id=booking.member_id,
                point=visit.point if shows else roughly(visit.point),
                arrived_at=visit.arrived_at,
                started_at=visit.started_at,
                finished_at=visit.finished_at,
                paused_at=visit.paused_at,
                cause=visit.cause,
                attempt=visit.attempt,
                since=visit.state_since,
                branch_id=visit.branch_id,
            )
        )
    return cards


def _expected(
    state: VisitState, day: date, times: tuple[int, int, int] | None, now: datetime
) -> datetime | None:
    if state not in _NOT_YET_THERE or times is None:
        return None
    arrive_s, start_s, _ = times
    planned_s = arrive_s if state is VisitState.EN_ROUTE else max(arrive_s, start_s)
    # The plan's time is as old as the last act on this route: nobody arrives in the past.
    return max(instant_at(day, planned_s), now)


def _tone(expected_at: datetime | None, ends_at: datetime) -> str:
    if expected_at is None:
        return "ok"
    slack_s = (ends_at - expected_at).total_seconds()
    return "danger" if slack_s < 0 else "warn" if slack_s < TIGHT_S else "ok"


def _options(
    card: Sequence[Mapping[str, object]], choices: Mapping[str, int]
) -> tuple[tuple[str, int], ...]:
    """Return what was chosen besides the service, but for what today's price card no longer names."""
    names = {str(option["code"]): str(option["name"]) for option in card}
    return tuple((names[code], count) for code, count in choices.items() if count and code in names)
