"""Where the stores are.

Revision: 0036, after 0035.
"""

import sqlalchemy as sa
from alembic import op

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None

STORES = "booking_store"


def upgrade() -> None:
    op.add_column(
        STORES, sa.Column("address", sa.String(), server_default=sa.text("''"), nullable=False)
    )
    op.add_column(STORES, sa.Column("lat", sa.Double()))
    op.add_column(STORES, sa.Column("lon", sa.Double()))


def downgrade() -> None:
    for column in ("lon", "lat", "address"):
        op.drop_column(STORES, column)
