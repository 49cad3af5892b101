"""WeChat Pay's bills of a day beside our books: lines, differences and notes, none ever changed.

Revision: 0033, after 0032.
"""

import sqlalchemy as sa
from alembic import op

from kernel.db import Fen, Instant

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None

# Each append-only table with its unique keys: SQLite's INSERT OR REPLACE deletes on any of them.
APPEND_ONLY = {
    "booking_bill": (("id",), ("day", "sha1")),
    "booking_bill_line": (("id",), ("bill_id", "trade", "number", "serial")),
    "booking_bill_difference": (("id",), ("day", "kind", "trade", "number")),
    "booking_bill_note": (("id",),),
}


def upgrade() -> None:
    op.create_table(
        "booking_bill",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("day", sa.Date(), nullable=False, index=True),
        sa.Column("sha1", sa.String(), nullable=False),
        sa.Column("fetched_at", Instant(), nullable=False),
        sa.Column("payments", sa.Integer(), nullable=False),
        sa.Column("paid", Fen(), nullable=False),
        sa.Column("refunds", sa.Integer(), nullable=False),
        sa.Column("paid_back", Fen(), nullable=False),
        sa.UniqueConstraint("day", "sha1"),
    )
    op.create_table(
        "booking_bill_line",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("bill_id", sa.Integer(), sa.ForeignKey("booking_bill.id"), nullable=False),
        sa.Column("trade", sa.String(), nullable=False),
        sa.Column("number", sa.String(), nullable=False, index=True),
        sa.Column("serial", sa.String(), nullable=False),
        sa.Column("amount", Fen(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.UniqueConstraint("bill_id", "trade", "number", "serial"),
    )
    op.create_table(
        "booking_bill_difference",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("day", sa.Date(), nullable=False, index=True),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("trade", sa.String(), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("ours", Fen()),
        sa.Column("theirs", Fen()),
        sa.Column("our_state", sa.String(), nullable=False),
        sa.Column("their_state", sa.String(), nullable=False),
        sa.Column("booking_id", sa.Integer(), sa.ForeignKey("booking_booking.id")),
        sa.Column("found_at", Instant(), nullable=False),
        sa.UniqueConstraint("day", "kind", "trade", "number"),
    )
    op.create_table(
        "booking_bill_note",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column(
            "difference_id",
            sa.Integer(),
            sa.ForeignKey("booking_bill_difference.id"),
            nullable=False,
            index=True,
        ),
        sa.Column("staff_id", sa.Integer(), sa.ForeignKey("members_staff.id")),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
    )
    if op.get_bind().dialect.name == "sqlite":
        _guard_sqlite()
    else:
        _guard_postgres()


def downgrade() -> None:
    for table in reversed(APPEND_ONLY):
        op.drop_table(table)


def _guard_sqlite() -> None:
    for table, keys in APPEND_ONLY.items():
        for verb in ("update", "delete"):
            op.execute(
                f"CREATE TRIGGER {table}_no_{verb} BEFORE {verb} ON {table} "
                "BEGIN SELECT raise(ABORT, 'immutable'); END"
            )
        # NULL equals nothing, so an unset key guards nothing.
        found = " OR ".join(
            "(" + " AND ".join(f"{column} = NEW.{column}" for column in key) + ")" for key in keys
        )
        op.execute(
            f"CREATE TRIGGER {table}_no_replace BEFORE INSERT ON {table} "
            f"WHEN NEW.id IS NOT NULL AND EXISTS (SELECT 1 FROM {table} WHERE {found}) "
            "BEGIN SELECT raise(ABORT, 'immutable'); END"
        )


def _guard_postgres() -> None:
    for table in APPEND_ONLY:
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
