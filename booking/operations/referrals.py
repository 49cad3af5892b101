"""What is given when somebody who was brought has his first service completed."""

from collections.abc import Sequence
from datetime import datetime

from booking import code_queries, queries
from booking.states import SERVED
from kernel.db import Session
from members import merge_queries, referral_queries, rule_queries
from members import queries as members
from members.ledger import Draft
from members.operations import following, postings
from members.referring import commission_draft, referral_drafts, referrer_of
from members.rules import Rules


def reward(db: Session, *, booking_number: str, now: datetime) -> int:
    """Give points to both, or the commission to whose badge brought him; return how many postings.

    Nothing for a service that cost nothing, for somebody who had booked before he met the code, or who
    has his referrer's phone. A member is rewarded for once, however often this is called.
    """
    booking = queries.by_number(db, booking_number)
    if booking is None or booking.state not in SERVED or booking.price.fen == 0:
        return 0
    touch = referral_queries.brought(db, booking.member_id)
    theirs = queries.bookings_of(db, booking.member_id, limit=200)
    if touch is None or any(one.made_at < touch.at for one in theirs):
        return 0

    rules = rule_queries.governing(db, booking)
    number = referrer_of(touch.scene)
    if number:
        drafts = _for_friend(db, number, booking.member_id, rules=rules, now=now)
    else:
        drafts = _for_badge(db, touch.scene, booking.member_id, rules=rules)
    if drafts:
        postings.post_all(db, drafts, now=now)
    return len(drafts)


def _for_friend(
    db: Session, number: str, referred_id: int, *, rules: Rules, now: datetime
) -> Sequence[Draft]:
    referrer = referral_queries.member_of_number(db, number)
    if referrer is None or referrer.id == referred_id:
        return ()
    # Both, so that no two friends at once take their referrer over the cap.
    for member_id in sorted((referrer.id, referred_id)):
        following.lock_member(db, member_id)
    if referrer.phone and referrer.phone == members.member(db, referred_id).phone:
        return ()
    names = [row.id for row in merge_queries.rows_of(db, referred_id)]
    if referral_queries.rewarded_at(db, names):
        return ()
    given = referral_queries.rewards_of(db, referrer.id, since=now - rules.referrals_within)
    return referral_drafts(
        referrer_id=referrer.id, referred_id=referred_id, friends_before=given, rules=rules
    )


def _for_badge(db: Session, scene: str, referred_id: int, *, rules: Rules) -> Sequence[Draft]:
    following.lock_member(db, referred_id)
    owner = code_queries.bearer_account(db, scene)
    names = [row.id for row in merge_queries.rows_of(db, referred_id)]
    if not owner or referral_queries.is_commissioned(db, names):
        return ()
    return (commission_draft(owner=owner, referred_id=referred_id, rules=rules),)
