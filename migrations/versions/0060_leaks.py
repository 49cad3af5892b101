"""What came of the questions about leakage.

Revision: 0060, after 0059.
"""

import sqlalchemy as sa
from alembic import op

from kernel.db import Instant

revision = "0060"
down_revision = "0059"
branch_labels = None
depends_on = None

NOTE = "booking_leak_note"


def upgrade() -> None:
    op.create_table(
        NOTE,
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("key", sa.String(), nullable=False, index=True),
        sa.Column("branch_id", sa.Integer(), sa.ForeignKey("dispatch_branch.id"), nullable=False),
        sa.Column("answer", sa.String(32), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("staff_id", sa.Integer(), sa.ForeignKey("members_staff.id"), nullable=False),
        sa.Column("at", Instant(), nullable=False),
    )
    if op.get_bind().dialect.name == "sqlite":
        for verb in ("update", "delete"):
            op.execute(
                f"CREATE TRIGGER {NOTE}_no_{verb} BEFORE {verb} ON {NOTE} "
                "BEGIN SELECT raise(ABORT, 'immutable'); END"
            )
        op.execute(
            f"CREATE TRIGGER {NOTE}_no_replace BEFORE INSERT ON {NOTE} "
            f"WHEN EXISTS (SELECT 1 FROM {NOTE} WHERE id = NEW.id) "
            "BEGIN SELECT raise(ABORT, 'immutable'); END"
        )
        return
    for name, when, each in (
        ("no_change", "BEFORE UPDATE OR DELETE", "ROW"),
        ("no_truncate", "BEFORE TRUNCATE", "STATEMENT"),
    ):
        op.execute(
            f"CREATE TRIGGER {NOTE}_{name} {when} ON {NOTE} FOR EACH {each} "
            "EXECUTE FUNCTION refuse_change()"
        )
        op.execute(f"ALTER TABLE {NOTE} ENABLE ALWAYS TRIGGER {NOTE}_{name}")


def downgrade() -> None:
    op.drop_table(NOTE)
