"""Measure how long booking a window holds the day's lock, beside the bare driver's same writes.

A day of 320 promised visits of 40 technicians; whoever has looked at its windows holds one, after
somebody else has changed the day, and commits it. Measured is what others wait for: on PostgreSQL
from asking for the day's lock to the end of the commit (the window is proven, everything is written,
the outbox too), on SQLite, where the transaction is the lock, all of the transaction. Beside it, in
turns, stands the driver alone, which lays the same rows into a copy of the database under the same
settings. Each is measured twice: where a commit waits for the disk, as the house does, and where it
does not (memory for SQLite, fsync off for PostgreSQL), so that no disk hides the work. The target is
held against the medians where it waits, over both acts; the tails are told.
"""

import shutil
import statistics
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import text

from dispatch.planner import compiling
from kernel.db import sa
from scripts.bench.committing import town
from scripts.bench.committing.twin import Bare, Watch, postgres_twin, sqlite_twin
from scripts.bench.killing import house
from scripts.benches import Result, Stand
from scripts.bootstrap import PYTHON, ROOT

NEWCOMERS, NEWCOMERS_QUICK = 200, 30
WARM = 10
TIMES_MAX = 6.0
# Where files lie in memory.
MEMORY = Path("/dev/shm")


@dataclass(slots=True)
class Times:
    """How long one act took each time, ours and the bare driver's, and how many rows it wrote."""

    ours_s: list[float] = field(default_factory=list)
    bare_s: list[float] = field(default_factory=list)
    written: int = 0

    def add(self, watch: Watch, bare: Bare) -> None:
        self.ours_s.append(watch.locked_s)
        self.bare_s.append(bare(watch.written))
        self.written = len(watch.written)


@dataclass(frozen=True, slots=True)
class Ground:
    """An empty database, and what makes a copy of it once it is filled, open to the bare driver."""

    folder: Path
    url: str
    copy: Callable[[], Bare]


def run(stand: Stand) -> Result:
    result = Result()
    subprocess.run([str(PYTHON), "-m", "dispatch.planner.warming"], cwd=ROOT, check=True)
    compiling.load()
    for name, opened in DATABASES.items():
        with ExitStack() as stack:
            try:
                ground = stack.enter_context(opened())
            except (ImportError, RuntimeError):
                stand.tell(f"{name}: not at hand, left out")
                continue
            _on(name, ground, stand, result)
    return result


def _on(name: str, ground: Ground, stand: Stand, result: Result) -> None:
    surroundings = house.environment(ground.url, folder=ground.folder, port=0, wechat_base="")
    house.migrate(surroundings)
    newcomers = NEWCOMERS_QUICK if stand.is_quick else NEWCOMERS
    with stand.make_app(house.settings_of(surroundings)).app_context():
        stand.tell(f"{name}: filling a day")
        people = town.found(newcomers=WARM + newcomers)
        sa.engine.dispose()
        with closing(ground.copy()) as bare:
            found = _measured(people, bare)
        sa.engine.dispose()
    for act, times in found.items():
        ours_s, bare_s = times.ours_s[WARM:], times.bare_s[WARM:]
        ours_ms, bare_ms = (statistics.median(each) * 1e3 for each in (ours_s, bare_s))
        stand.tell(
            f"{name}, {act}: {ours_ms:.2f} ms over {bare_ms:.2f} ms of {times.written} statements"
        )
        ratio = ours_ms / bare_ms
        result.count(f"{name}, {act}: median ms", round(ours_ms, 2))
        result.count(f"{name}, {act}: over the bare driver", round(ratio, 2))
        result.count(f"{name}, {act}: p99 over its p99", round(_p99(ours_s) / _p99(bare_s), 2))
        if name in HELD:
            result.claim(
                f"{name}, {act}: at most {TIMES_MAX:g} bare transactions",
                is_so=ratio <= TIMES_MAX,
                but=f"{ratio:.1f}",
            )


def _measured(people: list[town.Person], bare: Bare) -> dict[str, Times]:
    """Let each hold and commit a window in turn; his place is freed behind the next one's back."""
    watch = Watch(sa.engine)
    found = {"hold": Times(), "commit": Times()}
    before = None
    for person in people:
        offer = town.best(town.offers_of(person))
        if before is not None:
            town.cancel(before)
            bare(watch.written)
        number = town.hold(person, offer)
        found["hold"].add(watch, bare)
        town.commit(person, number)
        found["commit"].add(watch, bare)
        before = number
    return found


@contextmanager
def _sqlite(under: Path | None) -> Iterator[Ground]:
    with tempfile.TemporaryDirectory(prefix="doorbell-bench-", dir=under) as name:
        folder = Path(name)

        def copy() -> Bare:
            twin = folder / "twin.sqlite3"
            shutil.copy(folder / "house.sqlite3", twin)
            return sqlite_twin(twin)

        yield Ground(folder, f"sqlite:///{folder / 'house.sqlite3'}", copy)


@contextmanager
def _postgres(*, is_durable: bool) -> Iterator[Ground]:
    from tests.servers import PostgresServer  # noqa: PLC0415 - only a checkout has it

    with (
        tempfile.TemporaryDirectory(prefix="doorbell-bench-") as name,
        PostgresServer(is_durable=is_durable) as server,
    ):

        def copy() -> Bare:
            with sa.engine.connect() as line:
                line.execute(text("ANALYZE"))
                line.commit()
            sa.engine.dispose()
            return postgres_twin(server.create("twin", template="bench"))

        yield Ground(Path(name), server.create("bench"), copy)


def _p99(times: list[float]) -> float:
    return statistics.quantiles(times, n=100)[98]


DATABASES: dict[str, Callable[[], AbstractContextManager[Ground]]] = {
    "sqlite": lambda: _sqlite(None),
    "postgres": lambda: _postgres(is_durable=True),
    "sqlite in memory": lambda: _sqlite(MEMORY),
    "postgres without fsync": lambda: _postgres(is_durable=False),
}
HELD = {"sqlite", "postgres"}
