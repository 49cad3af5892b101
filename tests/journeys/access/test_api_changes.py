"""A program changes what was promised: cancels, moves, confirms and rates for a member."""

import uuid
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from booking import queries
from faces.console.audit_words import DETAILS
from kernel import audit
from kernel.actor import Actor, Role
from kernel.clock import FixedClock
from kernel.db import transaction
from members import queries as members
from tests.house import MONDAY_NINE, a_branch, a_member
from tests.integration.booking.promised import TUESDAY_TEN, assigned, at_work, finished
from tests.journeys.access.programs import Program, a_token
from tests.journeys.access.test_api import TEN, a_draft
from tests.journeys.console.desk import a_promise
from tests.journeys.consumer import door
from tests.journeys.databases import BOTH

ONE = {"starts_at": "2026-11-24T13:00:00+08:00", "ends_at": "2026-11-24T15:00:00+08:00"}
FREE = {"points": 0, "is_strike": False}
LATE = {"points": 20, "is_strike": False}
HOUR = timedelta(hours=1)
ACTS: list[tuple[str, dict[str, Any] | None]] = [
    ("cancel", {}),
    ("move", ONE),
    ("confirm", None),
    ("rating", {"stars": 5}),
]


@pytest.fixture
def booking(member: Actor) -> str:
    """A promise of tomorrow at ten, made at nine: in an hour it can no longer be changed free."""
    return a_promise(member)


@pytest.fixture
def late(app: Flask) -> None:
    clock: FixedClock = app.extensions["doorbell.clock"]
    clock.move_to(MONDAY_NINE + 2 * HOUR)


def error(told: Any) -> tuple[int, str]:
    return told.status_code, told.get_json()["error"]


class TestCancelling:
    @BOTH
    def test_costs_nothing_a_day_before(self, program: Program, booking: str) -> None:
        costs = program.get(f"/bookings/{booking}/costs").get_json()
        cancelled = program.post(f"/bookings/{booking}/cancel", {})

        assert costs["cancel"] == FREE | {"free_until": "2026-11-23T10:00:00+08:00"}
        assert costs["is_ours"] is False
        assert (cancelled.status_code, cancelled.get_json()["state"]) == (200, "cancelled")

    @pytest.mark.usefixtures("late")
    def test_that_costs_is_done_at_the_cost_agreed_to_alone(
        self, program: Program, booking: str
    ) -> None:
        costs = program.get(f"/bookings/{booking}/costs").get_json()["cancel"]
        unsaid = program.post(f"/bookings/{booking}/cancel", {})
        stands = program.get(f"/bookings/{booking}").get_json()["state"]
        agreed = program.post(f"/bookings/{booking}/cancel", {"points": costs["points"]})

        assert LATE.items() <= costs.items()
        assert error(unsaid) == (409, "tariff_changed")
        assert LATE.items() <= unsaid.get_json().items()
        assert stands == "booked"
        assert agreed.get_json()["state"] == "cancelled"

    def test_twice_says_that_it_is_cancelled(self, program: Program, booking: str) -> None:
        program.post(f"/bookings/{booking}/cancel", {})

        again = program.post(f"/bookings/{booking}/cancel", {})

        assert error(again) == (409, "bad_state")
        assert again.get_json()["state"] == "cancelled"
        assert error(program.get(f"/bookings/{booking}/costs")) == (409, "bad_state")


class TestMoving:
    @BOTH
    def test_takes_an_offered_window(self, program: Program, booking: str) -> None:
        offers = program.get(f"/bookings/{booking}/offers").get_json()
        moved = program.post(f"/bookings/{booking}/move", ONE)

        assert ONE["starts_at"] in [offer["starts_at"] for offer in offers]
        assert moved.status_code == 200
        assert ONE.items() <= moved.get_json().items()

    def test_again_with_its_key_moves_once(self, program: Program, booking: str) -> None:
        key = str(uuid.UUID(int=7))

        first, second = (
            program.post(f"/bookings/{booking}/move", ONE, Idempotency_Key=key) for _ in range(2)
        )
        other = program.post(f"/bookings/{booking}/move", TEN, Idempotency_Key=key)

        assert first.get_json() == second.get_json()
        assert second.headers["Idempotent-Replayed"] == "true"
        assert error(other) == (422, "key_reused")

    @pytest.mark.parametrize(
        ("window", "told"),
        [
            pytest.param(TEN, (409, "same_window"), id="its_own"),
            pytest.param(
                {
                    "starts_at": "2026-11-22T10:00:00+08:00",
                    "ends_at": "2026-11-22T12:00:00+08:00",
                },
                (422, "slot_past"),
                id="yesterday",
            ),
            pytest.param(
                ONE | {"ends_at": "2026-11-24T17:00:00+08:00"}, (400, "bad_slot"), id="off_the_grid"
            ),
            pytest.param(
                {
                    "starts_at": "2026-12-24T10:00:00+08:00",
                    "ends_at": "2026-12-24T12:00:00+08:00",
                },
                (422, "horizon"),
                id="too_far",
            ),
        ],
    )
    def test_to_a_window_that_is_none_names_the_field(
        self, program: Program, booking: str, window: dict[str, str], told: tuple[int, str]
    ) -> None:
        refused = program.post(f"/bookings/{booking}/move", window)

        assert error(refused) == told
        assert refused.get_json()["field"] == "starts_at"

    def test_to_a_window_that_is_gone_is_answered_with_the_three_nearest(
        self, program: Program, booking: str
    ) -> None:
        for n in range(2, 8):
            with transaction() as db:
                other = a_member(db, openid=f"oTest{n:023d}")
            if program.post("/holds", {"draft": a_draft(program, other), **ONE}).status_code == 409:
                break

        gone = program.post(f"/bookings/{booking}/move", ONE)

        assert error(gone) == (409, "slot_full")
        assert len(gone.get_json()["alternatives"]) == 3
        assert program.get(f"/bookings/{booking}").get_json()["starts_at"] == TEN["starts_at"]

    @pytest.mark.usefixtures("late")
    def test_that_costs_needs_agreement_unless_the_cause_is_ours(
        self, program: Program, booking: str
    ) -> None:
        unsaid = program.post(f"/bookings/{booking}/move", ONE)
        ours = program.post(f"/bookings/{booking}/move", ONE | {"cause": "provider"})

        assert error(unsaid) == (409, "tariff_changed")
        assert ours.status_code == 200

    def test_for_a_cause_that_is_none(self, program: Program, booking: str) -> None:
        refused = program.post(f"/bookings/{booking}/move", ONE | {"cause": "whim"})

        assert (refused.status_code, refused.get_json()["field"]) == (400, "cause")


class TestConfirming:
    def test_twice_is_once(self, program: Program, booking: str) -> None:
        told = [program.post(f"/bookings/{booking}/confirm").get_json() for _ in range(2)]

        assert [booking["state"] for booking in told] == ["confirmed", "confirmed"]

    def test_what_is_only_held_is_refused(self, program: Program, member: Actor) -> None:
        held = program.post("/holds", {"draft": a_draft(program, member), **TEN}).get_json()

        refused = program.post(f"/bookings/{held['number']}/confirm")

        assert error(refused) == (409, "bad_state")
        assert refused.get_json()["state"] == "held"


class TestRating:
    @BOTH
    def test_stays_as_it_is(self, app: Flask, program: Program, booking: str) -> None:
        technician = assigned(booking)
        at_work(booking, technician)
        finished(booking, technician)
        door.at(app, TUESDAY_TEN + 2 * HOUR)

        kept = program.post(f"/bookings/{booking}/rating", {"stars": 5, "tags": ["polite"]})
        again = program.post(f"/bookings/{booking}/rating", {"stars": 5, "tags": ["polite"]})
        other = program.post(f"/bookings/{booking}/rating", {"stars": 1})

        assert (kept.status_code, kept.get_json()["stars"]) == (200, 5)
        assert again.get_json() == kept.get_json()
        assert error(other) == (409, "already_rated")

    def test_before_the_end_is_refused(self, program: Program, booking: str) -> None:
        refused = program.post(f"/bookings/{booking}/rating", {"stars": 5})

        assert error(refused) == (409, "bad_state")

    @pytest.mark.parametrize(
        ("rating", "code", "field"),
        [
            pytest.param({"stars": 6}, "bad_stars", "stars", id="six_stars"),
            pytest.param({"stars": "5"}, "bad_type", "stars", id="stars_as_text"),
            pytest.param({"stars": 5, "tags": ["nice"]}, "bad_tags", "tags", id="an_unknown_tag"),
            pytest.param({"stars": 5, "text": "好" * 501}, "bad_text", "text", id="endless_words"),
            pytest.param({"stars": 5, "points": 99}, "unknown_field", "points", id="own_points"),
            pytest.param({}, "missing_field", "stars", id="no_stars"),
        ],
    )
    def test_that_is_none_names_the_field(
        self, program: Program, booking: str, rating: dict[str, Any], code: str, field: str
    ) -> None:
        refused = program.post(f"/bookings/{booking}/rating", rating)

        assert error(refused) == (400, code)
        assert refused.get_json()["field"] == field


class TestOnBehalfOf:
    """What a program only brings the word for is the member's act; the audit log names both."""

    def stands(self, booking: str, member: Actor, *, action: str, last: str) -> None:
        with transaction(reads_only=True) as db:
            row = queries.booking(db, number=booking, by=member)
            step = queries.steps(db, row.id)[-1]
            [told], _ = audit.entries(db, action=action)
            number = members.member(db, member.id).number
        assert (step.action, step.actor_role, step.actor_id) == (last, "member", member.id)
        assert (told.actor_role, told.about) == ("manager", f"booking:{booking}")
        assert told.detail["on_behalf_of"] == number
        # The log's page shows what has a word there, and nothing else.
        assert "on_behalf_of" in DETAILS

    def test_presence(self, program: Program, booking: str, member: Actor) -> None:
        program.post(f"/bookings/{booking}/confirm")

        self.stands(booking, member, action="api.confirm", last="confirm")

    def test_a_rating(self, app: Flask, program: Program, booking: str, member: Actor) -> None:
        technician = assigned(booking)
        at_work(booking, technician)
        finished(booking, technician)
        door.at(app, TUESDAY_TEN + 2 * HOUR)

        program.post(f"/bookings/{booking}/rating", {"stars": 5})

        self.stands(booking, member, action="api.rate", last="close")

    def test_what_it_decides_itself_is_nobody_elses(self, program: Program, booking: str) -> None:
        program.post(f"/bookings/{booking}/cancel", {})

        with transaction(reads_only=True) as db:
            [told], _ = audit.entries(db, action="api.cancel")
        assert "on_behalf_of" not in told.detail


class TestWhoMayCall:
    @pytest.mark.parametrize(("act", "body"), ACTS)
    def test_another_branchs_booking_is_missing(
        self, app: Flask, booking: str, act: str, body: dict[str, Any] | None
    ) -> None:
        with transaction() as db:
            elsewhere = a_branch(db)
        stranger = Program(app, a_token(role=Role.DISPATCHER, branch_ids=[elsewhere], name="far"))

        refused = stranger.post(f"/bookings/{booking}/{act}", body)

        assert error(refused) == (404, "not_found")

    @pytest.mark.parametrize(("act", "body"), ACTS)
    def test_an_auditor_changes_nothing(
        self, app: Flask, booking: str, act: str, body: dict[str, Any] | None
    ) -> None:
        auditor = Program(app, a_token(role=Role.AUDITOR, name="audit"))

        refused = auditor.post(f"/bookings/{booking}/{act}", body)

        assert refused.status_code == 403
