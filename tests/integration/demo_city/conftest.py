"""Two demo cities for all tests of this folder: by the command on SQLite, by hand on PostgreSQL.

They are read only; `city` gives each database in turn. A test that changes things takes `own_city`,
a copy.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from itertools import count
from pathlib import Path

import pytest
from flask import Flask

from kernel.clock import SystemClock
from scripts.demo_city.city import seed
from tests import house
from tests.servers import PostgresServer

ROOT = Path(__file__).parents[3]
_copies = count(1)
# Some ten seconds; much more when others share the two cores. Whoever comes first waits for it.
SEEDING_S_MAX, TEST_S_MAX = 500, 600


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.timeout(TEST_S_MAX))


@dataclass(frozen=True, slots=True)
class Seeded:
    """A database with the demo city in it, and its data folder; nobody is connected."""

    url: str
    folder: Path
    said: str
    began: datetime
    ended: datetime


@contextmanager
def opened(url: str, folder: Path) -> Iterator[Flask]:
    """The app on that database, its clock standing at Monday 09:00."""
    app = house.an_app(url, data_dir=folder)
    with app.app_context():
        try:
            yield app
        finally:
            house.close_connections()


@pytest.fixture(scope="session")
def sqlite_city(tmp_path_factory: pytest.TempPathFactory) -> Seeded:
    """The city as `scripts/run` makes it: in a process of its own, by the commands."""
    folder = tmp_path_factory.mktemp("sqlite-city")
    url = f"sqlite:///{folder / 'doorbell.sqlite3'}"
    settings = house.settings_for(url, data_dir=folder)
    environment = {
        name.upper(): str(getattr(settings, name))
        for name in (
            *("mode", "data_dir", "database_url", "secret_key", "public_base"),
            *("wechat_appid", "wechat_secret", "wechat_token"),
        )
    }
    began = SystemClock().now()
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "scripts.flask_steps",
            "db upgrade",
            "seed-demo --calm",
            "seed-demo --calm",
        ],
        cwd=ROOT,
        # Another order of hashes than ours: nothing may depend on it.
        env=os.environ | environment | {"PYTHONHASHSEED": "4711"},
        capture_output=True,
        text=True,
        check=True,
        timeout=SEEDING_S_MAX,
    )
    return Seeded(url, folder, done.stdout, began, SystemClock().now())


@pytest.fixture(scope="session")
def postgres_city(
    postgres_server: PostgresServer, tmp_path_factory: pytest.TempPathFactory
) -> Seeded:
    folder = tmp_path_factory.mktemp("postgres-city")
    url = postgres_server.create("city")
    house.migrate(url)
    began = SystemClock().now()
    with opened(url, folder) as app:
        seed(app.extensions["doorbell.settings"], is_calm=True)
    return Seeded(url, folder, "", began, SystemClock().now())


@pytest.fixture(scope="session", params=["sqlite", "postgres"])
def seeded(request: pytest.FixtureRequest) -> Seeded:
    """Each test that uses this runs twice: on SQLite and on PostgreSQL."""
    city: Seeded = request.getfixturevalue(f"{request.param}_city")
    return city


@pytest.fixture
def city(seeded: Seeded) -> Iterator[Flask]:
    """The app on a seeded database, for reading only."""
    with opened(seeded.url, seeded.folder) as app:
        yield app


@pytest.fixture
def own_city(seeded: Seeded, postgres_server: PostgresServer, tmp_path: Path) -> Iterator[Flask]:
    """The app on a copy of a seeded database, which the test may change."""
    if seeded.url.startswith("sqlite"):
        with a_copy(seeded, tmp_path) as app:
            yield app
        return
    name = f"city_{next(_copies)}"
    with opened(postgres_server.create(name, template="city"), tmp_path) as app:
        yield app
    postgres_server.drop(name)


@pytest.fixture
def lived_city(sqlite_city: Seeded, tmp_path: Path) -> Iterator[Flask]:
    """The app on a copy on SQLite, in which hours go by.

    Whoever lives in the city acts by the house's operations, which are tested below on both databases.
    """
    with a_copy(sqlite_city, tmp_path) as app:
        yield app


@contextmanager
def a_copy(city: Seeded, folder: Path) -> Iterator[Flask]:
    """The app on a copy of a city on SQLite, in that folder."""
    shutil.copy(city.folder / "doorbell.sqlite3", folder / "doorbell.sqlite3")
    with opened(f"sqlite:///{folder / 'doorbell.sqlite3'}", folder) as app:
        yield app
