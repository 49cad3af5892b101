"""Replays: a month lived once more under other rules.

Revision: 0041, after 0040.
"""

import sqlalchemy as sa
from alembic import op

from kernel.db import Instant

revision = "0041"
down_revision = "0040"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "booking_replay",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("state", sa.String(), nullable=False, index=True),
        sa.Column("due_s", sa.Double(), nullable=False),
        sa.Column("lease_until_s", sa.Double(), nullable=False),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(), nullable=False, unique=True),
        sa.Column("version", sa.String(), nullable=False, index=True),
        sa.Column("against", sa.String(), nullable=False),
        sa.Column("since", Instant(), nullable=False),
        sa.Column("until", Instant(), nullable=False),
        sa.Column("asked_by", sa.Integer(), nullable=False),
        sa.Column("asked_at", Instant(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("looked", sa.Integer(), nullable=False),
        sa.Column("affected", sa.Integer(), nullable=False),
        sa.Column("sums", sa.JSON(), nullable=False),
        sa.Column("people", sa.JSON(), nullable=False),
    )


def downgrade() -> None:
    op.drop_table("booking_replay")
