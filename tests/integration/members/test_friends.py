"""For how many friends a member got points, whatever became of the points."""

from flask import Flask

from kernel.db import transaction
from members import referral_queries
from members.ledger import CANCEL_FEE, HOUSE_CHARGES, POINTS, Draft, member_owner
from members.operations import postings
from members.referring import referral_drafts
from members.rule_text import RULES
from tests.house import MONDAY_NINE, a_member


def test_a_debt_hides_no_friend_for_whom_it_was_repaid(app: Flask) -> None:
    with transaction() as db:
        me, *friends = [a_member(db, openid=f"oFriend{nth:020d}").id for nth in range(3)]
    legs = {HOUSE_CHARGES: 150, member_owner(me): -150}
    owed = Draft(key="charge", kind=CANCEL_FEE, unit=POINTS, legs=legs, evidence="booking:B1")
    given = [
        draft
        for friend in friends
        for draft in referral_drafts(
            referrer_id=me, referred_id=friend, friends_before=0, rules=RULES
        )
    ]
    for draft in (owed, *given):
        with transaction() as db:
            postings.post(db, draft, now=MONDAY_NINE)

    with transaction(reads_only=True) as db:
        assert referral_queries.rewards_of(db, me, since=MONDAY_NINE) == len(friends)
