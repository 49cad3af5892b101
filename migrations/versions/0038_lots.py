"""Points come in lots that expire, what is owed stands on an account of its own, and holds keep points.

Revision: 0038, after 0037.

What members had becomes one lot each, which expires a year from now; a balance below zero moves to the
account of what is owed, by a posting.
"""

import hashlib
import json
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from alembic import op

from kernel.clock import SystemClock
from kernel.db import Instant

revision = "0038"
down_revision = "0037"
branch_labels = None
depends_on = None

WITHIN = "held >= 0 AND balance - held >= floor"
GUARDED = {
    "members_lot_draw": (("id",), ("lot_id", "entry_id")),
    "members_hold_part": (("id",), ("hold_id", "lot_id")),
}


def upgrade() -> None:
    # Not through a copy of the table: its entries point at it.
    held = "ALTER TABLE members_account ADD COLUMN held INTEGER DEFAULT 0 NOT NULL"
    op.execute(f"{held} CONSTRAINT ck_members_account_held_within CHECK ({WITHIN})")
    op.execute("ALTER TABLE members_account ADD COLUMN lots_since INTEGER DEFAULT 1 NOT NULL")
    _make_lots()
    _make_holds()
    for table, keys in GUARDED.items():
        _guard(table, keys)
    _carry_over(op.get_bind())


def downgrade() -> None:
    for table in ("members_hold_part", "members_hold", "members_lot_draw", "members_lot"):
        op.drop_table(table)
    op.execute("UPDATE members_account SET floor = NULL WHERE unit = 'points'")
    op.execute("ALTER TABLE members_account DROP COLUMN lots_since")
    if op.get_bind().dialect.name != "sqlite":
        op.execute("ALTER TABLE members_account DROP COLUMN held")
        return
    with op.batch_alter_table("members_account") as table:
        table.drop_constraint("ck_members_account_held_within")
        table.drop_column("held")


def _make_lots() -> None:
    op.create_table(
        "members_lot",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("account_id", sa.Integer(), sa.ForeignKey("members_account.id"), nullable=False),
        sa.Column(
            "entry_id", sa.Integer(), sa.ForeignKey("members_entry.id"), nullable=False, unique=True
        ),
        sa.Column("amount", sa.Integer(), nullable=False),
        sa.Column("remaining", sa.Integer(), nullable=False),
        sa.Column("held", sa.Integer(), nullable=False),
        sa.Column("expires_at", Instant(), nullable=False),
        sa.Column("told_at", Instant(), nullable=True),
        sa.CheckConstraint(
            "0 <= held and held <= remaining and remaining <= amount",
            name=op.f("ck_members_lot_in_bounds"),
        ),
    )
    left = sa.text("remaining > 0")
    # By account for who spends, by time for the job that takes back.
    for name, columns in (("left", ["account_id", "expires_at"]), ("due", ["expires_at"])):
        op.create_index(
            f"ix_members_lot_{name}",
            "members_lot",
            columns,
            sqlite_where=left,
            postgresql_where=left,
        )
    op.create_table(
        "members_lot_draw",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("lot_id", sa.Integer(), sa.ForeignKey("members_lot.id"), nullable=False),
        sa.Column(
            "entry_id", sa.Integer(), sa.ForeignKey("members_entry.id"), nullable=False, index=True
        ),
        sa.Column("amount", sa.Integer(), nullable=False),
        sa.UniqueConstraint("lot_id", "entry_id"),
        sa.CheckConstraint("amount > 0", name=op.f("ck_members_lot_draw_amount_positive")),
    )


def _make_holds() -> None:
    op.create_table(
        "members_hold",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("idempotency_key", sa.String(), nullable=False, unique=True),
        sa.Column("account_id", sa.Integer(), sa.ForeignKey("members_account.id"), nullable=False),
        sa.Column("amount", sa.Integer(), nullable=False),
        sa.Column("evidence", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("posted", sa.Integer(), nullable=False),
        sa.Column(
            "posting_id",
            sa.Integer(),
            sa.ForeignKey("members_posting.id"),
            nullable=True,
            unique=True,
        ),
        sa.Column("opened_at", Instant(), nullable=False),
        sa.Column("expires_at", Instant(), nullable=False),
        sa.Column("resolved_at", Instant(), nullable=True),
        sa.CheckConstraint("amount > 0", name=op.f("ck_members_hold_amount_positive")),
        sa.CheckConstraint(
            "0 <= posted and posted <= amount", name=op.f("ck_members_hold_posted_within")
        ),
    )
    is_open = sa.text("state = 'open'")
    op.create_index(
        "ix_members_hold_open",
        "members_hold",
        ["expires_at"],
        sqlite_where=is_open,
        postgresql_where=is_open,
    )
    op.create_table(
        "members_hold_part",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("hold_id", sa.Integer(), sa.ForeignKey("members_hold.id"), nullable=False),
        sa.Column("lot_id", sa.Integer(), sa.ForeignKey("members_lot.id"), nullable=False),
        sa.Column("amount", sa.Integer(), nullable=False),
        sa.UniqueConstraint("hold_id", "lot_id"),
        sa.CheckConstraint("amount > 0", name=op.f("ck_members_hold_part_amount_positive")),
    )


def _guard(table: str, keys: tuple[tuple[str, ...], ...]) -> None:
    if op.get_bind().dialect.name == "sqlite":
        for verb in ("update", "delete"):
            op.execute(
                f"CREATE TRIGGER {table}_no_{verb} BEFORE {verb} ON {table} "
                "BEGIN SELECT raise(ABORT, 'immutable'); END"
            )
        found = " OR ".join(
            "(" + " AND ".join(f"{column} = NEW.{column}" for column in key) + ")" for key in keys
        )
        op.execute(
            f"CREATE TRIGGER {table}_no_replace BEFORE INSERT ON {table} "
            f"WHEN EXISTS (SELECT 1 FROM {table} WHERE {found}) "
            "BEGIN SELECT raise(ABORT, 'immutable'); END"
        )
        return
    op.execute(
        f"CREATE TRIGGER {table}_no_change BEFORE UPDATE OR DELETE ON {table} "
        "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
    )
    op.execute(
        f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
    )
    for name in ("no_change", "no_truncate"):
        op.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_{name}")


# --- What members had -----------------------------------------------------------------------

ACCOUNT = sa.table(
    "members_account",
    *(
        sa.column(name)
        for name in ("id", "owner", "unit", "balance", "held", "floor", "seq", "head", "lots_since")
    ),
)
POSTING = sa.table(
    "members_posting",
    *(sa.column(name) for name in ("id", "idempotency_key", "content_hash", "kind", "evidence")),
    sa.column("at", Instant()),
)
ENTRY = sa.table(
    "members_entry",
    *(
        sa.column(name)
        for name in ("id", "posting_id", "account_id", "seq", "amount", "balance_after", "hash")
    ),
)
LOT = sa.table(
    "members_lot",
    *(sa.column(name) for name in ("account_id", "entry_id", "amount", "remaining", "held")),
    sa.column("expires_at", Instant()),
)


def _carry_over(db: sa.Connection) -> None:
    now = SystemClock().now().replace(microsecond=0)
    theirs = sa.and_(ACCOUNT.c.unit == "points", ACCOUNT.c.owner.like("member:%"))
    for account in db.execute(sa.select(ACCOUNT).where(theirs)).all():
        if account.balance < 0:
            _owe(db, account, now)
            continue
        since = account.seq + 1
        db.execute(
            sa.update(ACCOUNT).where(ACCOUNT.c.id == account.id).values(floor=0, lots_since=since)
        )
        if account.balance:
            last = sa.select(sa.func.max(ENTRY.c.id)).where(ENTRY.c.account_id == account.id)
            row = {
                "account_id": account.id,
                "entry_id": db.scalar(last),
                "amount": account.balance,
                "remaining": account.balance,
                "held": 0,
                "expires_at": now.replace(year=now.year + 1, day=1),
            }
            db.execute(sa.insert(LOT), row)


def _owe(db: sa.Connection, account: sa.Row[Any], now: datetime) -> None:
    """Post what is below zero to the account of what that member owes."""
    debt, amount = f"debt:{account.owner}", -account.balance
    legs = [[debt, -amount], [account.owner, amount]]
    evidence = "migration:0038"
    content = json.dumps(["debt_settled", "points", legs, evidence], separators=(",", ":"))
    posting = {
        "idempotency_key": f"debt_settled:0038:{account.owner}",
        "content_hash": hashlib.sha256(content.encode()).hexdigest(),
        "kind": "debt_settled",
        "evidence": evidence,
        "at": now,
    }
    posting_id = db.scalar(sa.insert(POSTING).values(posting).returning(POSTING.c.id))
    db.execute(
        sa.insert(ACCOUNT),
        {"owner": debt, "unit": "points", "balance": 0, "held": 0, "seq": 0, "head": ""}
        | {"lots_since": 1},
    )
    beside = db.execute(sa.select(ACCOUNT).where(ACCOUNT.c.owner == debt)).one()
    for each, change in ((beside, -amount), (account, amount)):
        seq, balance = each.seq + 1, each.balance + change
        text = (
            f"{each.head}|{posting['idempotency_key']}|{posting['content_hash']}|"
            f"{now.isoformat()}|{seq}|{change}|{balance}"
        )
        head = hashlib.sha256(text.encode()).hexdigest()
        entry = {"posting_id": posting_id, "account_id": each.id, "seq": seq, "amount": change}
        db.execute(sa.insert(ENTRY), entry | {"balance_after": balance, "hash": head})
        values: dict[str, Any] = {"balance": balance, "seq": seq, "head": head}
        if each is account:
            values |= {"floor": 0, "lots_since": seq + 1}
        db.execute(sa.update(ACCOUNT).where(ACCOUNT.c.id == each.id).values(values))
