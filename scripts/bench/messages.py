"""Send 20,000 messages through faults and kill -9: none told twice, none lost without a word.

Three processes send through a WeChat of the bench's own that loses calls and answers, and knows
an id for ten minutes only; time runs twenty times as fast. SQLite, and PostgreSQL where it is at hand.
"""

import random
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from sqlalchemy import func, insert, select

from kernel.actor import SYSTEM
from kernel.clock import SystemClock
from kernel.db import sa, transaction
from kernel.leases import PENDING
from notifications import queries
from notifications.models import Message
from notifications.sending import client_msg_id
from scripts.bench.killing import house, messenger
from scripts.bench.killing.hands import Hand, hands
from scripts.bench.killing.messenger import FASTER
from scripts.bench.killing.wechat import WeChat
from scripts.benches import Result, Stand

MESSAGES, MESSAGES_QUICK = 20_000, 120
KILLS, KILLS_QUICK = 60, 3
FAULTS, FAULTS_QUICK = (0.1, 0.3, 0.5), (0.3,)
HANDS = 3
REMEMBERS_S = 600.0 / FASTER
PAUSE_S = (0.2, 1.0)
# How long nothing may come to its end before all counts as stuck.
STUCK_AFTER_S = 300.0
# The ends that leave a message to a person, each of which the console lists.
ENDS = ("unknown", "dead", "suppressed", "call")
PAGE = 500


def run(stand: Stand) -> Result:
    """Send on each database there is, at each share of faults."""
    result = Result()
    for faults in FAULTS_QUICK if stand.is_quick else FAULTS:
        send_through(stand, result, faults=faults)
    return result


def send_through(
    stand: Stand, result: Result, *, faults: float, remembers_s: float = REMEMBERS_S
) -> None:
    """Send on each database there is through a WeChat that loses the share `faults`."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="doorbell-bench-")))
        urls = {"sqlite": f"sqlite:///{folder / 'house.sqlite3'}"}
        postgres = house.postgres_url(stack)
        if postgres is None:
            stand.tell("PostgreSQL is not at hand: left out")
        else:
            urls["postgres"] = postgres
        for name, url in urls.items():
            own = folder / name
            own.mkdir()
            with WeChat(faults=faults, remembers_s=remembers_s) as wechat:
                around = house.environment(
                    url, folder=own, port=house.free_port(), wechat_base=wechat.base
                )
                house.migrate(around)
                with (
                    stand.make_app(house.settings_of(around)).app_context(),
                    hands(messenger.send, around, log=own / "house.log") as start,
                ):
                    try:
                        _send_all(stand, start, wechat, result, f"{name}_{faults:.0%}")
                    finally:
                        sa.engine.dispose()


def _send_all(
    stand: Stand,
    start: Callable[[], Hand],
    wechat: WeChat,
    result: Result,
    name: str,
) -> None:
    count = MESSAGES_QUICK if stand.is_quick else MESSAGES
    _queue(count)
    began_s = time.monotonic()
    kills = _kill_while_they_send(
        start,
        kills=KILLS_QUICK if stand.is_quick else KILLS,
        done=lambda: count - _waiting(),
        count=count,
    )
    ends = _ends()
    with transaction(reads_only=True) as db:
        rows = db.execute(select(Message.dedupe_key, Message.state)).all()
    lost = [
        key for key, state in rows if not wechat.delivered[client_msg_id(key)] and key not in ends
    ]
    unseen = [key for key, state in rows if state == "unknown" and key not in ends]
    twice = [key for key, times in wechat.delivered.items() if times > 1]
    stand.tell(f"{name}: {kills} kills, {wechat.calls} calls arrived, {len(ends)} left to a person")
    result.count(f"{name}_messages", len(rows))
    result.count(f"{name}_kills", kills)
    result.count(f"{name}_delivered", len(wechat.delivered))
    result.count(f"{name}_unknown", sum(state == "unknown" for _, state in rows))
    result.count(f"{name}_seconds", round(time.monotonic() - began_s, 1))
    result.claim(f"{name}: every message comes to its end", is_so=not _waiting())
    result.claim(f"{name}: none delivered twice", is_so=not twice, but=str(twice[:3]))
    result.claim(f"{name}: none silently lost", is_so=not lost, but=str(lost[:3]))
    result.claim(f"{name}: every unknown is in the console's list", is_so=not unseen)


def _queue(count: int) -> None:
    now = SystemClock().now()
    with transaction() as db:
        # Urgent: neither the night nor a reserve holds it back.
        db.execute(
            insert(Message),
            [
                {
                    "dedupe_key": f"M9:B{number}",
                    "kind": "M9",
                    "openid": f"oBench{number:022d}",
                    "about": f"booking:B{number}",
                    "fields": {"thing1": "空调安装"},
                    "path": f"/c/bookings/B{number}",
                    "made_at": now,
                }
                for number in range(count)
            ],
        )


def _kill_while_they_send(
    start: Callable[[], Hand], *, kills: int, done: Callable[[], int], count: int
) -> int:
    """Kill one of the hands at random moments all along the way, then wait for the end."""
    chance = random.Random(7)
    hands = [start() for _ in range(HANDS)]
    killed, before, ended, moved_s = 0, 0, 0, time.monotonic()
    while time.monotonic() - moved_s < STUCK_AFTER_S and ended < count:
        time.sleep(chance.uniform(*PAUSE_S) if killed < kills else 0.2)
        if done() > ended:
            ended, moved_s = done(), time.monotonic()
        # Spread over the work: a kill of who has not begun proves nothing.
        if killed < kills and ended > before and ended >= count * killed / (kills * 1.5):
            place = chance.randrange(HANDS)
            hands[place].kill()
            hands[place] = start()
            killed, before = killed + 1, ended
    for hand in hands:
        hand.kill()
    return killed


def _waiting() -> int:
    with transaction(reads_only=True) as db:
        waiting = select(func.count()).select_from(Message).where(Message.state == PENDING)
        return db.scalar(waiting) or 0


def _ends() -> set[str]:
    """Return the keys of what the console's list shows as left to a person."""
    found: set[str] = set()
    with transaction(reads_only=True) as db:
        for state in ENDS:
            offset, total = 0, 1
            while offset < total:
                rows, total = queries.log(db, by=SYSTEM, state=state, limit=PAGE, offset=offset)
                found |= {row.dedupe_key for row in rows}
                offset += PAGE
    return found
