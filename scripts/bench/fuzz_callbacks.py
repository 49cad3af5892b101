"""Hand a million bent callbacks in, half plain and half in AES mode: no 5xx, no change by a forged one.

The modes take turns, block by block. Each block of cases is repeated by its seed: a fault names mode,
seed and number. SQLite, whose files tell whether anything was committed at all.
"""

import logging
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import flask_migrate
from flask import Flask
from sqlalchemy import event

from kernel.db import sa
from kernel.settings import Settings
from scripts.bench.calling import fuzzing, letters
from scripts.bench.calling.fuzzing import Found
from scripts.bench.calling.letters import Post
from scripts.bench.killing import house
from scripts.benches import Result, Stand
from scripts.bootstrap import ROOT
from scripts.processes import LOOPBACK

BLOCK = 10_000
CASES, CASES_QUICK = 1_000_000, 20_000
TELL_EVERY_S = 20.0


def run(stand: Stand) -> Result:
    result, found, told_s = Result(), Found(), time.monotonic()
    blocks = (CASES_QUICK if stand.is_quick else CASES) // BLOCK
    in_mode = {"plain": 0, "AES": 0}
    logging.getLogger("alembic").setLevel(logging.WARNING)
    with tempfile.TemporaryDirectory(prefix="doorbell-bench-") as name, ExitStack() as stack:
        houses = [
            (mode, post, stack.enter_context(_house(stand, post, folder=Path(name) / mode)))
            for mode, post in (("plain", Post(is_sealed=False)), ("AES", Post(is_sealed=True)))
        ]
        for block in range(blocks):
            mode, post, app = houses[block % len(houses)]
            with app.app_context():
                fuzzing.run(app, post, seed=block // len(houses), count=BLOCK, found=found)
            in_mode[mode] += BLOCK
            if time.monotonic() - told_s > TELL_EVERY_S:
                told_s = time.monotonic()
                stand.tell(f"{found.count:,}: {in_mode}, {len(found.faults)} faults")
    result.count("cases", found.count)
    for mode, count in in_mode.items():
        result.count(f"cases in {mode} mode", count)
    result.count("kinds of cases", len(found.cases))
    for status, count in sorted(found.answers.items()):
        result.count(f"answered {status}", count)
    result.count("changed a row", found.moved)
    result.claim("no 5xx", is_so=not any(status >= 500 for status in found.answers))
    result.claim("each came to what it must", is_so=not found.faults, but=str(found.faults))
    result.claim("true letters were taken in", is_so=found.moved > 0)
    return result


@contextmanager
def _house(stand: Stand, post: Post, *, folder: Path) -> Iterator[Flask]:
    """Give an app whose callbacks travel like that, on a database of its own."""
    folder.mkdir()
    app = stand.make_app(settings_of(f"sqlite:///{folder / 'h.sqlite3'}", folder=folder, post=post))
    with app.app_context():
        # Only a power cut would tell the difference, and there is none in a bench.
        event.listen(sa.engine, "connect", lambda raw, _: raw.execute("PRAGMA synchronous=OFF"))
        flask_migrate.upgrade(directory=str(ROOT / "migrations"))
    try:
        yield app
    finally:
        with app.app_context():
            sa.engine.dispose()


def settings_of(database_url: str, *, folder: Path, post: Post) -> Settings:
    """Return a house's settings that know the letters' account."""
    surroundings = house.environment(
        database_url, folder=folder, port=1, wechat_base=f"http://{LOOPBACK}:1"
    )
    return Settings.from_env(
        surroundings
        | {
            "WECHAT_APPID": letters.APPID,
            "WECHAT_TOKEN": letters.TOKEN,
            "WECHAT_AES_KEY": letters.AES_KEY if post.is_sealed else "",
        }
    )
