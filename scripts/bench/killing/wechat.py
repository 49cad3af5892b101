"""WeChat as far as a bench needs it: it gives tokens, and takes each message of one id once."""

import itertools
import json
import threading
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

TOKEN_PATH = "/cgi-bin/stable_token"


class WeChat:
    """Serves on loopback from entering the context to leaving it."""

    def __init__(self) -> None:
        self.delivered: Counter[str] = Counter()
        self.calls = 0
        self._taken: dict[tuple[str, str], int] = {}
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
            if key not in self._taken:
                self._taken[key] = next(self._ids)
                self.delivered[message["client_msg_id"]] += 1
            return self._taken[key]

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        wechat = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                if self.path.startswith(TOKEN_PATH):
                    told: dict[str, object] = {"access_token": "T1", "expires_in": 7200}
                else:
                    told = {"errcode": 0, "errmsg": "ok", "msgid": wechat.take(json.loads(body))}
                answer = json.dumps(told).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        return Handler
