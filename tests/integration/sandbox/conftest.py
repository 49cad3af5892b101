"""Fixtures of the sandbox's tests: served sandboxes with the account's server behind them."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.integration.sandbox.serving import Receiver, Sandbox, Served, a_sandbox_app, stage_of

NewSandbox = Callable[..., tuple[Sandbox, Receiver]]


@pytest.fixture
def new_sandbox(tmp_path: Path) -> Iterator[NewSandbox]:
    """Return what serves a sandbox; its arguments are those of `a_sandbox_app`."""
    running: list[tuple[Served, Sandbox | None]] = []

    def serve(*, aes: bool = False, **changes: Any) -> tuple[Sandbox, Receiver]:
        receiver = Receiver(aes=aes)
        server = Served(receiver.app())
        running.append((server, None))
        app = a_sandbox_app(
            tmp_path / "sandbox.sqlite3",
            **{"callback_url": f"{server.base}/callback"} | changes,
            aes=aes,
        )
        served = Served(app)
        sandbox = Sandbox(base=served.base, stage=stage_of(app))
        running.append((served, sandbox))
        return sandbox, receiver

    yield serve
    for server, sandbox in reversed(running):
        server.stop()
        if sandbox is not None:
            sandbox.stage.close()


@pytest.fixture
def sandbox(new_sandbox: NewSandbox) -> Sandbox:
    """A served sandbox in plain mode whose account answers every callback with `success`."""
    return new_sandbox()[0]
