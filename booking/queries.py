"""Reads of booking."""

from collections.abc import Collection, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, bindparam, case, false, func, or_, select

from booking import policy
from booking.code_models import Code
from booking.models import Addition, Booking, BookingStep, Draft, Promise, Service, Store
from booking.policy import Ending
from booking.states import KEPT, KNOWN, PROMISED, BookingAction, BookingState
from booking.tryouts import TRYOUT
from dispatch import queries as dispatch
from kernel.actor import Actor, Role
from kernel.clock import midnight
from kernel.db import Session
from kernel.errors import Missing
from kernel.words import msg
from members import queries as members
from members import rule_queries, tag_queries
from members.rules import Rules


class ServiceMissing(Missing):
    """The catalogue has no such service."""

    says = msg("没有这个服务项目。")


def services(db: Session) -> Sequence[Service]:
    """Return what is on sale to anybody, in the catalogue's order."""
    found = select(Service).where(Service.on_sale, Service.category != TRYOUT)
    return db.scalars(found.order_by(Service.place, Service.id)).all()


def catalogue(db: Session) -> Sequence[Service]:
    """Return the whole catalogue in its order, also what is off sale."""
    return db.scalars(select(Service).order_by(Service.place, Service.id)).all()


def service_by_code(db: Session, code: str) -> Service:
    """Return the service. Raises ServiceMissing."""
    found = db.scalars(select(Service).where(Service.code == code)).one_or_none()
    if found is None:
        raise ServiceMissing
    return found


def service_name(db: Session, service_id: int) -> str:
    """Return the name of a service, which must exist."""
    return db.scalars(select(Service.name).where(Service.id == service_id)).one()


def service_by_id(db: Session, service_id: int) -> Service:
    """Return a service, which must exist; read once in a transaction."""
    return db.get_one(Service, service_id)


def services_of(db: Session, draft: Draft) -> list[Service]:
    """Return the services that a draft asks for: its own, and the delivery that comes before it."""
    ids = [draft.service_id, draft.delivery_id]
    return [service_by_id(db, service_id) for service_id in ids if service_id is not None]


def services_by_id(db: Session) -> dict[int, Service]:
    """Return the whole catalogue by id."""
    return {row.id: row for row in db.scalars(select(Service))}


def stores(db: Session) -> Sequence[Store]:
    """Return every store, by id."""
    return db.scalars(select(Store).order_by(Store.id)).all()


def stores_within(db: Session, by: Actor) -> Sequence[int] | None:
    """Return the ids of the stores in the actor's scope, a member's being those whose codes brought him,
    first or last; None for all."""
    if by.role is Role.MEMBER:
        member = members.member(db, by.id)
        scenes = (member.first_scene, member.last_scene)
        ours = select(Store.id).where(Store.scene.in_(scenes))
        handed = select(Code.store_id).where(Code.scene.in_(scenes), Code.store_id.is_not(None))
        return db.scalars(ours.union(handed)).all()
    if by.role is Role.STORE:
        return tuple(by.store_ids)
    if not by.branch_ids:
        return None
    return db.scalars(select(Store.id).where(Store.branch_id.in_(by.branch_ids))).all()


def store_name(db: Session, store_id: int | None) -> str:
    """Return the name of a store, "" for none."""
    return db.scalar(select(Store.name).where(Store.id == store_id)) or ""


def store_by_code(db: Session, code: str) -> Store | None:
    """Return the store with that code."""
    return db.scalars(select(Store).where(Store.code == code)).one_or_none()


def store_by_scene(db: Session, scene: str) -> Store | None:
    """Return the store whose QR code carries `scene`: its own, or one that was handed out for it."""
    handed = select(Code.store_id).where(Code.scene == scene)
    found = select(Store).where(or_(Store.scene == scene, Store.id.in_(handed)))
    return db.scalars(found).first()


def own_store(db: Session, *, first_scene: str, last_scene: str) -> Store | None:
    """Return the store of somebody who met the account by those scenes: the last one's, else the first's."""
    return store_by_scene(db, last_scene) or store_by_scene(db, first_scene)


def draft(db: Session, *, number: str, by: Actor) -> Draft:
    """Return the member's own draft, or one of staff's branches. Raises BookingMissing."""
    found = db.scalars(select(Draft).where(Draft.number == number)).one_or_none()
    if found is None:
        raise policy.BookingMissing
    policy.check_own(owner_id=found.member_id, by=by)
    if by.role is not Role.MEMBER and not by.sees_branch(found.branch_id):
        raise policy.BookingMissing
    return found


def draft_by_id(db: Session, draft_id: int) -> Draft:
    """Return the draft with that id, which must exist."""
    return db.scalars(select(Draft).where(Draft.id == draft_id)).one()


def latest_draft(db: Session, member_id: int) -> Draft | None:
    """Return what the member filled in last: offered again when he books anew."""
    found = select(Draft).where(Draft.member_id == member_id).order_by(Draft.id.desc()).limit(1)
    return db.scalars(found).first()


def booking(db: Session, *, number: str, by: Actor) -> Booking:
    """Return a booking that the actor may see. Raises BookingMissing."""
    found = db.scalars(
        select(Booking).where(Booking.number == number, visible_to(by))
    ).one_or_none()
    if found is None:
        raise policy.BookingMissing
    return found


def booking_of_visit(db: Session, visit_id: int) -> Booking:
    """Return the booking that the visit serves or was to serve, which must exist."""
    found = select(Booking).join(Promise, Promise.booking_id == Booking.id)
    return db.scalars(found.where(Promise.visit_id == visit_id)).one()


def bookings_of_visits(db: Session, visit_ids: Sequence[int]) -> dict[int, Booking]:
    """Return the bookings that those visits serve, by visit id."""
    found = db.execute(
        select(Promise.visit_id, Booking)
        .join(Booking, Booking.id == Promise.booking_id)
        .where(Promise.visit_id.in_(visit_ids))
    )
    return dict(found.all())


def promises_of_visits(db: Session, visit_ids: Sequence[int]) -> dict[int, Promise]:
    """Return the windows that those visits keep, by visit id."""
    found = db.scalars(select(Promise).where(Promise.visit_id.in_(visit_ids)))
    return {promise.visit_id: promise for promise in found}


def promises(db: Session, booking_id: int) -> Sequence[Promise]:
    """Return every window ever held or promised for the booking, oldest first."""
    found = select(Promise).where(Promise.booking_id == booking_id).order_by(Promise.id)
    return db.scalars(found).all()


def was_kept(db: Session, booking_id: int, *, service_id: int) -> bool:
    """Tell whether the booking's promise of that service was kept."""
    found = select(Promise.id).where(
        Promise.booking_id == booking_id,
        Promise.service_id == service_id,
        Promise.ending == Ending.KEPT.value,
    )
    return db.scalar(found.limit(1)) is not None


def standing_promises(db: Session, booking_id: int) -> Sequence[Promise]:
    """Return the windows that stand for the booking, by time: two for a coupled one, else one."""
    found = select(Promise).where(Promise.booking_id == booking_id, Promise.ended_at.is_(None))
    return db.scalars(found.order_by(Promise.starts_at, Promise.id)).all()


def promise_of_visit(db: Session, visit_id: int) -> Promise:
    """Return the promise that the visit keeps, which must exist."""
    return db.scalars(select(Promise).where(Promise.visit_id == visit_id)).one()


def by_id(db: Session, booking_id: int) -> Booking:
    """Return the booking with that id, which must exist."""
    return db.scalars(select(Booking).where(Booking.id == booking_id)).one()


def by_number(db: Session, number: str) -> Booking | None:
    """Return the booking with that number, whoever asks; None when there is none."""
    return db.scalars(select(Booking).where(Booking.number == number)).one_or_none()


def bookings_of(db: Session, member_id: int, *, limit: int = 50) -> Sequence[Booking]:
    """Return what was ever promised to the member, latest window first."""
    shown = Booking.state.in_(KNOWN)
    found = select(Booking).where(Booking.member_id == member_id, shown)
    return db.scalars(found.order_by(Booking.starts_at.desc()).limit(limit)).all()


def branch_of_member(db: Session, member_id: int) -> int | None:
    """Return the branch that served or will serve him last: by its rules he is told where he stands."""
    newest = select(Booking.branch_id).where(Booking.member_id == member_id)
    return db.scalar(newest.order_by(Booking.id.desc()).limit(1))


def is_kept_for(db: Session, *, branch_id: int, member_id: int) -> bool:
    """Tell whether the member may be offered what the branch keeps, if it keeps any."""
    keeping = dispatch.branch(db, branch_id).keeping
    return keeping is None or tag_queries.has_tag(db, member_id, tag_id=keeping.tag_id)


def rules_of_member(db: Session, member_id: int) -> Rules:
    """Return the rules by which the member's points and tier go: his store's, else that branch's."""
    branch_id = branch_of_member(db, member_id)
    return rule_queries.in_force(db, branch_id=branch_id, member_id=member_id)


def bookings_ahead(
    db: Session, openids: Collection[str], *, now: datetime
) -> dict[int, list[Booking]]:
    """Return what is promised to each of those people and not over, by member, the next window first."""
    ids = db.connection().execute(_AHEAD, {"openids": sorted(openids), "now": now}).scalars().all()
    ahead: dict[int, list[Booking]] = {}
    # Most have none, and to ask for nothing costs as much as asking.
    if not ids:
        return ahead
    found = select(Booking).where(Booking.id.in_(ids)).order_by(Booking.starts_at)
    for row in db.scalars(found):
        ahead.setdefault(row.member_id, []).append(row)
    return ahead


_AHEAD = select(Booking.id).where(
    Booking.member_id.in_(members.ids_of(bindparam("openids", expanding=True))),
    Booking.state.in_(PROMISED),
    Booking.ends_at > bindparam("now"),
)


def search(
    db: Session,
    *,
    by: Actor,
    text: str = "",
    visits: Select[int] | None = None,
    day: date | None = None,
    state: BookingState | None = None,
    branch_id: int | None = None,
    needs_window: bool = False,
    owed_by: Select[int] | None = None,
    limit: int = 50,
    offset: int = 0,
    now: datetime,
) -> tuple[Sequence[Booking], int]:
    """Return a page of bookings the actor may see, and how many there are.

    First what somebody must see to: a promise whose window is over or to be chosen anew. Then what is
    ahead, the next window first; then what is over, the last window first.

    `text` matches a booking's number, the end of a phone, a contact or a 小区; beside these it
    finds the bookings of `visits`, a query for visit ids. `needs_window` leaves those that wait for
    the window of another visit, `owed_by` those whose present visit is one of that query's.
    """
    where: list[ColumnElement[bool]] = [visible_to(by)]
    if text:
        where.append(
            or_(
                Booking.number == text.upper(),
                Booking.phone.endswith(text, autoescape=True),
                Booking.contact.contains(text, autoescape=True),
                Booking.compound.contains(text, autoescape=True),
                _served_by(visits) if visits is not None else false(),
            )
        )
    if day is not None:
        start = midnight(day)
        where.append((Booking.starts_at >= start) & (Booking.starts_at < start + timedelta(days=1)))
    if state is not None:
        where.append(Booking.state == state)
    if branch_id is not None:
        where.append(Booking.branch_id == branch_id)
    if needs_window:
        where.append(Booking.needs_window.is_(True))
    if owed_by is not None:
        where += [Booking.visit_id.in_(owed_by), Booking.needs_window.is_(False)]
    total = db.scalar(select(func.count()).select_from(Booking).where(*where)) or 0
    page = select(Booking).where(*where).order_by(*_next_first(now))
    return db.scalars(page.limit(limit).offset(offset)).all(), total


def _next_first(now: datetime) -> tuple[ColumnElement[Any], ...]:
    is_open = Booking.state.in_(PROMISED)
    is_stuck = is_open & (Booking.needs_window.is_(True) | (Booking.ends_at <= now))
    is_ahead = Booking.state.in_(PROMISED | KEPT)
    rank = case((is_stuck, 0), (is_ahead, 1), else_=2)
    # Nothing for what is over, which then goes by the last column alone.
    forwards = case((is_ahead, Booking.starts_at))
    return rank, forwards, Booking.starts_at.desc(), Booking.id.desc()


def booked_of_draft(db: Session, draft_id: int) -> Booking | None:
    """Return the booking that the draft became, if it was booked."""
    was_booked = Booking.state.in_(KNOWN)
    return db.scalars(select(Booking).where(Booking.draft_id == draft_id, was_booked)).first()


def kept_of_draft(db: Session, draft_id: int) -> Sequence[Booking]:
    """Return what is held under the draft, run out or not."""
    found = select(Booking).where(Booking.draft_id == draft_id, Booking.state.in_(KEPT))
    return db.scalars(found.order_by(Booking.id)).all()


def holds_of(db: Session, member_id: int, *, now: datetime) -> Sequence[Booking]:
    """Return the windows now held for the member."""
    found = select(Booking).where(
        Booking.member_id == member_id,
        Booking.state.in_(KEPT),
        Booking.held_until > now,
    )
    return db.scalars(found).all()


def holds_run_out(db: Session, member_id: int, *, now: datetime) -> Sequence[Booking]:
    """Return the member's holds that ran out and still stand in the plan until somebody frees them."""
    found = select(Booking).where(
        Booking.member_id == member_id,
        Booking.state.in_(KEPT),
        Booking.held_until <= now,
    )
    return db.scalars(found).all()


def holds_past(db: Session, *, instant: datetime, limit: int) -> Sequence[str]:
    """Return the numbers of holds that ran out at or before `instant`, oldest first."""
    found = select(Booking.number).where(Booking.state.in_(KEPT), Booking.held_until <= instant)
    return db.scalars(found.order_by(Booking.held_until).limit(limit)).all()


def to_look_at(db: Session, *, instant: datetime, limit: int) -> Sequence[str]:
    """Return the numbers of bookings to which something may be due, those that wait longest first."""
    found = select(Booking.number).where(Booking.look_at <= instant)
    return db.scalars(found.order_by(Booking.look_at, Booking.id).limit(limit)).all()


def additions(db: Session, booking_id: int) -> Sequence[Addition]:
    """Return what technicians asked for beyond the booking's price, oldest first."""
    found = select(Addition).where(Addition.booking_id == booking_id).order_by(Addition.id)
    return db.scalars(found).all()


def steps(db: Session, booking_id: int) -> Sequence[BookingStep]:
    """Return the booking's moves, oldest first."""
    found = select(BookingStep).where(BookingStep.booking_id == booking_id)
    return db.scalars(found.order_by(BookingStep.seq)).all()


def completed_at(db: Session, booking_id: int) -> datetime | None:
    """Return when the booking's work was accepted; None when it never was."""
    found = select(BookingStep.at).where(
        BookingStep.booking_id == booking_id, BookingStep.action == BookingAction.COMPLETE.value
    )
    return db.scalar(found.order_by(BookingStep.seq.desc()).limit(1))


def abouts(by: Actor) -> Select[str]:
    """Return the query for the names under which messages speak of bookings in the actor's scope."""
    return select("booking:" + Booking.number).where(visible_to(by))


def _served_by(visits: Select[int]) -> ColumnElement[bool]:
    promised = select(Promise.booking_id).where(Promise.visit_id.in_(visits))
    return Booking.id.in_(promised)


def visible_to(by: Actor) -> ColumnElement[bool]:
    """Return the condition for the bookings in the actor's scope."""
    if by.role is Role.MEMBER:
        return Booking.member_id == by.id
    if by.role in (Role.TECHNICIAN, Role.STORE):
        # A technician reads bookings through his visits only; a store through its followers.
        return Booking.id.is_(None)
    if by.branch_ids:
        return Booking.branch_id.in_(by.branch_ids)
    return Booking.id.is_not(None) if by.sees_branch(0) else Booking.id.is_(None)
