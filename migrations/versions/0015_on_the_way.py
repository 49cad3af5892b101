"""The points that a window on somebody's way earns, with the window.

Revision: 0015, after 0014.
"""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "booking_promise", sa.Column("bonus", sa.Integer(), server_default="0", nullable=False)
    )


def downgrade() -> None:
    op.drop_column("booking_promise", "bonus")
