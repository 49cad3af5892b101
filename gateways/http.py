"""HTTP to other people's computers: the one home of `requests`.

Every call has two timeouts and a limit on what it reads, follows no redirect, and fails in one of
two words: Unsent (the other side surely never saw the request) or MaybeSent (nobody can tell).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from http.cookiejar import DefaultCookiePolicy
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3 import encode_multipart_formdata
from urllib3.exceptions import (
    ConnectTimeoutError,
    MaxRetryError,
    NameResolutionError,
    NewConnectionError,
)

CONNECT_MAX_S = 3.0
READ_MAX_S = 8.0
ANSWER_BYTES_MAX = 2 << 20
# By host; further ones are made and thrown away.
CONNECTIONS_KEPT = 32
_CHUNK_BYTES = 64 << 10
_LOOPBACK = {"127.0.0.1", "localhost", "::1"}


class Unsent(Exception):
    """The request never reached the other side: refused, no such host, no TLS, no connection."""


class MaybeSent(Exception):
    """The connection failed after the request may have arrived, or the answer was too long."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A complete HTTP answer of any status."""

    status: int
    body: bytes
    # Names are looked up without regard to their case.
    headers: Mapping[str, str] = field(default_factory=dict)


class Caller:
    """A pool of connections to one service. Safe to share between the threads of a process."""

    def __init__(
        self, *, connect_max_s: float = CONNECT_MAX_S, read_max_s: float = READ_MAX_S
    ) -> None:
        self._timeouts_s = (connect_max_s, read_max_s)
        self._session = _session()
        # Loopback is reached directly whatever proxy the surroundings name.
        self._direct = _session()
        self._direct.trust_env = False

    def call(
        self,
        method: str,
        url: str,
        *,
        params: Mapping[str, str] | None = None,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        bytes_max: int = ANSWER_BYTES_MAX,
    ) -> Answer:
        """Send one request, never twice, and read `bytes_max` of its answer at most.

        Raises Unsent, MaybeSent.
        """
        session = self._direct if urlsplit(url).hostname in _LOOPBACK else self._session
        try:
            with session.request(
                method,
                url,
                params=params,
                data=body,
                headers=headers,
                timeout=self._timeouts_s,
                allow_redirects=False,
                stream=True,
            ) as response:
                return Answer(response.status_code, _read(response, bytes_max), response.headers)
        except requests.RequestException as error:
            kind = Unsent if _is_unsent(error) else MaybeSent
            raise kind(type(error).__name__) from error


def _session() -> requests.Session:
    """Return a session that threads may share: it holds a connection for each, and keeps no cookies,
    which one thread would add to while another reads them."""
    session = requests.Session()
    session.headers["User-Agent"] = "doorbell"
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=()))
    for scheme in ("https://", "http://"):
        session.mount(scheme, HTTPAdapter(pool_maxsize=CONNECTIONS_KEPT))
    return session


def multipart(name: str, *, filename: str, content: bytes, mimetype: str) -> tuple[bytes, str]:
    """Return a form that holds one file, and its Content-Type.

    It is bytes and no stream, so that sent once more it holds the file once more.
    """
    body, content_type = encode_multipart_formdata({name: (filename, content, mimetype)})
    return body, str(content_type)


def _read(response: requests.Response, bytes_max: int) -> bytes:
    body = bytearray()
    for chunk in response.iter_content(_CHUNK_BYTES):
        body += chunk
        if len(body) > bytes_max:
            raise MaybeSent("the answer is too long")
    return bytes(body)


def _is_unsent(error: requests.RequestException) -> bool:
    if isinstance(error, requests.ConnectTimeout | requests.exceptions.SSLError):
        return True
    if isinstance(error, requests.exceptions.ProxyError):
        return True
    if isinstance(error, requests.exceptions.InvalidURL | requests.exceptions.InvalidSchema):
        return True
    cause: Any = error.args[0] if error.args else None
    reason = cause.reason if isinstance(cause, MaxRetryError) else cause
    return isinstance(reason, NewConnectionError | NameResolutionError | ConnectTimeoutError)
