"""Measure WeChat's callbacks, plain and in AES mode, over a bare Flask view that only verifies.

The house and the bare view are served alike, by one process of the web server as scripts/run starts
it, and called alike, in turns. What comes is a day's mix, a third of it reports on template messages;
every letter is new, so each is written to the SQLite file before it is answered. Processor time is
that of the serving process. The callers are one thread of another process: where they have to share
the server's core, their time is part of both rates, and the ratio of processor times is the truer one.
"""

import os
import random
import statistics
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import insert

from kernel.clock import SystemClock
from kernel.db import sa, transaction
from scripts.bench.calling import crowd, letters
from scripts.bench.calling.crowd import Heard
from scripts.bench.calling.letters import Mail, Post
from scripts.bench.fuzz_callbacks import settings_of
from scripts.bench.killing import house
from scripts.benches import Result, Stand
from scripts.bootstrap import PYTHON, ROOT
from scripts.killable import Program, programs
from scripts.processes import web_server

CALLS, CALLS_QUICK = 4_000, 800
ROUNDS = 3
LINES = 32
RATIO_MIN = 0.4
START_S_MAX = 60.0
MIX: Mapping[str, int] = {
    "TEMPLATESENDJOBFINISH": 33, "VIEW": 20, "text": 15, "CLICK": 10, "LOCATION": 8,
    "subscribe_msg_popup_event": 4, "voice": 3, "image": 2, "subscribe": 2, "SCAN": 2,
    "unsubscribe": 1,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Server:
    """A program that serves callbacks."""

    port: int
    program: Program


@dataclass(frozen=True, slots=True)
class Round:
    """What the bare view and the house were asked in turns, and the processor time of each, in all."""

    bare: Heard
    bare_cpu_s: float
    ours: Heard
    ours_cpu_s: float
    callers_cpu_s: float


def run(stand: Stand) -> Result:
    result = Result()
    for post in (Post(is_sealed=False), Post(is_sealed=True)):
        with tempfile.TemporaryDirectory(prefix="doorbell-bench-") as name:
            _in_mode(post, Path(name), stand, result)
    return result


def _in_mode(post: Post, folder: Path, stand: Stand, result: Result) -> None:
    mode = "AES" if post.is_sealed else "plain"
    calls = CALLS_QUICK if stand.is_quick else CALLS
    url = f"sqlite:///{folder / 'house.sqlite3'}"
    settings = settings_of(url, folder=folder, post=post)
    surroundings = house.environment(url, folder=folder, port=1, wechat_base="http://127.0.0.1:1")
    surroundings |= {
        "WECHAT_TOKEN": settings.wechat_token,
        "WECHAT_AES_KEY": settings.wechat_aes_key,
    }
    command = [str(PYTHON), "-m", "scripts.flask_steps", "db upgrade"]
    subprocess.run(command, cwd=ROOT, env=surroundings, check=True, capture_output=True)
    with stand.make_app(settings).app_context():
        msgids = _sent_messages(calls * (ROUNDS + 1))
        sa.engine.dispose()
    letter = Letters(post, msgids)
    rounds = []
    with programs(surroundings, log=folder / "log") as start:
        servers = [
            Server(port, start(web_server(application, port, workers=1)))
            for application, port in (
                ("scripts.bench.calling.bare:create_app()", house.free_port()),
                ("app:create_app()", house.free_port()),
            )
        ]
        for server in servers:
            _wait_for(server, letter)
        for turn in range(ROUNDS):
            rounds.append(_round(servers, letter, calls))
            stand.tell(f"{mode} {turn + 1}: {_line(rounds[-1], calls)}")
    _conclude(result, mode, rounds, calls)


def _round(servers: Sequence[Server], letter: "Letters", calls: int) -> Round:
    mails = [letter.some(calls) for _ in servers]
    began_s = time.process_time()
    (bare, bare_cpu_s), (ours, ours_cpu_s) = map(_called, servers, mails)
    return Round(bare, bare_cpu_s, ours, ours_cpu_s, time.process_time() - began_s)


def _line(one: Round, calls: int) -> str:
    return (
        f"bare {calls / one.bare.took_s:,.0f}/s, {one.bare_cpu_s / calls * 1e6:.0f} µs;"
        f" ours {calls / one.ours.took_s:,.0f}/s, {one.ours_cpu_s / calls * 1e6:.0f} µs"
    )


def _conclude(result: Result, mode: str, rounds: Sequence[Round], calls: int) -> None:
    heards = [one.ours for one in rounds]
    each_s = statistics.quantiles([took_s for heard in heards for took_s in heard.each_s], n=100)
    ratio = round(statistics.median(one.bare.took_s / one.ours.took_s for one in rounds), 2)
    figures = {
        "callbacks a second": round(statistics.median(calls / heard.took_s for heard in heards)),
        f"p50 ms at {LINES} at once": round(each_s[49] * 1e3, 1),
        f"p99 ms at {LINES} at once": round(each_s[98] * 1e3, 1),
        "rate over the bare view's": ratio,
        "the bare view's processor time over ours": round(
            statistics.median(one.bare_cpu_s / one.ours_cpu_s for one in rounds), 2
        ),
        "the callers' own processor time, µs a call": round(
            statistics.median(one.callers_cpu_s for one in rounds) / (2 * calls) * 1e6
        ),
    }
    for name, figure in figures.items():
        result.count(f"{mode}: {name}", figure)
    result.claim(f"{mode}: at least {RATIO_MIN}", is_so=ratio >= RATIO_MIN, but=str(ratio))
    others = {status for heard in heards for status in heard.answers} - {200}
    result.claim(f"{mode}: all are answered 200", is_so=not others, but=str(others))


class Letters:
    """Writes letters of the mix, no two alike."""

    def __init__(self, post: Post, msgids: list[str]) -> None:
        self._post, self._msgids = post, iter(msgids)
        self._rng, self._count = random.Random(1), 0

    def some(self, count: int) -> list[Mail]:
        return [self.one(kind) for kind in self._rng.choices(list(MIX), [*MIX.values()], k=count)]

    def one(self, kind: str = "VIEW") -> Mail:
        self._count += 1
        parts = letters.elements(kind, number=self._count, rng=self._rng)
        if kind in letters.REPORTS:
            parts["MsgID"] = next(self._msgids)
        return self._post.send(letters.written(parts), nonce=f"n{self._count}")


def _sent_messages(count: int) -> list[str]:
    """Put messages there that were sent, for the reports to be about; return their ids."""
    now = SystemClock().now()
    msgids = [str(3_900_000_000_000_000_000 + number) for number in range(count)]
    rows = [
        {
            "dedupe_key": msgid,
            "kind": "M1",
            "openid": f"oFuzz{number:023d}",
            "about": "booking:B1",
            "fields": {},
            "path": "/",
            "made_at": now,
            "sent_at": now,
            "msgid": msgid,
            "state": "sent",
            "outcome": "",
            "error": "",
            "due_s": 0.0,
            "lease_until_s": 0.0,
            "fence": 1,
            "attempts": 1,
        }
        for number, msgid in enumerate(msgids)
    ]
    with transaction() as db:
        db.execute(insert(sa.metadata.tables["notifications_message"]), rows)
    return msgids


def _wait_for(server: Server, letter: Letters) -> None:
    began_s = time.monotonic()
    while time.monotonic() - began_s < START_S_MAX:
        with suppress(ConnectionError):
            # And let it load what it loads by need.
            crowd.call(server.port, letter.some(LINES * 4), lines=LINES)
            return
        time.sleep(0.1)
    raise RuntimeError("a server does not start")


def _called(server: Server, mails: list[Mail]) -> tuple[Heard, float]:
    """Call a server; return what was heard, and the processor time that it took."""
    before_s = _cpu_s(server)
    heard = crowd.call(server.port, mails, lines=LINES)
    return heard, _cpu_s(server) - before_s


def _cpu_s(server: Server) -> float:
    """Return the processor time of a server's processes, which are a group of their own."""
    ticks = 0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            of_process = stat.read_text().rpartition(")")[2].split()
            if int(of_process[2]) == server.program.group:
                ticks += int(of_process[11]) + int(of_process[12])
    return ticks / os.sysconf("SC_CLK_TCK")
