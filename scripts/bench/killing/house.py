"""A house on temporary files: its settings, its town, and the processes that serve it."""

import os
import socket
import subprocess
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, fields
from datetime import date, timedelta
from pathlib import Path

from booking.operations import bookings, catalogue, drafts
from booking.operations.drafts import Address
from dispatch.operations import publishing, roster
from dispatch.planner.problem import Window
from kernel.actor import SYSTEM, Actor, Role
from kernel.clock import SystemClock, local_date
from kernel.db import transaction
from kernel.geo import Point
from kernel.money import Money
from kernel.phone import Phone
from kernel.settings import Settings
from members.operations import api_clients, following
from scripts.bootstrap import PYTHON, ROOT
from scripts.processes import LOOPBACK

HOUR_S = 3600
WINDOWS = tuple((hour * HOUR_S, (hour + 2) * HOUR_S) for hour in (8, 10, 13, 15))
DOOR = Point(36.09, 120.37)
TERRITORY = (Point(35.9, 120.0), Point(35.9, 120.8), Point(36.5, 120.8), Point(36.5, 120.0))
DAYS = 9
SERVICE = "air_install"
CONTACT, PHONE = "林女士", "13800002046"


@dataclass(frozen=True, slots=True)
class Town:
    """Who lives there: members without a booking, and how a program books for them."""

    members: list[str]
    token: str


def environment(database_url: str, *, folder: Path, port: int, wechat_base: str) -> dict[str, str]:
    """Return the surroundings of a process of this house, whatever is set outside."""
    ours = {field.name.upper() for field in fields(Settings)}
    outside = {name: value for name, value in os.environ.items() if name not in ours}
    return outside | {
        "MODE": "test",
        "DATA_DIR": str(folder),
        "DATABASE_URL": database_url,
        "SECRET_KEY": "a bench keeps no secrets, and so this is none",
        "PUBLIC_BASE": f"http://{LOOPBACK}:{port}",
        "WECHAT_APPID": "wx0123456789abcdef",
        "WECHAT_SECRET": "secret-of-benches",
        "WECHAT_TOKEN": "token-of-benches",
        "WECHAT_API_BASE": wechat_base,
        "RATE_LIMITS": "off",
        "FLASK_SKIP_DOTENV": "1",
        "PYTHONUNBUFFERED": "1",
    }


def migrate(surroundings: Mapping[str, str]) -> None:
    """Give the house's database its tables."""
    command = [str(PYTHON), "-m", "scripts.flask_steps", "db upgrade"]
    subprocess.run(command, cwd=ROOT, env=surroundings, check=True, capture_output=True)


def settings_of(surroundings: Mapping[str, str]) -> Settings:
    return Settings.from_env(surroundings)


def the_day() -> date:
    """The day whose visits are attended while others are booked for later days."""
    return local_date(SystemClock().now()) + timedelta(days=1)


def found_town(*, members: int, technicians: int, promised: int) -> Town:
    """Fill an empty database: a branch, its people, and `promised` visits of tomorrow."""
    now = SystemClock().now()
    with transaction() as db:
        branch = roster.add_branch(
            db, code="QD1", name="青岛网点", point=DOOR, territory=TERRITORY, windows=WINDOWS
        )
        for number in range(technicians):
            technician = roster.add_technician(
                db,
                branch_id=branch.id,
                work_number=f"QD{number}",
                name=f"王师{number}",
                phone=f"1390000{number:04d}",
                home=DOOR,
                skills={"air": 1},
            )
            days = [the_day() + timedelta(days=after) for after in range(DAYS)]
            roster.add_shifts(
                db, technician=technician, days=days, opens_s=8 * HOUR_S, shuts_s=18 * HOUR_S
            )
        catalogue.add_service(
            db,
            code=SERVICE,
            category="installation",
            name="空调安装",
            short_name="空调装",
            about="挂机、柜机",
            icon="air-conditioning",
            work_s=HOUR_S,
            skill="air",
            price=Money(180_00),
            options=[],
        )
        known = [
            following.follow(db, openid=f"oBench{number:022d}", scene="", now=now)
            for number in range(members + promised)
        ]
        client = api_clients.add_client(
            db,
            name="bench",
            role=Role.MANAGER,
            branch_ids=(),
            scopes=api_clients.SCOPES,
            by=SYSTEM,
            now=now,
        )
    for place, member in enumerate(known[members:]):
        _promise(Actor(member.id, Role.MEMBER), Window(*WINDOWS[place % len(WINDOWS)]))
    with transaction() as db:
        publishing.publish_day(db, branch_id=branch.id, day=the_day(), by=SYSTEM, now=now)
    return Town([member.number for member in known[:members]], client.token)


def _promise(by: Actor, window: Window) -> None:
    now = SystemClock().now()
    with transaction() as db:
        address = Address(
            text="浮山后三小区 12-2-402", compound="浮山后三小区", door="12", point=DOOR
        )
        draft = drafts.save_draft(
            db,
            service_code=SERVICE,
            choices={},
            address=address,
            contact=CONTACT,
            phone=Phone(PHONE),
            by=by,
            now=now,
        )
    with transaction() as db:
        held = bookings.hold(
            db, draft_number=draft.number, day=the_day(), window=window, by=by, now=now
        )
        bookings.commit(db, number=held.number, by=by, now=now)


def web_command(port: int) -> list[str]:
    words = (
        f"-m gunicorn --bind {LOOPBACK}:{port} --worker-class gthread --workers 1 --threads 8 "
        "--log-level warning --no-control-socket app:create_app()"
    )
    return [str(PYTHON), *words.split()]


def hand_command() -> list[str]:
    return [str(PYTHON), "-m", "scripts.bench.killing.hand"]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        port: int = probe.getsockname()[1]
        return port


def postgres_url(stack: ExitStack) -> str | None:
    """Start the tests' PostgreSQL for as long as the stack stands; None where there is none."""
    try:
        from tests.servers import PostgresServer  # noqa: PLC0415 - only a checkout has it

        return stack.enter_context(PostgresServer()).create("bench")
    except (ImportError, RuntimeError):
        return None
