"""The one home of the database: base class, column types, engine set-up and transactions.

SQLite runs in WAL with BEGIN IMMEDIATE, so that a writing transaction holds the write lock from its
first statement; PostgreSQL runs READ COMMITTED with row locks (kernel.locks). Both were measured
against double-booking; the drivers' defaults double-book.
"""

import logging
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache
from typing import Any, ParamSpec, TypeVar

from flask import Flask, current_app
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import (
    DateTime,
    Dialect,
    Engine,
    Executable,
    Integer,
    MetaData,
    String,
    Table,
    event,
    text,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DataError, DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import DeclarativeBase, Session
from sqlalchemy.orm.exc import StaleDataError
from sqlalchemy.types import TypeDecorator

from kernel import sealing
from kernel.errors import ChangedMeanwhile, Invalid, Refusal, Unavailable
from kernel.money import Money
from kernel.words import msg

__all__ = [
    "Base",
    "Crossed",
    "Fen",
    "Instant",
    "Session",
    "configure",
    "in_this_app",
    "insert_once",
    "on_commit",
    "sa",
    "take_your_time",
    "transaction",
]

log = logging.getLogger(__name__)

P = ParamSpec("P")
R = TypeVar("R")

SQLITE_BUSY_MS = 5_000
POSTGRES_OPTIONS = "-c lock_timeout=3s -c statement_timeout=15s -c timezone=UTC"
# PostgreSQL: serialization failure, deadlock, lock not available; and a server that went away.
_CROSSED_STATES = {"40001", "40P01", "55P03", "57P01", "57P02"}
# A statement cancelled by its timeout, a server that starts, is full, out of memory or reads only.
_AWAY_STATES = {"57014", "57P03", "53100", "53200", "53300", "25006"}


class Unstorable(Invalid):
    """A value that no column takes came past every check: a fault of ours, answered as input."""

    code = "bad_value"
    says = msg("填写的内容里有存不下的数字或字符，请检查。")


class Crossed(Unavailable):
    """Another hand was in the way, or the line was cut. Trying again may help, for what may be
    tried again: when the line is cut during a commit, nobody knows what became of it."""


class Base(DeclarativeBase):
    """Every model's base; constraint names are fixed so that migrations can name them."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


sa = SQLAlchemy(model_class=Base)


class Instant(TypeDecorator[datetime]):
    """An aware datetime, kept in UTC; a naive one is refused."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("an instant needs a time zone")
        utc = value.astimezone(UTC)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Fen(TypeDecorator[Money]):
    """Money in a column of whole fen."""

    impl = Integer
    cache_ok = True

    def process_bind_param(self, value: Money | None, dialect: Dialect) -> int | None:
        return None if value is None else value.fen

    def process_result_value(self, value: int | None, dialect: Dialect) -> Money | None:
        return None if value is None else Money(value)


class Sealed(TypeDecorator[str]):
    """A text that the database holds sealed by the app's SECRET_KEY; see kernel.sealing."""

    impl = String
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return None if value is None else sealing.seal(value, key=current_app.config["SECRET_KEY"])

    def process_result_value(self, value: str | None, dialect: Dialect) -> str | None:
        return (
            None if value is None else sealing.unseal(value, key=current_app.config["SECRET_KEY"])
        )


def configure(app: Flask, database_url: str) -> None:
    """Bind the app to the database at `database_url` (sqlite:/// or postgresql://)."""
    options: dict[str, Any] = {}
    if database_url.startswith("postgresql"):
        database_url = database_url.replace("postgresql://", "postgresql+psycopg://", 1)
        # Its server may have gone away; a file does not.
        options |= {
            "pool_pre_ping": True,
            "connect_args": {"options": POSTGRES_OPTIONS, "connect_timeout": 5},
            "pool_timeout": 5,
        }
    else:
        options |= {"connect_args": {"timeout": SQLITE_BUSY_MS / 1000}}
    app.config["SQLALCHEMY_DATABASE_URI"] = database_url
    app.config["SQLALCHEMY_ENGINE_OPTIONS"] = options
    sa.init_app(app)
    with app.app_context():
        if sa.engine.dialect.name == "sqlite":
            _configure_sqlite(sa.engine)


def _configure_sqlite(engine: Engine) -> None:
    @event.listens_for(engine, "connect")
    def on_connect(raw: Any, _record: object) -> None:
        # Stops the driver's own late BEGIN, under which a read-then-write loses updates.
        raw.isolation_level = None
        for pragma in sqlite_pragmas():
            raw.execute("PRAGMA " + pragma)

    @event.listens_for(engine, "begin")
    def on_begin(connection: Any) -> None:
        is_late = connection.get_execution_options().get("locks_late")
        connection.exec_driver_sql("BEGIN " + ("DEFERRED" if is_late else "IMMEDIATE"))


def sqlite_pragmas() -> tuple[str, ...]:
    """Return what each new connection to SQLite sets, with the patience of now."""
    return (
        f"busy_timeout={SQLITE_BUSY_MS}",
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        "recursive_triggers=ON",
    )


Doorbell = Callable[[set[str]], None]
_DOORBELL = "doorbell.on_commit"
_BOUND = "doorbell.bound"


def on_commit(app: Flask, doorbell: Doorbell) -> None:
    """Call `doorbell` after each commit that asked for it, with the names of the bells to ring."""
    app.extensions[_DOORBELL] = doorbell


@contextmanager
def transaction(*, reads_only: bool = False, looks_first: bool = False) -> Iterator[Session]:
    """Open a session, commit at the end, roll back on any exception; then ring the doorbells.

    Needs an application context. With `reads_only` SQLite takes no write lock, and every read sees
    the same moment on both databases. With `looks_first` it takes its lock at the first write only, so
    that nobody waits for what is read and worked out before; SQLite itself refuses that write when
    anybody wrote since the first read, which raises Crossed: the next try must not look first.
    Raises ChangedMeanwhile when a versioned row moved under us,
    Unavailable when the database is busy or away: in both cases nothing was changed; Crossed, a kind
    of it, when the next try may go well; Unstorable when a value fits no column.
    """
    bind = _bound(sa.engine, reads_only=reads_only, looks_first=looks_first)
    try:
        with Session(bind, expire_on_commit=False) as db, db.begin():
            yield db
            bells: set[str] = db.info.get("bells", set())
    except StaleDataError as error:
        raise ChangedMeanwhile from error
    except PoolTimeout as error:
        raise Unavailable from error
    except (OverflowError, UnicodeEncodeError) as error:
        log.error("a value does not fit its column", exc_info=error)
        raise Unstorable from error
    except DBAPIError as error:
        refusal = _refusal_of(error, looks_first=looks_first)
        if refusal is None:
            raise
        raise refusal from error
    doorbell: Doorbell | None = current_app.extensions.get(_DOORBELL)
    if bells and doorbell is not None:
        doorbell(bells)


def _bound(engine: Engine, *, reads_only: bool, looks_first: bool) -> Engine:
    """Return the engine as those use it who only read, or read first: made once, not for each look."""
    options: dict[str, Any] = {}
    if engine.dialect.name == "sqlite":
        if reads_only or looks_first:
            options = {"locks_late": True}
    elif reads_only:
        options = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
    if not options:
        return engine
    known: Engine | None = vars(engine).get(_BOUND)
    if known is None:
        known = vars(engine)[_BOUND] = engine.execution_options(**options)
    return known


def in_this_app(act: Callable[P, R]) -> Callable[P, R]:
    """Return `act` as another thread may call it: there, too, this app's database is at hand."""
    context = current_app.app_context

    def acted(*arguments: P.args, **options: P.kwargs) -> R:
        with context():
            return act(*arguments, **options)

    return acted


def insert_once(db: Session, table: Any, rows: Sequence[Mapping[str, Any]], *, by: str) -> Set[Any]:
    """Insert the rows whose column `by` is not there yet; return what it is of those that were new.

    Where another transaction inserts the same, PostgreSQL waits for its end: bring rows in one order.
    """
    if not rows:
        return frozenset()
    statement = _insert_once(table, db.get_bind().dialect.name, by)
    return frozenset(db.connection().execute(statement, rows).scalars())


@cache
def _insert_once(table: Table, dialect: str, by: str) -> Executable:
    insert = sqlite.insert if dialect == "sqlite" else postgresql.insert
    return insert(table).on_conflict_do_nothing(index_elements=[by]).returning(table.c[by])


def take_your_time(db: Session) -> None:
    """Let the statements of the rest of this transaction take as long as they need: it reads
    everything there is, and nobody waits for it."""
    if db.get_bind().dialect.name == "postgresql":
        db.execute(text("SET LOCAL statement_timeout = 0"))


def ring_after_commit(db: Session, bell: str) -> None:
    """Ask that `bell` be rung once this transaction has committed."""
    db.info.setdefault("bells", set()).add(bell)


def _refusal_of(error: DBAPIError, *, looks_first: bool) -> Refusal | None:
    """Return how the house says that the database cannot serve now, None for a fault of ours."""
    if looks_first and getattr(error.orig, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_BUSY:
        return Crossed()
    state = getattr(error.orig, "sqlstate", None)
    if state in _CROSSED_STATES or (state or "").startswith("08"):
        return Crossed()
    if state in _AWAY_STATES:
        log.error("the database refuses to serve: %s", error.orig)
        return Unavailable()
    if isinstance(error, DataError):
        log.error("a value does not fit its column", exc_info=error)
        return Unstorable()
    if state is not None or not isinstance(error, OperationalError):
        return None
    # No state: a PostgreSQL that is not there, or SQLite: locked, full, read-only.
    if error.connection_invalidated:
        return Crossed()
    log.error("the database is away, locked or full: %s", error.orig)
    return Unavailable()
