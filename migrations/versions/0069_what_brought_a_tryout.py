"""A tryout names the booking that brought it.

Revision: 0069, after 0068.
"""

from alembic import op

revision = "0069"
down_revision = "0068"
branch_labels = None
depends_on = None

TRYOUT = "booking_tryout"
# The newest of its member's that may have: who was merged into another since, and had one as well, may
# have to be looked at.
BROUGHT = f"""
UPDATE {TRYOUT} SET brought_by_id = (
    SELECT max(b.id) FROM booking_booking b
    JOIN booking_sample s ON s.delivery_id = b.service_id
    WHERE s.id = {TRYOUT}.sample_id AND b.member_id = {TRYOUT}.member_id
    AND b.made_at >= {TRYOUT}.asked_at AND b.state <> 'expired'
) WHERE delivered_at IS NOT NULL
"""


def upgrade() -> None:
    # Alembic would make an ALTER of its own of the foreign key, which SQLite does not know.
    op.execute(
        f"ALTER TABLE {TRYOUT} ADD COLUMN brought_by_id INTEGER REFERENCES booking_booking (id)"
    )
    op.create_index("ix_booking_tryout_brought_by_id", TRYOUT, ["brought_by_id"])
    op.execute(BROUGHT)


def downgrade() -> None:
    op.drop_index("ix_booking_tryout_brought_by_id", TRYOUT)
    op.drop_column(TRYOUT, "brought_by_id")
