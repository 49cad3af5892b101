"""A fault for each of the promises 12 to 23, as somebody could leave it who has the database's own keys:
guards and checks are lifted for the moment, and put back."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta

from sqlalchemy import Connection, Table, select, text, update

from kernel.db import Base, Session
from members.ledger import (
    CANCEL_FEE,
    COMPLETION,
    HOUSE_CHARGES,
    HOUSE_POINTS,
    POINTS,
    REVERSAL,
    chained,
    content_hash,
    debt_owner,
    member_owner,
)
from members.ledger_models import Account, Entry, Hold, Lot, Posting
from members.states import StrikeState
from members.strike_models import Blacklisting, Strike

EVIDENCE = "bench:planted"
NOON = datetime.fromisoformat("2026-11-23T04:00:00+00:00")
OWNER = member_owner(1)
YEAR = timedelta(days=365)


@contextmanager
def lifted(line: Connection) -> Iterator[Callable[[str], None]]:
    """Lift what the database refuses for the block, and give what keeps one guard away for good."""
    gone: set[str] = set()
    if line.dialect.name == "sqlite":
        found = text("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
        guards = {row.name: row.sql for row in line.execute(found)}
        for name in guards:
            line.exec_driver_sql(f"DROP TRIGGER {name}")
        yield gone.add
        for name in guards.keys() - gone:
            line.exec_driver_sql(guards[name])
        return
    line.exec_driver_sql("SET LOCAL session_replication_role = replica")
    always = text(
        "SELECT tgname AS name, tgrelid::regclass::text AS of FROM pg_trigger WHERE tgenabled = 'A'"
    )
    rows = line.execute(always).all()
    for row in rows:
        line.exec_driver_sql(f"ALTER TABLE {row.of} DISABLE TRIGGER {row.name}")
    yield gone.add
    for row in rows:
        if row.name not in gone:
            line.exec_driver_sql(f"ALTER TABLE {row.of} ENABLE ALWAYS TRIGGER {row.name}")


def plant(db: Session, number: int, without: Callable[[str], None]) -> None:
    """Break the promise of that number, and no other."""
    _PLANTS[number](db, without)


def _an_amount(db: Session, _: object) -> None:
    entry = _first(db, HOUSE_POINTS)
    entry.amount += 1


def _a_guard(db: Session, without: Callable[[str], None]) -> None:
    is_sqlite = db.get_bind().dialect.name == "sqlite"
    without("members_entry_no_update" if is_sqlite else "members_entry_no_change")


def _a_balance(db: Session, _: object) -> None:
    _first(db, OWNER).balance_after += 1


def _a_floor(db: Session, _: object) -> None:
    """As if more were held than there is: the checks of the table would refuse it."""
    _without_checks(db, "members_account")
    account = _account(db, OWNER)
    account.floor = account.balance - account.held + 1


def _a_hold(db: Session, _: object) -> None:
    hold = db.scalars(select(Hold).where(Hold.state == "open")).first()
    assert hold is not None
    hold.expires_at -= YEAR


def _a_key(db: Session, _: object) -> None:
    _without_unique_keys(db)
    key = db.scalars(select(Posting.idempotency_key).where(Posting.kind == COMPLETION)).first()
    assert key is not None
    _book(db, kind=CANCEL_FEE, legs={HOUSE_CHARGES: 5, HOUSE_POINTS: -5}, key=key)


def _a_reversal(db: Session, _: object) -> None:
    undone = db.scalars(select(Posting.id).where(Posting.kind == COMPLETION)).first()
    _book(db, kind=REVERSAL, legs={HOUSE_CHARGES: 5, HOUSE_POINTS: -5}, undone=undone)


def _a_lot(db: Session, _: object) -> None:
    lot = db.scalars(select(Lot).where(Lot.remaining > Lot.held)).first()
    assert lot is not None
    lot.remaining -= 1


def _a_waiver(db: Session, _: object) -> None:
    """A strike that is said to be undone, and stands in the ledger."""
    undone = update(Strike).where(Strike.state == StrikeState.POSTED)
    db.execute(undone.values(state=StrikeState.REVERSED))


def _a_debt(db: Session, _: object) -> None:
    """Owed, though there are points to repay it from."""
    legs = {HOUSE_CHARGES: 5, debt_owner(OWNER): -5}
    _book(db, kind=CANCEL_FEE, legs=legs, meant={HOUSE_CHARGES: 5, OWNER: -5})


def _a_term(db: Session, _: object) -> None:
    for row in db.scalars(select(Blacklisting)):
        row.until += timedelta(days=1)


def _a_head(db: Session, _: object) -> None:
    account = _account(db, HOUSE_POINTS)
    last = select(Entry).where(Entry.account_id == account.id, Entry.seq == account.seq)
    account.head = db.scalars(last).one().hash = "0" * 64


_PLANTS: Mapping[int, Callable[[Session, Callable[[str], None]], None]] = {
    12: _an_amount,
    13: _a_guard,
    14: _a_balance,
    15: _a_floor,
    16: _a_hold,
    17: _a_key,
    18: _a_reversal,
    19: _a_lot,
    20: _a_waiver,
    21: _a_debt,
    22: _a_term,
    23: _a_head,
}


def _book(
    db: Session,
    *,
    kind: str,
    legs: Mapping[str, int],
    meant: Mapping[str, int] | None = None,
    key: str = "planted",
    undone: int | None = None,
) -> None:
    """Book by hand what no operation would: every hash right, every chain whole."""
    content = content_hash(kind, POINTS, meant or legs, EVIDENCE, undone)
    posting = Posting(idempotency_key=key, content_hash=content, kind=kind, evidence=EVIDENCE)
    posting.reverses_id, posting.at = undone, NOON
    db.add(posting)
    db.flush()
    for owner, amount in sorted(legs.items()):
        account = _account(db, owner)
        account.seq, account.balance = account.seq + 1, account.balance + amount
        account.head = chained(
            head=account.head,
            posting_key=key,
            content_hash=content,
            at=NOON.isoformat(),
            seq=account.seq,
            amount=amount,
            balance=account.balance,
        )
        entry = Entry(posting_id=posting.id, account_id=account.id, seq=account.seq, amount=amount)
        entry.balance_after, entry.hash = account.balance, account.head
        db.add(entry)
    db.flush()


def _account(db: Session, owner: str) -> Account:
    found = select(Account).where(Account.owner == owner, Account.unit == POINTS)
    account = db.scalars(found).one_or_none()
    if account is None:
        account = Account(owner=owner, unit=POINTS, balance=0, seq=0, head="", held=0, lots_since=1)
        db.add(account)
        db.flush()
    return account


def _first(db: Session, owner: str) -> Entry:
    account = _account(db, owner)
    return db.scalars(select(Entry).where(Entry.account_id == account.id, Entry.seq == 1)).one()


def _without_checks(db: Session, table: str) -> None:
    if db.get_bind().dialect.name == "sqlite":
        return  # The line ignores them.
    found = text(
        "SELECT conname FROM pg_constraint WHERE contype = 'c' AND conrelid = CAST(:t AS regclass)"
    )
    for name in db.scalars(found, {"t": table}):
        db.execute(text(f"ALTER TABLE {table} DROP CONSTRAINT {name}"))


def _without_unique_keys(db: Session) -> None:
    """Take from the postings what makes their keys unique."""
    if db.get_bind().dialect.name == "postgresql":
        unique = text(
            "SELECT conname FROM pg_constraint WHERE contype = 'u' AND conrelid = "
            "'members_posting'::regclass AND conname LIKE '%idempotency_key%'"
        )
        for name in db.scalars(unique):
            db.execute(text(f"ALTER TABLE members_posting DROP CONSTRAINT {name}"))
        return
    # SQLite has no other way than another table with the same rows.
    table: Table = Base.metadata.tables["members_posting"]
    columns = ", ".join(f"{column.name} {column.type.compile()}" for column in table.columns)
    columns = columns.replace("id INTEGER", "id INTEGER PRIMARY KEY", 1)
    names = ", ".join(table.columns.keys())
    for words in (
        f"CREATE TABLE postings_again ({columns})",
        f"INSERT INTO postings_again ({names}) SELECT {names} FROM members_posting",  # noqa: S608 - our own columns
        "DROP TABLE members_posting",
        "ALTER TABLE postings_again RENAME TO members_posting",
    ):
        db.execute(text(words))
