"""Lucky draws whose prizes may be coupons: members keeps the draw, a coupon is given here."""

from collections.abc import Sequence
from datetime import datetime

from booking import coupon_queries, queries
from booking.coupons import CouponSource
from booking.operations import coupons
from kernel.actor import Actor
from kernel.db import Session
from members import draw_queries
from members.draw_models import Draw, Play
from members.drawing import BadPrizes, Prize, evidence_of
from members.operations import draws


def set_up(
    db: Session,
    *,
    name: str,
    about: str,
    eggs: int,
    prizes: Sequence[Prize],
    ends_at: datetime,
    store_id: int | None = None,
    by: Actor,
    now: datetime,
) -> Draw:
    """Write a draw down. Its coupons are of kinds that do not run out: the draw says how many there are.

    Raises Forbidden, BadPrizes, EndsTooSoon.
    """
    promised = {one.kind.number for one in coupon_queries.promisable(db)}
    if any(prize.coupon not in promised for prize in prizes if prize.coupon):
        raise BadPrizes(field="prizes")
    return draws.set_up(
        db,
        name=name,
        about=about,
        eggs=eggs,
        prizes=prizes,
        ends_at=ends_at,
        store_id=store_id,
        by=by,
        now=now,
    )


def smash(db: Session, *, number: str, by: Actor, now: datetime) -> Play:
    """Smash the next egg and give what lies in it: one a member, again is as once.

    Raises DrawMissing, DrawNotOpen.
    """
    within = queries.stores_within(db, by)
    play = draws.smash(db, number=number, by=by, within=within, now=now)
    prize = draw_queries.prize_of(db, play)
    if prize is not None and prize.coupon:
        coupons.give(
            db,
            kind_id=coupon_queries.kind(db, prize.coupon).id,
            member_id=by.id,
            key=evidence_of(number, play.egg),
            source=CouponSource.PRIZE,
            now=now,
        )
    return play
