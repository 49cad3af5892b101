"""What a member is owed is handed over where it lies, and nowhere else."""

import pytest
from flask import Flask

from kernel.actor import Actor, Role
from kernel.db import transaction
from members.collecting import NothingToCollect
from members.operations import collections
from tests.house import DISPATCHER, MONDAY_NINE, a_member

HERE, THERE = 1, 2


@pytest.fixture
def code(app: Flask) -> str:
    with transaction() as db:
        member = a_member(db, openid="oTest00000000000000000000001")
        row = collections.owe(db, member_id=member.id, what="雨伞", cause="test", now=MONDAY_NINE)
        return collections.choose_pick_up(db, number=row.number, store_id=HERE, by=member).code


@pytest.mark.parametrize(
    ("by", "within"),
    [
        (Actor(7, Role.STORE, store_ids=frozenset({THERE})), [THERE]),
        (DISPATCHER, [THERE]),
    ],
)
def test_who_stands_elsewhere_hands_out_nothing(code: str, by: Actor, within: list[int]) -> None:
    with pytest.raises(NothingToCollect), transaction() as db:
        collections.hand_over(db, code=code, by=by, within=within, now=MONDAY_NINE)


def test_a_code_is_good_once(code: str) -> None:
    def hand() -> None:
        with transaction() as db:
            collections.hand_over(db, code=code, by=DISPATCHER, within=None, now=MONDAY_NINE)

    hand()

    with pytest.raises(NothingToCollect):
        hand()
