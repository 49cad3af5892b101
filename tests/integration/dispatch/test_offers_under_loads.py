"""Offers, holds, commits and hands keep what vans hold: no visit more than there is room for."""

from typing import Any

import pytest
from flask import Flask

from dispatch import moves, queries, reasons
from dispatch import ties as reads
from dispatch.live import Offer, VisitShape
from dispatch.operations import places, rules, ties
from dispatch.operations.places import PlaceGone
from dispatch.planner import judge
from dispatch.planner.explain import Kind
from dispatch.planner.problem import Window
from dispatch.reasons import Standing
from dispatch.states import VisitState
from kernel.db import transaction
from tests.house import DISPATCHER, HOUR_S, MONDAY_NINE, a_branch, a_technician
from tests.integration.dispatch.test_offers_under_ties import (
    committed,
    held,
    holder,
    offers,
    planned,
)
from tests.integration.dispatch.test_proposals import FAR, NEAR, TEN, THREE

EARLY = Window(8 * HOUR_S, 10 * HOUR_S)
# Takes an old appliance along and brings nothing.
TAKING = VisitShape(point=NEAR, work_s=HOUR_S, skill="air", service="recycle")
LIGHT = VisitShape(point=NEAR, work_s=HOUR_S, skill="air", service="survey")


@pytest.fixture
def people(app: Flask) -> tuple[int, int]:
    """Somebody next to all the doors, and somebody far from them."""
    with transaction() as db:
        branch_id = a_branch(db)
        return (
            a_technician(db, branch_id=branch_id, home=NEAR),
            a_technician(db, branch_id=branch_id, home=FAR),
        )


def a_van(technician_id: int, room: int | None) -> None:
    with transaction() as db:
        rules.set_rules(
            db,
            technician_id=technician_id,
            only=(),
            never=(),
            overtime_s=0,
            is_standby=False,
            pace_percent=100,
            van_room=room,
            now=MONDAY_NINE,
        )


def a_load(service: str = "air_install", *, down: int = 1, up: int = 0) -> None:
    with transaction() as db:
        ties.set_load(db, branch_id=1, service=service, down=down, up=up, now=MONDAY_NINE)


def takers(shape: VisitShape | None = None) -> set[int]:
    found: list[Offer] = offers(shape) if shape is not None else offers()
    return {offer.witness.worker_id for offer in found}


def released(visit_id: int) -> None:
    with transaction() as db:
        places.release_place(db, visit_id=visit_id, by=DISPATCHER, now=MONDAY_NINE)


class TestAFullVan:
    def test_is_not_on_offer_and_the_others_are(self, people: tuple[int, int]) -> None:
        near, far = people
        a_load()
        a_van(near, 1)
        assert takers() == {near}
        held()

        assert takers() == {far}
        assert takers(LIGHT) == {near}
        assert holder(held(THREE, first_try=near)) == far

    def test_of_everybody_leaves_nothing_on_offer(self, people: tuple[int, int]) -> None:
        near, far = people
        a_load()
        a_van(near, 1)
        a_van(far, 0)
        visit_id = held()

        assert offers() == []
        with pytest.raises(PlaceGone):
            held(THREE)

        released(visit_id)
        assert len(offers()) == 4

    def test_is_on_offer_again_with_what_it_holds_now(self, people: tuple[int, int]) -> None:
        near, far = people
        a_load()
        a_van(near, 1)
        a_van(far, 0)
        held()
        assert offers() == []

        a_van(far, 1)

        assert takers() == {far}

    def test_holds_the_old_appliance_where_the_new_one_was(self, people: tuple[int, int]) -> None:
        near, far = people
        a_load(down=1, up=0)
        a_load("recycle", down=0, up=1)
        a_van(near, 1)
        a_van(far, 0)
        delivery = held(TEN)

        # Its place is free once the delivery is made, and no sooner.
        found = [offer.window for offer in offers(TAKING)]
        assert EARLY not in found
        assert THREE in found

        held(THREE, shape=TAKING)
        assert offers(TAKING) == []
        plan = planned()
        assert judge.judge(plan.problem, plan.plan).is_feasible
        released(delivery)
        assert offers(TAKING) == []

    def test_counts_what_is_written_down_later(self, people: tuple[int, int]) -> None:
        near, far = people
        a_van(near, 1)
        held()
        assert takers() == {near}

        a_load()

        assert takers() == {far}


class TestAVanThatIsTooFullAlready:
    def test_keeps_what_stands_and_takes_no_more(self, people: tuple[int, int]) -> None:
        near, far = people
        visits = [held(), held(THREE)]
        a_load()
        a_van(near, 1)

        plan = planned()

        assert [holder(visit_id) for visit_id in visits] == [near, near]
        assert judge.judge(plan.problem, plan.plan).is_feasible
        assert plan.problem.worker(near).room == (2,)
        assert takers() == {far}
        assert takers(LIGHT) == {near}

    def test_is_unloaded_by_plans(self, people: tuple[int, int]) -> None:
        near, _ = people
        held(), held(THREE)
        a_load()
        a_van(near, 1)

        with transaction(reads_only=True) as db:
            problem = reads.for_solving(db, planned()).problem

        assert problem.worker(near).room == (1,)

    def test_refuses_the_promise_of_a_hold(self, people: tuple[int, int]) -> None:
        near, _ = people
        visit_id = held()
        a_load()
        a_van(near, 0)

        with pytest.raises(PlaceGone):
            committed(visit_id)
        a_van(near, 1)

        assert committed(visit_id).state is VisitState.PLANNED

    def test_lets_a_promise_stand_that_brings_nothing(self, people: tuple[int, int]) -> None:
        near, _ = people
        held()
        light = held(THREE, shape=LIGHT)
        a_load()
        a_van(near, 0)

        assert committed(light).state is VisitState.PLANNED


class TestAHand:
    def test_is_told_by_how_much_a_van_is_full(self, people: tuple[int, int]) -> None:
        _, far = people
        a_load(down=3)
        a_van(far, 1)
        visit_id = committed(held()).id

        row = verdicts(visit_id)[far]

        assert row.standing is Standing.BREAKS
        assert row.is_ruled_out
        [way] = row.answer.relaxations
        assert (way.kind, way.amount) == (Kind.ROOM, 2)
        with transaction(reads_only=True) as db:
            move = moves.of_visit(db, queries.visit(db, visit_id), far, now=MONDAY_NINE)
        assert move is not None
        assert [(b.rule, b.worker_id, b.excess) for b in move.against] == [
            ("units_overloaded", far, 2)
        ]
        assert not move.may_be_forced

    def test_may_give_it_to_who_has_room(self, people: tuple[int, int]) -> None:
        near, far = people
        a_load(down=3)
        a_van(near, 0)
        a_van(far, 3)
        visit_id = committed(held()).id
        assert holder(visit_id) == far
        a_van(far, 1)
        a_van(near, 3)

        # The van that is too full is no reason to keep the visit, nor to lose it.
        rows = verdicts(visit_id)

        assert rows[near].standing is Standing.FITS
        assert rows[far].standing is Standing.OWN
        assert rows[far].witness is not None


def verdicts(visit_id: int) -> dict[int, Any]:
    with transaction(reads_only=True) as db:
        found = reasons.of_visit(db, queries.visit(db, visit_id), now=MONDAY_NINE)
    return {row.technician_id: row for row in found.rows}
