"""Seals: each day the head of every account that moved is written into a file outside the database.

A file holds one line an account, `account_id seq head`, for those whose head moved since the file
before, under a first line that names the file before and its SHA-256. Whoever rewrites history in the
database, triggers taken away and hashes made anew, contradicts the files; keep copies of them on
another machine. The line of an account says what its entry of that `seq` hashed to on that day, and
stays true for ever, since later entries only follow.
"""

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from sqlalchemy import select

from kernel.db import Session
from members.ledger_models import Account, Entry

FOLDER = "seals"
FIRST = "-"
AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class SealBroken:
    """What a seal does not agree with: `account_id` is 0 where it is the file itself."""

    file: str
    account_id: int
    seq: int


def seal(db: Session, folder: Path, *, day: date) -> Path | None:
    """Write the day's seal and return its file; None when that day is sealed.

    The file appears whole or not at all.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{day:%Y-%m-%d}.seal"
    if path.exists():
        return None
    sealed = _sealed(folder)
    before = _files(folder)
    first = f"{before[-1].name} {_sha256(before[-1])}" if before else FIRST
    moved = db.execute(select(Account.id, Account.seq, Account.head).order_by(Account.id))
    lines = [
        f"{row.id} {row.seq} {row.head}" for row in moved if sealed.get(row.id, (0,))[0] < row.seq
    ]
    partial = path.with_suffix(f".{os.getpid()}")
    with partial.open("w", encoding="ascii") as file:
        file.write("\n".join([first, *lines, ""]))
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)
    return path


def broken_seals(db: Session, folder: Path) -> Iterator[SealBroken]:
    """Yield what does not agree with the seals: a file that was altered or is missing, an account whose
    entry of then is another one or gone."""
    before: Path | None = None
    for path in _files(folder):
        first, *lines = path.read_text(encoding="ascii").splitlines()
        if first != (f"{before.name} {_sha256(before)}" if before else FIRST):
            yield SealBroken(path.name, 0, 0)
        for place in range(0, len(lines), AT_ONCE):
            yield from _disagreeing(db, path.name, lines[place : place + AT_ONCE])
        before = path


def _disagreeing(db: Session, name: str, lines: list[str]) -> Iterator[SealBroken]:
    told = {}
    for line in lines:
        whose, place, head = line.split(" ")
        told[int(whose), int(place)] = head
    found = select(Entry.account_id, Entry.seq, Entry.hash).where(
        Entry.account_id.in_({account_id for account_id, _ in told}),
        Entry.seq.in_({seq for _, seq in told}),
    )
    known = {(row.account_id, row.seq): row.hash for row in db.execute(found)}
    for (account_id, seq), head in told.items():
        if known.get((account_id, seq)) != head:
            yield SealBroken(name, account_id, seq)


def _sealed(folder: Path) -> dict[int, tuple[int, str]]:
    """Return the last sealed seq and head of each account."""
    told: dict[int, tuple[int, str]] = {}
    for path in _files(folder):
        for line in path.read_text(encoding="ascii").splitlines()[1:]:
            account_id, seq, head = line.split(" ")
            told[int(account_id)] = int(seq), head
    return told


def _files(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.seal"))


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def count(folder: Path) -> int:
    """Return how many days are sealed."""
    return len(_files(folder))
