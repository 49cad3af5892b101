"""With whom a dispatcher wants a visit to stay.

Revision: 0021, after 0020.
"""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("dispatch_visit", sa.Column("pinned_id", sa.Integer(), nullable=True))


def downgrade() -> None:
    op.drop_column("dispatch_visit", "pinned_id")
