"""What crosses routes, written down at the console, is kept by the plans that are then made."""

from datetime import date, timedelta
from typing import Any

import pytest
from flask import Flask

from dispatch import jobs, live, queries
from dispatch import ties as reads
from dispatch.daybook import DayPlan
from dispatch.models import Crew, RouteRow
from dispatch.operations import proposals, rules, ties
from dispatch.operations.ties import BadCrew, TieKind
from dispatch.planner import solver
from dispatch.planner.solver import Solution
from kernel.clock import FixedClock
from kernel.db import transaction
from tests.house import DISPATCHER, HOUR_S, MONDAY, MONDAY_NINE, a_branch, a_service, a_technician
from tests.house import tomorrow as the_day
from tests.integration.dispatch.test_proposals import FAR, NEAR, THREE, asked, promised, routes

STEPS = 200


@pytest.fixture
def people(app: Flask, monkeypatch: pytest.MonkeyPatch) -> tuple[int, int]:
    """Somebody next to all the doors, and somebody far from them; plans take so many steps, not seconds."""
    solve = solver.solve

    def stepped(*given: Any, **words: Any) -> Solution:
        return solve(*given, **words | {"seconds": 60.0, "iterations": STEPS})

    monkeypatch.setattr(solver, "solve", stepped)
    with transaction() as db:
        branch_id = a_branch(db)
        pair = (
            a_technician(db, branch_id=branch_id, home=NEAR),
            a_technician(db, branch_id=branch_id, home=FAR),
        )
        a_service(db)
        return pair


def planned() -> str:
    """Have a better plan made, and accept it; return its number."""
    number = asked()
    assert jobs.solve_proposals(FixedClock(MONDAY_NINE)) == 1
    with transaction() as db:
        assert proposals.proposal_by_number(db, number).state == proposals.READY
    with transaction() as db:
        proposals.accept(db, number=number, by=DISPATCHER, now=MONDAY_NINE)
    return number


def number_of(visit_id: int) -> str:
    with transaction(reads_only=True) as db:
        return queries.visit(db, visit_id).number


def starts() -> dict[int, int]:
    """Return when each visit begins by the live plan, as it is read anew."""
    live.forget()
    with transaction(reads_only=True) as db:
        plan = live.day_plan(db, branch_id=1, day=the_day(), now=MONDAY_NINE)
    return {v.stop_id: v.start_s for t in plan.timetables.values() for v in t.visits}


def a_quota(visits_max: int, *people: int) -> None:
    with transaction() as db:
        ties.set_partner(
            db,
            branch_id=1,
            name="合作方",
            technician_ids=people,
            visits_max=visits_max,
            now=MONDAY_NINE,
        )


def a_crew(*visit_ids: int) -> int:
    numbers = [number_of(visit_id) for visit_id in visit_ids]
    with transaction() as db:
        return ties.set_crew(db, branch_id=1, numbers=numbers).id


class TestAQuota:
    def test_is_kept_by_the_next_plan(self, people: tuple[int, int]) -> None:
        near, _ = people
        visits = [promised(), promised(window=THREE), promised(window=THREE)]
        assert sorted(routes()[near]) == visits

        a_quota(1, near)
        planned()

        assert len(routes()[near]) < 2
        assert sorted(i for ids in routes().values() for i in ids) == visits

    def test_that_cannot_be_kept_holds_up_nothing_else(self, people: tuple[int, int]) -> None:
        near, far = people
        visits = [promised(), promised(point=FAR), promised(point=FAR, window=THREE)]
        a_quota(0, near, far)
        with transaction() as db:
            plan = reads.for_solving(db, _plan())
            assert plan.problem.ties.quotas[0].visits_max == 0

        planned()

        assert sorted(i for ids in routes().values() for i in ids) == visits

    def test_of_none_is_refused(self, people: tuple[int, int]) -> None:
        with pytest.raises(ties.NobodyChosen):
            a_quota(1, 77)


class TestATool:
    def test_is_with_one_technician_when_there_is_one(self, people: tuple[int, int]) -> None:
        near, far = people
        promised(point=NEAR, window=THREE)
        promised(point=FAR)
        assert {t: len(ids) for t, ids in routes().items()} == {near: 1, far: 1}

        with transaction() as db:
            ties.set_tool(
                db,
                branch_id=1,
                name="人字梯",
                services=["air_install"],
                count=1,
                now=MONDAY_NINE,
            )
        planned()

        assert sorted(len(ids) for ids in routes().values() if ids) == [2]


class TestACrew:
    def test_begins_together_each_with_his_own(self, people: tuple[int, int]) -> None:
        near, _ = people
        first, second = promised(), promised()
        assert sorted(routes()[near]) == [first, second]

        a_crew(first, second)
        planned()

        begun = starts()
        assert sorted(len(ids) for ids in routes().values()) == [1, 1]
        assert begun[first] == begun[second]

    def test_goes_back_to_how_it_was_with_its_plan(self, people: tuple[int, int]) -> None:
        first, second = promised(), promised()
        before = starts()
        a_crew(first, second)
        number = planned()

        with transaction() as db:
            proposals.undo(db, number=number, by=DISPATCHER, now=MONDAY_NINE)

        assert starts() == before

    def test_may_come_sooner_once_it_is_none(self, people: tuple[int, int]) -> None:
        first, second = promised(), promised(point=FAR)
        crew = a_crew(first, second)
        before = starts()
        with transaction() as db:
            row = db.get(Crew, crew)
            assert row is not None
            ties.lay_back(db, {str(crew): 11 * HOUR_S})
        assert set(starts().values()) == {11 * HOUR_S}

        with transaction() as db:
            ties.drop(db, branch_id=1, kind=TieKind.CREW, row_id=crew, now=MONDAY_NINE)

        assert starts() == before
        with transaction(reads_only=True) as db:
            assert db.get(Crew, crew) is None

    def test_is_of_visits_whose_windows_meet(self, people: tuple[int, int]) -> None:
        first, second, late = promised(), promised(), promised(window=THREE)

        with pytest.raises(BadCrew):
            a_crew(first, late)
        with pytest.raises(BadCrew):
            a_crew(first)
        a_crew(first, second)
        with pytest.raises(BadCrew):
            a_crew(first, second)


class TestALoad:
    def test_is_no_more_than_the_van_holds(self, people: tuple[int, int]) -> None:
        near, _ = people
        promised(), promised(window=THREE)
        assert len(routes()[near]) == 2

        with transaction() as db:
            ties.set_load(db, branch_id=1, service="air_install", down=2, up=0, now=MONDAY_NINE)
        _rules(near, van_room=3)
        planned()

        assert len(routes()[near]) < 2
        assert sum(map(len, routes().values())) == 2

    def test_of_nothing_is_no_load(self, people: tuple[int, int]) -> None:
        for down in (2, 0):
            with transaction() as db:
                ties.set_load(
                    db, branch_id=1, service="air_install", down=down, up=0, now=MONDAY_NINE
                )

        with transaction(reads_only=True) as db:
            assert reads.loads(db, branch_id=1) == []


class TestFairHours:
    def test_are_those_of_the_month_before_the_day(self, people: tuple[int, int]) -> None:
        near, _ = people
        promised()
        _worked(near, MONDAY, [[1, 100, 200, 500], [2, 900, 1_000, 1_600]], [[500, 600]])
        _worked(near, date(2026, 10, 31), [[3, 0, 0, 9_999]], [])
        with transaction() as db:
            ties.set_fair(db, branch_id=1, is_fair=True)

        with transaction() as db:
            problem = reads.for_solving(db, _plan()).problem

        # Two services, and the way between them but for the rest.
        assert problem.worker(near).worked_s == 300 + 600 + 300
        assert problem.ties.is_fair

    def test_give_work_to_who_has_had_less(self, people: tuple[int, int]) -> None:
        near, _ = people
        with transaction() as db:
            other = a_technician(db, branch_id=1, home=NEAR)
        promised()
        assert len(routes()[near]) == 1
        for n in range(3):
            day = MONDAY - timedelta(days=n)
            _worked(near, day, [[90 + n, 0, 0, 9 * HOUR_S]], [])
        with transaction() as db:
            ties.set_fair(db, branch_id=1, is_fair=True)

        planned()

        assert routes()[near] == []
        assert len(routes()[other]) == 1


def _plan() -> DayPlan:
    with transaction(reads_only=True) as db:
        return live.day_plan(db, branch_id=1, day=the_day(), now=MONDAY_NINE)


def _rules(technician_id: int, *, van_room: int) -> None:
    with transaction() as db:
        rules.set_rules(
            db,
            technician_id=technician_id,
            only=(),
            never=(),
            overtime_s=0,
            is_standby=False,
            pace_percent=100,
            van_room=van_room,
            now=MONDAY_NINE,
        )


def _worked(technician_id: int, day: date, stops: list[list[int]], breaks: list[list[int]]) -> None:
    with transaction() as db:
        row = RouteRow(branch_id=1, technician_id=technician_id, day=day)
        row.stops, row.breaks = stops, breaks
        db.add(row)
