"""Canned replies of the chat desks.

Revision: 0035, after 0034.
"""

import sqlalchemy as sa
from alembic import op

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "conversations_canned",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("desk", sa.String(), nullable=False, unique=True),
        sa.Column("lines", sa.JSON(), nullable=False),
    )


def downgrade() -> None:
    op.drop_table("conversations_canned")
