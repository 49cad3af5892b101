"""A technician's visits by day, found without reading everybody's.

Revision: 0011, after 0010.
"""

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

NAME = "ix_dispatch_visit_technician_day"


def upgrade() -> None:
    op.create_index(NAME, "dispatch_visit", ["technician_id", "day"])


def downgrade() -> None:
    op.drop_index(NAME, table_name="dispatch_visit")
