"""Messages know after which moment nobody needs them any more.

Revision: 0003, after 0002.
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Nullable: what was queued before is sent whenever it can be, as it was promised then.
    op.add_column(
        "notifications_message", sa.Column("not_after", sa.DateTime(timezone=True), nullable=True)
    )


def downgrade() -> None:
    op.drop_column("notifications_message", "not_after")
