"""A member's phone at HTTP level: it opens pages, reads them, and sends the forms that stand there."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from io import BytesIO
from typing import Any
from urllib.parse import urlsplit

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from faces.chrome.call import KEY_FIELD, OURS
from faces.chrome.sign_in import COOKIE
from kernel.actor import Actor, Role
from kernel.db import transaction
from members.operations import sign_ins
from tests.house import MONDAY_NINE

HOST = "doorbell.localhost"
_VOID = {"input", "link", "meta", "img", "br", "hr"}


@dataclass
class Form:
    """A form of a page: where it goes, and what it would send as it stands."""

    action: str
    fields: dict[str, str] = field(default_factory=dict)
    _sent: dict[str, str] = field(default_factory=dict)

    def press(self, changes: dict[str, str]) -> dict[str, str]:
        """Return what is sent. As in a browser, other content than before is another press."""
        content = {k: v for k, v in (self.fields | changes).items() if k not in OURS}
        if self._sent not in ({}, content) and KEY_FIELD in self.fields:
            self.fields[KEY_FIELD] = str(uuid.uuid4())
        self._sent = content
        return self.fields | changes


class _Reader(HTMLParser):
    """Reads words, forms and error lines out of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []
        self.forms: list[Form] = []
        self.said: dict[str, list[str]] = {}
        self.ids: set[str] = set()
        self.values: dict[str, str] = {}
        self.windows: list[str] = []
        self.links: list[str] = []
        self._open: list[tuple[str, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag not in _VOID:
            self._open.append((tag, given.get("id", "")))
        if "id" in given:
            self.ids.add(given["id"])
        if tag == "a" and "href" in given:
            self.links.append(given["href"])
        if tag == "form":
            self.forms.append(Form(given.get("action", "")))
        if tag == "input":
            self._input(given)

    def _input(self, given: Mapping[str, str]) -> None:
        name = given.get("name", "")
        if given.get("type") == "radio" and name == "window":
            self.windows.append(given["value"])
        if name and (given.get("type") not in ("radio", "checkbox") or "checked" in given):
            self.values[name] = given.get("value", "")
        # With `form` it belongs to another one than that in which it stands.
        if not name or not self.forms or given.get("type") == "file" or "form" in given:
            return
        if given.get("type") in ("radio", "checkbox") and "checked" not in given:
            return
        self.forms[-1].fields[name] = given.get("value", "on")

    def handle_endtag(self, tag: str) -> None:
        while self._open and self._open.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        text = " ".join(data.split())
        tags = {tag for tag, _ in self._open}
        if not text or tags & {"script", "style"}:
            return
        self.words.append(text)
        for _, element_id in self._open:
            if element_id:
                self.said.setdefault(element_id, []).append(text)


class Page:
    """One answer, read."""

    def __init__(self, answer: TestResponse) -> None:
        self.answer = answer
        self.status = answer.status_code
        self.path = urlsplit(answer.request.url).path
        self._reader = _Reader()
        self._reader.feed(answer.get_data(as_text=True))

    @property
    def text(self) -> str:
        """All words of the page in one line."""
        return " ".join(self._reader.words)

    @property
    def windows(self) -> list[str]:
        """The values of the windows that can be chosen, in their order."""
        return self._reader.windows

    @property
    def forms(self) -> list[Form]:
        return self._reader.forms

    @property
    def links(self) -> list[str]:
        """Where its links lead, in their order."""
        return self._reader.links

    @property
    def ids(self) -> set[str]:
        return self._reader.ids

    def said(self, element_id: str) -> str:
        """The words within the element of that id, "" when there are none."""
        return " ".join(self._reader.said.get(element_id, []))

    def value(self, name: str) -> str:
        """What stands in that box."""
        return self._reader.values[name]

    def form(self, ending: str) -> Form:
        """The form whose address ends so, which must be there."""
        return next(form for form in self._reader.forms if form.action.endswith(ending))

    def has_form(self, ending: str) -> bool:
        return any(form.action.endswith(ending) for form in self._reader.forms)


class Phone:
    """A signed-in member's browser."""

    def __init__(self, app: Flask, member: Actor) -> None:
        self.member = member
        self._app = app
        self._client: FlaskClient = app.test_client()
        with transaction() as db:
            opened = sign_ins.open_sign_in(
                db, role=Role.MEMBER, subject_id=member.id, now=MONDAY_NINE
            )
        self.csrf_token = opened.csrf_token
        self._client.set_cookie(COOKIE, opened.token, domain=HOST, secure=True)

    def open(self, path: str) -> Page:
        """Go to an address, along redirects."""
        return Page(self._ask("GET", path, follow_redirects=True))

    def send(self, form: Form, **changes: str) -> Page:
        """Send a form as a browser would, with changes, along redirects."""
        return self.post(form.action, form.press(changes))

    def post(self, path: str, fields: Mapping[str, str]) -> Page:
        """Post fields to an address with this session's token."""
        body = {"csrf_token": self.csrf_token} | dict(fields)
        return Page(self._ask("POST", path, data=body, follow_redirects=True))

    def fetched(self, form: Form) -> bytes:
        """The file that a form brings."""
        body = {"csrf_token": self.csrf_token} | form.press({})
        return self._ask("POST", form.action, data=body).get_data()

    def upload(self, path: str, **files: bytes) -> Page:
        """Send files as a page's script does, each under its field's name."""
        body: dict[str, Any] = {"csrf_token": self.csrf_token}
        body |= {name: (BytesIO(content), f"{name}.jpg") for name, content in files.items()}
        return Page(self._ask("POST", path, data=body, content_type="multipart/form-data"))

    def fetch(self, path: str, *, htmx: bool = False) -> TestResponse:
        """Ask for an address as it is, without following."""
        answer = self._ask("GET", path, headers={"HX-Request": "true"} if htmx else {})
        # A file is read to its end and given back.
        answer.get_data()
        answer.close()
        return answer

    def _ask(self, method: str, path: str, **options: Any) -> TestResponse:
        # A context of its own: under the fixture's, all requests would share one g and one now.
        with self._app.app_context():
            return self._client.open(path, method=method, base_url=f"https://{HOST}", **options)
