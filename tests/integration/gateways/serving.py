"""A small HTTP server on loopback that answers as a test tells it to, and remembers what came."""

import contextlib
import json
import socket
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

from flask import Flask

from gateways.http import Caller
from gateways.wechat.account import Account
from gateways.wechat.token import GatewayToken
from kernel import db as kernel_db
from kernel.db import sa

# What who waits for an answer that comes may wait, on a machine that others use too; and who waits
# for one that never comes.
PATIENCE_S, HASTE_S = 60.0, 0.4


@dataclass(frozen=True)
class Call:
    """A request as it arrived."""

    method: str
    path: str
    query: dict[str, str]
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def message(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True)
class Reply:
    """What to answer; `is_cut` promises more bytes than it sends, `is_dropped` sends nothing, and
    `never_comes` keeps the caller waiting until he gives up."""

    body: bytes = b""
    status: int = 200
    delay_s: float = 0.0
    is_cut: bool = False
    is_dropped: bool = False
    never_comes: bool = False
    location: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)


Answer = Callable[[Call], Reply]


def tells(**told: Any) -> Answer:
    """Answer every call with this JSON object."""
    return lambda _call: Reply(json.dumps(told).encode())


def in_turn(*answers: Answer) -> Answer:
    """Answer the first call with the first, and every call beyond the last with the last."""
    waiting = list(answers)
    lock = threading.Lock()

    def answer(call: Call) -> Reply:
        with lock:
            chosen = waiting.pop(0) if len(waiting) > 1 else waiting[0]
        return chosen(call)

    return answer


def _unknown(_call: Call) -> Reply:
    return Reply(status=404)


class Platform:
    """WeChat as a test wants it: `answers` maps paths to answers; unknown paths get 404."""

    def __init__(self) -> None:
        self.answers: dict[str, Answer] = {}
        self.calls: list[Call] = []
        self.is_closing = threading.Event()
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.01,), daemon=True
        )

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.is_closing.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def calls_to(self, path: str) -> list[Call]:
        with self._lock:
            return [call for call in self.calls if call.path == path]

    def answer(self, call: Call) -> Reply:
        with self._lock:
            self.calls.append(call)
        return self.answers.get(call.path, _unknown)(call)

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        return type("Handler", (_Handler,), {"platform": self})


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    platform: Platform

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        reply = self.platform.answer(
            Call(self.command, parts.path, query, body, dict(self.headers))
        )
        time.sleep(reply.delay_s)
        if reply.never_comes:
            self.platform.is_closing.wait(PATIENCE_S)
        self.close_connection = True
        if not reply.is_dropped:
            # The caller may have lost patience, as some tests want.
            with contextlib.suppress(OSError):
                self._send(reply)

    do_POST = do_GET  # noqa: N815 - the base names it so

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base names it so
        """Say nothing: the test remembers the calls."""

    def _send(self, reply: Reply) -> None:
        self.send_response(reply.status)
        if reply.location:
            self.send_header("Location", reply.location)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(reply.body) + 100 * reply.is_cut))
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(reply.body)


def account_at(base: str) -> Account:
    return Account(
        appid="wx1", secret="s3cret", token="t", api_base=base, mp_base=base, open_base=base
    )


def patient_caller() -> Caller:
    """Return a caller that gets whatever answer comes."""
    return Caller(connect_max_s=PATIENCE_S, read_max_s=PATIENCE_S)


def hasty_caller() -> Caller:
    """Return a caller for whom no answer comes."""
    return Caller(connect_max_s=HASTE_S, read_max_s=HASTE_S)


def app_with_tokens(database_url: str) -> Flask:
    """Return an app bound to the database, with the tokens' table in it."""
    app = Flask("tokens")
    kernel_db.configure(app, database_url)
    with app.app_context():
        GatewayToken.metadata.tables[GatewayToken.__tablename__].create(sa.engine, checkfirst=True)
    return app


_taken: list[socket.socket] = []


def closed_port() -> int:
    """Return a port at which nobody listens: it stays taken, so that nobody else begins to."""
    probe = socket.socket()
    probe.bind(("127.0.0.1", 0))
    _taken.append(probe)
    port: int = probe.getsockname()[1]
    return port
