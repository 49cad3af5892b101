"""The demo clock over HTTP: every press counts, and nobody else may press."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

import app as joinery
from tests.house import close_connections, settings_for

KEY = {"X-Control-Key": "the sandbox's key"}


@pytest.fixture
def demo(app: Flask, database_url: str, tmp_path: Path) -> Iterator[Flask]:
    """The app in MODE=demo, on the clock that its database moves."""
    settings = settings_for(
        database_url,
        data_dir=tmp_path,
        MODE="demo",
        CONTROL_KEY=KEY["X-Control-Key"],
        SANDBOX_BASE="http://sandbox.doorbell.localhost:8001",
    )
    made = joinery.create_app(settings)
    with made.app_context():
        yield made
        close_connections()


def test_two_presses_in_a_row_are_two_hours(demo: Flask) -> None:
    client = demo.test_client()
    before = client.get("/demo/clock").json

    answers = [client.post("/demo/clock", json={"advance_s": 3600}, headers=KEY) for _ in range(2)]

    assert before is not None
    offsets = [answer.json["offset_s"] for answer in answers if answer.json is not None]
    assert [offset - before["offset_s"] for offset in offsets] == [3600, 7200]


def test_the_next_nine_is_nine(demo: Flask) -> None:
    answer = demo.test_client().post("/demo/clock", json={"to": "next_0900"}, headers=KEY)

    assert answer.json is not None
    assert answer.json["now"][11:19] == "09:00:00"


@pytest.mark.parametrize("order", [{}, {"advance_s": -1}, {"advance_s": 0.5}, {"advance_s": True}])
def test_an_order_that_makes_no_sense_moves_nothing(demo: Flask, order: dict[str, object]) -> None:
    answer = demo.test_client().post("/demo/clock", json=order, headers=KEY)

    assert answer.status_code == 400


def test_without_the_key_nothing_moves(demo: Flask) -> None:
    answer = demo.test_client().post("/demo/clock", json={"advance_s": 900})

    assert answer.status_code == 403
