"""With whom a dispatcher wants a visit to stay.

Revision: 0020, after 0019.
"""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("dispatch_visit", sa.Column("pinned_id", sa.Integer(), nullable=True))


def downgrade() -> None:
    op.drop_column("dispatch_visit", "pinned_id")
