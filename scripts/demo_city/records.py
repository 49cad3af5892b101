"""Rows of bookings and visits, as the operations would have left them.

Written in bulk: thousands of bookings in seconds. Every state is reached through its machine, and
every move has its step.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from operator import itemgetter
from random import Random
from typing import Any

from sqlalchemy import insert

from booking.models import Booking, BookingStep, Draft, Promise, Service
from booking.operations import looking
from booking.policy import HOLD_LIFE
from booking.states import BookingAction, BookingState
from dispatch import travel
from dispatch.models import BranchDay, RouteRow, Visit, VisitStep
from dispatch.states import VisitAction, VisitState
from kernel.actor import SYSTEM, Actor, Role
from kernel.clock import instant_at
from kernel.db import Session
from kernel.numbers import new_service_code
from members import risk
from members.rule_text import RULES
from scripts.demo_city import bulk
from scripts.demo_city.rounds import Deed
from scripts.demo_city.stage import NOW, dice, number
from scripts.demo_city.story import Sheet, Story

# A member signs so long after the work is done.
SIGNING_S = 180

Routes = Mapping[tuple[int, date], RouteRow]


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A story with its rows."""

    sheet: Sheet
    story: Story
    draft: Draft
    visit: Visit
    booking: Booking

    @property
    def member(self) -> Actor:
        return Actor(self.booking.member_id, Role.MEMBER)

    @property
    def technician(self) -> Actor:
        assert self.visit.technician_id is not None
        return Actor(self.visit.technician_id, Role.TECHNICIAN)

    @property
    def releaser(self) -> Actor:
        """Who gave the hold up: the member himself, or the house when it ran out."""
        return self.member if self.story.has_relented else SYSTEM


def write(db: Session, sheets: Sequence[Sheet], services: Mapping[str, Service]) -> list[Written]:
    """Write every sheet's bookings, oldest first, with their moves, and its routes."""
    throw = dice("numbers")
    routes = _open_routes(db, sheets)
    holders = _holders(sheets, routes)
    pairs = [(sheet, story) for sheet in sheets for story in sheet.stories]
    pairs.sort(key=lambda pair: pair[1].held_at)
    written = [
        _rows(
            throw,
            sheet,
            story,
            service_id=services[story.wish.ware.code].id,
            route_id=holders.get((sheet.branch_id, sheet.day, story.stop_id)),
        )
        for sheet, story in pairs
    ]
    visit_moves = [_moved_visit(one) for one in written]
    booking_moves = [_moved_booking(one) for one in written]
    _plan_looks(written)
    _insert(db, written)
    _insert_steps(db, written, visit_moves, booking_moves)
    _fill_routes(db, sheets, routes, written)
    return written


def write_days(
    db: Session, sheets: Iterable[Sheet], changes: Mapping[tuple[int, date], int]
) -> None:
    """Write each branch and day that has bookings; `changes` says how often its plan was changed."""
    db.add_all(
        BranchDay(
            branch_id=sheet.branch_id,
            day=sheet.day,
            version=changes[sheet.branch_id, sheet.day],
            travel=travel.current().fingerprint,
            published_at=max(sheet.published_at, default=None),
        )
        for sheet in sheets
        if sheet.stories
    )
    db.flush()


# --- Routes -----------------------------------------------------------------------------------


def _open_routes(db: Session, sheets: Iterable[Sheet]) -> Routes:
    rows = {
        (technician_id, sheet.day): RouteRow(
            branch_id=sheet.branch_id,
            technician_id=technician_id,
            day=sheet.day,
            stops=[],
            breaks=[list(rest) for rest in line.rests],
        )
        for sheet in sheets
        for technician_id, line in sheet.lines.items()
    }
    db.add_all(rows.values())
    db.flush()
    return rows


def _holders(sheets: Iterable[Sheet], routes: Routes) -> dict[tuple[int, date, int], int]:
    """Return the id of the route that holds each stop, by branch, day and stop."""
    return {
        (sheet.branch_id, sheet.day, stop[0]): routes[technician_id, sheet.day].id
        for sheet in sheets
        for technician_id, line in sheet.lines.items()
        for stop in line.stops
    }


def _fill_routes(
    db: Session, sheets: Iterable[Sheet], routes: Routes, written: Iterable[Written]
) -> None:
    visit_ids = {
        (one.sheet.branch_id, one.sheet.day, one.story.stop_id): one.visit.id for one in written
    }
    for sheet in sheets:
        for technician_id, line in sheet.lines.items():
            routes[technician_id, sheet.day].stops = [
                [visit_ids[sheet.branch_id, sheet.day, stop_id], *times]
                for stop_id, *times in line.stops
            ]
    db.flush()


# --- Bookings and visits ----------------------------------------------------------------------


def _rows(
    throw: Random, sheet: Sheet, story: Story, *, service_id: int, route_id: int | None
) -> Written:
    draft = _draft(throw, sheet, story, service_id)
    return Written(
        sheet=sheet,
        story=story,
        draft=draft,
        visit=_visit(throw, sheet, story, route_id),
        booking=_booking(throw, sheet, story, draft),
    )


def _draft(throw: Random, sheet: Sheet, story: Story, service_id: int) -> Draft:
    wish, home = story.wish, story.wish.household
    return Draft(
        number=number(throw, "D"),
        member_id=home.member_id,
        service_id=service_id,
        choices=dict(wish.choices),
        branch_id=sheet.branch_id,
        address=home.address,
        compound=home.compound.name,
        door=home.door,
        lat=home.compound.point.lat,
        lon=home.compound.point.lon,
        contact=home.name,
        phone=home.phone,
        work_s=wish.quote.work_s,
        price=wish.quote.price,
        made_at=wish.asked_at,
    )


def _visit(throw: Random, sheet: Sheet, story: Story, route_id: int | None) -> Visit:
    shape, deed = story.wish.shape, story.deed

    def instant(second: int | None) -> datetime | None:
        return None if second is None else instant_at(sheet.day, second)

    return Visit(
        number=number(throw, "V"),
        branch_id=sheet.branch_id,
        day=sheet.day,
        opens_s=story.window.open_s,
        shuts_s=story.window.shut_s,
        work_s=shape.work_s,
        service=shape.service,
        estate=shape.estate,
        card_s=shape.card_s,
        skill=shape.skill,
        level=shape.level,
        lat=shape.point.lat,
        lon=shape.point.lon,
        label=f"{story.wish.ware.short_name} {story.wish.household.compound.name}",
        route_id=route_id,
        technician_id=story.technician_id,
        held_until=None if story.committed_at else story.held_at + HOLD_LIFE,
        service_code=new_service_code(),
        departed_at=instant(deed.departed_s) if deed else None,
        arrived_at=instant(deed.arrived_s) if deed else None,
        started_at=instant(deed.started_s) if deed else None,
        finished_at=instant(deed.finished_s) if deed else None,
        signed_at=_signed_at(deed, sheet) if deed else None,
        state=VisitState.HELD,
        state_since=story.held_at,
    )


def _signed_at(deed: Deed, sheet: Sheet) -> datetime | None:
    """Members sign a few minutes after the work, if these have passed by now."""
    if deed.finished_s is None:
        return None
    signed_at = instant_at(sheet.day, deed.finished_s + SIGNING_S)
    return signed_at if signed_at <= NOW else None


def _booking(throw: Random, sheet: Sheet, story: Story, draft: Draft) -> Booking:
    return Booking(
        number=number(throw, "B"),
        member_id=draft.member_id,
        branch_id=draft.branch_id,
        service_id=draft.service_id,
        choices=draft.choices,
        price=draft.price,
        address=draft.address,
        compound=draft.compound,
        door=draft.door,
        contact=draft.contact,
        phone=draft.phone,
        starts_at=instant_at(sheet.day, story.window.open_s),
        ends_at=instant_at(sheet.day, story.window.shut_s),
        held_until=story.held_at + HOLD_LIFE,
        made_at=story.held_at,
        state=BookingState.HELD,
        state_since=story.held_at,
    )


def _insert(db: Session, written: Sequence[Written]) -> None:
    bulk.insert_all(db, Draft, [one.draft for one in written])
    bulk.insert_all(db, Visit, [one.visit for one in written])
    for one in written:
        one.booking.draft_id, one.booking.visit_id = one.draft.id, one.visit.id
    bulk.insert_all(db, Booking, [one.booking for one in written])
    db.bulk_save_objects([_promise(one) for one in written])


def _promise(one: Written) -> Promise:
    booking, story = one.booking, one.story
    ended_at = story.released_at or one.visit.signed_at
    return Promise(
        booking_id=booking.id,
        visit_id=one.visit.id,
        service_id=booking.service_id,
        starts_at=booking.starts_at,
        ends_at=booking.ends_at,
        promised_at=story.committed_at,
        ended_at=ended_at,
        ending="" if ended_at is None else "expired" if story.released_at else "kept",
    )


# --- Moves ------------------------------------------------------------------------------------

Step = dict[str, Any]


def _moved_visit(one: Written) -> list[Step]:
    """Move the visit to where it stands and return its steps, which lack its id."""
    visit = one.visit
    steps = [_step(None, visit.state, 1, one.story.held_at, one.member)]
    for seq, (action, at, by) in enumerate(_visit_moves(one), start=2):
        visit.advance(action, now=at)
        steps.append(_step(action, visit.state, seq, at, by))
    return steps


def _moved_booking(one: Written) -> list[Step]:
    """Move the booking to where it stands and return its steps, which lack its id."""
    booking = one.booking
    steps = [_step(None, booking.state, 1, one.story.held_at, one.member)]
    for seq, (action, at, by) in enumerate(_booking_moves(one), start=2):
        booking.advance(action, now=at)
        steps.append(_step(action, booking.state, seq, at, by))
    return steps


def _visit_moves(one: Written) -> Iterator[tuple[VisitAction, datetime, Actor]]:
    story, visit = one.story, one.visit
    if story.released_at is not None:
        yield VisitAction.RELEASE, story.released_at, one.releaser
    if story.committed_at is not None:
        yield VisitAction.COMMIT, story.committed_at, one.member
    if story.assigned_at is not None:
        yield VisitAction.ASSIGN, story.assigned_at, one.sheet.publisher
    for action, at in (
        (VisitAction.ACCEPT, story.accepted_at),
        (VisitAction.DEPART, visit.departed_at),
        (VisitAction.ARRIVE, visit.arrived_at),
        (VisitAction.START, visit.started_at),
        (VisitAction.FINISH, visit.finished_at),
    ):
        if at is not None:
            yield action, at, one.technician
    if visit.signed_at is not None:
        yield VisitAction.SIGN, visit.signed_at, one.member


def _booking_moves(one: Written) -> Iterator[tuple[BookingAction, datetime, Actor]]:
    story = one.story
    if story.released_at is not None:
        yield BookingAction.EXPIRE, story.released_at, one.releaser
    if story.committed_at is not None:
        yield BookingAction.COMMIT, story.committed_at, one.member
    if one.visit.signed_at is not None:
        yield BookingAction.COMPLETE, one.visit.signed_at, one.member


def _step(
    action: VisitAction | BookingAction | None,
    state: VisitState | BookingState,
    seq: int,
    at: datetime,
    by: Actor,
) -> Step:
    return {
        "seq": seq,
        "action": action.value if action else "create",
        "state": state,
        "actor_role": by.role.value,
        "actor_id": by.id,
        "at": at,
    }


def _plan_looks(written: Iterable[Written]) -> None:
    """Write down when the clock must look at each booking, by the rule of the house itself.

    Nobody has a strike yet: all stand where a clean member stands. Looks that were due before now are
    over, but for a silence that may end at any time.
    """
    clean = risk.standing(
        strikes=(), completed=0, phone_confirmed=False, balance=0, now=NOW, rules=RULES
    )
    for one in written:
        is_over = one.booking.state is BookingState.COMPLETED
        one.booking.look_at = looking.next_look(
            one.booking,
            kept=[looking.Kept(one.booking.ends_at, one.visit.state, one.visit.finished_at)],
            standing=clean,
            rules=RULES,
            now=one.booking.state_since if is_over else NOW,
        )


def _insert_steps(
    db: Session,
    written: Sequence[Written],
    visit_steps: Sequence[Sequence[Step]],
    booking_steps: Sequence[Sequence[Step]],
) -> None:
    of_visits = [
        step | {"visit_id": one.visit.id}
        for one, steps in zip(written, visit_steps, strict=True)
        for step in steps
    ]
    of_bookings = [
        step | {"booking_id": one.booking.id}
        for one, steps in zip(written, booking_steps, strict=True)
        for step in steps
    ]
    if written:
        db.execute(insert(VisitStep), sorted(of_visits, key=itemgetter("at")))
        db.execute(insert(BookingStep), sorted(of_bookings, key=itemgetter("at")))
