"""Which event makes which message for whom. Safe to repeat: one row per event, person and kind."""

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite

from booking import queries as bookings
from booking.events import BookingBooked, BookingCompleted
from dispatch import queries as visits
from dispatch.events import VisitArrived, VisitAssigned, VisitDeparted
from dispatch.states import VisitAction
from kernel import db as kernel_db
from kernel.clock import Clock, instant_at
from kernel.db import Session, transaction
from kernel.events import Event
from kernel.names import surname_of
from members import ledger_queries
from members import queries as members
from notifications import channels, messages
from notifications.life import BELL
from notifications.models import Message

# How long after the fact somebody still wants to hear of it.
ON_THE_WAY_FOR = timedelta(hours=2)
AT_THE_DOOR_FOR = timedelta(hours=1)
DONE_FOR = timedelta(days=3)


def on_booked(event: Event, clock: Clock) -> None:
    """Tell the member that the promise is made (M1)."""
    assert isinstance(event, BookingBooked)
    with transaction() as db:
        booking = bookings.by_id(db, event.booking_id)
        fields = messages.booked(
            service=bookings.service_name(db, booking.service_id),
            starts_at=booking.starts_at,
            ends_at=booking.ends_at,
            place=messages.place(compound=booking.compound, door=booking.door),
        )
        tell_member(
            db,
            "M1",
            member_id=booking.member_id,
            number=booking.number,
            key=booking.number,
            fields=fields,
            not_after=booking.ends_at,
            now=clock.now(),
        )


def on_assigned(event: Event, clock: Clock) -> None:
    """Tell the technician of his new visit (M4) and the member who will come (M5).

    Nothing is said of an assignment that another has replaced meanwhile.
    """
    assert isinstance(event, VisitAssigned)
    with transaction() as db:
        if not _is_latest(db, event):
            return
        booking = bookings.booking_of_visit(db, event.visit_id)
        technician = visits.technician(db, event.technician_id)
        service = bookings.service_name(db, booking.service_id)
        tell(
            db,
            kind="M4",
            openid=technician.openid or "",
            about=f"visit:{event.visit_number}",
            key=key_of_assignment(event.visit_number, event),
            fields=messages.offered(
                service=service,
                starts_at=booking.starts_at,
                ends_at=booking.ends_at,
                place=messages.place(compound=booking.compound, door=booking.door),
            ),
            path=f"/t/visits/{event.visit_number}",
            not_after=booking.ends_at,
            window_at=booking.starts_at,
            now=clock.now(),
        )
        key = key_of_assignment(booking.number, event)
        if _was_told(db, booking.number, key=key):
            _tell_of_change(db, event, service=service, now=clock.now())
            return
        fields = messages.assigned(
            service=service,
            starts_at=booking.starts_at,
            ends_at=booking.ends_at,
            technician=surname(technician.name),
            work_number=technician.work_number,
        )
        tell_member(
            db,
            "M5",
            member_id=booking.member_id,
            number=booking.number,
            key=key_of_assignment(booking.number, event),
            fields=fields,
            not_after=booking.ends_at,
            now=clock.now(),
        )


def on_departed(event: Event, clock: Clock) -> None:
    """Tell the member that the technician is on his way (M7)."""
    assert isinstance(event, VisitDeparted)
    with transaction() as db:
        booking = bookings.booking_of_visit(db, event.visit_id)
        fields = messages.departed(
            technician=surname(visits.technician(db, event.technician_id).name),
            eta=instant_at(event.day, event.eta_s),
            place=messages.place(compound=booking.compound, door=booking.door),
        )
        tell_member(
            db,
            "M7",
            member_id=booking.member_id,
            number=booking.number,
            key=booking.number,
            fields=fields,
            not_after=event.at + ON_THE_WAY_FOR,
            now=clock.now(),
        )


def on_arrived(event: Event, clock: Clock) -> None:
    """Tell the member that the technician is at the door (M12)."""
    assert isinstance(event, VisitArrived)
    with transaction() as db:
        booking = bookings.booking_of_visit(db, event.visit_id)
        fields = messages.arrived(
            technician=surname(visits.technician(db, event.technician_id).name),
            at=event.at,
            place=messages.place(compound=booking.compound, door=booking.door),
        )
        tell_member(
            db,
            "M12",
            member_id=booking.member_id,
            number=booking.number,
            key=booking.number,
            fields=fields,
            not_after=event.at + AT_THE_DOOR_FOR,
            now=clock.now(),
        )


def on_completed(event: Event, clock: Clock) -> None:
    """Tell the member that the work is done and what it earned (M17)."""
    assert isinstance(event, BookingCompleted)
    with transaction() as db:
        booking = bookings.by_id(db, event.booking_id)
        evidence = f"booking:{booking.number}"
        fields = messages.completed(
            service=bookings.service_name(db, booking.service_id),
            at=event.at,
            points=ledger_queries.points_of(db, evidence, booking.member_id),
            balance=ledger_queries.points_balance(db, booking.member_id),
        )
        tell_member(
            db,
            "M17",
            member_id=booking.member_id,
            number=booking.number,
            key=booking.number,
            fields=fields,
            not_after=event.at + DONE_FOR,
            now=clock.now(),
        )


def _was_told(db: Session, number: str, *, key: str) -> bool:
    """Tell whether the member has heard of another technician for this booking before."""
    heard = select(Message.id).where(
        Message.about == f"booking:{number}",
        Message.kind.in_(["M5", "M6"]),
        # Not this very news, delivered once more.
        Message.dedupe_key != f"M5:{key}",
    )
    return db.scalar(heard.limit(1)) is not None


def _tell_of_change(db: Session, event: VisitAssigned, *, service: str, now: datetime) -> None:
    """Tell the member that another technician comes (M6)."""
    booking = bookings.booking_of_visit(db, event.visit_id)
    technician = visits.technician(db, event.technician_id)
    fields = messages.notice(
        service=service,
        time=messages.window(booking.starts_at, booking.ends_at),
        about=f"{surname(technician.name)} {technician.work_number}",
        tip="时间不变，服务码也不变",
    )
    tell_member(
        db,
        "M6",
        member_id=booking.member_id,
        number=booking.number,
        key=key_of_assignment(booking.number, event),
        fields=fields,
        not_after=booking.ends_at,
        now=now,
    )


def _is_latest(db: Session, event: VisitAssigned) -> bool:
    """Tell whether the visit is still as this event left it."""
    assigned = [s.at for s in visits.steps(db, event.visit_id) if s.action == VisitAction.ASSIGN]
    has_kept_it = visits.visit(db, event.visit_id).technician_id == event.technician_id
    return has_kept_it and event.at == max(assigned)


def key_of_assignment(number: str, event: VisitAssigned) -> str:
    """Return what tells one assignment from the next: a technician may get a visit back that was
    given to another in between."""
    return f"{number}:{event.technician_id}:{event.at.isoformat()}"


def surname(name: str) -> str:
    """Return how members are told of a technician: 王师傅."""
    return f"{surname_of(name)}师傅"


def tell_member(
    db: Session,
    kind: str,
    *,
    member_id: int,
    number: str,
    key: str,
    fields: dict[str, str],
    not_after: datetime,
    now: datetime,
    path: str = "",
) -> None:
    """Queue one message to a member about a booking; without a `path` it leads to the booking."""
    booking = bookings.by_number(db, number)
    tell(
        db,
        kind=kind,
        openid=members.member(db, member_id).openid,
        about=f"booking:{number}",
        key=key,
        fields=fields,
        not_after=not_after,
        path=path or f"/c/bookings/{number}",
        window_at=booking.starts_at if booking else None,
        now=now,
    )


def tell(
    db: Session,
    *,
    kind: str,
    openid: str,
    about: str,
    key: str,
    fields: dict[str, str],
    not_after: datetime,
    path: str,
    now: datetime,
    window_at: datetime | None = None,
) -> None:
    """Queue one message; nothing happens when it was queued before, or nobody can get it.

    `window_at` is when the booking begins as things stand: moved meanwhile, it overtakes the news.
    """
    if not openid:
        return
    insert = sqlite.insert if db.get_bind().dialect.name == "sqlite" else postgresql.insert
    row = insert(Message).values(
        dedupe_key=f"{kind}:{key}",
        kind=kind,
        openid=openid,
        about=about,
        fields=fields,
        path=path,
        made_at=now,
        not_after=not_after,
        channel=channels.first_way(kind).value,
        window_at=window_at,
    )
    db.execute(row.on_conflict_do_nothing(index_elements=["dedupe_key"]))
    kernel_db.ring_after_commit(db, BELL)
