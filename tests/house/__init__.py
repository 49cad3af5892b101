"""The house as tests need it: an app, an empty schema, and builders of rows."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path

import flask_migrate
from flask import Flask
from sqlalchemy import Connection, text

import app as joinery
from booking.operations import catalogue, drafts
from booking.operations.drafts import Address
from dispatch import learning, live, queries
from dispatch.operations import roster
from faces.chrome.live import Feed
from faces.wechat import callback
from kernel.actor import Actor, Role
from kernel.clock import FixedClock, local_date
from kernel.db import Session, sa
from kernel.geo import Point
from kernel.money import Money
from kernel.phone import Phone
from kernel.settings import Settings
from members.operations import following
from tests import thrift
from tests.pressing import PressingClient

# Monday 2026-11-23 09:00 in Asia/Shanghai.
MONDAY_NINE = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
MONDAY = date(2026, 11, 23)
HOUR_S = 3600
NORTH = Point(36.09, 120.37)
WINDOWS = tuple((hour * HOUR_S, (hour + 2) * HOUR_S) for hour in (8, 10, 13, 15))
AROUND_QINGDAO = (Point(35.9, 120.0), Point(35.9, 120.8), Point(36.5, 120.8), Point(36.5, 120.0))
DISPATCHER = Actor(1, Role.DISPATCHER)


def environment_for(database_url: str, *, data_dir: Path) -> dict[str, str]:
    """Return the environment variables that a process of the house needs in a test."""
    return {
        "MODE": "test",
        "DATA_DIR": str(data_dir),
        "DATABASE_URL": database_url,
        "SECRET_KEY": "a secret that only the tests know, 32+",
        "PUBLIC_BASE": "https://doorbell.localhost",
        "WECHAT_APPID": "wx0123456789abcdef",
        "WECHAT_SECRET": "secret-of-tests",
        "WECHAT_TOKEN": "token-of-tests",
        "RATE_LIMITS": "off",
    }


def settings_for(database_url: str, *, data_dir: Path, **changes: str) -> Settings:
    """Return settings as a test run needs them; `changes` are environment variables."""
    return Settings.from_env(environment_for(database_url, data_dir=data_dir) | changes)


def an_app(database_url: str, *, data_dir: Path, **changes: str) -> Flask:
    """Make the app on that database, its clock standing at MONDAY_NINE."""
    live.forget()
    learning.forget()
    settings = settings_for(database_url, data_dir=data_dir, **changes)
    made = joinery.create_app(settings, FixedClock(MONDAY_NINE))
    made.test_client_class = PressingClient
    thrift.make_cheap(made)
    return made


def the_app(database_url: str, *, data_dir: Path) -> Flask:
    """Return the app on that database as if it had just been made.

    To join its hundreds of routes and to read its pages and translations takes longer than most tests
    do. Tests change an app by its extensions alone: those are what is made anew.
    """
    made = thrift.kept_app(database_url, lambda: an_app(database_url, data_dir=data_dir))
    live.forget()
    learning.forget()
    settings = settings_for(database_url, data_dir=data_dir)
    clock = FixedClock(MONDAY_NINE)
    made.extensions |= {
        "doorbell.settings": settings,
        "doorbell.clock": clock,
        "doorbell.true_clock": clock,
        "doorbell.feed": Feed(made),
    }
    joinery._join_doorbell(made, settings)
    joinery._join_wechat(made, settings)
    # Last: it answers by what the extensions are now.
    vars(made).pop("wsgi_app")
    callback.register(made)
    return made


def migrate(database_url: str) -> None:
    """Bring an empty database to the newest schema."""
    made = an_app(database_url, data_dir=Path())
    with made.app_context():
        flask_migrate.upgrade(directory=str(Path(joinery.__file__).parent / "migrations"))
        close_connections()


def close_connections() -> None:
    """Give the database back; needs the app context that used it."""
    sa.engine.dispose()


def empty_tables() -> None:
    """Delete every row, past the triggers that forbid it, as only a test may; ids begin at 1 again."""
    live.forget()
    learning.forget()
    with sa.engine.begin() as connection:
        filled = _filled(connection)
        if connection.dialect.name == "postgresql":
            _empty_postgres(connection, filled)
        else:
            _empty_sqlite(connection, filled)


def _filled(connection: Connection) -> list[str]:
    """Return the tables that have rows, those that others refer to last."""
    tables = _tables()
    if connection.dialect.name == "postgresql":
        # To plan the question below for every table takes longer than all the rest.
        touched = set(connection.scalars(text(_TOUCHED)))
        tables = [name for name in tables if name in touched]
    if not tables:
        return []
    asked = " UNION ALL ".join(
        f"SELECT {place} WHERE EXISTS (SELECT 1 FROM {table})" for place, table in enumerate(tables)
    )
    return [tables[place] for place in sorted(connection.scalars(text(asked)))]


@cache
def _tables() -> list[str]:
    """Return all tables, those that others refer to last; to sort them takes longer than to look."""
    return [table.name for table in reversed(sa.metadata.sorted_tables)]


_TOUCHED = """
SELECT relname FROM pg_class
WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND pg_relation_size(oid) > 0
"""


# Guards that fire even for a replica: their names by table.
_ALWAYS = """
SELECT relname, array_agg(tgname::text) FROM pg_trigger JOIN pg_class ON tgrelid = pg_class.oid
WHERE tgenabled = 'A' GROUP BY relname
"""
_BEGIN_AT_ONE = """
SELECT setval(seqrelid::regclass, 1, false) FROM pg_sequence
WHERE pg_sequence_last_value(seqrelid) IS NOT NULL
"""


def _empty_postgres(connection: Connection, filled: Sequence[str]) -> None:
    guards: dict[str, list[str]] = {row[0]: row[1] for row in connection.execute(text(_ALWAYS))}
    words = ["SET session_replication_role = replica"]
    for table in filled:
        kept = guards.get(table, ())
        words += [f"ALTER TABLE {table} DISABLE TRIGGER {guard}" for guard in kept]
        words += [f"DELETE FROM {table}"]
        words += [f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {guard}" for guard in kept]
    words += [_BEGIN_AT_ONE, "SET session_replication_role = DEFAULT"]
    # All in one: most of the time would be lost between them.
    _run(connection, ["; ".join(words)])


def _empty_sqlite(connection: Connection, filled: Sequence[str]) -> None:
    found = text("SELECT tbl_name, name, sql FROM sqlite_master WHERE type = 'trigger'")
    guards = [row for row in connection.execute(found) if row.tbl_name in filled]
    words = [f"DROP TRIGGER {guard.name}" for guard in guards]
    words += [f"DELETE FROM {table}" for table in filled]
    words += [guard.sql for guard in guards]
    _run(connection, words)


def _run(connection: Connection, words: Sequence[str]) -> None:
    """Say it to the driver, past all that SQLAlchemy would think about it."""
    line = connection.connection.cursor()
    for statement in words:
        line.execute(statement)
    line.close()


def a_branch(
    db: Session,
    *,
    windows: Sequence[tuple[int, int]] = WINDOWS,
    territory: Sequence[Point] = AROUND_QINGDAO,
) -> int:
    """Open a branch in the north of the city and return its id."""
    count = len(queries.branches(db)) + 1
    branch = roster.add_branch(
        db,
        code=f"QD{count}",
        name=f"青岛网点 {count}",
        point=NORTH,
        territory=territory,
        windows=windows,
    )
    return branch.id


def a_technician(
    db: Session,
    *,
    branch_id: int,
    days: int = 14,
    opens_s: int = 8 * HOUR_S,
    shuts_s: int = 18 * HOUR_S,
    breaks: Sequence[tuple[int, int, int]] = (),
    skills: Mapping[str, int] | None = None,
    home: Point = NORTH,
) -> int:
    """Take on a technician with shifts from MONDAY on and return his id."""
    count = len(queries.technicians(db, branch_id=branch_id)) + 1
    technician = roster.add_technician(
        db,
        branch_id=branch_id,
        work_number=f"QD{branch_id}{count:03d}",
        name=f"王师{count}",
        phone=f"139{branch_id:04d}{count:04d}",
        home=home,
        skills=skills or {"air": 2},
    )
    roster.add_shifts(
        db,
        technician=technician,
        days=[MONDAY + timedelta(days=n) for n in range(days)],
        opens_s=opens_s,
        shuts_s=shuts_s,
        breaks=breaks,
    )
    db.flush()
    return technician.id


def a_service(db: Session, *, code: str = "air_install", work_s: int = HOUR_S) -> str:
    """Put 空调安装 on sale for ¥180.00 and return its code."""
    catalogue.add_service(
        db,
        code=code,
        category="installation",
        name="空调安装",
        short_name="空调装",
        about="挂机、柜机",
        icon="air-conditioning",
        work_s=work_s,
        skill="air",
        price=Money(180_00),
        options=[
            {
                "code": "pipe",
                "name": "加长铜管",
                "kind": "count",
                "most": 10,
                "price_fen": 80_00,
                "work_s": 600,
            }
        ],
    )
    return code


def a_member(
    db: Session, *, openid: str = "oTest000000000000000000001", now: datetime = MONDAY_NINE
) -> Actor:
    """Make a follower and return him as an actor."""
    member = following.follow(db, openid=openid, scene="", now=now)
    return Actor(member.id, Role.MEMBER)


def a_draft(
    db: Session,
    *,
    by: Actor,
    service_code: str = "air_install",
    point: Point = NORTH,
    now: datetime = MONDAY_NINE,
) -> str:
    """Fill in a draft for that member and return its number."""
    draft = drafts.save_draft(
        db,
        service_code=service_code,
        choices={},
        address=Address(
            text="青岛市市北区浮山后三小区 12-2-402",
            compound="浮山后三小区",
            door="12-2-402",
            point=point,
        ),
        contact="林女士",
        phone=Phone("13800002046"),
        by=by,
        now=now,
    )
    return draft.number


def tomorrow(now: datetime = MONDAY_NINE) -> date:
    """Return the day after `now`."""
    return local_date(now) + timedelta(days=1)
