"""The API does what its document says: no 5xx, no undeclared status, no other shape."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis.strategies import booleans
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from booking.goods import GoodsKind, NewItem
from booking.operations import goods
from faces.api import openapi
from faces.chrome.once import SAFE_METHODS
from kernel.actor import SYSTEM
from kernel.db import transaction
from members import queries as members
from members.operations.api_clients import SCOPES
from tests.house import (
    MONDAY_NINE,
    a_branch,
    a_member,
    a_service,
    a_technician,
    an_app,
    close_connections,
    empty_tables,
)
from tests.journeys.access.programs import a_token
from tests.journeys.console.desk import a_promise

EXAMPLES = 15
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]


@schemathesis.serializer("text/csv")
def _as_it_is(_context: Any, value: Any) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode()


@dataclass(frozen=True)
class House:
    """An app with something in it, a good token, and a number for each kind that is there."""

    app: Flask
    token: str
    numbers: dict[str, str]


@pytest.fixture(scope="module")
def house(sqlite_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    made = an_app(sqlite_url, data_dir=tmp_path_factory.mktemp("data"))
    with made.app_context():
        empty_tables()
        with transaction() as db:
            a_technician(db, branch_id=a_branch(db))
            a_service(db)
            member = a_member(db)
        booking = a_promise(member)
        with transaction() as db:
            [item] = goods.add_items(
                db,
                booking_number=booking,
                items=[NewItem(kind=GoodsKind.GOODS, name="挂机空调")],
                by=SYSTEM,
                now=MONDAY_NINE,
            )
            number = members.member(db, member.id).number
            there = {"bookings": booking, "goods": item.number, "members": number}
        yield House(made, a_token(), there)
        close_connections()


def operations(app: Flask) -> dict[str, Any]:
    """Return what the document describes, by "POST /api/v1/holds"."""
    document = schemathesis.openapi.from_wsgi("/api/openapi.json", app)
    found: list[Any] = [each.ok() for each in document.get_all_operations()]  # type: ignore[union-attr]  # an error has no ok() and fails here
    return {operation.label: operation for operation in found}


# The routes are the same whatever database is beneath.
LABELS = sorted(operations(an_app("sqlite://", data_dir=Path())))


@pytest.mark.parametrize("mode", GenerationMode)
@pytest.mark.parametrize("label", LABELS)
def test_every_route_answers_as_it_is_described(
    house: House, label: str, mode: GenerationMode
) -> None:
    operation = operations(house.app)[label]
    headers = {"Authorization": f"Bearer {house.token}", "Host": "doorbell.localhost"}

    @given(case=operation.as_strategy(generation_mode=mode), is_there=booleans())
    @settings(max_examples=EXAMPLES, suppress_health_check=list(HealthCheck), deadline=None)
    def ask(case: Any, is_there: bool) -> None:
        if is_there and "number" in case.path_parameters:
            kind = label.split("/")[3]
            case.path_parameters["number"] = house.numbers.get(kind, house.numbers["bookings"])
        # A context of its own: the module's would share one g and one now.
        with house.app.app_context():
            answer = case.call(headers=headers)
        case.validate_response(answer, checks=CHECKS)

    ask()


def test_every_route_is_described_with_its_scope_and_key(house: House) -> None:
    app = house.app
    described = openapi.described(app)["paths"]

    for rule in app.url_map.iter_rules():
        if not rule.rule.startswith("/api/v1/"):
            continue
        view: Any = app.view_functions[rule.endpoint]
        assert view.scope in SCOPES, rule.rule
        path = rule.rule.replace("<", "{").replace(">", "}")
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}:
            told = described[path][method.lower()]
            assert told["summary"], rule.rule
            named = {p["name"] for p in told.get("parameters", [])}
            assert ("Idempotency-Key" in named) == (method not in SAFE_METHODS), rule.rule


def test_the_document_is_for_everybody_and_says_how_to_come_in(house: House) -> None:
    told = house.app.test_client().get("/api/openapi.json").get_json()

    assert told["components"]["securitySchemes"]["token"]["scheme"] == "bearer"
    assert told["security"] == [{"token": []}]
