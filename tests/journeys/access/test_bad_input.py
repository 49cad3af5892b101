"""The table of bad input: what each row is answered, as JSON and as a page, and never with a 5xx."""

import json
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from faces.chrome.sign_in import COOKIE
from kernel.actor import Actor, Role
from kernel.db import transaction
from tests.house import (
    a_branch,
    a_draft,
    a_member,
    a_service,
    a_technician,
    an_app,
    close_connections,
    empty_tables,
)
from tests.journeys.access.people import a_manager
from tests.journeys.console.desk import Desk, a_promise
from tests.journeys.consumer.pages import HOST, Phone
from tests.journeys.consumer.steps import HOME

FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True)
class Row:
    """One row: a call, and what it is answered with."""

    status: int
    code: str
    path: str
    method: str = "GET"
    # A dict is a form's fields, bytes are a body as it stands.
    data: dict[str, Any] | bytes | None = None
    headers: dict[str, str] = field(default_factory=dict)
    field: str | None = None
    by_staff: bool = False


ROWS = {
    "unknown_field": Row(
        400,
        "unknown_field",
        "/c/bookings/{booking}/confirm",
        "POST",
        {"points": "9999"},
        field="points",
    ),
    "text_for_a_number": Row(
        400, "bad_type", "/console/board?branch=one", field="branch", by_staff=True
    ),
    "2_to_the_63": Row(
        400, "out_of_range", f"/console/board?branch={2**63}", field="branch", by_staff=True
    ),
    "a_number_with_4301_digits": Row(
        400, "bad_type", f"/console/board?branch={'9' * 4301}", field="branch", by_staff=True
    ),
    "a_number_in_the_address_that_no_column_holds": Row(
        404, "not_found", f"/console/technicians/{2**63}/bind", "POST", {}, by_staff=True
    ),
    "a_field_that_is_needed": Row(
        400, "missing_field", "/console/plans", "POST", {"branch": "1"}, field="day", by_staff=True
    ),
    "no_key": Row(
        400, "key_required", "/c/bookings/{booking}/again", "POST", {}, {"Idempotency-Key": ""}
    ),
    "no_uuid": Row(
        400, "bad_key", "/c/bookings/{booking}/again", "POST", {}, {"Idempotency-Key": "7"}
    ),
    "repeated_parameter": Row(
        400, "repeated_field", "/c/book/air_install?draft=D1&draft=D2", field="draft"
    ),
    "repeated_field": Row(
        400,
        "repeated_field",
        "/c/bookings/{booking}/release",
        "POST",
        {"x": ["1", "2"]},
        field="x",
    ),
    "nul_in_a_parameter": Row(400, "bad_text", "/c/book/air_install?draft=D%00", field="draft"),
    "nul_in_a_field": Row(
        400, "bad_text", "/c/book/air_install", "POST", HOME | {"contact": "林\0"}, field="contact"
    ),
    "a_terminals_control": Row(
        400,
        "bad_text",
        "/c/book/air_install",
        "POST",
        HOME | {"contact": "\x1b[2J"},
        field="contact",
    ),
    "nul_in_the_address": Row(404, "not_found", "/c/bookings/B%00"),
    "no_utf8_in_the_address": Row(404, "not_found", "/c/bookings/B%ff"),
    "no_utf8_in_a_parameter": Row(400, "bad_encoding", "/c/book/air_install?draft=%ff"),
    "no_utf8_in_a_field": Row(
        400, "bad_encoding", "/c/book/air_install", "POST", b"contact=%ff", {"Content-Type": FORM}
    ),
    "raw_bytes_in_a_field": Row(
        400, "bad_encoding", "/c/book/air_install", "POST", b"contact=\xff", {"Content-Type": FORM}
    ),
    "half_a_character": Row(
        400,
        "bad_encoding",
        "/c/book/air_install",
        "POST",
        b"contact=%ed%a0%80",
        {"Content-Type": FORM},
    ),
    "2026_02_30": Row(400, "bad_time", "/console/board?day=2026-02-30", field="day", by_staff=True),
    "page_minus_one": Row(
        400, "bad_page", "/console/bookings?page=-1", field="page", by_staff=True
    ),
    "page_a_thousand_million": Row(
        400, "bad_page", "/console/bookings?page=1e9", field="page", by_staff=True
    ),
    "no_such_state": Row(
        400, "bad_field", "/console/bookings?state=admin", field="state", by_staff=True
    ),
    "a_search_too_long": Row(
        400, "bad_text", f"/console/bookings?q={'9' * 41}", field="q", by_staff=True
    ),
    "a_body_over_the_limit": Row(
        413,
        "too_large",
        "/c/book/air_install",
        "POST",
        b"contact=" + b"x" * (10 << 20),
        {"Content-Type": FORM},
    ),
    "object_of_another": Row(404, "not_found", "/c/bookings/{others}"),
    "object_of_nobody": Row(404, "not_found", "/c/bookings/B0000000000"),
    "another_roles_page": Row(403, "forbidden", "/console/board"),
    "a_forged_token": Row(
        403, "csrf", "/c/bookings/{booking}/again", "POST", {"csrf_token": "forged"}
    ),
    "a_foreign_origin": Row(
        403, "csrf", "/c/bookings/{booking}/again", "POST", {}, {"Origin": "https://evil.example"}
    ),
    "a_foreign_site": Row(
        403, "csrf", "/c/bookings/{booking}/again", "POST", {}, {"Sec-Fetch-Site": "cross-site"}
    ),
    "an_unknown_path": Row(404, "not_found", "/c/nothing/here"),
    "an_unknown_method": Row(405, "method_not_allowed", "/c/bookings", "DELETE"),
}


@dataclass(frozen=True)
class House:
    """An app with a member's booking, another's, and a manager."""

    app: Flask
    member: Actor
    booking: str
    others: str
    manager: tuple[int, Role]


@pytest.fixture(scope="module")
def house(sqlite_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """One for all: what is refused changes nothing."""
    made = an_app(sqlite_url, data_dir=tmp_path_factory.mktemp("data"))
    with made.app_context():
        empty_tables()
        with transaction() as db:
            a_technician(db, branch_id=a_branch(db))
            a_service(db)
            member, other = a_member(db), a_member(db, openid="oTest000000000000000000009")
        built = House(made, member, a_promise(member), a_promise(other, opens_h=13), a_manager())
    yield built
    with made.app_context():
        close_connections()


@pytest.fixture
def app(house: House) -> Iterator[Flask]:
    with house.app.app_context():
        yield house.app


@pytest.fixture
def phone(app: Flask, house: House) -> Phone:
    return Phone(app, house.member)


def ask(house: House, phone: Phone, row: Row, accept: str) -> TestResponse:
    desk = Desk(house.app)
    if row.by_staff:
        desk.sit_down(*house.manager)
    token = desk.csrf_token if row.by_staff else phone.csrf_token
    headers = {"X-CSRF-Token": token, "Accept": accept, **row.headers}
    if isinstance(row.data, dict) and "csrf_token" in row.data:
        del headers["X-CSRF-Token"]
    path = row.path.format(booking=house.booking, others=house.others)
    client = desk if row.by_staff else phone
    asks = client.ask if isinstance(client, Desk) else client._ask
    return asks(row.method, path, data=row.data, headers=headers)


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
class TestARow:
    def test_as_json(self, house: House, phone: Phone, row: Row) -> None:
        answer = ask(house, phone, row, "application/json")

        assert answer.status_code == row.status
        told = answer.get_json()
        assert (told["error"], told["field"]) == (row.code, row.field)
        assert told["message"]
        assert "Traceback" not in answer.get_data(as_text=True)

    def test_as_a_page(self, house: House, phone: Phone, row: Row) -> None:
        answer = ask(house, phone, row, "text/html")

        page = answer.get_data(as_text=True)
        assert answer.status_code == row.status
        assert "data-problem" in page
        assert "<html" in page
        assert "%(" not in page


def test_a_wrong_method_names_the_right_ones(phone: Phone) -> None:
    answer = phone._ask("DELETE", "/c/bookings", headers={"X-CSRF-Token": phone.csrf_token})

    assert answer.headers["Allow"] == "GET, HEAD, OPTIONS"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        pytest.param({"phone": "1380000204"}, "phone", id="a_phone_a_digit_short"),
        pytest.param({"phone": "23800002046"}, "phone", id="no_mainland_phone"),
        pytest.param({"contact": "林" * 21}, "contact", id="a_name_too_long"),
        pytest.param({"contact": "\u202e士女林"}, "contact", id="a_name_that_turns_round"),
        pytest.param({"door": "1" * 41}, "door", id="a_door_too_long"),
        pytest.param({"address": "即墨市通济街道"}, "address", id="out_of_area"),
        pytest.param({"address": "x" * 121}, "address", id="an_address_too_long"),
    ],
)
def test_a_field_of_a_form_is_told_at_the_field(
    phone: Phone, changes: dict[str, str], field: str
) -> None:
    page = phone.post("/c/book/air_install", HOME | changes)

    assert page.status == 422
    assert page.said(f"said-{field}")
    assert page.value(field) == changes[field]


@pytest.mark.parametrize(
    "text", ["<script>alert(1)</script>", "{{7*7}}", "' OR 1=1 --", "林女士'\"<b>"]
)
def test_what_looks_like_code_is_text(phone: Phone, text: str) -> None:
    page = phone.post("/c/book/air_install", HOME | {"contact": text[:20]})

    again = phone.open(f"/c/book/air_install?draft={page.path.split('/')[3]}")

    assert again.value("contact") == text[:20]
    assert "<script>alert" not in again.answer.get_data(as_text=True)


class TestWhoIsNotSignedIn:
    @pytest.mark.parametrize(
        ("path", "leads_to"),
        [("/c/bookings", "/wechat/sign-in"), ("/console/board", "/console/sign-in")],
    )
    def test_is_led_to_where_he_can(
        self, app: Flask, phone: Phone, path: str, leads_to: str
    ) -> None:
        answer = app.test_client().get(path, base_url=f"https://{HOST}")

        assert answer.status_code == 302
        assert answer.location.startswith(leads_to)

    def test_is_told_401_where_nothing_can_be_followed(self, app: Flask, phone: Phone) -> None:
        client = app.test_client()
        to = {"base_url": f"https://{HOST}"}

        as_json = client.get("/c/bookings", headers={"Accept": "application/json"}, **to)
        posted = client.post("/c/bookings/B1/again", **to)
        by_htmx = client.get("/c/bookings", headers={"HX-Request": "true"}, **to)

        assert (as_json.status_code, as_json.get_json()["error"]) == (401, "not_signed_in")
        assert (posted.status_code, "请先登录" in posted.get_data(as_text=True)) == (401, True)
        assert (by_htmx.status_code, by_htmx.headers["HX-Refresh"]) == (401, "true")

    def test_nor_is_one_whose_cookie_is_nonsense(self, app: Flask, phone: Phone) -> None:
        client = app.test_client()
        client.set_cookie(COOKIE, "%ed%a0%80\x7f", domain=HOST, secure=True)

        assert client.get("/c/bookings", base_url=f"https://{HOST}").status_code == 302


@pytest.mark.parametrize(
    "path",
    ["//evil.example", "/\\evil.example", "javascript:alert(1)", "https://evil.example", "/c/\n"],
)
def test_a_way_on_that_leads_out_leads_home(phone: Phone, path: str) -> None:
    answer = phone._ask("POST", "/language/en", data={"csrf_token": phone.csrf_token, "next": path})

    assert answer.location == "/c/"


def test_a_hold_that_ran_out_is_410_and_one_too_late_409(phone: Phone) -> None:
    with transaction() as db:
        draft = a_draft(db, by=phone.member)

    told = {
        window: phone._ask(
            "POST",
            f"/c/drafts/{draft}/windows",
            data={"csrf_token": phone.csrf_token, "window": window},
        ).status_code
        for window in (
            "2026-11-23/28800-36000",
            "2027-11-23/36000-43200",
            "2026-11-24/36001-43200",
            "2026-02-30/36000-43200",
        )
    }

    # Too soon, too far, off the grid, and no day at all.
    assert list(told.values()) == [422, 422, 400, 422]


def test_a_press_is_refused_in_the_readers_language(phone: Phone) -> None:
    phone._client.set_cookie("language", "en", domain=HOST, secure=True)

    answer = phone._ask(
        "GET", "/c/book/air_install?draft=D1&draft=D2", headers={"Accept": "application/json"}
    )

    assert answer.get_json()["message"] == "The same parameter was sent twice."


def test_bodies_that_are_no_form_are_read_by_nobody(phone: Phone) -> None:
    headers = {"X-CSRF-Token": phone.csrf_token, "Idempotency-Key": str(uuid.UUID(int=3))}
    for body in (b"{", b"[" * 100_000, json.dumps({"a": 1}).encode(), b"\xff"):
        answer = phone._ask(
            "POST",
            "/c/book/air_install",
            data=body,
            headers={**headers, "Content-Type": "application/json"},
        )

        assert answer.status_code in (400, 415, 422), body[:20]
