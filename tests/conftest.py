"""Fixtures of all tests: closed sockets, real databases, a real Valkey.

Servers live as long as the test run, and so does the PostgreSQL database of the folders that are tidy;
other databases live as long as a test module. They start as copies of a template that holds the schema.
"""

import _socket
import itertools
import os
import shutil
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast

import hypothesis
import pytest
from flask import Flask
from xdist.scheduler import LoadFileScheduling

from tests import house, patience, thrift
from tests.servers import PostgresServer, ValkeyServer

# --- The world outside is closed ------------------------------------------------------------

_LOOPBACK = {"127.0.0.1", "::1", "localhost", "0.0.0.0", "::", "", None}


class WorldIsClosed(RuntimeError):
    """A test tried to reach another computer: use a server of tests/servers.py instead."""


def _refuse_the_world(name: object) -> None:
    name = name.decode() if isinstance(name, bytes) else name
    if name not in _LOOPBACK and not str(name).endswith(".localhost"):
        raise WorldIsClosed(f"a call to {name}")


def _close_the_world() -> None:
    """Refuse at the doors. An audit hook would see all doors, and each of millions of `id()` too."""
    look_up = _socket.getaddrinfo

    def getaddrinfo(host: Any, *arguments: Any, **options: Any) -> Any:
        _refuse_the_world(host)
        return look_up(host, *arguments, **options)

    def guarded(knock: Callable[..., Any]) -> Callable[..., Any]:
        def call(line: socket.socket, address: Any, *rest: Any) -> Any:
            _refuse_the_world(address[0] if isinstance(address, tuple) else None)
            return knock(line, address, *rest)

        return call

    _socket.getaddrinfo = getaddrinfo
    for name in ("connect", "connect_ex"):
        setattr(socket.socket, name, guarded(getattr(_socket.socket, name)))


_close_the_world()


# --- Hypothesis -------------------------------------------------------------------------------

# No deadline: other tests share the two cores. Every run tries the same examples, so that a change
# is judged and not the dice; with HYPOTHESIS_SEARCH in the environment it looks for new ones.
hypothesis.settings.register_profile(
    "house", deadline=None, print_blob=True, derandomize="HYPOTHESIS_SEARCH" not in os.environ
)
hypothesis.settings.load_profile("house")


# --- Two processes ----------------------------------------------------------------------------

# Folders whose tests stay in one process: they share what is dear to make, or want no rivals.
_TOGETHER = ("tests/integration/demo_city/", "tests/races/")


class _ByNeed(LoadFileScheduling):  # type: ignore[misc]  # xdist ships no types
    """Shares files out between the processes, and the folders of _TOGETHER whole."""

    def _split_scope(self, nodeid: str) -> str:
        folder = next((folder for folder in _TOGETHER if nodeid.startswith(folder)), None)
        return folder or cast(str, super()._split_scope(nodeid))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> _ByNeed:
    return _ByNeed(config, log)


# --- Two databases ------------------------------------------------------------------------------


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--every-database",
        action="store_true",
        help="run all tests on PostgreSQL that run on SQLite, not only the first of each class",
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave of every class, or function that is in none, the first case to PostgreSQL, too.

    What the others of it ask the database the first has asked. A module marked `both_databases` is
    about what databases do differently and runs whole on both, as all do with --every-database.
    """
    if config.getoption("--every-database"):
        return
    met: set[str] = set()
    spared = []
    for item in items:
        group = item.nodeid.partition("[")[0]
        if group.count("::") > 1:
            group = group.rpartition("::")[0]
        is_spared = (
            item.nodeid.startswith("tests/integration/")
            and _database_of(item) == "postgres"
            and item.get_closest_marker("both_databases") is None
            and group in met
        )
        if is_spared:
            spared.append(item)
        elif _database_of(item) == "postgres":
            met.add(group)
    config.hook.pytest_deselected(items=spared)
    items[:] = [item for item in items if item not in set(spared)]


def _database_of(item: pytest.Item) -> str | None:
    call: Any = getattr(item, "callspec", None)
    return cast("str | None", call.params.get("database_url")) if call else None


# --- Thrift -----------------------------------------------------------------------------------

thrift.make_passwords_cheap()
thrift.make_routes_cheap()
patience.be_patient()


def pytest_collection_finish() -> None:
    thrift.make_litter_cheap()


# --- Databases --------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def make_schema() -> Callable[[str], None]:
    """Return what fills the empty database at an address with the house's tables and triggers."""
    return house.migrate


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    with PostgresServer() as server:
        yield server


@pytest.fixture(scope="session")
def _postgres_template(postgres_server: PostgresServer, make_schema: Callable[[str], None]) -> str:
    make_schema(postgres_server.create("template_house"))
    return "template_house"


_count = itertools.count(1)
# Folders whose modules share one PostgreSQL database: they kill nobody who could still be in it. To copy
# the template and to drop the copy takes PostgreSQL as long as several of their tests.
_TIDY = ("tests/integration/", "tests/journeys/")


@pytest.fixture(scope="session")
def _tidy_postgres_url(postgres_server: PostgresServer, _postgres_template: str) -> str:
    return postgres_server.create("house_of_all", template=_postgres_template)


@pytest.fixture(scope="module")
def postgres_url(
    request: pytest.FixtureRequest, postgres_server: PostgresServer, _postgres_template: str
) -> Iterator[str]:
    """The address of a PostgreSQL database with the schema and no rows, for this module's use alone."""
    if request.node.nodeid.startswith(_TIDY):
        url: str = request.getfixturevalue("_tidy_postgres_url")
        with house.the_app(url, data_dir=Path()).app_context():
            house.empty_tables()
        yield url
        return
    name = f"house_{next(_count)}"
    url = postgres_server.create(name, template=_postgres_template)
    yield url
    thrift.forget(url)
    postgres_server.drop(name)


@pytest.fixture(scope="session")
def _sqlite_template(
    tmp_path_factory: pytest.TempPathFactory, make_schema: Callable[[str], None]
) -> Path:
    path = tmp_path_factory.mktemp("sqlite") / "template.sqlite3"
    make_schema(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="module")
def sqlite_url(tmp_path_factory: pytest.TempPathFactory, _sqlite_template: Path) -> Iterator[str]:
    """The address of a SQLite file of this module's own, with the schema and no rows."""
    path = tmp_path_factory.mktemp("sqlite") / "house.sqlite3"
    if _sqlite_template.exists():
        shutil.copy(_sqlite_template, path)
    yield f"sqlite:///{path}"
    thrift.forget(f"sqlite:///{path}")


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def database_url(request: pytest.FixtureRequest) -> str:
    """Each test that uses this runs twice: on SQLite and on PostgreSQL."""
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url


# --- Valkey -----------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def _shared_valkey() -> Iterator[ValkeyServer]:
    with ValkeyServer() as server:
        yield server


@pytest.fixture
def valkey_url(_shared_valkey: ValkeyServer) -> str:
    """The address of a real, empty Valkey that other tests use after this one."""
    _shared_valkey.flush()
    return _shared_valkey.url


@pytest.fixture
def own_valkey() -> Iterator[ValkeyServer]:
    """A Valkey that this test alone uses: it may kill() it, flush() it and start() it again."""
    with ValkeyServer() as server:
        yield server


# --- The app ----------------------------------------------------------------------------------


@pytest.fixture
def app(database_url: str, tmp_path: Path) -> Iterator[Flask]:
    """The whole app on each database, its rows gone, its clock standing at Monday 09:00."""
    made = house.the_app(database_url, data_dir=tmp_path)
    with made.app_context():
        house.empty_tables()
        yield made
