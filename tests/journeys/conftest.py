"""Every edge of the state machines is walked by a journey, which says so and is held to it.

`@pytest.mark.walks("booking held commit", …)` names machine, state and action. The journey must then
really go there: by a request to the product's pages, or by one of its jobs. That no edge is left out
is held in tests/house/test_journeys.py.
"""

from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path

import pytest
from flask import Flask, Response, has_request_context, request

from kernel.machine import Machine
from tests import house
from tests.house import MONDAY_NINE
from tests.integration.sandbox.serving import (
    APPID,
    SECRET,
    TOKEN,
    Sandbox,
    Served,
    a_sandbox_app,
    stage_of,
)
from tests.journeys import clockwork

CALLBACK = "/wechat/callback"


@pytest.fixture
def database_url(request: pytest.FixtureRequest) -> str:
    """SQLite, or what a journey for BOTH asks for: see tests/journeys/databases.py."""
    url: str = request.getfixturevalue(f"{getattr(request, 'param', 'sqlite')}_url")
    return url


@pytest.fixture
def door() -> Flask:
    """Where the account's server stands; it passes on to the house, which comes later."""
    return Flask("door")


@pytest.fixture
def sandbox(door: Flask, tmp_path: Path) -> Iterator[Sandbox]:
    """A served sandbox that calls back at the door."""
    server = Served(door)
    app = a_sandbox_app(tmp_path / "sandbox.sqlite3", callback_url=f"{server.base}{CALLBACK}")
    stage, served = stage_of(app), Served(app)
    # It tells the same business time as our standing clock.
    stage.clock._set_offset((MONDAY_NINE - stage.clock.now()).total_seconds())
    yield Sandbox(base=served.base, stage=stage)
    served.stop()
    stage.close()
    server.stop()


@pytest.fixture
def app_at_wechat(
    door: Flask, sandbox: Sandbox, database_url: str, tmp_path: Path
) -> Iterator[Flask]:
    """The house with the sandbox for its WeChat: what a phone does there comes in by a callback."""
    made = house.an_app(
        database_url,
        data_dir=tmp_path,
        WECHAT_APPID=APPID,
        WECHAT_SECRET=SECRET,
        WECHAT_TOKEN=TOKEN,
        WECHAT_API_BASE=sandbox.base,
    )

    def passed_on() -> Response:
        answer = made.test_client().post(
            CALLBACK,
            query_string=request.query_string.decode(),
            data=request.get_data(),
            headers=dict(request.headers),
        )
        return Response(answer.get_data(), answer.status_code)

    door.add_url_rule(CALLBACK, view_func=passed_on, methods=["POST"])
    with made.app_context():
        house.empty_tables()
        yield made
        house.close_connections()


@pytest.fixture(autouse=True)
def walked(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[set[str]]:
    """Hold the journey to the edges that its marks name."""
    said = {edge for mark in request.node.iter_markers("walks") for edge in mark.args}
    walked: set[str] = set()
    if said:
        _listen(monkeypatch, walked)
    yield walked
    assert said <= walked, f"said to be walked, and was not: {sorted(said - walked)}"


def _listen(monkeypatch: pytest.MonkeyPatch, walked: set[str]) -> None:
    """Write down each edge that a request or a job goes along."""
    real = Machine.after

    def after(self: Machine[StrEnum, StrEnum], state: StrEnum, action: StrEnum) -> StrEnum:
        new = real(self, state, action)
        if has_request_context() or clockwork.is_running():
            walked.add(f"{self.name} {state.value} {action.value}")
        return new

    monkeypatch.setattr(Machine, "after", after)
