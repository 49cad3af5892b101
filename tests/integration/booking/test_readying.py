"""Visits become ready by the news that lights their lamps, on both databases."""

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

import app as joinery
from booking import goods_queries
from booking.operations import goods, presence
from booking.states import GoodsState
from dispatch.operations import visits as visit_operations
from dispatch.states import VisitState
from kernel import delivery
from kernel.actor import Actor
from kernel.clock import FixedClock
from kernel.db import transaction
from kernel.outbox import OutboxRow
from tests.house import MONDAY_NINE
from tests.integration.booking.promised import (
    DISPATCHER_OF_ALL,
    a_city,
    a_promise,
    assigned,
    booking_of,
    visit_of,
)

NOW = FixedClock(MONDAY_NINE)


@pytest.fixture
def member(app: Flask) -> Actor:
    return a_city(brings=[{"kind": "goods", "name": "挂机"}])


def heard() -> None:
    """Let the house hear all its news."""
    while delivery.deliver_events(joinery.REACTIONS, NOW):
        pass


def moved(number: str, state: GoodsState) -> None:
    with transaction() as db:
        [item] = goods_queries.items_of(db, booking_of(number).id)
        goods.set_state(
            db, item_number=item.number, state=state, by=DISPATCHER_OF_ALL, now=MONDAY_NINE
        )


def confirmed(number: str, by: Actor) -> None:
    with transaction() as db:
        presence.confirm(db, number=number, by=by, now=MONDAY_NINE)


def readied() -> list[bool]:
    with transaction(reads_only=True) as db:
        found = select(OutboxRow.facts).where(OutboxRow.name == "VisitReadied")
        rows = db.scalars(found.order_by(OutboxRow.id))
        return [facts["ready"] for facts in rows]


def test_a_visit_is_ready_when_its_last_light_turns_green(member: Actor) -> None:
    number = a_promise(member)
    confirmed(number, member)
    heard()
    assert visit_of(number).state is VisitState.PLANNED

    moved(number, GoodsState.IN_WAREHOUSE)
    heard()

    assert visit_of(number).state is VisitState.READY


def test_it_is_so_no_more_when_goods_were_counted_by_mistake(member: Actor) -> None:
    number = a_promise(member)
    moved(number, GoodsState.IN_WAREHOUSE)
    confirmed(number, member)
    heard()

    moved(number, GoodsState.NOT_SHIPPED)
    heard()

    assert visit_of(number).state is VisitState.PLANNED
    assert readied() == [True, False]


def test_the_same_news_twice_changes_nothing(member: Actor) -> None:
    number = a_promise(member)
    moved(number, GoodsState.IN_WAREHOUSE)
    confirmed(number, member)
    heard()

    moved(number, GoodsState.ON_VAN)
    heard()

    assert readied() == [True]


def test_what_has_its_technician_stays_his(member: Actor) -> None:
    number = a_promise(member)
    assigned(number)
    moved(number, GoodsState.IN_WAREHOUSE)
    confirmed(number, member)
    heard()

    assert visit_of(number).state is VisitState.ACCEPTED
    assert readied() == []


def test_what_its_technician_declined_is_ready_as_it_stands(member: Actor) -> None:
    number = a_promise(member)
    technician = assigned(number)
    moved(number, GoodsState.IN_WAREHOUSE)
    confirmed(number, member)
    heard()

    with transaction() as db:
        visit_operations.decline(
            db, number=visit_of(number).number, reason="ill", by=technician, now=MONDAY_NINE
        )
    heard()

    assert visit_of(number).state is VisitState.READY


def test_an_address_that_somebody_vouched_for_is_a_light_too(member: Actor) -> None:
    number = a_promise(member)
    moved(number, GoodsState.IN_WAREHOUSE)
    confirmed(number, member)
    with transaction() as db:
        booking = presence.vouch_for_address(
            db, number=number, by=DISPATCHER_OF_ALL, now=MONDAY_NINE + timedelta(minutes=1)
        )
        booking.address_is_sure = False
    heard()
    assert visit_of(number).state is VisitState.PLANNED

    with transaction() as db:
        presence.vouch_for_address(db, number=number, by=DISPATCHER_OF_ALL, now=MONDAY_NINE)
    heard()

    assert visit_of(number).state is VisitState.READY
