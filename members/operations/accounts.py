"""The accounts that a transaction posts to: locked in one order, changed in memory, written back."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, cast

from sqlalchemy import (
    Executable,
    Row,
    Select,
    Table,
    bindparam,
    func,
    literal,
    select,
    tuple_,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite

from kernel import locks
from kernel.db import Session
from members.ledger import DEBT, debt_owner, floor_of, has_lots
from members.ledger_models import Account

# An account's owner and unit.
Place = tuple[str, str]


@dataclass(slots=True)
class Locked:
    """An account's row under its lock, as the postings of this transaction have left it."""

    id: int
    owner: str
    unit: str
    balance: int
    held: int
    floor: int | None
    seq: int
    head: str


class Accounts:
    """The locked accounts of a transaction, by owner and unit; beside points that come in lots, what
    is owed."""

    def __init__(self, db: Session, places: Iterable[Place]) -> None:
        self._db = db
        wanted = sorted({*places})
        beside = [(debt_owner(owner), unit) for owner, unit in wanted if has_lots(owner, unit)]
        # Before any lock: a row that is made later would be locked out of order.
        there = {
            (row.owner, row.unit) for row in db.connection().execute(_THERE, {"places": wanted})
        }
        missing = [place for place in wanted if place not in there]
        if missing:
            _make(db, missing)
        rows = locks.lock_rows(
            db, _lock(self._dialect), {"places": [*wanted, *beside]}, rank=locks.Rank.ACCOUNT
        )
        self._held: dict[Place, Locked] = {(row.owner, row.unit): _locked(row) for row in rows}

    def __getitem__(self, place: Place) -> Locked:
        return self._held[place]

    def __contains__(self, place: Place) -> bool:
        return place in self._held

    def owed(self, place: Place) -> int:
        """Return what is owed beside that account."""
        beside = self._held.get((debt_owner(place[0]), place[1]))
        return -beside.balance if beside else 0

    def debt(self, place: Place) -> Locked:
        """Return the account of what is owed beside that one, made now if there was none: only who
        holds the lock of the one makes or changes the other."""
        beside = (debt_owner(place[0]), place[1])
        if beside not in self._held:
            _make(self._db, [beside])
            rows = self._db.connection().execute(_lock(self._dialect), {"places": [beside]})
            self._held[beside] = _locked(rows.one())
        return self._held[beside]

    def write(self, changed: Sequence[Locked]) -> None:
        """Write those accounts as they are now."""
        values = [
            {
                "account_id": account.id,
                "balance": account.balance,
                "held": account.held,
                "seq": account.seq,
                "head": account.head,
            }
            for account in changed
        ]
        self._db.connection().execute(_UPDATE, values)

    @property
    def _dialect(self) -> str:
        return self._db.get_bind().dialect.name


def _locked(row: Row[*tuple[Any, ...]]) -> Locked:
    _, *columns = row
    return Locked(*columns)


_IS_ONE = tuple_(Account.owner, Account.unit).in_(bindparam("places", expanding=True))
_THERE = select(Account.owner, Account.unit).where(_IS_ONE)


@cache
def _lock(dialect: str) -> Select[*tuple[Any, ...]]:
    """Return the statement that locks accounts in the order of its first column."""
    # What is owed goes by its owner's key: his lock is that of both.
    person = func.replace(Account.owner, DEBT, "")
    key = (person + literal("|") + Account.unit).label("place")
    if dialect == "postgresql":
        key = key.collate("C").label("place")
    return (
        select(
            key,
            Account.id,
            Account.owner,
            Account.unit,
            Account.balance,
            Account.held,
            Account.floor,
            Account.seq,
            Account.head,
        )
        .where(_IS_ONE)
        .order_by(key)
        .with_for_update()
    )


_TABLE = cast(Table, Account.__table__)
_UPDATE = (
    update(_TABLE)
    .where(_TABLE.c.id == bindparam("account_id"))
    .values({name: bindparam(name) for name in ("balance", "held", "seq", "head")})
)


def _make(db: Session, places: Sequence[Place]) -> None:
    """Make the accounts, unless another hand does so at the same time."""
    rows = [
        {
            "owner": owner,
            "unit": unit,
            "balance": 0,
            "held": 0,
            "floor": floor_of(owner, unit),
            "seq": 0,
            "head": "",
            "lots_since": 1,
        }
        for owner, unit in places
    ]
    db.connection().execute(_make_once(db.get_bind().dialect.name), rows)


@cache
def _make_once(dialect: str) -> Executable:
    insert = sqlite.insert if dialect == "sqlite" else postgresql.insert
    return insert(_TABLE).on_conflict_do_nothing(index_elements=["owner", "unit"])
