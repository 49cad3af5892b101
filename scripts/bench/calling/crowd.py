"""Many callers at once, from one thread that costs little: the server is to be measured, not they."""

import selectors
import socket
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from scripts.bench.calling.letters import PATH, Mail
from scripts.processes import LOOPBACK

WAIT_S = 60.0
_END = b"\r\n\r\n"


@dataclass(slots=True)
class Heard:
    """What a crowd was answered: how long each call took, and how often each status came."""

    took_s: float = 0.0
    each_s: list[float] = field(default_factory=list)
    answers: Counter[int] = field(default_factory=Counter)


class _Line:
    """A connection, which brings one call after the other."""

    def __init__(self, port: int) -> None:
        self._port = port
        self.socket = socket.create_connection((LOOPBACK, port), WAIT_S)
        self._got = b""
        self._began_s = 0.0

    def call(self, request: bytes) -> None:
        self._got, self._began_s = b"", time.perf_counter()
        self.socket.sendall(request)

    def hear(self, heard: Heard) -> bool:
        """Read on; tell whether the answer is whole. Raises ConnectionError."""
        piece = self.socket.recv(65_536)
        if not piece:
            raise ConnectionError("the server hung up")
        self._got += piece
        head, found, body = self._got.partition(_END)
        if not found or len(body) < _length(head):
            return False
        heard.each_s.append(time.perf_counter() - self._began_s)
        heard.answers[int(head[9:12])] += 1
        return True


def call(port: int, mails: Sequence[Mail], *, lines: int) -> Heard:
    """Bring all mails, `lines` at a time. Raises ConnectionError, TimeoutError."""
    heard, waiting = Heard(), iter([written(mail) for mail in mails])
    began_s = time.perf_counter()
    with selectors.DefaultSelector() as selector:
        for _ in range(min(lines, len(mails))):
            line = _Line(port)
            line.call(next(waiting))
            selector.register(line.socket, selectors.EVENT_READ, line)
        while len(heard.each_s) < len(mails):
            ready = selector.select(WAIT_S)
            if not ready:
                raise TimeoutError("no answer")
            for key, _ in ready:
                _go_on(key.data, heard, waiting)
        for key in list(selector.get_map().values()):
            key.data.socket.close()
    heard.took_s = time.perf_counter() - began_s
    return heard


def _go_on(line: _Line, heard: Heard, waiting: Iterator[bytes]) -> None:
    if line.hear(heard):
        following = next(waiting, None)
        if following is not None:
            line.call(following)


def written(mail: Mail) -> bytes:
    """Return the request as it goes over the wire."""
    head = (
        f"{mail.method} {PATH}?{mail.query} HTTP/1.1\r\nHost: door.localhost\r\n"
        f"Content-Type: text/xml\r\nContent-Length: {len(mail.body)}\r\n\r\n"
    )
    return head.encode() + mail.body


def _length(head: bytes) -> int:
    name = b"content-length:"
    line = next(line for line in head.lower().split(b"\r\n") if line.startswith(name))
    return int(line[len(name) :])
