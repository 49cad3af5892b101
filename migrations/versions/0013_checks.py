"""What a service has checked and photographed before its work counts as done.

Revision: 0013, after 0012.
"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Nullable only because neither database could add the columns otherwise.
    op.add_column("booking_service", sa.Column("checks", sa.JSON(), nullable=True))
    op.add_column("booking_service", sa.Column("shots", sa.JSON(), nullable=True))
    for column in ("checks", "shots"):
        op.execute(f"UPDATE booking_service SET {column} = '[]'")
    op.create_table(
        "booking_check",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("visit_id", sa.Integer(), nullable=False),
        sa.Column("point", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["visit_id"], ["dispatch_visit.id"], name="fk_booking_check_visit_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_booking_check"),
        sa.UniqueConstraint("visit_id", "point", name="uq_booking_check_visit_id_point"),
    )


def downgrade() -> None:
    op.drop_table("booking_check")
    with op.batch_alter_table("booking_service") as table:
        table.drop_column("shots")
        table.drop_column("checks")
