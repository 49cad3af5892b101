"""Every edge of the state machines is walked by a journey, which says so and is held to it.

`@pytest.mark.walks("booking held commit", …)` names machine, state and action. The journey must then
really go there: by a request to the product's pages, or by one of its jobs. That no edge is left out
is held in tests/house/test_journeys.py.
"""

from collections.abc import Iterator
from enum import StrEnum

import pytest
from flask import has_request_context

from kernel.machine import Machine
from tests.journeys import clockwork


@pytest.fixture
def database_url(request: pytest.FixtureRequest) -> str:
    """SQLite, or what a journey for BOTH asks for: see tests/journeys/databases.py."""
    url: str = request.getfixturevalue(f"{getattr(request, 'param', 'sqlite')}_url")
    return url


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
