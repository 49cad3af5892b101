"""Technicians who have left, and services off sale.

Revision: 0010, after 0009.
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column("dispatch_technician", sa.Column("disabled_at", INSTANT, nullable=True))
    op.add_column(
        "booking_service",
        sa.Column("on_sale", sa.Boolean(), nullable=False, server_default=sa.true()),
    )


def downgrade() -> None:
    op.drop_column("booking_service", "on_sale")
    op.drop_column("dispatch_technician", "disabled_at")
