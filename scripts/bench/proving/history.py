"""A long history of the ledger, made without the house's operations and laid by the bare driver.

Members earn, lose, spend at once or out of what they keep, and have things undone, as
`members.operations` would have booked it: lots, draws, holds and debts included. Operations lay some
hundred entries a second; this lays a million in the time in which one looks at it.
"""

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Table, insert, text

from kernel.db import Base, sa
from members import lots
from members.ledger import (
    CANCEL_FEE,
    COMPLETION,
    HOUSE_CHARGES,
    HOUSE_POINTS,
    HOUSE_REDEEMED,
    POINTS,
    REDEEMED,
    REVERSAL,
    Draft,
    chained,
    debt_owner,
    floor_of,
    has_lots,
    member_owner,
)
from members.lots import Part
from members.rule_text import RULES

START = datetime(2026, 1, 5, 1, tzinfo=UTC)
STEP = timedelta(seconds=11)
KEPT_FOR = timedelta(minutes=15)
EVIDENCE = "bench:1"
AT_ONCE = 20_000
TABLES = tuple(
    f"members_{name}"
    for name in ("account", "posting", "entry", "lot", "lot_draw", "hold", "hold_part")
)


@dataclass(slots=True)
class _Account:
    id: int
    owner: str
    balance: int = 0
    seq: int = 0
    head: str = ""
    # The lots that have something left, in the order in which they were earned: all live equally long.
    lots: dict[int, dict[str, Any]] = field(default_factory=dict)


class History:
    """Rows of each of TABLES, as they are after `entries` entries and a few more; the `reader`, the
    first member, has `reader_entries` of them."""

    def __init__(self, *, entries: int, members: int, reader_entries: int) -> None:
        self.rows: dict[str, list[dict[str, Any]]] = {name: [] for name in TABLES}
        self.now = START
        self._chance = random.Random(entries)
        self._accounts: dict[str, _Account] = {}
        self._undoable: list[tuple[str, int, int]] = []
        reader = self._account(member_owner(1))
        while len(self.rows["members_entry"]) < entries:
            is_read = reader.seq < reader_entries and self._chance.random() < 0.2
            self._something(1 if is_read else 2 + self._chance.randrange(members))
        self.rows["members_account"] = [_account_row(each) for each in self._accounts.values()]

    def _something(self, member_id: int) -> None:
        self.now += STEP
        owner, points = member_owner(member_id), self._chance.randrange(1, 200)
        kind = self._chance.choices(
            (COMPLETION, CANCEL_FEE, REDEEMED, "kept", REVERSAL), (60, 12, 12, 8, 8)
        )[0]
        left = self._account(owner).balance
        if kind == REVERSAL and self._undoable:
            self._undo()
        elif kind == CANCEL_FEE:
            self._book(CANCEL_FEE, HOUSE_CHARGES, owner, -points)
        elif kind in (REDEEMED, "kept") and left:
            key = self._book(REDEEMED, HOUSE_REDEEMED, owner, -min(points, left))
            if kind == "kept":
                self._was_kept(key, owner)
        else:
            key = self._book(COMPLETION, HOUSE_POINTS, owner, points)
            self._undoable.append((owner, len(self.rows["members_posting"]), points))

    def _undo(self) -> None:
        place = self._chance.randrange(max(0, len(self._undoable) - 500), len(self._undoable))
        owner, posting_id, points = self._undoable.pop(place)
        self._book(REVERSAL, HOUSE_POINTS, owner, -points, undone=posting_id)

    def _book(
        self, kind: str, house: str, owner: str, points: int, *, undone: int | None = None
    ) -> str:
        """Add the rows of a posting, and return its key."""
        posting_id = len(self.rows["members_posting"]) + 1
        draft = Draft(
            key=f"{kind}:{posting_id}",
            kind=kind,
            unit=POINTS,
            legs={house: -points, owner: points},
            evidence=EVIDENCE,
            reverses_id=undone,
        )
        posting: dict[str, Any] = {"id": posting_id, "idempotency_key": draft.key, "kind": kind}
        posting |= {"at": self.now}
        posting |= {"content_hash": draft.content_hash, "evidence": EVIDENCE, "reverses_id": undone}
        self.rows["members_posting"].append(posting)
        for name in sorted(draft.legs):
            self._leg(posting, self._account(name), draft.legs[name])
        return draft.key

    def _leg(self, posting: dict[str, Any], account: _Account, amount: int) -> None:
        if not has_lots(account.owner, POINTS):
            self._enter(posting, account, amount)
            return
        beside = self._accounts.get(debt_owner(account.owner))
        owed = -beside.balance if beside else 0
        change = min(amount, owed) if amount > 0 else amount + min(-amount, account.balance)
        if change:
            self._enter(posting, self._account(debt_owner(account.owner)), change)
        if amount == change:
            return
        parts = self._drawn(posting, account, change - amount)
        entry_id = self._enter(posting, account, amount - change)
        if amount > 0:
            self._credit(account, entry_id, amount - change)
        for part in parts:
            draw = {"lot_id": part.lot_id, "entry_id": entry_id, "amount": part.amount}
            self._add("members_lot_draw", draw)

    def _credit(self, account: _Account, entry_id: int, amount: int) -> None:
        ends = lots.end_of_life(self.now, months=RULES.points_live_months)
        row: dict[str, Any] = {"account_id": account.id, "entry_id": entry_id, "amount": amount}
        row |= {"remaining": amount, "held": 0, "told_at": None, "expires_at": ends}
        lot_id = self._add("members_lot", row)
        account.lots[lot_id] = self.rows["members_lot"][-1]

    def _drawn(self, posting: Mapping[str, Any], account: _Account, amount: int) -> list[Part]:
        """Take `amount` out of the account's lots; of what is undone, its own lot first."""
        if amount <= 0:
            return []
        found = sorted(account.lots, key=lambda lot_id: not self._is_of(lot_id, posting))
        parts = lots.taken((Part(each, account.lots[each]["remaining"]) for each in found), amount)
        for part in parts:
            account.lots[part.lot_id]["remaining"] -= part.amount
            if not account.lots[part.lot_id]["remaining"]:
                del account.lots[part.lot_id]
        return parts

    def _is_of(self, lot_id: int, posting: Mapping[str, Any]) -> bool:
        if posting["reverses_id"] is None:
            return False
        entry_id = self.rows["members_lot"][lot_id - 1]["entry_id"]
        return bool(
            self.rows["members_entry"][entry_id - 1]["posting_id"] == posting["reverses_id"]
        )

    def _was_kept(self, key: str, owner: str) -> None:
        """Say that what was spent last had been kept before, and a little more."""
        draws, entry_id = self.rows["members_lot_draw"], len(self.rows["members_entry"])
        parts: list[dict[str, Any]] = []
        while draws and len(parts) < len(draws) and draws[-1 - len(parts)]["entry_id"] == entry_id:
            parts.append(draws[-1 - len(parts)])
        spent = sum(part["amount"] for part in parts)
        hold = {"idempotency_key": f"hold:{key}", "account_id": self._account(owner).id}
        hold |= {"amount": spent, "posted": spent, "state": "posted", "evidence": EVIDENCE}
        hold |= {"posting_id": len(self.rows["members_posting"]), "opened_at": self.now}
        hold |= {"expires_at": self.now + KEPT_FOR, "resolved_at": self.now}
        hold_id = self._add("members_hold", hold)
        for part in parts:
            row = {"hold_id": hold_id, "lot_id": part["lot_id"], "amount": part["amount"]}
            self._add("members_hold_part", row)

    def _enter(self, posting: Mapping[str, Any], account: _Account, amount: int) -> int:
        account.balance, account.seq = account.balance + amount, account.seq + 1
        account.head = chained(
            head=account.head,
            posting_key=posting["idempotency_key"],
            content_hash=posting["content_hash"],
            at=posting["at"].isoformat(),
            seq=account.seq,
            amount=amount,
            balance=account.balance,
        )
        row = {"posting_id": posting["id"], "account_id": account.id, "seq": account.seq}
        row |= {"amount": amount, "balance_after": account.balance, "hash": account.head}
        return self._add("members_entry", row)

    def _add(self, table: str, row: dict[str, Any]) -> int:
        row_id = len(self.rows[table]) + 1
        self.rows[table].append({"id": row_id} | row)
        return row_id

    def _account(self, owner: str) -> _Account:
        if owner not in self._accounts:
            self._accounts[owner] = _Account(len(self._accounts) + 1, owner)
        return self._accounts[owner]


def _account_row(account: _Account) -> dict[str, Any]:
    row = {"id": account.id, "owner": account.owner, "unit": POINTS, "balance": account.balance}
    row |= {"held": 0, "floor": floor_of(account.owner, POINTS), "seq": account.seq}
    return row | {"head": account.head, "lots_since": 1}


def lay(rows: Mapping[str, Sequence[Mapping[str, Any]]]) -> None:
    """Write the rows into the empty tables of this app's database, and let it look at their sizes."""
    is_sqlite = sa.engine.dialect.name == "sqlite"
    with sa.engine.begin() as line:
        if not is_sqlite:
            # A server of its own: what is laid is whole, and may take its time.
            line.execute(text("SET LOCAL statement_timeout = 0"))
            line.execute(text("SET LOCAL session_replication_role = replica"))
        for name, those in rows.items():
            table: Table = Base.metadata.tables[name]
            if is_sqlite:
                for some in _by(those, AT_ONCE):
                    line.execute(insert(table), some)
            elif those:
                _copy(line.connection.cursor(), name, those)
                last = text(f"SELECT setval(pg_get_serial_sequence('{name}', 'id'), {len(those)})")
                line.execute(last)
        line.execute(text("ANALYZE"))


def _copy(cursor: Any, table: str, rows: Sequence[Mapping[str, Any]]) -> None:
    columns = ", ".join(rows[0])
    with cursor.copy(f"COPY {table} ({columns}) FROM STDIN") as into:
        for row in rows:
            into.write_row([row[name] for name in rows[0]])


def _by(rows: Sequence[Mapping[str, Any]], size: int) -> Iterator[list[Mapping[str, Any]]]:
    for place in range(0, len(rows), size):
        yield list(rows[place : place + size])
