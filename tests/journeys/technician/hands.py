"""A technician's phone at HTTP level, and the visits he is given."""

import hashlib
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import cast

from flask import Flask, g
from PIL import Image
from werkzeug.test import TestResponse

from booking.operations import bookings
from dispatch import queries
from dispatch.operations import publishing
from dispatch.planner.problem import Window
from dispatch.states import VisitState
from faces.chrome.sign_in import COOKIE
from kernel.actor import Actor, Role
from kernel.clock import FixedClock
from kernel.db import transaction
from members.operations import sign_ins
from tests.house import DISPATCHER, HOUR_S, MONDAY, MONDAY_NINE, a_draft
from tests.journeys.consumer.pages import Form, Page

HOST = "doorbell.localhost"
BASE = f"https://{HOST}"
# One stroke, as the page's script writes it into the form.
A_SIGNATURE = str([[[x, 40 + x % 3] for x in range(0, 100, 8)]])


@dataclass(frozen=True)
class Given:
    """A visit that a technician was given, and the booking it serves."""

    number: str
    visit_id: int
    booking: str
    code: str


class Hands:
    """A signed-in technician's browser; with `htmx` it presses as htmx does."""

    def __init__(self, app: Flask, technician_id: int) -> None:
        self.client = app.test_client()
        with transaction() as db:
            opened = sign_ins.open_sign_in(
                db, role=Role.TECHNICIAN, subject_id=technician_id, now=MONDAY_NINE
            )
        self.csrf_token = opened.csrf_token
        self.client.set_cookie(COOKIE, opened.token, domain=HOST, secure=True)

    def fetch(self, path: str, *, htmx: bool = False) -> TestResponse:
        """Ask for an address as it is, without following."""
        headers = {"HX-Request": "true"} if htmx else {}
        answer = self.client.get(path, base_url=BASE, headers=headers)
        # A file is read to its end and given back.
        answer.get_data()
        answer.close()
        return answer

    def open(self, path: str) -> Page:
        return Page(self.fetch(path))

    def visit(self, given: Given) -> Page:
        return self.open(f"/t/visits/{given.number}")

    def send(self, form: Form, **changes: str) -> Page:
        """Send a form as a browser without scripts would, along redirects."""
        body = {"csrf_token": self.csrf_token} | form.press(changes)
        return Page(self.client.post(form.action, data=body, base_url=BASE, follow_redirects=True))

    def press(
        self, given: Given, act: str, *, htmx: bool = True, fields: Mapping[str, str] | None = None
    ) -> TestResponse:
        """Post an act, whatever the page shows."""
        return self.client.post(
            f"/t/visits/{given.number}/{act}",
            data={"csrf_token": self.csrf_token} | dict(fields or {}),
            base_url=BASE,
            headers={"HX-Request": "true"} if htmx else {},
        )

    def upload(
        self, given: Given, photos: Sequence[bytes], *, accept: str = "application/json"
    ) -> TestResponse:
        """Send photos as the page's script does, or with `accept` text/html as a plain form does."""
        answer = self.client.post(
            f"/t/visits/{given.number}/photos",
            data={"photo": [(io.BytesIO(raw), f"{n}.jpg") for n, raw in enumerate(photos)]},
            base_url=BASE,
            headers={"Accept": accept, "X-CSRF-Token": self.csrf_token},
        )
        # The test client lays a large body into a file and leaves it open.
        answer.request.environ["wsgi.input"].close()
        return answer

    def arrived(self, given: Given, raw: bytes) -> dict[str, object]:
        """Ask how much of a photo has arrived, as the page's script does."""
        address = f"/t/visits/{given.number}/uploads/{hashlib.sha256(raw).hexdigest()}"
        return cast(dict[str, object], self.fetch(address).get_json())

    def send_piece(
        self, given: Given, raw: bytes, *, begins: int, ends: int | None = None, sha256: str = ""
    ) -> TestResponse:
        """Send a piece of a photo, as the page's script does; by default all that is left of it."""
        sha256 = sha256 or hashlib.sha256(raw).hexdigest()
        return self.client.post(
            f"/t/visits/{given.number}/uploads/{sha256}?begins={begins}&of={len(raw)}",
            data=raw[begins:ends],
            base_url=BASE,
            headers={
                "Accept": "application/json",
                "Content-Type": "application/octet-stream",
                "X-CSRF-Token": self.csrf_token,
            },
        )

    def come_to(self, given: Given, state: VisitState) -> None:
        """Press his way from a visit just given to `state`."""
        way = {
            VisitState.ACCEPTED: ("accept", {}),
            VisitState.EN_ROUTE: ("depart", {}),
            VisitState.ARRIVED: ("arrive", {}),
            VisitState.IN_SERVICE: ("start", {"code": given.code}),
            VisitState.WORK_DONE: ("finish", {}),
        }
        for reached, (act, fields) in way.items():
            if reached is VisitState.WORK_DONE:
                assert self.upload(given, [a_photo()]).status_code == 201
            assert self.press(given, act, fields=fields).status_code == 200
            if reached is state:
                return


def given(member: Actor, *, opens_h: int = 10, day: date = MONDAY) -> Given:
    """Book a window for the member and publish the day, so that a technician has the visit."""
    booked_at = MONDAY_NINE - timedelta(hours=2)
    window = Window(opens_h * HOUR_S, (opens_h + 2) * HOUR_S)
    with transaction() as db:
        draft = a_draft(db, by=member, now=booked_at)
    with transaction() as db:
        held = bookings.hold(
            db, draft_number=draft, day=day, window=window, by=member, now=booked_at
        )
    with transaction() as db:
        booking = bookings.commit(db, number=held.number, by=member, now=booked_at)
    with transaction() as db:
        publishing.publish_day(
            db, branch_id=booking.branch_id, day=day, by=DISPATCHER, now=booked_at
        )
        visit = queries.visit(db, booking.visit_id)
    return Given(visit.number, visit.id, booking.number, visit.service_code)


def wrong_code(given: Given) -> str:
    return f"{(int(given.code) + 1) % 10_000:04d}"


def a_photo(*, shade: int = 120) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (64, 48), (shade, 120, 120)).save(file, "JPEG")
    return file.getvalue()


def move_clock(app: Flask, to: datetime) -> None:
    """Set the clock of the app."""
    clock: FixedClock = app.extensions["doorbell.clock"]
    clock.move_to(to)
    # A call keeps its one instant on `g`, which outlives it here: the fixture's context is still open.
    g.pop("now", None)


def state_of(given: Given) -> VisitState:
    with transaction(reads_only=True) as db:
        return queries.visit_by_number(db, given.number).state


def acts_of(given: Given) -> list[str]:
    """The moves that the visit has really made."""
    with transaction(reads_only=True) as db:
        return [step.action for step in queries.steps(db, given.visit_id)]
