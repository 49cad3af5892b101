"""Offers, holds and commits keep what crosses routes: quotas, tools, crews, a delivery before its installation."""

from datetime import timedelta

import pytest
from flask import Flask

from dispatch import live, openings
from dispatch.daybook import DayPlan
from dispatch.live import Offer, VisitShape
from dispatch.models import Visit
from dispatch.operations import places, ties
from dispatch.operations import plan as plans
from dispatch.operations.places import PlaceGone
from dispatch.operations.ties import TieKind
from dispatch.planner import judge
from dispatch.planner.problem import Window
from dispatch.states import VisitState
from kernel.db import transaction
from tests.house import DISPATCHER, HOUR_S, MONDAY_NINE, a_branch, a_technician, tomorrow
from tests.integration.dispatch.test_proposals import FAR, NEAR, TEN, THREE

SHAPE = VisitShape(point=NEAR, work_s=HOUR_S, skill="air", service="air_install")
LADDERLESS = VisitShape(point=NEAR, work_s=HOUR_S, skill="air", service="survey")


@pytest.fixture
def people(app: Flask) -> tuple[int, int]:
    """Somebody next to all the doors, and somebody far from them."""
    with transaction() as db:
        branch_id = a_branch(db)
        return (
            a_technician(db, branch_id=branch_id, home=NEAR),
            a_technician(db, branch_id=branch_id, home=FAR),
        )


def a_quota(visits_max: int, *people: int) -> int:
    with transaction() as db:
        return ties.set_partner(
            db,
            branch_id=1,
            name="大洋安装",
            technician_ids=people,
            visits_max=visits_max,
            now=MONDAY_NINE,
        ).id


def a_ladder(count: int) -> None:
    with transaction() as db:
        ties.set_tool(
            db, branch_id=1, name="长梯", services=["air_install"], count=count, now=MONDAY_NINE
        )


def offers(shape: VisitShape = SHAPE) -> list[Offer]:
    with transaction(reads_only=True) as db:
        return live.find(db, branch_id=1, shape=shape, now=MONDAY_NINE, day=tomorrow())


def held(
    window: Window = TEN,
    *,
    shape: VisitShape = SHAPE,
    first_try: int | None = None,
    after_id: int | None = None,
) -> int:
    with transaction() as db:
        return places.hold_place(
            db,
            branch_id=1,
            day=tomorrow(),
            window=window,
            shape=shape,
            label="",
            until=MONDAY_NINE + timedelta(minutes=10),
            by=DISPATCHER,
            now=MONDAY_NINE,
            first_try=first_try,
            after_id=after_id,
        ).id


def committed(visit_id: int) -> Visit:
    with transaction() as db:
        return places.commit_place(db, visit_id=visit_id, by=DISPATCHER, now=MONDAY_NINE)


def holder(visit_id: int) -> int:
    plan = planned()
    [found] = [r.worker_id for r in plan.plan.routes if visit_id in r.stop_ids]
    return found


def planned() -> DayPlan:
    with transaction(reads_only=True) as db:
        return live.day_plan(db, branch_id=1, day=tomorrow(), now=MONDAY_NINE)


class TestAQuota:
    def test_that_is_used_up_takes_its_technicians_out_of_the_offers(
        self, people: tuple[int, int]
    ) -> None:
        near, far = people
        assert {offer.witness.worker_id for offer in offers()} == {near}

        a_quota(1, near)
        held()

        assert {offer.witness.worker_id for offer in offers()} == {far}

    def test_of_everybody_leaves_nothing_on_offer(self, people: tuple[int, int]) -> None:
        a_quota(1, *people)
        held()

        assert offers() == []
        with pytest.raises(PlaceGone):
            held(THREE)
        with transaction(reads_only=True) as db:
            gaps = openings.gaps(db, branch_id=1, shape=SHAPE, offers=(), now=MONDAY_NINE)
        assert [o for o in openings.search(gaps) if o.day == tomorrow()] == []

    def test_is_free_again_when_a_hold_is_released(self, people: tuple[int, int]) -> None:
        a_quota(1, *people)
        visit_id = held()
        with transaction() as db:
            places.release_place(db, visit_id=visit_id, by=DISPATCHER, now=MONDAY_NINE)

        assert len(offers()) == 4

    def test_that_was_seen_before_it_was_set_is_not_sold(self, people: tuple[int, int]) -> None:
        near, far = people
        assert offers()[0].witness.worker_id == near  # What is known of the day is of before.
        a_quota(0, near)

        assert holder(held(first_try=near)) == far

    def test_that_is_broken_already_keeps_what_stands(self, people: tuple[int, int]) -> None:
        near, far = people
        visits = [held(), held(THREE)]
        a_quota(1, near)

        plan = planned()
        assert plan.ties.quotas[0].visits_max == 1
        assert judge.judge(plan.problem, plan.plan).is_feasible
        assert [holder(visit_id) for visit_id in visits] == [near, near]
        assert {offer.witness.worker_id for offer in offers()} == {far}

    def test_lowered_under_a_hold_refuses_its_promise(self, people: tuple[int, int]) -> None:
        near, _ = people
        visit_id = held()
        partner = a_quota(0, near)

        with pytest.raises(PlaceGone):
            committed(visit_id)
        with transaction() as db:
            ties.drop(db, branch_id=1, kind=TieKind.PARTNER, row_id=partner, now=MONDAY_NINE)

        assert committed(visit_id).state is VisitState.PLANNED

    def test_that_is_just_reached_lets_its_promise_stand(self, people: tuple[int, int]) -> None:
        near, _ = people
        visit_id = held()
        a_quota(1, near)

        assert committed(visit_id).state is VisitState.PLANNED


class TestATool:
    def test_that_is_out_is_offered_with_who_has_it_alone(self, people: tuple[int, int]) -> None:
        near, far = people
        a_ladder(1)
        held(first_try=far)

        assert {offer.witness.worker_id for offer in offers()} == {far}
        assert {offer.witness.worker_id for offer in offers(LADDERLESS)} == {near}

    def test_that_there_is_none_of_is_offered_with_nobody(self, people: tuple[int, int]) -> None:
        a_ladder(0)

        assert offers() == []
        assert len(offers(LADDERLESS)) == 4
        with pytest.raises(PlaceGone):
            held()

    def test_moves_nobody_to_who_would_need_another(self, people: tuple[int, int]) -> None:
        _, far = people
        with transaction() as db:
            plan_before = live.day_plan(db, branch_id=1, day=tomorrow(), now=MONDAY_NINE)
        assert plan_before.problem.ties.tools == ()
        a_ladder(1)
        held(TEN, first_try=far)
        # The one with the ladder has no room left at ten; nobody may come instead of him.
        held(TEN, first_try=far, shape=LADDERLESS)
        for _ in range(6):
            try:
                held(TEN, first_try=far)
            except PlaceGone:
                break

        users = {
            r.worker_id
            for r in planned().plan.routes
            if not planned().problem.ties.tools[0].stop_ids.isdisjoint(r.stop_ids)
        }
        assert users == {far}


class TestACrew:
    def test_keeps_its_moment_whatever_is_booked_beside_it(self, people: tuple[int, int]) -> None:
        near, far = people
        one, other = held(TEN, first_try=near), held(TEN, first_try=far)
        with transaction() as db:
            numbers = [row.number for row in db.query(Visit).order_by(Visit.id)]
            ties.set_crew(db, branch_id=1, numbers=numbers)

        booked = 0
        for window in (TEN, TEN, Window(8 * HOUR_S, 10 * HOUR_S), THREE, THREE):
            try:
                held(window)
                booked += 1
            except PlaceGone:
                pass

        plan = planned()
        assert booked >= 3
        assert [crew.stop_ids for crew in plan.problem.ties.together] == [(one, other)]
        assert judge.judge(plan.problem, plan.plan).is_feasible


class TestADeliveryBeforeItsInstallation:
    def test_is_known_to_the_plan(self, people: tuple[int, int]) -> None:
        first = held(Window(8 * HOUR_S, 10 * HOUR_S))
        second = held(THREE, after_id=first)

        plan = planned()

        assert [(tie.first, tie.second) for tie in plan.problem.ties.after] == [(first, second)]
        assert judge.judge(plan.problem, plan.plan).is_feasible

    def test_that_runs_late_has_it_wait(self, people: tuple[int, int]) -> None:
        near, far = people
        first = held(Window(8 * HOUR_S, 10 * HOUR_S), first_try=near)
        second = held(TEN, first_try=far, after_id=first)
        assert starts()[second] == TEN.open_s
        with transaction() as db:
            visit = plans.visit_row(db, first)
            locked = plans.lock_day(db, branch_id=1, day=tomorrow(), now=MONDAY_NINE)
            visit.work_s = 3 * HOUR_S
            plans.changed(db, locked.row, now=MONDAY_NINE)

        plan = planned()

        assert starts()[second] == starts()[first] + 3 * HOUR_S > TEN.open_s
        assert judge.judge(plan.problem, plan.plan).is_feasible
        assert not plan.late


def starts() -> dict[int, int]:
    return {v.stop_id: v.start_s for t in planned().timetables.values() for v in t.visits}
