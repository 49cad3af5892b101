"""Keeping WeChat Pay's bills of a day and what they say otherwise; nothing kept is ever changed."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import Table, select
from sqlalchemy.dialects import postgresql, sqlite

from booking import bill_queries
from booking.bill_models import BillDifference, BillNote, KeptBill, KeptLine
from booking.reconciling import DayBill, Difference, Line, Trade, compare
from kernel.actor import Actor
from kernel.db import Base, Session
from kernel.errors import Conflict
from kernel.words import msg

# What WeChat had no bill of.
NO_BILL = ""
GONE = msg("再次对账时两边已经一致。")


class DifferenceGone(Conflict):
    """There is no such difference within the actor's sight."""

    code = "no_such_difference"
    says = msg("没有这条差异，请刷新页面。")


def keep(db: Session, bill: DayBill, *, now: datetime) -> Sequence[Difference]:
    """Keep a bill with its lines and hold it against our books; return what differs now.

    Told again it is kept once. A difference is kept once, and noted as gone when it is so later.
    """
    row = _kept(db, bill, now=now)
    if row is not None:
        db.add_all(_line(row, line) for line in bill.lines)
        db.flush()
    lines = [(bill_queries.name_of(line), line) for line in bill.lines]
    due = bill_queries.due(db, bill.day)
    found = list(
        compare(
            lines,
            known=bill_queries.known(db, [name for name, _ in lines]),
            due=due,
            told=bill_queries.told(db, [(one.trade, one.number) for one in due]),
        )
    )
    _keep_differences(db, bill.day, found, now=now)
    return found


def note(db: Session, *, difference_id: int, text: str, by: Actor, now: datetime) -> BillNote:
    """Write down what a person did about a difference. Raises DifferenceGone."""
    seen = bill_queries.differences(db, by=by)
    if difference_id not in {one.row.id for one in seen}:
        raise DifferenceGone
    row = BillNote(difference_id=difference_id, staff_id=by.id, text=text, at=now)
    db.add(row)
    return row


def _kept(db: Session, bill: DayBill, *, now: datetime) -> KeptBill | None:
    """Insert the bill; None when it was there."""
    same = select(KeptBill.id).where(KeptBill.day == bill.day, KeptBill.sha1 == bill.sha1)
    if db.scalar(same) is not None:
        return None
    values = {
        "day": bill.day,
        "sha1": bill.sha1,
        "fetched_at": now,
        "payments": bill.count(Trade.PAYMENT),
        "paid": bill.total(Trade.PAYMENT),
        "refunds": bill.count(Trade.REFUND),
        "paid_back": bill.total(Trade.REFUND),
    }
    if not _insert(db, KeptBill, [values], keys=["day", "sha1"]):
        return None
    return bill_queries.bill_of(db, bill.day)


def _keep_differences(
    db: Session, day: date, found: Sequence[Difference], *, now: datetime
) -> None:
    before = db.scalars(select(BillDifference).where(BillDifference.day == day)).all()
    known = {(row.kind, row.trade, row.number) for row in before}
    holds = {(one.kind.value, one.trade.value, one.number) for one in found}
    gone = [row for row in before if (row.kind, row.trade, row.number) not in holds]
    noted = db.scalars(
        select(BillNote.difference_id).where(
            BillNote.difference_id.in_([row.id for row in gone]), BillNote.staff_id.is_(None)
        )
    ).all()
    db.add_all(
        BillNote(difference_id=row.id, staff_id=None, text=str(GONE), at=now)
        for row in gone
        if row.id not in noted
    )
    rows = [
        {
            "day": day,
            "kind": one.kind.value,
            "trade": one.trade.value,
            "number": one.number,
            "ours": one.ours,
            "theirs": one.theirs,
            "our_state": one.our_state,
            "their_state": one.their_state,
            "booking_id": one.booking_id,
            "found_at": now,
        }
        for one in found
        if (one.kind.value, one.trade.value, one.number) not in known
    ]
    if rows:
        _insert(db, BillDifference, rows, keys=["day", "kind", "trade", "number"])


def _line(row: KeptBill, line: Line) -> KeptLine:
    return KeptLine(
        bill_id=row.id,
        trade=line.trade.value,
        number=line.number,
        serial=line.serial,
        amount=line.amount,
        state=line.state,
        at=line.at,
    )


def _insert(
    db: Session, model: type[Base], rows: Iterable[Mapping[str, Any]], *, keys: Sequence[str]
) -> int:
    """Insert what nobody else inserts just now; return how many were. What is there already is not for
    here: SQLite's guard refuses it."""
    table = model.__table__
    assert isinstance(table, Table)
    insert = sqlite.insert if db.get_bind().dialect.name == "sqlite" else postgresql.insert
    statement = insert(table).on_conflict_do_nothing(index_elements=list(keys))
    inserted = 0
    for row in rows:
        inserted += len(db.execute(statement.returning(table.c.id), dict(row)).all())
    return inserted
