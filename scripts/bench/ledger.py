"""Post to the ledger by many hands that are killed: it follows to the last row, beside the bare driver.

Sixteen processes earn, lose, spend, keep and undo with keys that collide, and die at any moment; then every
account, lot and hold is derived anew. As hands die there and not the machine, that house waits for no disk. Apart from
them, on a disk, one hand posts in turns with the bare driver, which lays the same rows into a copy of the database
under the same settings. SQLite, and PostgreSQL where it is at hand.
"""

import random
import statistics
import time
from collections.abc import Callable
from contextlib import closing

from kernel.db import sa, transaction
from members.ledger import COMPLETION, HOUSE_POINTS
from members.ledger_proof import prove
from members.operations import postings
from scripts.bench.committing.twin import Watch
from scripts.bench.killing import poster
from scripts.bench.killing.hands import Hand, hands
from scripts.bench.proving import grounds
from scripts.bench.proving.grounds import Ground
from scripts.benches import Result, Stand

OPERATIONS, OPERATIONS_QUICK = 200_000, 300
HANDS, HANDS_QUICK = 16, 3
KILLS, KILLS_QUICK = 100, 2
POSTED, POSTED_QUICK = 1_000, 60
WARM = 20
SHARE_MIN = 0.25
PAUSE_S = 0.2
TELL_EVERY_S = 20.0
STUCK_AFTER_S = 120.0


def run(stand: Stand) -> Result:
    result = Result()
    for ground in grounds.at_hand(stand):
        with ground.house(stand):
            share = _share_of_bare(ground, stand)
        result.count(f"{ground.name}: postings a second over the bare driver's", round(share, 2))
        result.claim(
            f"{ground.name}: at least {SHARE_MIN:g} of the bare driver's rate",
            is_so=share >= SHARE_MIN,
            but=f"{share:.2f}",
        )
    for ground in grounds.at_hand(stand, is_durable=False):
        with ground.house(stand) as around:
            _by_many(ground, stand, result, around)
    return result


def _share_of_bare(ground: Ground, stand: Stand) -> float:
    """Post in turns with the bare driver; return our rate over its rate, by medians."""
    count = WARM + (POSTED_QUICK if stand.is_quick else POSTED)
    _begin()
    watch = Watch(sa.engine)
    ours_s, bare_s = [], []
    with closing(ground.copy()) as bare:
        for nth in range(count):
            draft = poster.a_draft(COMPLETION, HOUSE_POINTS, 1 + nth % 50, f"rate:{nth}", 100)
            began_s = time.perf_counter()
            with transaction() as db:
                postings.post(db, draft, now=poster.NOON)
            ours_s.append(time.perf_counter() - began_s)
            bare_s.append(bare(watch.written))
    ours, theirs = (statistics.median(each[WARM:]) for each in (ours_s, bare_s))
    stand.tell(
        f"{ground.name}: a posting {ours * 1e3:.2f} ms, the bare driver's {theirs * 1e3:.2f} ms"
    )
    return theirs / ours


def _begin() -> None:
    """Do what the first keys mean, in this process: members have points, and every path was gone once."""
    for key in range(WARM):
        poster.do(key)
    sa.engine.dispose()


def _by_many(ground: Ground, stand: Stand, result: Result, around: dict[str, str]) -> None:
    name, is_quick = ground.name, stand.is_quick
    wanted = OPERATIONS_QUICK if is_quick else OPERATIONS
    _begin()
    before, began_s = _done(), time.monotonic()
    with hands(poster.post, around, log=ground.folder / "house.log") as start:
        kills = _kill_while_they_post(
            start,
            count=HANDS_QUICK if is_quick else HANDS,
            kills=KILLS_QUICK if is_quick else KILLS,
            done=lambda: _done() - before,
            wanted=wanted,
            tell=lambda done: stand.tell(f"{name}: {done} of {wanted}"),
        )
    took_s, done = time.monotonic() - began_s, _done() - before
    stand.tell(f"{name}: {done} operations, {kills} kills; deriving everything anew")
    began_s = time.monotonic()
    with transaction(reads_only=True) as db:
        proof = prove(db, now=poster.NOON)
    result.count(f"{name}: operations", done)
    result.count(f"{name}: kills", kills)
    result.count(
        f"{name}: operations a second by {HANDS_QUICK if is_quick else HANDS}", round(done / took_s)
    )
    result.count(f"{name}: entries derived anew", proof.rows)
    result.count(f"{name}: in seconds", round(time.monotonic() - began_s, 1))
    result.claim(f"{name}: as many operations as were wanted", is_so=done >= wanted)
    result.claim(f"{name}: everything follows", is_so=proof.bad is None, but=str(proof.bad))


def _kill_while_they_post(
    start: Callable[[], Hand],
    *,
    count: int,
    kills: int,
    done: Callable[[], int],
    wanted: int,
    tell: Callable[[int], None],
) -> int:
    """Kill one of the hands at random moments all along the way."""
    chance = random.Random(7)
    at_work = [start() for _ in range(count)]
    killed, came, moved_s, told_s = 0, 0, time.monotonic(), time.monotonic()
    while came < wanted and time.monotonic() - moved_s < STUCK_AFTER_S:
        time.sleep(PAUSE_S)
        if (now_there := done()) > came:
            came, moved_s = now_there, time.monotonic()
        if killed < kills and came >= wanted * (killed + 1) / (kills + 2):
            place = chance.randrange(count)
            at_work[place].kill()
            at_work[place] = start()
            killed += 1
        if time.monotonic() - told_s > TELL_EVERY_S:
            told_s = time.monotonic()
            tell(came)
    return killed


def _done() -> int:
    with transaction(reads_only=True) as db:
        return poster.counted(db)
