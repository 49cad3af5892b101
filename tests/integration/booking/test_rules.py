"""What is offered without a rule is not offered with it; on both databases."""

from collections.abc import Collection
from datetime import date, timedelta

import pytest
from flask import Flask

from booking import queries
from booking.operations import placing
from dispatch import live
from dispatch import queries as dispatch
from dispatch.live import Offer
from dispatch.operations import roster, rules
from dispatch.operations.roster import BreaksPromises
from dispatch.planner.judge import judge
from dispatch.planner.problem import Window
from kernel.actor import Actor
from kernel.db import transaction
from kernel.geo import Point
from tests.house import (
    HOUR_S,
    MONDAY,
    MONDAY_NINE,
    NORTH,
    a_branch,
    a_draft,
    a_member,
    a_service,
    a_technician,
    tomorrow,
)
from tests.integration.booking.living import done
from tests.integration.booking.promised import MORNING, a_promise, visit_of

ESTATE = "浮山后三小区"
EARLY = Window(8 * HOUR_S, 10 * HOUR_S)
# Five minutes of driving from the member's door.
NEAR = Point(36.10, 120.37)
NINE_S, ELEVEN_S = 9 * HOUR_S, 11 * HOUR_S


@pytest.fixture
def member(app: Flask) -> Actor:
    with transaction() as db:
        a_branch(db)
        a_service(db)
        return a_member(db)


@pytest.fixture
def draft(member: Actor) -> str:
    with transaction() as db:
        return a_draft(db, by=member)


def a_worker(*, opens_s: int = 8 * HOUR_S, shuts_s: int = 18 * HOUR_S, home: Point = NEAR) -> int:
    with transaction() as db:
        return a_technician(db, branch_id=1, days=2, opens_s=opens_s, shuts_s=shuts_s, home=home)


def offers(draft: str, day: date | None = None) -> dict[Window, Offer]:
    with transaction(reads_only=True) as db:
        row = queries.draft_by_id(db, 1)
        assert row.number == draft
        found = placing.offers(db, draft=row, now=MONDAY_NINE, day=day or tomorrow())
    return {offer.window: offer for offer in found}


def the_estate(*closed: tuple[int, int], access_s: int = 0) -> None:
    done(
        rules.set_estate,
        branch_id=1,
        name=ESTATE,
        closed=closed,
        access_s=access_s,
        now=MONDAY_NINE,
    )


def the_rules(
    technician_id: int,
    *,
    only: Collection[str] = (),
    never: Collection[str] = (),
    overtime_s: int = 0,
    is_standby: bool = False,
    pace_percent: int = 100,
) -> None:
    done(
        rules.set_rules,
        technician_id=technician_id,
        only=only,
        never=never,
        overtime_s=overtime_s,
        is_standby=is_standby,
        pace_percent=pace_percent,
        now=MONDAY_NINE,
    )


class TestAnEstate:
    def test_is_left_in_peace_in_its_hours(self, draft: str) -> None:
        a_worker()
        assert MORNING in offers(draft)

        the_estate((10 * HOUR_S, 13 * HOUR_S))

        found = offers(draft)
        assert MORNING not in found
        # An hour of work that begins by nine is over in time.
        assert found[EARLY].witness.start_s <= NINE_S

    def test_leaves_no_time_for_work_that_would_run_into_its_hours(self, draft: str) -> None:
        a_worker(opens_s=NINE_S, home=NORTH)
        assert EARLY in offers(draft)

        the_estate((10 * HOUR_S - 60, 13 * HOUR_S))

        assert EARLY not in offers(draft)

    def test_takes_time_from_its_gate_to_the_door(self, draft: str) -> None:
        a_worker(opens_s=NINE_S, shuts_s=ELEVEN_S + 600)
        assert MORNING in offers(draft)

        the_estate(access_s=600)

        assert MORNING not in offers(draft)

    def test_is_named_to_the_planner_and_its_hours_are_kept_there(self, member: Actor) -> None:
        a_worker()
        number = a_promise(member, window=EARLY)
        the_estate((12 * HOUR_S, 14 * HOUR_S))

        with transaction(reads_only=True) as db:
            plan = live.day_plan(db, branch_id=1, day=tomorrow(), now=MONDAY_NINE)
        stop = plan.problem.stop(visit_of(number).id)

        assert stop.estate == ESTATE
        assert stop.closed == (Window(11 * HOUR_S + 1, 14 * HOUR_S - 1),)
        assert judge(plan.problem, plan.plan).is_feasible

    def test_gets_no_hours_that_would_break_a_promise(self, member: Actor) -> None:
        a_worker(opens_s=10 * HOUR_S)
        number = a_promise(member)

        with pytest.raises(BreaksPromises) as refused:
            the_estate((10 * HOUR_S, 13 * HOUR_S))

        assert refused.value.facts["visits"] == [visit_of(number).number]
        with transaction(reads_only=True) as db:
            assert dispatch.estates(db, branch_id=1) == []

    def test_of_which_the_map_knows_nothing_is_refused(self, member: Actor) -> None:
        with pytest.raises(rules.UnknownEstate):
            done(
                rules.set_estate,
                branch_id=1,
                name="无此小区",
                closed=(),
                access_s=0,
                now=MONDAY_NINE,
            )

    @pytest.mark.parametrize("closed", [[(5, 5)], [(9, 12), (11, 13)], [(-1, 5)]])
    def test_with_hours_that_are_none_is_refused(
        self, member: Actor, closed: list[tuple[int, int]]
    ) -> None:
        with pytest.raises(rules.BadHours):
            the_estate(*closed)

    def test_goes_from_the_books_once_nobody_names_it(self, draft: str) -> None:
        his = a_worker()
        the_estate((10 * HOUR_S, 13 * HOUR_S))
        the_rules(his, only=[ESTATE])
        with pytest.raises(rules.EstateInUse):
            done(rules.drop_estate, branch_id=1, name=ESTATE, now=MONDAY_NINE)
        the_rules(his)

        done(rules.drop_estate, branch_id=1, name=ESTATE, now=MONDAY_NINE)

        assert MORNING in offers(draft)


class TestATechnician:
    @pytest.mark.parametrize(
        ("only", "never", "comes"),
        [
            ([], [], True),
            (["市北区"], [], True),
            (["李沧区"], [], False),
            ([], ["市北区"], False),
            ([ESTATE], [], True),
            (["市北区"], [ESTATE], False),
            (["李沧区", ESTATE], [], True),
        ],
    )
    def test_comes_where_he_serves(
        self, draft: str, only: list[str], never: list[str], comes: bool
    ) -> None:
        his = a_worker()
        the_estate()

        the_rules(his, only=only, never=never)

        assert (MORNING in offers(draft)) == comes

    def test_serves_no_place_that_nobody_knows(self, member: Actor) -> None:
        his = a_worker()

        with pytest.raises(rules.UnknownArea):
            the_rules(his, only=["火星区"])

    def test_keeps_what_was_promised_where_he_serves(self, member: Actor) -> None:
        his = a_worker()
        a_promise(member)

        with pytest.raises(BreaksPromises):
            the_rules(his, never=["市北区"])

    def test_may_be_asked_for_overtime(self, draft: str) -> None:
        his = a_worker(shuts_s=10 * HOUR_S + 1_800)
        assert MORNING not in offers(draft)

        the_rules(his, overtime_s=HOUR_S)

        assert MORNING in offers(draft)

    def test_keeps_the_overtime_that_a_promise_needs(self, member: Actor) -> None:
        his = a_worker(shuts_s=10 * HOUR_S + 1_800)
        the_rules(his, overtime_s=HOUR_S)
        a_promise(member)

        with pytest.raises(BreaksPromises):
            the_rules(his, overtime_s=0)

    def test_is_given_his_own_time(self, draft: str) -> None:
        his = a_worker(opens_s=NINE_S, shuts_s=ELEVEN_S + 600)
        assert MORNING in offers(draft)

        the_rules(his, pace_percent=120)

        assert MORNING not in offers(draft)

    def test_on_standby_comes_only_when_nobody_else_can(self, draft: str) -> None:
        nearest, other = a_worker(home=NORTH), a_worker()
        assert offers(draft)[MORNING].witness.worker_id == nearest

        the_rules(nearest, is_standby=True)
        assert offers(draft)[MORNING].witness.worker_id == other

        the_rules(other, never=["市北区"])
        assert offers(draft)[MORNING].witness.worker_id == nearest

    def test_works_until_his_certificate_expires(self, draft: str) -> None:
        his = a_worker()

        done(
            roster.set_skills,
            technician_id=his,
            skills={"air": 2},
            certificates={"air": MONDAY},
            now=MONDAY_NINE,
        )

        assert offers(draft, MONDAY) != {}
        assert offers(draft, tomorrow()) == {}

    def test_keeps_a_certificate_that_a_promise_needs(self, member: Actor) -> None:
        his = a_worker()
        a_promise(member)
        facts = {"technician_id": his, "skills": {"air": 2}, "now": MONDAY_NINE}

        with pytest.raises(BreaksPromises):
            done(roster.set_skills, certificates={"air": MONDAY}, **facts)
        done(roster.set_skills, certificates={"air": MONDAY + timedelta(days=1)}, **facts)
