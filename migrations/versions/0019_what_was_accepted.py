"""What was made of a proposal and what not.

Revision: 0019, after 0018.
"""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("dispatch_proposal", sa.Column("accepted", sa.JSON(), nullable=True))


def downgrade() -> None:
    op.drop_column("dispatch_proposal", "accepted")
