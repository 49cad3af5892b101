"""Plain HTTP to the account's server on this machine: one call, one time limit, no retry."""

import http.client
import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from kernel.words import msg
from sandbox.settings import is_local

ANSWER_BYTES_MAX = 256 * 1024


class NoAnswer(Exception):
    """Nothing usable came back; the sentence says whether it was refused, cut or too late."""


class TooLate(NoAnswer):
    """No answer within the time limit; one may still be on its way."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer, whatever its status."""

    status: int
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode("utf-8", "replace")


def call(
    url: str, *, method: str, body: bytes = b"", headers: Mapping[str, str], timeout_s: float
) -> Answer:
    """Send one request and read its answer. Raises NoAnswer.

    Names under .localhost are reached on loopback whatever the resolver says, as browsers do.
    """
    parts = urlsplit(url)
    host = parts.hostname or ""
    if not is_local(host):
        raise NoAnswer(msg("%(host)s 不在本机，沙箱不会连接") % {"host": host})
    target = "127.0.0.1" if host.endswith(".localhost") else host
    connection = _connection(parts.scheme, target, parts.port, timeout_s)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    try:
        connection.request(
            method, path, body=body or None, headers={"Host": parts.netloc, **headers}
        )
        response = connection.getresponse()
        return Answer(status=response.status, body=response.read(ANSWER_BYTES_MAX))
    except TimeoutError as error:
        raise TooLate(
            msg("%(timeout_s)s 秒内没有应答") % {"timeout_s": f"{timeout_s:g}"}
        ) from error
    except (OSError, http.client.HTTPException, ssl.SSLError, socket.gaierror) as error:
        raise NoAnswer(msg("连接失败：%(name)s") % {"name": type(error).__name__}) from error
    finally:
        connection.close()


def _connection(
    scheme: str, host: str, port: int | None, timeout_s: float
) -> http.client.HTTPConnection:
    kind = http.client.HTTPSConnection if scheme == "https" else http.client.HTTPConnection
    return kind(host, port, timeout=timeout_s)
