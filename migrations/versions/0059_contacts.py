"""The people of a member's household.

Revision: 0059, after 0058.
"""

import sqlalchemy as sa
from alembic import op

from kernel.db import Instant

revision = "0059"
down_revision = "0058"
branch_labels = None
depends_on = None

CONTACTS = "members_contact"


def upgrade() -> None:
    op.create_table(
        CONTACTS,
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("number", sa.String(), nullable=False, unique=True),
        sa.Column(
            "member_id",
            sa.Integer(),
            sa.ForeignKey("members_member.id"),
            nullable=False,
            index=True,
        ),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("phone", sa.String(), nullable=False),
        sa.Column("roles", sa.JSON(), nullable=False),
        sa.Column("added_at", Instant(), nullable=False),
    )


def downgrade() -> None:
    op.drop_table(CONTACTS)
