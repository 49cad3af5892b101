"""Two of everything, each with owners of its own: what the access matrix is called upon.

Side A is one's own, side B another's. A new kind of thing in an address gets a line in
tests/journeys/access/things.py.
"""

import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from flask import Flask, g

from booking import queries as bookings
from booking.models import Booking
from booking.operations import bookings as booking_operations
from conversations import queries as conversations
from conversations.models import Picture
from dispatch import live, photos
from dispatch import queries as dispatch
from dispatch.models import Visit
from dispatch.operations import publishing, visits
from dispatch.planner.problem import Window
from faces.consumer import pictures
from kernel.actor import SYSTEM, Actor, Role
from kernel.db import transaction
from kernel.geo import Point
from kernel.phone import Phone
from members import strike_queries
from members.contacts import ContactRole
from members.operations import (
    appeals,
    blacklist,
    contacts,
    erasing,
    following,
    sign_ins,
    strikes,
)
from members.policy import AppealReason
from members.rule_text import STANDARD_VERSION
from tests.house import (
    DISPATCHER,
    HOUR_S,
    MONDAY,
    MONDAY_NINE,
    a_branch,
    a_service,
    a_technician,
    close_connections,
)
from tests.journeys.access import things
from tests.journeys.access.things import PASSWORD, SEVEN, Side
from tests.journeys.technician.hands import a_photo

STAFF = (
    Role.STORE,
    Role.DISPATCHER,
    Role.MANAGER,
    Role.ADMINISTRATOR,
    Role.AUDITOR,
)
# Words and things of nobody, by the name of their parameter.
WORDS = {
    "code": "air_install",
    "field": "phone",
    "name": "en",
    "day": "2026-11-25",
    "sha256": "0" * 64,
    "version": STANDARD_VERSION,
}


def _ring(west: float, east: float) -> tuple[Point, ...]:
    corners = ((35.9, west), (35.9, east), (36.5, east), (36.5, west))
    return tuple(Point(lat, lon) for lat, lon in corners)


@dataclass(frozen=True)
class SignedIn:
    """Somebody's session."""

    token: str
    csrf_token: str


@dataclass
class World:
    """Both sides, a session for each role of side A, and the database as it was built."""

    app: Flask
    own: Side
    other: Side
    path: Path
    sessions: Mapping[Role, SignedIn] = field(default_factory=dict)

    @property
    def _kept(self) -> Path:
        return self.path.with_suffix(".kept")

    def keep(self) -> None:
        """Remember the database as it is."""
        close_connections()
        shutil.copy(self.path, self._kept)

    def restore(self) -> None:
        """Undo whatever was done since."""
        close_connections()
        shutil.copy(self._kept, self.path)
        live.forget()


def build(app: Flask, path: Path) -> World:
    """Build both sides in an empty database."""
    with transaction() as db:
        a_service(db)
    own = _a_side(app, 1, west=120.0)
    other = _a_side(app, 2, west=121.0)
    world = World(app, own, other, path)
    world.sessions = {
        role: _signed_in(role, own) for role in (Role.MEMBER, Role.TECHNICIAN, *STAFF)
    }
    world.keep()
    return world


def _a_side(app: Flask, number: int, *, west: float) -> Side:
    centre = Point(36.2, west + 0.4)
    with transaction() as db:
        branch_id = a_branch(db, territory=_ring(west, west + 0.8))
        person = a_technician(db, branch_id=branch_id, home=centre)
        member = following.follow(
            db, openid=f"oTest{number:023d}", scene=f"store_{number}", now=SEVEN
        )
        side = Side(
            Actor(member.id, Role.MEMBER),
            Actor(person, Role.TECHNICIAN, frozenset({branch_id})),
            branch_id,
        )
    side.things |= {"technicians": str(person), "branch": str(branch_id)}
    booking, visit = _a_visit_at_work(app, side, centre)
    side.things |= {"bookings": booking.number, "visits": visit.number}
    for kind, make in things.MAKERS.items():
        with transaction() as db:
            side.things[kind] = make(db, side, booking, visit)
    with app.test_request_context():
        g.actor = side.member
        side.things["pictures"] = pictures.token_of(_stored(app, shade=number))
    side.things["chats/pictures"] = _a_chat_picture(app, side, number)
    _a_case(app, side, number)
    return side


def _a_case(app: Flask, side: Side, number: int) -> None:
    """Somebody else of that branch whose bookings are stopped, and who contests his last strike."""
    scene, photo = f"store_{number}", _stored(app, shade=100 + number)
    phone, roles = Phone.parse("13800002046"), [ContactRole.AT_HOME]
    with transaction() as db:
        contact = contacts.add_contact(
            db, member_id=side.member.id, name="林", phone=phone, roles=roles, now=MONDAY_NINE
        )
    with transaction() as db:
        person = following.follow(db, openid=f"oCase{number:023d}", scene=scene, now=SEVEN)
        for day in range(4, 1, -1):
            then = MONDAY_NINE - timedelta(days=day)
            told = things.a_strike(db, side, person.id, booking=f"B{number}00000000{day}", at=then)
            strikes.post_strike(db, number=told, now=then + timedelta(days=1))
    with transaction() as db:
        last = things.a_strike(db, side, person.id, booking=f"B{number}000000009", at=MONDAY_NINE)
        appeal = appeals.open_appeal(
            db,
            strike_number=last,
            reason=AppealReason.NOT_HEARD,
            text="我一直在家，没有听见敲门声",
            photos=[photo],
            by=Actor(person.id, Role.MEMBER),
            now=MONDAY_NINE,
        )
        following.name_member(db, member_id=person.id, name="林", phone=phone.digits)
        caller = following.add_caller(db, name="林", phone=phone, now=MONDAY_NINE)
        asked = blacklist.ask_release(
            db,
            member_id=person.id,
            by=Actor(999, Role.MANAGER),
            reason="核实后认为应当提前解除",
            now=MONDAY_NINE,
        )
        erasing.ask(
            db,
            member_id=person.id,
            why="来电要求注销，回拨核对",
            by=Actor(999, Role.MANAGER),
            now=MONDAY_NINE,
        )
        [listing] = strike_queries.blacklistings_of(db, member_id=person.id)
        side.things |= {
            "members": person.number,
            "merge": caller.number,
            "contacts": contact.number,
            "members/strikes": last,
            "overrides": asked.number,
            "blacklistings": listing.number,
            "appeals": appeal.number,
            "appeals/photos": photo,
        }


def _a_visit_at_work(app: Flask, side: Side, at: Point) -> tuple[Booking, Visit]:
    """Book today's ten o'clock, and let the technician be at work there."""
    with transaction() as db:
        draft = things.a_draft(db, side, at)
    with transaction() as db:
        held = booking_operations.hold(
            db,
            draft_number=draft,
            day=MONDAY,
            window=Window(10 * HOUR_S, 12 * HOUR_S),
            by=side.member,
            now=SEVEN,
        )
    with transaction() as db:
        booking_operations.commit(db, number=held.number, by=side.member, now=SEVEN)
    with transaction() as db:
        publishing.publish_day(db, branch_id=side.branch_id, day=MONDAY, by=DISPATCHER, now=SEVEN)
    with transaction() as db:
        booking = bookings.booking(db, number=held.number, by=side.member)
        visit = dispatch.visit(db, booking.visit_id)
        for act in (visits.accept, visits.depart, visits.arrive):
            act(db, number=visit.number, by=side.technician, now=MONDAY_NINE)
        visits.start(
            db,
            number=visit.number,
            code=visit.service_code,
            by=side.technician,
            now=MONDAY_NINE,
        )
        photo = visits.add_photo(
            db,
            number=visit.number,
            sha256=_stored(app, shade=side.branch_id),
            by=side.technician,
            now=MONDAY_NINE,
        )
        side.things["photos"] = photo.number
    return booking, visit


def _a_chat_picture(app: Flask, side: Side, number: int) -> str:
    sha256 = _stored(app, shade=100 + number)
    with transaction() as db:
        chat = conversations.chat(db, number=side.things["chats"], by=SYSTEM)
        picture = Picture(media_id=f"M{number}", openid=chat.openid, at=MONDAY_NINE, sha256=sha256)
        picture.state = "kept"
        db.add(picture)
    return sha256


def _stored(app: Flask, *, shade: int) -> str:
    folder = app.extensions["doorbell.settings"].data_dir / "photos"
    return photos.store_photo(folder, photos.clean_photo(a_photo(shade=shade)))


def _signed_in(role: Role, side: Side) -> SignedIn:
    with transaction() as db:
        subject = {Role.MEMBER: side.member.id, Role.TECHNICIAN: side.technician.id}.get(role)
        if subject is None:
            subject = sign_ins.add_staff(
                db,
                login=role.value,
                name=f"{role.value}一位",
                role=role,
                password=PASSWORD,
                branch_ids=[side.branch_id],
                store_ids=[things.store_id(db, side)],
            ).id
        opened = sign_ins.open_sign_in(db, role=role, subject_id=subject, now=MONDAY_NINE)
    return SignedIn(opened.token, opened.csrf_token)
