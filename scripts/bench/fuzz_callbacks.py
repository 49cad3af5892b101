"""Hand a million bent callbacks in, plain and in AES mode: no 5xx, and a forged one changes nothing.

Each block of cases is repeated by its seed: a fault names mode, seed and number. SQLite, whose files
tell whether anything was committed at all.
"""

import logging
import tempfile
import time
from pathlib import Path

import flask_migrate
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
    result, found = Result(), Found()
    cases = CASES_QUICK if stand.is_quick else CASES
    with tempfile.TemporaryDirectory(prefix="doorbell-bench-") as name:
        for post in (Post(is_sealed=False), Post(is_sealed=True)):
            folder = Path(name) / ("aes" if post.is_sealed else "plain")
            folder.mkdir()
            _hand_in(stand, post, blocks=cases // BLOCK // 2, folder=folder, found=found)
    result.count("cases", found.count)
    result.count("kinds of cases", len(found.cases))
    for status, count in sorted(found.answers.items()):
        result.count(f"answered {status}", count)
    result.count("changed a row", found.moved)
    result.claim("no 5xx", is_so=not any(status >= 500 for status in found.answers))
    result.claim("each came to what it must", is_so=not found.faults, but=str(found.faults))
    result.claim("true letters were taken in", is_so=found.moved > 0)
    return result


def _hand_in(stand: Stand, post: Post, *, blocks: int, folder: Path, found: Found) -> None:
    app = stand.make_app(settings_of(f"sqlite:///{folder / 'h.sqlite3'}", folder=folder, post=post))
    logging.getLogger("alembic").setLevel(logging.WARNING)
    told_s = time.monotonic()
    with app.app_context():
        # Only a power cut would tell the difference, and there is none in a bench.
        event.listen(sa.engine, "connect", lambda raw, _: raw.execute("PRAGMA synchronous=OFF"))
        try:
            flask_migrate.upgrade(directory=str(ROOT / "migrations"))
            for seed in range(blocks):
                fuzzing.run(app, post, seed=seed, count=BLOCK, found=found)
                if time.monotonic() - told_s > TELL_EVERY_S:
                    told_s = time.monotonic()
                    stand.tell(f"{folder.name}: {found.count:,} in all, {len(found.faults)} faults")
        finally:
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
