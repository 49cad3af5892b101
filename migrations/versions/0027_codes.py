"""QR codes beside the stores' own, which scan began the following, and the account kept in step.

Revision: 0027, after 0026.
"""

import sqlalchemy as sa
from alembic import op

from kernel.db import Instant

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "booking_code",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("scene", sa.String(), nullable=False, unique=True),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column(
            "branch_id",
            sa.Integer(),
            sa.ForeignKey("dispatch_branch.id"),
            nullable=False,
            index=True,
        ),
        sa.Column("store_id", sa.Integer(), sa.ForeignKey("booking_store.id")),
        sa.Column("technician_id", sa.Integer(), sa.ForeignKey("dispatch_technician.id")),
        sa.Column("staff_id", sa.Integer(), sa.ForeignKey("members_staff.id")),
        sa.Column("service_id", sa.Integer(), sa.ForeignKey("booking_service.id")),
        sa.Column("welcome", sa.String(), nullable=False),
        sa.Column("about", sa.String(), nullable=False),
        sa.Column("made_at", Instant(), nullable=False),
        sa.Column("ended_at", Instant()),
    )
    op.add_column(
        "members_touch",
        sa.Column("followed", sa.Boolean(), nullable=False, server_default=sa.false()),
    )
    op.create_table(
        "conversations_account",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("state", sa.String(), nullable=False, index=True),
        sa.Column("due_s", sa.Double(), nullable=False),
        sa.Column("lease_until_s", sa.Double(), nullable=False),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("done_at", Instant()),
        sa.Column("did", sa.String(), nullable=False),
        sa.Column("error", sa.String(), nullable=False),
    )


def downgrade() -> None:
    op.drop_table("conversations_account")
    op.drop_column("members_touch", "followed")
    op.drop_table("booking_code")
