"""What a branch keeps for members with a tag is neither offered to others nor held by them, until it is
free for all."""

from datetime import datetime, timedelta

import pytest
from flask import Flask

from booking import offering
from booking.operations import bookings, waiting
from dispatch import queries as dispatch
from dispatch.keeping import BadKeeping, KeptWindow
from dispatch.operations import ties
from dispatch.planner.problem import Window
from kernel.actor import Actor, Role
from kernel.db import transaction
from members.operations import tags
from tests.house import HOUR_S, MONDAY, MONDAY_NINE, a_draft, a_member
from tests.integration.booking.promised import MORNING, a_city

LEADER = Actor(1, Role.MANAGER)
WEDNESDAY = MONDAY + timedelta(days=2)


@pytest.fixture
def tagged(app: Flask) -> Actor:
    """A member with the tag for which the mornings are kept until a day before."""
    member = a_city()
    with transaction() as db:
        tag = tags.make_tag(db, name="VIP", rule=None, by=LEADER, now=MONDAY_NINE)
    with transaction() as db:
        tags.put_on(db, tag_id=tag.id, member_id=member.id, now=MONDAY_NINE)
    with transaction() as db:
        ties.set_keeping(db, branch_id=1, tag_id=tag.id, windows=[MORNING], hours=24)
    return member


@pytest.fixture
def other(tagged: Actor) -> Actor:
    with transaction() as db:
        return a_member(db, openid="oTest000000000000000000002")


def a_new_draft(by: Actor) -> str:
    with transaction() as db:
        return a_draft(db, by=by)


def mornings(by: Actor, *, now: datetime) -> bool:
    """Tell whether Wednesday's kept window is offered to him then."""
    found = offering.offers(draft_number=a_new_draft(by), by=by, now=now)
    return any((offer.day, offer.window) == (WEDNESDAY, MORNING) for offer in found)


def test_offered_to_the_tagged_alone_until_it_is_free(tagged: Actor, other: Actor) -> None:
    tuesday_ten = MONDAY_NINE + timedelta(hours=25)

    assert mornings(tagged, now=MONDAY_NINE)
    assert not mornings(other, now=tuesday_ten - timedelta(seconds=1))
    assert mornings(other, now=tuesday_ten)


def test_held_by_the_tagged_alone(tagged: Actor, other: Actor) -> None:
    drafts = [(a_new_draft(by), by) for by in (other, tagged)]

    def hold(number: str, by: Actor) -> str:
        with transaction() as db:
            return bookings.hold(
                db,
                draft_number=number,
                day=WEDNESDAY,
                window=MORNING,
                by=by,
                now=MONDAY_NINE,
            ).number

    with pytest.raises(KeptWindow):
        hold(*drafts[0])
    assert hold(*drafts[1])


def test_others_wait_for_any_window_but_a_kept_one(tagged: Actor, other: Actor) -> None:
    with transaction() as db:
        last = Window(*dispatch.branch(db, 1).windows[-1])
        ties.set_keeping(db, branch_id=1, tag_id=1, windows=[last], hours=24)
    number = a_new_draft(other)

    def join(*wanted: Window) -> str:
        with transaction() as db:
            row = waiting.join(
                db, draft_number=number, day=WEDNESDAY, wanted=wanted, by=other, now=MONDAY_NINE
            )
            return row.number

    with pytest.raises(KeptWindow):
        join(last)
    assert join()


def test_only_the_branchs_own_windows_are_kept(tagged: Actor) -> None:
    with pytest.raises(BadKeeping), transaction() as db:
        ties.set_keeping(
            db, branch_id=1, tag_id=1, windows=[Window(11 * HOUR_S, 12 * HOUR_S)], hours=24
        )
