"""One person with several WeChats is talked to in each of them."""

from flask import Flask

from conversations import queries
from conversations.operations import chats
from kernel.actor import SYSTEM
from kernel.db import transaction
from members.merging import MergeReason
from members.operations import merging
from tests.house import MONDAY_NINE, a_branch, a_member

OPENIDS = [f"oTest_0000000000000000000000{place}" for place in (1, 2, 3)]


def asked(openid: str) -> None:
    with transaction() as db:
        chats.ask_for_person(db, openid=openid, now=MONDAY_NINE)


def test_conversations_go_on_and_begin_once_he_is_known_to_be_one(app: Flask) -> None:
    with transaction() as db:
        a_branch(db)
        first, *others = (a_member(db, openid=openid).id for openid in OPENIDS)
    asked(OPENIDS[0])
    asked(OPENIDS[1])
    for other in others:
        with transaction() as db:
            merging.merge(
                db,
                one_id=first,
                other_id=other,
                reason=MergeReason.UNIONID,
                by=SYSTEM,
                now=MONDAY_NINE,
            )

    asked(OPENIDS[2])
    asked(OPENIDS[2])

    with transaction(reads_only=True) as db:
        opened = queries.open_chats(db, OPENIDS)
        assert [opened[openid].member_id for openid in OPENIDS] == [first] * 3
