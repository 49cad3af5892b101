"""What members took in the points shop is owed like any other thing: in one table, sent or handed over.

Revision: 0051, after 0050.

Both tables are made anew from their rows. An open prize that was to be fetched anywhere waits for its
member to say at which store.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

from kernel.db import Instant

revision = "0051"
down_revision = "0050"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _set_aside()
    _make_collections()
    op.create_table(
        "booking_exchange",
        *_exchange(),
        sa.Column(
            "collection_id", sa.Integer(), sa.ForeignKey("members_collection.id"), unique=True
        ),
    )
    for move in (_PRIZES, _TAKEN, _EXCHANGES):
        op.execute(move)
    _end()


def downgrade() -> None:
    _set_aside()
    op.create_table(
        "members_collection",
        *_collection(),
        *_words("name", "phone", "address", "parcel", "code"),
        sa.Column("sent_at", Instant()),
        sa.Column("handed_at", Instant()),
        sa.Column("store_id", sa.Integer()),
        sa.Column("by_id", sa.Integer()),
        sa.CheckConstraint(
            "sent_at IS NULL OR handed_at IS NULL",
            name=op.f("ck_members_collection_given_once"),
        ),
    )
    op.create_index("ix_members_collection_code", "members_collection", ["code"])
    op.create_table(
        "booking_exchange",
        *_exchange(),
        sa.Column("way", sa.String(32), nullable=False),
        *_words("contact", "phone", "address", "carrier", "tracking", "pickup_code", "why"),
        sa.Column("store_id", sa.Integer(), sa.ForeignKey("booking_store.id"), index=True),
        sa.Column("staff_id", sa.Integer()),
        *_state(),
    )
    op.create_index("ix_booking_exchange_pickup_code", "booking_exchange", ["pickup_code"])
    for move in (_PRIZES_BACK, _EXCHANGES_BACK):
        op.execute(move)
    _end()


def _set_aside() -> None:
    for table in ("booking_exchange", "members_collection"):
        op.execute(f"CREATE TABLE old_{table} AS SELECT * FROM {table}")
        op.drop_table(table)


def _end() -> None:
    for table in ("booking_exchange", "members_collection"):
        op.drop_table(f"old_{table}")
        if op.get_bind().dialect.name == "postgresql":
            op.execute(
                f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), "
                f"(SELECT coalesce(max(id), 0) + 1 FROM {table}), false)"
            )


def _make_collections() -> None:
    op.create_table(
        "members_collection",
        *_collection(),
        sa.Column("by_post", sa.Boolean(), nullable=False, server_default=sa.true()),
        sa.Column("by_pick_up", sa.Boolean(), nullable=False, server_default=sa.true()),
        *_words("name", "phone", "address", "carrier", "tracking", "code", "why"),
        sa.Column("store_id", sa.Integer(), index=True),
        sa.Column("staff_id", sa.Integer()),
        *_state(),
    )
    op.create_index("ix_members_collection_code", "members_collection", ["code"])


def _collection() -> list[sa.Column[Any]]:
    return [
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("number", sa.String(), nullable=False, unique=True),
        _refers("member_id", "members_member.id"),
        sa.Column("what", sa.String(), nullable=False),
        sa.Column("cause", sa.String(), nullable=False, unique=True),
        sa.Column("owed_at", Instant(), nullable=False),
        sa.Column("way", sa.String(32)),
    ]


def _exchange() -> list[sa.Column[Any]]:
    return [
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("number", sa.String(), nullable=False, unique=True),
        _refers("article_id", "booking_article.id"),
        _refers("member_id", "members_member.id"),
        sa.Column("points", sa.Integer(), nullable=False),
        sa.Column("placed_at", Instant(), nullable=False),
    ]


def _state() -> list[sa.Column[Any]]:
    return [
        sa.Column("state", sa.String(32), nullable=False, index=True),
        sa.Column("state_since", Instant(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
    ]


def _words(*names: str) -> list[sa.Column[Any]]:
    return [sa.Column(name, sa.String(), nullable=False) for name in names]


_PRIZES = """
INSERT INTO members_collection (id, number, member_id, what, cause, owed_at, by_post, by_pick_up, way,
    name, phone, address, carrier, tracking, code, why, store_id, staff_id, state, state_since, version)
SELECT id, number, member_id, what, cause, owed_at, true, true,
    CASE WHEN way = 'pick_up' AND handed_at IS NULL THEN NULL ELSE way END,
    name, phone, address, '', parcel, CASE WHEN handed_at IS NULL THEN '' ELSE code END, '',
    store_id, by_id,
    CASE WHEN handed_at IS NOT NULL THEN 'handed_over'
         WHEN sent_at IS NOT NULL THEN 'sent' ELSE 'owed' END,
    coalesce(handed_at, sent_at, owed_at), 1
FROM old_members_collection
"""
# A coupon was there at once: nothing is owed for it.
_TAKEN = """
INSERT INTO members_collection (id, number, member_id, what, cause, owed_at, by_post, by_pick_up, way,
    name, phone, address, carrier, tracking, code, why, store_id, staff_id, state, state_since, version)
SELECT x.id + (SELECT coalesce(max(id), 0) FROM old_members_collection), x.number, x.member_id, a.name,
    'exchange:' || x.number, x.placed_at, a.by_post, a.by_pickup,
    CASE x.way WHEN 'pickup' THEN 'pick_up' ELSE 'post' END,
    x.contact, x.phone, x.address, x.carrier, x.tracking, x.pickup_code, x.why, x.store_id, x.staff_id,
    CASE x.state WHEN 'placed' THEN 'owed' WHEN 'handed_out' THEN 'handed_over' ELSE x.state END,
    x.state_since, 1
FROM old_booking_exchange x JOIN booking_article a ON a.id = x.article_id
WHERE x.way <> 'wallet'
"""
_EXCHANGES = """
INSERT INTO booking_exchange (id, number, article_id, member_id, points, placed_at, collection_id)
SELECT x.id, x.number, x.article_id, x.member_id, x.points, x.placed_at, c.id
FROM old_booking_exchange x LEFT JOIN members_collection c ON c.cause = 'exchange:' || x.number
"""

_PRIZES_BACK = """
INSERT INTO members_collection (id, number, member_id, what, cause, owed_at, way, name, phone, address,
    parcel, code, sent_at, handed_at, store_id, by_id)
SELECT id, number, member_id, what, cause, owed_at, way, name, phone, address,
    carrier || ' ' || tracking, code,
    CASE state WHEN 'sent' THEN state_since END, CASE state WHEN 'handed_over' THEN state_since END,
    store_id, staff_id
FROM old_members_collection WHERE cause NOT LIKE 'exchange:%'
"""
_EXCHANGES_BACK = """
INSERT INTO booking_exchange (id, number, article_id, member_id, points, placed_at, way, contact, phone,
    address, carrier, tracking, pickup_code, why, store_id, staff_id, state, state_since, version)
SELECT x.id, x.number, x.article_id, x.member_id, x.points, x.placed_at,
    CASE c.way WHEN 'post' THEN 'post' WHEN 'pick_up' THEN 'pickup' ELSE 'wallet' END,
    coalesce(c.name, ''), coalesce(c.phone, ''), coalesce(c.address, ''), coalesce(c.carrier, ''),
    coalesce(c.tracking, ''), coalesce(c.code, ''), coalesce(c.why, ''), c.store_id, c.staff_id,
    CASE c.state WHEN 'owed' THEN 'placed' WHEN 'handed_over' THEN 'handed_out' WHEN 'sent' THEN 'sent'
        WHEN 'cancelled' THEN 'cancelled' ELSE 'in_wallet' END,
    coalesce(c.state_since, x.placed_at), 1
FROM old_booking_exchange x LEFT JOIN old_members_collection c ON c.id = x.collection_id
"""


def _refers(name: str, target: str) -> sa.Column[int]:
    return sa.Column(name, sa.Integer(), sa.ForeignKey(target), nullable=False, index=True)
