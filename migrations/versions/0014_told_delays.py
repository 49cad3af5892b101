"""Which delay was told last, so that a plan that goes to and fro does not tell it again.

Revision: 0014, after 0013.
"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("dispatch_visit", sa.Column("told_late_s", sa.Integer(), nullable=True))
    # Those who are late were told so; by the window's end at least.
    op.execute("UPDATE dispatch_visit SET told_late_s = shuts_s WHERE late_since IS NOT NULL")


def downgrade() -> None:
    op.drop_column("dispatch_visit", "told_late_s")
