"""What the price card says a visit takes, beside what is planned for it, and how that was learned.

Revision: 0018, after 0017.
"""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("dispatch_visit", sa.Column("card_s", sa.Integer(), nullable=True))
    op.add_column(
        "dispatch_visit",
        sa.Column("learned_from", sa.Integer(), server_default="0", nullable=False),
    )


def downgrade() -> None:
    for name in ("learned_from", "card_s"):
        op.drop_column("dispatch_visit", name)
