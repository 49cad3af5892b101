"""A branch's 小区 with their rules, and where, how fast and until when its technicians work.

Revision: 0020, after 0019.
"""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

NAMES = ("areas", "no_go", "overtime_s", "is_standby", "pace_percent", "certificates")


def upgrade() -> None:
    op.create_table(
        "dispatch_estate",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("branch_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("district", sa.String(), nullable=False),
        sa.Column("closed", sa.JSON(), nullable=False),
        sa.Column("access_s", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["branch_id"], ["dispatch_branch.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("branch_id", "name"),
    )
    for column in (
        sa.Column("areas", sa.JSON(), nullable=True),
        sa.Column("no_go", sa.JSON(), nullable=True),
        sa.Column("overtime_s", sa.Integer(), server_default="0", nullable=False),
        sa.Column("is_standby", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("pace_percent", sa.Integer(), server_default="100", nullable=False),
        sa.Column("certificates", sa.JSON(), nullable=True),
    ):
        op.add_column("dispatch_technician", column)


def downgrade() -> None:
    for name in reversed(NAMES):
        op.drop_column("dispatch_technician", name)
    op.drop_table("dispatch_estate")
