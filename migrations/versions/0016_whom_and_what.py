"""Whom the member would like to come, and of which service and estate (小区) a visit is.

Revision: 0016, after 0015.
"""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("dispatch_visit", sa.Column("wish_id", sa.Integer(), nullable=True))
    for name in ("service", "estate"):
        op.add_column(
            "dispatch_visit", sa.Column(name, sa.String(), server_default="", nullable=False)
        )
    op.execute(
        "UPDATE dispatch_visit SET"
        " service = coalesce((SELECT s.code FROM booking_promise p"
        " JOIN booking_service s ON s.id = p.service_id WHERE p.visit_id = dispatch_visit.id), ''),"
        " estate = coalesce((SELECT b.compound FROM booking_promise p"
        " JOIN booking_booking b ON b.id = p.booking_id WHERE p.visit_id = dispatch_visit.id), '')"
    )


def downgrade() -> None:
    for name in ("estate", "service", "wish_id"):
        op.drop_column("dispatch_visit", name)
