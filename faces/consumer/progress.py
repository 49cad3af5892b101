"""Where one booking stands, read once for every page that shows it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from booking import bonus_queries, pricing, queries
from booking.policy import Cause
from booking.states import KEPT, PROMISED, AdditionState, BookingState
from dispatch import queries as dispatch
from dispatch.queries import VisitTimes
from dispatch.states import LEFT, TOLD, VisitState
from faces.chrome.filters import surname
from kernel.actor import Actor
from kernel.clock import instant_at, local_date
from kernel.db import Session
from kernel.errors import Invalid
from kernel.geo import Point
from kernel.money import Money
from members import ledger_queries

# Less room than this between the arrival and the end of the promise is tight.
TIGHT_S = 30 * 60
_NOT_YET_THERE = frozenset({VisitState.ASSIGNED, VisitState.ACCEPTED, VisitState.EN_ROUTE})
_BEFORE_START = _NOT_YET_THERE | {
    VisitState.PLANNED,
    VisitState.READY,
    VisitState.ARRIVED,
}
# Nobody has been named yet: the promise is all there is to say.
_QUIET = frozenset({VisitState.PLANNED, VisitState.READY, VisitState.CANCELLED})
_ENDED = {
    Cause.NOBODY_HOME.value: "no_show",
    Cause.REFUSED.value: "refused",
    Cause.PROVIDER.value: "withdrawn",
}


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
    # Why it ended or must be visited again, one of `policy.Cause`; "" while nothing went wrong.
    cause: str
    needs_window: bool
    made_at: datetime
    deposit: Money
    service: str
    service_code: str
    icon: str
    work_s: int
    starts_at: datetime
    ends_at: datetime
    held_until: datetime
    draft: str
    price: Money
    # Points for a window on somebody's way, posted when the visit is done.
    bonus: int
    # The name of him whom the member would like, while the visit stands in his route.
    wished: str
    # What the service costs by itself, and the options by (name, count, amount).
    base: Money
    lines: tuple[tuple[str, int, Money], ...]
    # What points, vouchers and coupons take off, and what is left to be paid.
    discount: Money
    due: Money
    refunded_at: datetime | None
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

    @property
    def shown(self) -> str:
        """The key of the word for where it stands; see the macro state_badge."""
        return shown_state(
            self.booking_state, self.state, cause=self.cause, needs_window=self.needs_window
        )


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
        cause=booking.cause,
        needs_window=booking.needs_window,
        made_at=booking.made_at,
        deposit=booking.deposit,
        service=service.name,
        service_code=service.code,
        icon=service.icon,
        work_s=visit.work_s,
        starts_at=booking.starts_at,
        ends_at=booking.ends_at,
        held_until=booking.held_until,
        draft=queries.draft_by_id(db, booking.draft_id).number,
        price=booking.price,
        due=booking.due,
        discount=booking.discount,
        refunded_at=booking.refunded_at,
        bonus=bonus_queries.bonus_of(db, booking),
        wished=_wished(db, visit.wish_id, times),
        base=service.price,
        lines=_lines(
            service.price,
            service.options,
            booking.choices,
            more=_more(db, draft_id=booking.draft_id, booking_id=booking.id),
            total=booking.price,
        ),
        address=booking.address,
        compound=booking.compound,
        door=booking.door,
        contact=booking.contact,
        phone=booking.masked_phone,
        home=visit.point,
        technician=technician(db, visit.technician_id) if is_told else None,
        arrival=_arrival(
            db, visit.id, visit.state, times, promise=(booking.starts_at, booking.ends_at), now=now
        ),
        code=visit.service_code if is_promised and visit.state in _BEFORE_START else "",
        arrived_at=visit.arrived_at,
        started_at=visit.started_at,
        finished_at=visit.finished_at,
        ends_about=_ends_about(visit.state, times),
        points=ledger_queries.points_of(db, f"booking:{booking.number}", booking.member_id),
        photos=tuple(photo.number for photo in dispatch.photos(db, visit.id)),
    )


def _wished(db: Session, wish_id: int | None, times: VisitTimes | None) -> str:
    if wish_id is None or times is None or times.technician_id != wish_id:
        return ""
    return surname(dispatch.technician(db, wish_id).name)


def _ends_about(state: VisitState, times: VisitTimes | None) -> datetime | None:
    if times is None or state is not VisitState.IN_SERVICE:
        return None
    return instant_at(times.day, times.depart_s)


def shown_state(booking: BookingState, visit: VisitState, *, cause: str, needs_window: bool) -> str:
    """Return the key of the word that a member reads: the promise's until somebody acts on it."""
    if booking is BookingState.CANCELLED:
        return _ENDED.get(cause, booking.value)
    if booking not in PROMISED:
        return booking.value
    if needs_window:
        return "provider_no_show" if cause == Cause.MISSED else "incomplete"
    return booking.value if visit in _QUIET else visit.value


def technician(db: Session, technician_id: int | None) -> Technician:
    """Return the technician, who must exist, as members are told of him."""
    assert technician_id is not None
    found = dispatch.technician(db, technician_id)
    return Technician(name=surname(found.name), work_number=found.work_number)


def _arrival(
    db: Session,
    visit_id: int,
    state: VisitState,
    times: VisitTimes | None,
    *,
    promise: tuple[datetime, datetime],
    now: datetime,
) -> Arrival | None:
    if times is None or state not in _NOT_YET_THERE:
        return None
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
    price: Money,
    card: Sequence[dict[str, object]],
    choices: dict[str, int],
    *,
    more: Sequence[tuple[str, int, Money]],
    total: Money,
) -> tuple[tuple[str, int, Money], ...]:
    """Return the price's parts, none when today's price card no longer explains the locked price."""
    try:
        quoted = pricing.quote(price=price, work_s=0, card=card, choices=choices)
    except Invalid:
        return ()
    whole = sum((amount for _, _, amount in more), quoted.price)
    return (*quoted.lines, *more) if whole == total else ()


def _more(db: Session, *, draft_id: int, booking_id: int) -> list[tuple[str, int, Money]]:
    """Return what comes on top of the service's own card: its delivery, and approved additions."""
    draft = queries.draft_by_id(db, draft_id)
    lines = []
    if draft.delivery_id is not None:
        delivery = queries.services_by_id(db)[draft.delivery_id]
        lines.append((delivery.name, 1, delivery.price))
    approved = [
        row for row in queries.additions(db, booking_id) if row.state is AdditionState.APPROVED
    ]
    return lines + [(row.name, row.count, row.price) for row in approved]
