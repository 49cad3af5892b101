"""A desk at HTTP level: somebody signs in to the console, reads its pages and presses its buttons."""

from collections.abc import Mapping
from datetime import datetime
from io import BytesIO
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from booking.operations import bookings
from dispatch import live, queries
from dispatch.planner.problem import Window
from faces.chrome.sign_in import COOKIE
from kernel.actor import Actor, Role
from kernel.db import transaction
from members import queries as members
from members.models import Staff
from members.operations import entering, sign_ins
from tests.house import HOUR_S, MONDAY_NINE, a_draft, tomorrow
from tests.journeys.consumer.pages import HOST, Form, Page

BASE = f"https://{HOST}"
PASSWORD = "a good long password"
STEP = "/console/sign-in/step"


class Desk:
    """A browser at a desk."""

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._client: FlaskClient = app.test_client()
        self.csrf_token = ""

    def sit_down(self, staff_id: int, role: Role) -> None:
        """Be signed in, past the password."""
        with transaction() as db:
            opened = sign_ins.open_sign_in(db, role=role, subject_id=staff_id, now=MONDAY_NINE)
        self._client.set_cookie(COOKIE, opened.token, domain=HOST, secure=True)
        self.csrf_token = opened.csrf_token

    def sign_in(self, login: str, password: str = PASSWORD, *, to: str = "") -> Page:
        """Type login and password, then the codes that are asked for; the page one comes to."""
        page = self.type_in(login, password, to=to)
        while page.path == STEP and page.status == 200:
            page = self.send(page.form("/step"), code=code_of(login))
        return page

    def type_in(self, login: str, password: str = PASSWORD, *, to: str = "") -> Page:
        """Type login and password; the page one comes to, which may ask for a code."""
        fields = {"login": login, "password": password, "next": to}
        return Page(self.ask("POST", "/console/sign-in", data=fields, follow_redirects=True))

    def open(self, path: str, *, htmx: bool = False) -> Page:
        """Go to an address, along redirects; `htmx` asks for a part as the page's script does."""
        headers = {"HX-Request": "true"} if htmx else {}
        return Page(self.ask("GET", path, follow_redirects=True, headers=headers))

    def send(self, form: Form, **changes: str) -> Page:
        """Send a form that stands in a page, along redirects."""
        return self.post(form.action, form.press(changes))

    def post(self, path: str, fields: Mapping[str, Any] | None = None) -> Page:
        """Post fields with this session's token, or with the one of the page they come from."""
        headers = {"X-CSRF-Token": self.csrf_token} if self.csrf_token else {}
        return Page(
            self.ask("POST", path, data=dict(fields or {}), headers=headers, follow_redirects=True)
        )

    def upload(self, path: str, **files: bytes) -> Page:
        """Send files, each under its field's name, along redirects."""
        data = {name: (BytesIO(content), f"{name}.jpg") for name, content in files.items()}
        headers = {"X-CSRF-Token": self.csrf_token}
        return Page(self.ask("POST", path, data=data, headers=headers, follow_redirects=True))

    def fetch(self, path: str) -> TestResponse:
        """Ask for a file, read it to its end and give it back."""
        answer = self.ask("GET", path)
        answer.get_data()
        answer.close()
        return answer

    @property
    def is_signed_in(self) -> bool:
        """Whether he has come in, and does not stand at one of the steps before."""
        cookie = self._client.get_cookie(COOKIE, domain=HOST)
        with transaction(reads_only=True) as db:
            row = members.sign_in(db, token=cookie.value if cookie else "", now=MONDAY_NINE)
        return row is not None and row.stage == sign_ins.OPEN

    def ask(self, method: str, path: str, **options: Any) -> TestResponse:
        # A context of its own: under the fixture's, all requests would share one g and one now.
        with self._app.app_context():
            return self._client.open(path, method=method, base_url=BASE, **options)


def code_of(login: str, now: datetime = MONDAY_NINE) -> str:
    """Return what his authenticator shows."""
    with transaction(reads_only=True) as db:
        staff = db.scalars(select(Staff).where(Staff.login == login)).one()
        return entering.present_code(staff, now=now)


def a_promise(member: Actor, *, opens_h: int = 10) -> str:
    """Book a window of tomorrow for the member and return the booking's number."""
    window = Window(opens_h * HOUR_S, (opens_h + 2) * HOUR_S)
    with transaction() as db:
        draft = a_draft(db, by=member)
    with transaction() as db:
        held = bookings.hold(
            db, draft_number=draft, day=tomorrow(), window=window, by=member, now=MONDAY_NINE
        )
    with transaction() as db:
        bookings.commit(db, number=held.number, by=member, now=MONDAY_NINE)
    return held.number


def told(branch_id: int) -> list[int | None]:
    """Return whom people were told about, for each visit of tomorrow."""
    live.forget()
    with transaction(reads_only=True) as db:
        visits = queries.visits_in_routes(db, branch_id=branch_id, day=tomorrow())
    return [visit.technician_id for visit in visits.values()]
