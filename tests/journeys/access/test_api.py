"""A program books for a member over the JSON API."""

import uuid
from datetime import timedelta

import pytest
from flask import Flask

from booking import jobs
from booking.policy import HOLD_LIFE
from faces.chrome.sign_in import COOKIE
from kernel import audit
from kernel.actor import Actor, Role
from kernel.clock import FixedClock
from kernel.db import transaction
from kernel.settings import Settings
from members import queries as members
from tests.house import a_branch, a_member
from tests.integration.booking.living import struck
from tests.journeys.access.programs import Program, a_token
from tests.journeys.console.desk import a_promise
from tests.journeys.consumer.pages import HOST, Phone
from tests.journeys.databases import BOTH

pytestmark = BOTH

TEN = {"starts_at": "2026-11-24T10:00:00+08:00", "ends_at": "2026-11-24T12:00:00+08:00"}


@pytest.fixture
def program(app: Flask, branch_id: int) -> Program:
    """A program that may do everything everywhere."""
    return Program(app, a_token())


@pytest.fixture
def member(app: Flask, branch_id: int) -> Actor:
    with transaction() as db:
        return a_member(db)


def number_of(member: Actor) -> str:
    with transaction(reads_only=True) as db:
        return members.member(db, member.id).number


def a_wish(member: Actor, /, **changes: object) -> dict[str, object]:
    return {
        "member": number_of(member),
        "service": "air_install",
        "options": {"pipe": 1},
        "address": "浮山后三小区",
        "door": "12号楼2单元402",
        "contact": "林女士",
        "phone": "13800002046",
        **changes,
    }


def a_draft(program: Program, member: Actor) -> str:
    made = program.post("/drafts", a_wish(member))
    assert made.status_code == 201, made.get_json()
    return str(made.get_json()["number"])


def test_the_way_of_a_booking(program: Program, member: Actor) -> None:
    [service] = program.get("/services").get_json()
    draft = program.post("/drafts", a_wish(member)).get_json()
    offers = program.get(f"/drafts/{draft['number']}/offers").get_json()
    held = program.post("/holds", {"draft": draft["number"], **TEN})
    promised = program.post(f"/bookings/{held.get_json()['number']}/commit")

    assert (service["code"], service["price_fen"]) == ("air_install", 180_00)
    assert draft["price_fen"] == 260_00
    assert TEN.items() <= next(o for o in offers if o["starts_at"] == TEN["starts_at"]).items()
    assert (held.status_code, held.get_json()["state"]) == (201, "held")
    assert (promised.status_code, promised.get_json()["state"]) == (200, "booked")
    seen = program.get(f"/bookings/{held.get_json()['number']}").get_json()
    assert (seen["contact"], seen["phone"]) == ("林女士", "138****2046")


def test_of_whom_a_deposit_is_asked_the_booking_awaits_it(
    program: Program, member: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Settings, "takes_payments", True)
    struck(member, 100, 60)
    held = program.post("/holds", {"draft": a_draft(program, member), **TEN}).get_json()

    asked = program.post(f"/bookings/{held['number']}/commit")

    assert (asked.status_code, asked.get_json()["state"]) == (200, "awaiting_deposit")


def test_the_same_call_again_has_no_second_effect(program: Program, member: Actor) -> None:
    draft, key = a_draft(program, member), str(uuid.UUID(int=1))

    first, second = (
        program.post("/holds", {"draft": draft, **TEN}, Idempotency_Key=key) for _ in range(2)
    )
    other = program.post(
        "/holds",
        {"draft": draft, "starts_at": TEN["ends_at"], "ends_at": "2026-11-24T14:00:00+08:00"},
        Idempotency_Key=key,
    )

    assert (first.status_code, first.get_json()) == (second.status_code, second.get_json())
    assert second.headers["Idempotent-Replayed"] == "true"
    assert (other.status_code, other.get_json()["error"]) == (422, "key_reused")


def test_a_hold_is_given_up(program: Program, member: Actor) -> None:
    held = program.post("/holds", {"draft": a_draft(program, member), **TEN}).get_json()

    freed = program.post(f"/bookings/{held['number']}/release")
    again = program.post(f"/bookings/{held['number']}/release")

    assert freed.get_json()["state"] == "expired"
    assert (again.status_code, again.get_json()["error"]) == (409, "bad_state")
    assert again.get_json()["state"] == "expired"


def test_a_window_that_is_gone_is_answered_with_the_three_nearest(
    app: Flask, program: Program, member: Actor
) -> None:
    draft = a_draft(program, member)
    # The one technician's whole morning goes to others.
    for n in range(2, 6):
        with transaction() as db:
            other = a_member(db, openid=f"oTest{n:023d}")
        taken = program.post("/holds", {"draft": a_draft(program, other), **TEN})
        if taken.status_code == 409:
            break

    gone = program.post("/holds", {"draft": draft, **TEN})

    told = gone.get_json()
    assert (gone.status_code, told["error"], told["field"]) == (409, "slot_full", "starts_at")
    assert len(told["alternatives"]) == 3
    assert all(offer["starts_at"] != TEN["starts_at"] for offer in told["alternatives"])
    retried = program.post("/holds", {"draft": draft, **_window(told["alternatives"][0])})
    assert retried.status_code == 201


def test_a_hold_that_ran_out_is_gone(app: Flask, program: Program, member: Actor) -> None:
    held = program.post("/holds", {"draft": a_draft(program, member), **TEN}).get_json()
    clock: FixedClock = app.extensions["doorbell.clock"]
    clock.move_to(clock.now() + HOLD_LIFE + timedelta(seconds=1))
    jobs.expire_holds(clock)

    late = program.post(f"/bookings/{held['number']}/commit")

    assert (late.status_code, late.get_json()["error"]) == (410, "hold_expired")


def test_members_are_found_by_their_whole_phone_and_the_look_is_kept(
    program: Program, member: Actor
) -> None:
    program.post("/drafts", a_wish(member))

    found = program.get("/members?phone=138 0000 2046").get_json()
    nobody = program.get("/members?phone=13900000000").get_json()

    assert found == [{"number": number_of(member), "name": "林女士"}]
    assert nobody == []
    with transaction(reads_only=True) as db:
        [look], _ = audit.entries(db, action="member.look_up")
    assert look.about == f"member:{number_of(member)}"


class TestWhoMayCall:
    def test_nobody_without_a_token(self, app: Flask, branch_id: int) -> None:
        for token in ("", "doorbell_nonsense"):
            told = Program(app, token).get("/services")

            assert (told.status_code, told.get_json()["error"]) == (401, "not_signed_in")
            assert told.headers["WWW-Authenticate"] == "Bearer"

    def test_no_browser_by_its_cookie(self, app: Flask, phone: Phone) -> None:
        client = app.test_client()
        client.set_cookie(COOKIE, "anything", domain=HOST, secure=True)

        assert client.get("/api/v1/services", base_url=f"https://{HOST}").status_code == 401
        assert phone._ask("GET", "/api/v1/services").status_code == 401

    def test_nobody_beyond_his_scopes(self, app: Flask, branch_id: int, member: Actor) -> None:
        reader = Program(app, a_token(scopes=["services:read"]))

        told = reader.post("/drafts", a_wish(member))

        assert (reader.get("/services").status_code, told.status_code) == (200, 403)
        assert (told.get_json()["error"], told.get_json()["scope"]) == (
            "out_of_scope",
            "bookings:write",
        )

    def test_an_auditor_writes_nothing(self, app: Flask, branch_id: int, member: Actor) -> None:
        auditor = Program(app, a_token(role=Role.AUDITOR))

        assert auditor.post("/drafts", a_wish(member)).status_code == 403

    def test_another_branchs_things_are_missing(
        self, app: Flask, program: Program, branch_id: int, member: Actor
    ) -> None:
        with transaction() as db:
            elsewhere = a_branch(db)
        stranger = Program(
            app, a_token(role=Role.DISPATCHER, branch_ids=[elsewhere], name="elsewhere")
        )
        number, draft = a_promise(member), a_draft(program, member)

        for told in (
            stranger.get(f"/bookings/{number}"),
            stranger.get("/bookings/B0000000000"),
            stranger.post(f"/bookings/{number}/commit"),
            stranger.get(f"/drafts/{draft}/offers"),
            stranger.post("/holds", {"draft": draft, **TEN}),
        ):
            assert (told.status_code, told.get_json()["error"]) == (404, "not_found")

    def test_what_is_written_stands_in_the_audit_log(self, program: Program, member: Actor) -> None:
        draft = a_draft(program, member)
        program.post("/holds", {"draft": draft, **TEN})

        with transaction(reads_only=True) as db:
            rows, _ = audit.entries(db, action="api.")
            account = members.staff(db, rows[0].actor_id)
        assert [row.action for row in rows] == ["api.hold", "api.save_draft"]
        assert rows[0].detail == {"draft": draft, **TEN}
        assert "13800002046" not in str(rows[1].detail)
        assert account is not None
        assert account.login == "api:crm"


def _window(offer: dict[str, str]) -> dict[str, str]:
    return {name: offer[name] for name in ("starts_at", "ends_at")}
