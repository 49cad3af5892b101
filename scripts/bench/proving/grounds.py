"""Empty databases of a house's own on which a bench about the ledger stands: SQLite, and PostgreSQL
where it is at hand."""

import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from kernel.db import sa
from scripts.bench.committing.twin import Bare, postgres_twin, sqlite_twin
from scripts.bench.killing import house
from scripts.benches import Stand

MEMORY = Path("/dev/shm")


@dataclass(frozen=True, slots=True)
class Ground:
    """An empty database, and what makes a copy of it, open to the bare driver."""

    name: str
    folder: Path
    url: str
    copy: Callable[[], Bare]

    @contextmanager
    def house(self, stand: Stand) -> Iterator[dict[str, str]]:
        """Lay the house's tables, live in an app upon them, and give the surroundings of other
        processes of that house."""
        around = house.environment(self.url, folder=self.folder, port=0, wechat_base="")
        house.migrate(around)
        with stand.make_app(house.settings_of(around)).app_context():
            try:
                yield around
            finally:
                sa.engine.dispose()


def at_hand(stand: Stand, *, is_durable: bool = True) -> Iterator[Ground]:
    """Give one ground after the other; of PostgreSQL, say so where it is not at hand.

    One that is not durable lies in memory where the system has a folder there, and waits for no disk.
    """
    for opened in GROUNDS:
        with ExitStack() as stack:
            try:
                ground = stack.enter_context(opened(is_durable))
            except (ImportError, RuntimeError) as error:
                if opened is _sqlite:
                    raise
                stand.tell(f"PostgreSQL is not at hand: {error}")
                continue
            yield ground


@contextmanager
def _sqlite(is_durable: bool) -> Iterator[Ground]:
    shelf = MEMORY if MEMORY.is_dir() and not is_durable else None
    with tempfile.TemporaryDirectory(prefix="doorbell-bench-", dir=shelf) as name:
        folder = Path(name)

        def copy() -> Bare:
            twin = folder / "twin.sqlite3"
            shutil.copy(folder / "house.sqlite3", twin)
            return sqlite_twin(twin)

        yield Ground("sqlite", folder, f"sqlite:///{folder / 'house.sqlite3'}", copy)


@contextmanager
def _postgres(is_durable: bool) -> Iterator[Ground]:
    from tests.servers import PostgresServer  # noqa: PLC0415 - only a checkout has it

    with ExitStack() as stack:
        name = stack.enter_context(tempfile.TemporaryDirectory(prefix="doorbell-bench-"))
        server = stack.enter_context(PostgresServer(is_durable=is_durable))

        def copy() -> Bare:
            return postgres_twin(server.create("twin", template="bench"))

        yield Ground("postgres", Path(name), server.create("bench"), copy)


GROUNDS: Sequence[Callable[[bool], AbstractContextManager[Ground]]] = (_sqlite, _postgres)
