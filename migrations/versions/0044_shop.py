"""The points shop: articles with their stock, and what members took.

Revision: 0044, after 0043.
"""

import sqlalchemy as sa
from alembic import op

from kernel.db import Instant

revision = "0044"
down_revision = "0043"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "booking_article",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("number", sa.String(), nullable=False, unique=True),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("about", sa.String(), nullable=False),
        sa.Column("icon", sa.String(), nullable=False),
        sa.Column("points", sa.Integer(), nullable=False),
        sa.Column("stock", sa.Integer()),
        sa.Column("own_max", sa.Integer()),
        sa.Column("coupon_kind_id", sa.Integer(), sa.ForeignKey("booking_coupon_kind.id")),
        sa.Column("by_post", sa.Boolean(), nullable=False),
        sa.Column("by_pickup", sa.Boolean(), nullable=False),
        sa.Column("on_sale", sa.Boolean(), nullable=False, server_default=sa.true()),
        sa.Column("made_at", Instant(), nullable=False),
        sa.CheckConstraint("points > 0", name=op.f("ck_booking_article_points_positive")),
        sa.CheckConstraint(
            "stock IS NULL OR stock >= 0", name=op.f("ck_booking_article_stock_not_negative")
        ),
    )
    op.create_table(
        "booking_exchange",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("number", sa.String(), nullable=False, unique=True),
        _refers("article_id", "booking_article.id"),
        _refers("member_id", "members_member.id"),
        sa.Column("points", sa.Integer(), nullable=False),
        sa.Column("way", sa.String(32), nullable=False),
        *(
            sa.Column(name, sa.String(), nullable=False)
            for name in ("contact", "phone", "address", "carrier", "tracking")
        ),
        sa.Column("store_id", sa.Integer(), sa.ForeignKey("booking_store.id"), index=True),
        sa.Column("pickup_code", sa.String(), nullable=False, index=True),
        sa.Column("placed_at", Instant(), nullable=False),
        sa.Column("staff_id", sa.Integer()),
        sa.Column("why", sa.String(), nullable=False),
        sa.Column("state", sa.String(32), nullable=False, index=True),
        sa.Column("state_since", Instant(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
    )


def downgrade() -> None:
    for table in ("booking_exchange", "booking_article"):
        op.drop_table(table)


def _refers(name: str, target: str) -> sa.Column[int]:
    return sa.Column(name, sa.Integer(), sa.ForeignKey(target), nullable=False, index=True)
