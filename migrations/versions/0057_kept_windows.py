"""Windows that a branch keeps for members with a tag until shortly before they open.

Revision: 0057, after 0056.
"""

import sqlalchemy as sa
from alembic import op

revision = "0057"
down_revision = "0056"
branch_labels = None
depends_on = None

TAG_KEY = "fk_dispatch_branch_kept_tag_id_members_tag"


def upgrade() -> None:
    with op.batch_alter_table("dispatch_branch") as batch:
        batch.add_column(sa.Column("kept_tag_id", sa.Integer()))
        batch.add_column(sa.Column("kept_windows", sa.JSON()))
        batch.add_column(sa.Column("kept_hours", sa.Integer(), nullable=False, server_default="0"))
        batch.create_foreign_key(op.f(TAG_KEY), "members_tag", ["kept_tag_id"], ["id"])


def downgrade() -> None:
    with op.batch_alter_table("dispatch_branch") as batch:
        batch.drop_constraint(op.f(TAG_KEY), type_="foreignkey")
        for column in ("kept_tag_id", "kept_windows", "kept_hours"):
            batch.drop_column(column)
