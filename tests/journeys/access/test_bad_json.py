"""The table of bad input, over the JSON API."""

from typing import Any

import pytest

from kernel.actor import Actor
from tests.journeys.access.programs import Program
from tests.journeys.access.test_api import a_draft, a_wish

JSON = {"Content-Type": "application/json"}


@pytest.mark.parametrize(
    ("body", "headers", "status", "code"),
    [
        pytest.param(b"{", JSON, 400, "bad_json", id="no_json"),
        pytest.param(b"", JSON, 400, "bad_json", id="nothing"),
        pytest.param(b"[]", JSON, 400, "bad_json", id="a_list"),
        pytest.param(b'{"a": NaN}', JSON, 400, "bad_json", id="nan"),
        pytest.param(b'{"a": Infinity}', JSON, 400, "bad_json", id="infinity"),
        pytest.param(b"[" * 100_000, JSON, 400, "bad_json", id="nested_for_ever"),
        pytest.param(
            b'{"a": ' + b"[" * 20 + b"]" * 20 + b"}", JSON, 400, "bad_json", id="nested_deep"
        ),
        pytest.param(
            b'{"a": ' + b"9" * 5_000 + b"}", JSON, 400, "bad_json", id="a_number_without_end"
        ),
        pytest.param(b'{"a": 1, "a": 2}', JSON, 400, "repeated_field", id="a_field_twice"),
        pytest.param(b'{"a": "\xff"}', JSON, 400, "bad_encoding", id="no_utf8"),
        pytest.param(b'{"a": "\\ud800"}', JSON, 400, "bad_encoding", id="half_a_character"),
        pytest.param(b'{"a": "\\u0000"}', JSON, 400, "bad_text", id="nul"),
        pytest.param(b'{"a": {"b": ["\\u0000"]}}', JSON, 400, "bad_text", id="nul_within"),
        pytest.param(b"a=1", {"Content-Type": "text/plain"}, 415, "not_json", id="no_json_said"),
        pytest.param(b"<a/>", {"Content-Type": "application/xml"}, 415, "not_json", id="xml_said"),
        pytest.param(b" " * (10 << 20), JSON, 413, "too_large", id="10_mb"),
    ],
)
def test_a_body_that_is_no_json_object(
    program: Program, body: bytes, headers: dict[str, str], status: int, code: str
) -> None:
    told = program.ask("POST", "/drafts", data=body, headers=headers)

    assert (told.status_code, told.get_json()["error"]) == (status, code)


@pytest.mark.parametrize(
    ("changes", "code", "field"),
    [
        pytest.param({"role": "administrator"}, "unknown_field", "role", id="mass_assignment"),
        pytest.param({"member": None}, "bad_type", "member", id="null"),
        pytest.param({"member": 7}, "bad_type", "member", id="a_number_for_text"),
        pytest.param({"options": []}, "bad_type", "options", id="a_list_for_an_object"),
        pytest.param({"options": {"pipe": True}}, "bad_type", "options", id="true_for_one"),
        pytest.param({"options": {"pipe": "1"}}, "bad_type", "options", id="text_for_a_number"),
        pytest.param({"options": {"pipe": 1.5}}, "bad_type", "options", id="a_fraction"),
        pytest.param({"options": {"pipe": -1}}, "out_of_range", "options", id="less_than_none"),
        pytest.param({"options": {"pipe": 2**63}}, "out_of_range", "options", id="2_to_the_63"),
        pytest.param({"options": {"pipe": 11}}, "bad_option", "pipe", id="more_than_the_card"),
        pytest.param({"options": {"gold": 1}}, "bad_option", "gold", id="not_on_the_card"),
        pytest.param({"phone": "1380000204"}, "bad_phone", "phone", id="a_phone_too_short"),
        pytest.param({"contact": ""}, "bad_text", "contact", id="no_name"),
        pytest.param({"contact": "林" * 21}, "bad_text", "contact", id="a_name_too_long"),
        pytest.param({"contact": "\u202e林"}, "bad_text", "contact", id="a_name_turned_round"),
        pytest.param({"address": "x" * 121}, "bad_text", "address", id="an_address_too_long"),
    ],
)
def test_a_field_at_fault(
    program: Program, member: Actor, changes: dict[str, Any], code: str, field: str
) -> None:
    told = program.post("/drafts", a_wish(member, **changes))

    assert (told.status_code, told.get_json()["error"], told.get_json()["field"]) == (
        400,
        code,
        field,
    )


def test_a_field_that_is_missing(program: Program, member: Actor) -> None:
    wish = a_wish(member)
    del wish["phone"]

    told = program.post("/drafts", wish)

    assert (told.status_code, told.get_json()["error"]) == (400, "missing_field")


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        pytest.param(
            {"address": "上海市浦东新区世纪大道1号"}, 422, "out_of_area", id="out_of_area"
        ),
        pytest.param({"member": "M0000000000"}, 404, "not_found", id="no_such_member"),
        pytest.param({"service": "gold"}, 404, "not_found", id="no_such_service"),
    ],
)
def test_what_is_understood_and_cannot_be(
    program: Program, member: Actor, changes: dict[str, Any], status: int, code: str
) -> None:
    told = program.post("/drafts", a_wish(member, **changes))

    assert (told.status_code, told.get_json()["error"]) == (status, code)


@pytest.mark.parametrize(
    ("starts_at", "ends_at", "told"),
    [
        pytest.param("24T10:00:00", "24T12:00:00", (400, "bad_time"), id="no_zone"),
        pytest.param("24T25:00:00+08:00", "24T12:00:00+08:00", (400, "bad_time"), id="25_00"),
        pytest.param("31T10:00:00+08:00", "24T12:00:00+08:00", (400, "bad_time"), id="november_31"),
        pytest.param(
            "24T10:07:00+08:00", "24T12:00:00+08:00", (400, "bad_slot"), id="off_the_grid"
        ),
        pytest.param("24T12:00:00+08:00", "24T10:00:00+08:00", (400, "bad_slot"), id="backwards"),
        pytest.param("24T10:00:00+08:00", "24T13:00:00+08:00", (400, "bad_slot"), id="too_long"),
        pytest.param("23T08:00:00+08:00", "23T10:00:00+08:00", (422, "lead_time"), id="too_soon"),
        pytest.param("22T10:00:00+08:00", "22T12:00:00+08:00", (422, "slot_past"), id="past"),
    ],
)
def test_a_window_that_is_none(
    program: Program, member: Actor, starts_at: str, ends_at: str, told: tuple[int, str]
) -> None:
    draft = a_draft(program, member)
    window = {"starts_at": f"2026-11-{starts_at}", "ends_at": f"2026-11-{ends_at}"}

    answer = program.post("/holds", {"draft": draft, **window})

    assert (answer.status_code, answer.get_json()["error"]) == told


@pytest.mark.parametrize(
    ("starts_at", "told"),
    [
        pytest.param("0001-01-01T00:00:00+14:00", (400, "bad_time"), id="the_year_1"),
        pytest.param("9999-12-31T23:59:59-12:00", (400, "bad_time"), id="the_year_9999"),
        pytest.param("tomorrow", (400, "bad_time"), id="a_word"),
        pytest.param("2026-12-24T10:00:00+08:00", (422, "horizon"), id="too_far"),
    ],
)
def test_a_day_that_is_none(
    program: Program, member: Actor, starts_at: str, told: tuple[int, str]
) -> None:
    draft = a_draft(program, member)
    window = {"starts_at": starts_at, "ends_at": "2026-12-24T12:00:00+08:00"}

    answer = program.post("/holds", {"draft": draft, **window})

    assert (answer.status_code, answer.get_json()["error"]) == told


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        pytest.param("/bookings/B%00", 404, "not_found", id="nul_in_the_address"),
        pytest.param("/nothing", 404, "not_found", id="an_unknown_path"),
        pytest.param("/members", 400, "missing_field", id="no_parameter"),
        pytest.param("/members?phone=1&phone=2", 400, "repeated_field", id="a_parameter_twice"),
        pytest.param("/members?phone=1&x=2", 400, "unknown_field", id="an_unknown_parameter"),
        pytest.param("/members?phone=%ff", 400, "bad_encoding", id="no_utf8"),
    ],
)
def test_an_address_at_fault(program: Program, path: str, status: int, code: str) -> None:
    told = program.get(path)

    assert (told.status_code, told.get_json()["error"]) == (status, code)


def test_a_key_that_is_none(program: Program, member: Actor) -> None:
    wish = a_wish(member)

    told = [program.post("/drafts", wish, Idempotency_Key=key) for key in ("", "7")]

    assert [t.get_json()["error"] for t in told] == ["key_required", "bad_key"]


def test_a_wrong_method(program: Program) -> None:
    told = program.ask("DELETE", "/services")

    assert (told.status_code, told.get_json()["error"]) == (405, "method_not_allowed")
