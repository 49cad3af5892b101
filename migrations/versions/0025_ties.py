"""What crosses the routes of a branch: partners, shared tools, crews; what vans hold, and fair hours.

Revision: 0025, after 0024.
"""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def _table(name: str, *columns: sa.Column[object], unique: str = "") -> None:
    op.create_table(
        name,
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("branch_id", sa.Integer(), nullable=False),
        *columns,
        sa.ForeignKeyConstraint(["branch_id"], ["dispatch_branch.id"]),
        sa.PrimaryKeyConstraint("id"),
        *([sa.UniqueConstraint("branch_id", unique)] if unique else []),
    )


def upgrade() -> None:
    _table(
        "dispatch_partner",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("technician_ids", sa.JSON(), nullable=False),
        sa.Column("visits_max", sa.Integer(), nullable=False),
        unique="name",
    )
    _table(
        "dispatch_tool",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("services", sa.JSON(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        unique="name",
    )
    _table(
        "dispatch_load",
        sa.Column("service", sa.String(), nullable=False),
        sa.Column("down", sa.Integer(), nullable=False),
        sa.Column("up", sa.Integer(), nullable=False),
        unique="service",
    )
    _table(
        "dispatch_crew",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("visit_ids", sa.JSON(), nullable=False),
        sa.Column("meets_s", sa.Integer(), nullable=True),
    )
    op.create_index("ix_dispatch_crew_day", "dispatch_crew", ["day"])
    op.add_column("dispatch_technician", sa.Column("van_room", sa.Integer(), nullable=True))
    op.add_column(
        "dispatch_branch",
        sa.Column("is_fair", sa.Boolean(), server_default=sa.false(), nullable=False),
    )


def downgrade() -> None:
    op.drop_column("dispatch_branch", "is_fair")
    op.drop_column("dispatch_technician", "van_room")
    op.drop_index("ix_dispatch_crew_day", "dispatch_crew")
    for name in ("crew", "load", "tool", "partner"):
        op.drop_table(f"dispatch_{name}")
