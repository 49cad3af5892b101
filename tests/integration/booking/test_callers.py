"""A caller becomes one with the member in WeChat who has proven the same phone, where both were served."""

from datetime import timedelta

import pytest
from flask import Flask

from booking import reactions
from dispatch.planner.problem import Window
from kernel.actor import Actor, Role
from kernel.clock import FixedClock
from kernel.db import transaction
from kernel.phone import Phone
from members.events import PhoneConfirmed
from members.models import Member
from members.operations import following
from tests.house import HOUR_S, MONDAY_NINE
from tests.integration.booking.promised import (
    TUESDAY_TEN,
    a_city,
    a_promise,
    assigned,
    at_work,
    booking_of,
    finished,
)

AFTERNOON = Window(13 * HOUR_S, 15 * HOUR_S)


@pytest.mark.parametrize("door", ["12-2-402", "12-2-403"])
def test_only_who_was_served_behind_the_same_door(app: Flask, door: str) -> None:
    member = a_city()
    with transaction() as db:
        caller = following.add_caller(
            db, name="林女士", phone=Phone("13800002046"), now=MONDAY_NINE
        )
        by = Actor(caller.id, Role.MEMBER)
    his, theirs = a_promise(member), a_promise(by, window=AFTERNOON)
    with transaction() as db:
        db.merge(booking_of(theirs)).door = door
    technician = assigned(his)
    assigned(theirs)
    for number, hours in ((his, 0), (theirs, 4)):
        at_work(number, technician, now=TUESDAY_TEN + timedelta(hours=hours))
        finished(number, technician, now=TUESDAY_TEN + timedelta(hours=hours))

    told = PhoneConfirmed(at=TUESDAY_TEN, member_id=member.id)
    reactions.on_phone_confirmed(told, FixedClock(TUESDAY_TEN + timedelta(hours=6)))

    with transaction(reads_only=True) as db:
        merged_into = db.get_one(Member, by.id).merged_into_id
    assert merged_into == (member.id if door == "12-2-402" else None)
