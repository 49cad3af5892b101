"""Stand-bys for the places of those who have not answered.

Revision: 0063, after 0062.
"""

import sqlalchemy as sa
from alembic import op

from kernel.db import Instant

revision = "0063"
down_revision = "0062"
branch_labels = None
depends_on = None

OPEN = sa.text("state IN ('offered', 'accepted')")


def upgrade() -> None:
    kind = "TIMESTAMP WITH TIME ZONE" if _is_postgres() else "DATETIME"
    op.execute(f"ALTER TABLE booking_booking ADD COLUMN standby_looked_at {kind}")
    op.create_table(
        "booking_standby",
        sa.Column("id", sa.Integer(), primary_key=True),
        _of("waiting"),
        _of("booking"),
        sa.Column("visit_id", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("opens_s", sa.Integer(), nullable=False),
        sa.Column("shuts_s", sa.Integer(), nullable=False),
        sa.Column("until", Instant(), nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("state_since", Instant(), nullable=False),
        sa.Column("why", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.UniqueConstraint("waiting_id", "booking_id"),
    )
    for name in ("booking", "waiting"):
        op.create_index(
            f"ix_booking_standby_of_{name}",
            "booking_standby",
            [f"{name}_id"],
            unique=True,
            sqlite_where=OPEN,
            postgresql_where=OPEN,
        )


def downgrade() -> None:
    op.drop_table("booking_standby")
    op.execute("ALTER TABLE booking_booking DROP COLUMN standby_looked_at")


def _is_postgres() -> bool:
    return op.get_bind().dialect.name == "postgresql"


def _of(name: str) -> sa.Column[int]:
    return sa.Column(
        f"{name}_id", sa.Integer(), sa.ForeignKey(f"booking_{name}.id"), nullable=False
    )
