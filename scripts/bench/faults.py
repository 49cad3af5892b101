"""kill -9 web, relay and a working hand again and again: nothing lost, half done or told twice.

Programs book over the API while a hand attends visits and is paid; the relay tells everybody through
a WeChat of the bench's own. SQLite, and PostgreSQL where the tests' server is at hand.
"""

import random
import tempfile
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from kernel.db import sa
from scripts.bench.killing import findings, house
from scripts.bench.killing.bookers import Bookers
from scripts.bench.killing.hand import ROUND
from scripts.bench.killing.wechat import WeChat
from scripts.benches import Result, Stand
from scripts.killable import Program, programs
from scripts.processes import flask_command

KILLS, KILLS_QUICK = 60, 6
# More members than can be booked meanwhile; a visit a technician and window for tomorrow.
MEMBERS, TECHNICIANS, PROMISED = 400, 12, 40
THREADS = 3
PAUSE_S = (0.1, 0.8)
START_S_MAX, QUIET_S_MAX = 90.0, 180.0
TELL_EVERY = 10
ACTS = frozenset({"accept", "depart", "arrive", "start", "finish", "pay"})
KINDS = ACTS | {"book"}
# A web process that has answered so often is worth killing: all its threads are busy.
ANSWERS_MIN = 5

Start = Callable[[list[str]], Program]


class Victim:
    """One process of the house, which is started again whenever it was killed."""

    def __init__(
        self,
        name: str,
        start: Callable[[], Program],
        has_worked: Callable[[int], bool],
        measure: Callable[[], int],
    ) -> None:
        """`has_worked` compares with what `measure` said when the process was started."""
        self.name, self.kills = name, 0
        self._start, self._has_worked, self._measure = start, has_worked, measure
        self._before = measure()
        self._program = start()

    def is_alive(self) -> bool:
        return self._program.is_alive()

    def is_at_work(self) -> bool:
        """Raises RuntimeError when it ended by itself."""
        if not self.is_alive():
            raise RuntimeError(f"{self.name} ended by itself")
        return self._has_worked(self._before)

    def kill(self) -> None:
        """kill -9, and start another."""
        self._program.kill()
        self.kills += 1
        self._before = self._measure()
        self._program = self._start()


def run(stand: Stand) -> Result:
    """Kill on each database there is."""
    result = Result()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="doorbell-bench-")))
        _on(f"sqlite:///{folder / 'house.sqlite3'}", "sqlite", folder, stand, result)
        postgres = house.postgres_url(stack)
        if postgres is None:
            stand.tell("PostgreSQL is not at hand: left out")
        else:
            _on(postgres, "postgres", folder, stand, result)
    return result


@dataclass(frozen=True, slots=True, kw_only=True)
class Life:
    """One house on one database, and the WeChat it tells everything to."""

    name: str
    folder: Path
    port: int
    surroundings: Mapping[str, str]
    wechat: WeChat
    kills: int
    tell: Callable[[str], None]

    @property
    def log(self) -> Path:
        return self.folder / "house.log"


def _on(url: str, name: str, folder: Path, stand: Stand, result: Result) -> None:
    own = folder / name
    own.mkdir()
    with WeChat() as wechat:
        port = house.free_port()
        surroundings = house.environment(url, folder=own, port=port, wechat_base=wechat.base)
        stand.tell(f"{name}: a new house")
        house.migrate(surroundings)
        life = Life(
            name=name,
            folder=own,
            port=port,
            surroundings=surroundings,
            wechat=wechat,
            kills=KILLS_QUICK if stand.is_quick else KILLS,
            tell=lambda words: stand.tell(f"{name}: {words}"),
        )
        with stand.make_app(house.settings_of(surroundings)).app_context():
            town = house.found_town(members=MEMBERS, technicians=TECHNICIANS, promised=PROMISED)
            try:
                _live_and_die(life, town, result)
            finally:
                sa.engine.dispose()


def _live_and_die(life: Life, town: house.Town, result: Result) -> None:
    with programs(life.surroundings, log=life.log) as start:
        bookers = Bookers(town, life.port, threads=THREADS)
        victims = _victims(life, bookers, start)
        _kill(victims, life)
        all_answered = bookers.end()
        life.tell(f"{len(bookers.booked)} booked; waiting until everybody has heard")
        is_quiet = _wait_until_quiet()
        dead = [victim.name for victim in victims if not victim.is_alive()]
    said = [line for line in life.log.read_text().splitlines() if _is_act(line)]

    for victim in victims:
        result.count(f"{life.name}_kills_of_{victim.name}", victim.kills)
    result.count(f"{life.name}_bookings", len(bookers.booked))
    result.count(f"{life.name}_acts", len(said))
    result.count(f"{life.name}_calls_repeated", bookers.repeated)
    result.count(f"{life.name}_messages", life.wechat.delivered.total())
    result.count(f"{life.name}_sends", life.wechat.calls)

    def claim(words: str, fault: object) -> None:
        result.claim(f"{life.name}: {words}", is_so=not fault, but=str(fault))

    kinds = {line.split()[0] for line in said} | ({"book"} if bookers.booked else set())
    claim("every kind of act was done", sorted(KINDS - kinds))
    claim("nobody ended by himself", dead)
    claim("every call was answered", "" if all_answered else "one still waits")
    claim("no call was refused", bookers.refused[:3])
    claim("no booking is lost", findings.lost_bookings(bookers.booked)[:3])
    claim("no act is lost", findings.lost_acts(said)[:3])
    claim("nothing is half done", findings.half_done())
    claim("all work comes to its end", "" if is_quiet else "rows still wait")
    claim("everybody is told once", findings.wrongly_told(life.wechat))


def _victims(life: Life, bookers: Bookers, start: Start) -> list[Victim]:
    """Return web, relay and hand, each with how to see that it is at work."""
    return [
        Victim(
            "web",
            partial(start, house.web_command(life.port)),
            lambda before: bookers.answered >= before + ANSWERS_MIN,
            lambda: bookers.answered,
        ),
        Victim(
            "relay",
            partial(start, flask_command("relay")),
            lambda before: findings.claims() > before,
            findings.claims,
        ),
        Victim(
            "hand",
            partial(start, house.hand_command()),
            lambda before: _rounds(life.log) > before,
            lambda: _rounds(life.log),
        ),
    ]


def _kill(victims: list[Victim], life: Life) -> None:
    """Kill, at random moments, whoever is at work; start him again at once."""
    chance = random.Random(7)
    for count in range(1, life.kills + 1):
        time.sleep(chance.uniform(*PAUSE_S))
        began_s = time.monotonic()
        while not (at_work := [victim for victim in victims if victim.is_at_work()]):
            if time.monotonic() - began_s > START_S_MAX:
                raise RuntimeError("nobody is at work any more")
            time.sleep(0.05)
        chance.choice(at_work).kill()
        if count % TELL_EVERY == 0 or count == life.kills:
            life.tell(f"{count} of {life.kills} kills")


def _wait_until_quiet() -> bool:
    began_s = time.monotonic()
    while time.monotonic() - began_s < QUIET_S_MAX:
        if findings.is_quiet():
            return True
        time.sleep(0.2)
    return False


def _rounds(log: Path) -> int:
    return log.read_text().splitlines().count(ROUND) if log.exists() else 0


def _is_act(line: str) -> bool:
    words = line.split()
    return len(words) == 2 and words[0] in ACTS
