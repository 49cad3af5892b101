"""What broke a day stands in the proposal that repairs it, with what it takes to undo it.

Revision: 0017, after 0016.
"""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for name in ("cause", "undo"):
        op.add_column("dispatch_proposal", sa.Column(name, sa.JSON(), nullable=True))
    op.add_column("dispatch_visit", sa.Column("not_before_s", sa.Integer(), nullable=True))


def downgrade() -> None:
    op.drop_column("dispatch_visit", "not_before_s")
    for name in ("undo", "cause"):
        op.drop_column("dispatch_proposal", name)
