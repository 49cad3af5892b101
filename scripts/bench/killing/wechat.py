"""WeChat as far as a bench needs it: it gives tokens, and takes each message of one id once."""

import contextlib
import itertools
import json
import random
import threading
import time
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

TOKEN_PATH = "/cgi-bin/stable_token"


class WeChat:
    """Serves on loopback from entering the context to leaving it."""

    def __init__(self, *, faults: float = 0.0, remembers_s: float = float("inf")) -> None:
        """Of the sends the share `faults` fails on the way; ids are forgotten after `remembers_s`."""
        self._faults, self._remembers_s = faults, remembers_s
        self._chance = random.Random(5)
        self.delivered: Counter[str] = Counter()
        self.calls = 0
        self._taken: dict[tuple[str, str], tuple[int, float]] = {}
        self._ids = itertools.count(1000)
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def take(self, message: dict[str, Any]) -> int:
        """Take a message; one that came before is not delivered again. Return its msgid."""
        key = (message["touser"], message["client_msg_id"])
        with self._lock:
            self.calls += 1
            taken = self._taken.get(key)
            if taken is None or time.monotonic() - taken[1] > self._remembers_s:
                taken = self._taken[key] = (next(self._ids), time.monotonic())
                self.delivered[message["client_msg_id"]] += 1
            return taken[0]

    def fault(self) -> tuple[bool, bool]:
        """Tell of the next send whether it arrives, and whether its answer does."""
        with self._lock:
            if self._chance.random() >= self._faults:
                return True, True
            return self._chance.random() < 0.5, False

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        wechat = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"  # As WeChat, it keeps connections.
            # A head and a body in two packets would each wait for the other to be acknowledged.
            disable_nagle_algorithm = True

            def handle(self) -> None:
                # Who called may have been killed meanwhile.
                with contextlib.suppress(ConnectionError):
                    super().handle()

            def do_POST(self) -> None:
                length = int(self.headers.get("Content-Length", 0))
                body = self.rfile.read(length)
                if len(body) < length:
                    return  # It was killed in the middle of its call.
                if self.path.startswith(TOKEN_PATH):
                    told: dict[str, object] = {"access_token": "T1", "expires_in": 7200}
                else:
                    arrives, answers = wechat.fault()
                    msgid = wechat.take(json.loads(body)) if arrives else 0
                    if not answers:
                        self.close_connection = True
                        return
                    told = {"errcode": 0, "errmsg": "ok", "msgid": msgid}
                answer = json.dumps(told).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        return Handler
