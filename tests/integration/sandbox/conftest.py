"""Fixtures of the sandbox's tests: served sandboxes with the account's server behind them."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from requests.adapters import HTTPAdapter
from wechatpy import WeChatClient

from tests import shop
from tests.integration.sandbox.serving import (
    APPID,
    SECRET,
    Receiver,
    Sandbox,
    Served,
    Wall,
    a_sandbox_app,
    stage_of,
)
from tests.integration.sandbox.tills import Counter, Till, a_library
from tests.patience import WAIT_S

NewSandbox = Callable[..., tuple[Sandbox, Receiver]]


class _ToTheSandbox(HTTPAdapter):
    """Carries what the library sends to hosts written into it to the sandbox instead."""

    def __init__(self, base: str) -> None:
        self._base = base
        super().__init__()

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> Any:
        parts = urlsplit(request.url or "")
        request.url = f"{self._base}{parts.path}?{parts.query}"
        return super().send(request, *args, **kwargs)


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


@pytest.fixture
def client_of() -> Callable[[Sandbox], WeChatClient]:
    """Return what makes an unmodified wechatpy that calls a sandbox."""

    def make(sandbox: Sandbox) -> WeChatClient:
        client = WeChatClient(APPID, SECRET, timeout=WAIT_S, auto_retry=False)
        client.API_BASE_URL = f"{sandbox.base}/cgi-bin/"
        client._http.mount("https://", _ToTheSandbox(sandbox.base))
        return client

    return make


@pytest.fixture
def client(sandbox: Sandbox, client_of: Callable[[Sandbox], WeChatClient]) -> WeChatClient:
    return client_of(sandbox)


@pytest.fixture
def open_counter(tmp_path: Path) -> Iterator[Callable[[], Counter]]:
    """Return what opens the counter; called again, the sandbox has been restarted."""
    till, wall = Till(), Wall()
    house = Served(till.app())
    running: list[tuple[Served, Sandbox]] = []

    def shut() -> None:
        for served, sandbox in running:
            served.stop()
            sandbox.stage.close()
        running.clear()

    def serve() -> Counter:
        shut()
        app = a_sandbox_app(
            tmp_path / "sandbox.sqlite3",
            callback_url=f"{house.base}/callback",
            has_shop=True,
            wall=wall,
            phones=["林女士"],
        )
        served = Served(app)
        sandbox = Sandbox(base=served.base, stage=stage_of(app))
        running.append((served, sandbox))
        notify_url = house.base + shop.NOTICE_PATH
        openid = sandbox.look("phones/p1")["openid"]
        library = a_library(served.base, notify_url)
        return Counter(sandbox, library, till, wall, notify_url, openid)

    yield serve
    shut()
    house.stop()


@pytest.fixture
def counter(open_counter: Callable[[], Counter]) -> Counter:
    return open_counter()
