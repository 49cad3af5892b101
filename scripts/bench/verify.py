"""Derive a million entries of the ledger anew, beside the bare driver that only reads and hashes them.

A history of earning, losing, spending, keeping, undoing and owing is laid by the bare driver, as the
house would have booked it; then everything is proven as `flask ledger verify` does. The floor, in the
same run: the same rows read by the bare driver, and one SHA-256 an entry. Beside them, what one member
with 20,000 entries waits for: his balance and the first page of his statement.
"""

import hashlib
import time

from kernel.db import sa, take_your_time, transaction
from members.ledger_proof import ENTRIES, prove
from members.strike_queries import statement
from scripts.bench.proving import grounds
from scripts.bench.proving.asking import asked
from scripts.bench.proving.history import History, lay
from scripts.benches import Result, Stand

ENTRIES_LAID, ENTRIES_QUICK = 1_000_000, 20_000
READ, READ_QUICK = 20_000, 1_000
MEMBERS_SHARE = 50
SECONDS_MAX = 90
QUERIES_MAX = 2
AT_ONCE = 10_000


def run(stand: Stand) -> Result:
    result = Result()
    entries = ENTRIES_QUICK if stand.is_quick else ENTRIES_LAID
    stand.tell(f"making {entries} entries")
    history = History(
        entries=entries,
        members=entries // MEMBERS_SHARE,
        reader_entries=READ_QUICK if stand.is_quick else READ,
    )
    for ground in grounds.at_hand(stand):
        with ground.house(stand):
            stand.tell(f"{ground.name}: laying them")
            lay(history.rows)
            _prove(ground.name, history, stand, result)
            _read(ground.name, result)
    return result


def _prove(name: str, history: History, stand: Stand, result: Result) -> None:
    stand.tell(f"{name}: the bare driver reads and hashes them")
    began_s = time.monotonic()
    count = _hash_all()
    bare_s = time.monotonic() - began_s
    stand.tell(f"{name}: deriving {count} entries anew")
    began_s, worked_s = time.monotonic(), time.process_time()
    with transaction(reads_only=True) as db:
        proof = prove(db, now=history.now)
    took_s, worked_s = time.monotonic() - began_s, time.process_time() - worked_s
    result.count(f"{name}: entries derived anew", proof.rows)
    result.count(f"{name}: in seconds", round(took_s, 1))
    result.count(f"{name}: of which this process worked", round(worked_s, 1))
    result.count(f"{name}: times the bare driver's reading and hashing", round(took_s / bare_s, 1))
    result.claim(f"{name}: everything follows", is_so=proof.bad is None, but=str(proof.bad))
    result.claim(
        f"{name}: in under {SECONDS_MAX} s", is_so=took_s < SECONDS_MAX, but=f"{took_s:.0f} s"
    )


def _hash_all() -> int:
    """Read every entry with its posting by the driver alone and hash it; return how many."""
    count = 0
    with transaction(reads_only=True) as db:
        take_your_time(db)
        cursor = db.connection().connection.cursor()
        cursor.execute(str(ENTRIES.compile(sa.engine)))
        while rows := cursor.fetchmany(AT_ONCE):
            count += len(rows)
            for row in rows:
                hashlib.sha256(f"{row[5]}|{row[6]}|{row[9]}|{row[2]}|{row[3]}".encode()).hexdigest()
    return count


def _read(name: str, result: Result) -> None:
    """Read a member's balance and first page, as his page does."""
    with transaction(reads_only=True) as db, asked() as queries:
        began_s = time.perf_counter()
        found = statement(db, member_id=1)
        took_s = time.perf_counter() - began_s
    result.count(f"{name}: balance and first page, in ms", round(took_s * 1e3, 1))
    result.claim(
        f"{name}: balance and first page in {QUERIES_MAX} queries",
        is_so=len(queries) <= QUERIES_MAX and len(found.lines) > 1,
        but=str(len(queries)),
    )
