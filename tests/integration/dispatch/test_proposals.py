"""Proposals: asked for once, accepted route by route whatever moved meanwhile, decided once."""

from collections.abc import Mapping
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from booking import queries as bookings_queries
from booking.operations import bookings
from dispatch import live, queries
from dispatch.models import Proposal, Visit
from dispatch.operations import plan as plans
from dispatch.operations import proposals, publishing
from dispatch.operations import visits as visit_operations
from dispatch.operations.proposals import NotReady, Outdated
from dispatch.orders import order_of
from dispatch.planner import judge
from dispatch.planner.problem import Window
from dispatch.scope import ProposalMissing
from dispatch.states import VisitState
from kernel import leases
from kernel.actor import Actor, Role
from kernel.db import transaction
from kernel.geo import Point
from kernel.outbox import OutboxRow
from tests.hands import at_once
from tests.house import (
    DISPATCHER,
    HOUR_S,
    MONDAY_NINE,
    NORTH,
    a_branch,
    a_draft,
    a_member,
    a_service,
    a_technician,
    tomorrow,
)

NEAR, FAR = NORTH, Point(36.15, 120.45)
TEN, THREE = Window(10 * HOUR_S, 12 * HOUR_S), Window(15 * HOUR_S, 17 * HOUR_S)


@pytest.fixture
def technicians(app: Flask) -> tuple[int, int]:
    with transaction() as db:
        branch_id = a_branch(db)
        pair = (
            a_technician(db, branch_id=branch_id, home=NEAR),
            a_technician(db, branch_id=branch_id, home=FAR),
        )
        a_service(db)
        return pair


def promised(*, point: Point = NEAR, window: Window = TEN, commit: bool = True) -> int:
    """Book a visit there and return the visit's id."""
    with transaction() as db:
        count = len(db.scalars(select(Visit.id)).all())
        member = a_member(db, openid=f"oTest{count:023d}")
        draft = a_draft(db, by=member, point=point)
    with transaction() as db:
        held = bookings.hold(
            db, draft_number=draft, day=tomorrow(), window=window, by=member, now=MONDAY_NINE
        )
    if commit:
        with transaction() as db:
            bookings.commit(db, number=held.number, by=member, now=MONDAY_NINE)
    return held.visit_id


def released(visit_id: int) -> None:
    with transaction() as db:
        booking = bookings_queries.booking_of_visit(db, visit_id)
        by = Actor(booking.member_id, Role.MEMBER)
        bookings.release(db, number=booking.number, by=by, now=MONDAY_NINE)


def leave_nobody(visit_id: int) -> None:
    """Take a promised visit out of its route, as a day's trouble does."""
    with transaction() as db:
        plans.take_out(db, queries.visit(db, visit_id), now=MONDAY_NINE)
    live.forget()


def asked() -> str:
    with transaction() as db:
        return proposals.ask(
            db, branch_id=1, day=tomorrow(), by=DISPATCHER, now=MONDAY_NINE, seconds=1
        ).number


def a_ready_proposal(after: Mapping[int, list[int]]) -> str:
    """Write a proposal as a solver would have left it for the plan of this moment."""
    number = asked()
    with transaction(reads_only=True) as db:
        plan = live.day_plan(db, branch_id=1, day=tomorrow(), now=MONDAY_NINE)
    with transaction() as db:
        [row] = leases.claim(db, Proposal, lease_s=60, limit=1)
        leases.finish(
            db,
            row,
            state=proposals.READY,
            base_version=plan.version,
            route_versions={str(t): v for t, v in plan.route_versions.items()},
            before=order_of(plan.plan),
            after={str(t): ids for t, ids in after.items()},
        )
    return number


def accepted(number: str) -> proposals.Accepted:
    with transaction() as db:
        return proposals.accept(db, number=number, by=DISPATCHER, now=MONDAY_NINE)


def routes() -> dict[int, list[int]]:
    with transaction(reads_only=True) as db:
        rows = queries.routes(db, branch_id=1, day=tomorrow())
    return {t: [stop[0] for stop in row.stops] for t, row in rows.items()}


def state_of(number: str) -> str:
    with transaction(reads_only=True) as db:
        return proposals.proposal_by_number(db, number).state


def check_the_day() -> None:
    """Every visit stands in one route row, its own, and the judge accepts the plan."""
    live.forget()
    with transaction(reads_only=True) as db:
        plan = live.day_plan(db, branch_id=1, day=tomorrow(), now=MONDAY_NINE)
        rows = queries.routes(db, branch_id=1, day=tomorrow())
        visits = queries.visits_in_routes(db, branch_id=1, day=tomorrow())
    standing = {stop[0]: row.id for row in rows.values() for stop in row.stops}
    assert standing == {visit.id: visit.route_id for visit in visits.values()}
    verdict = judge.judge(plan.problem, plan.plan)
    assert (verdict.broken, verdict.unserved, plan.late) == ((), (), frozenset())


class TestAsk:
    def test_rings_for_a_worker_and_waits(self, technicians: tuple[int, int]) -> None:
        with transaction() as db:
            asked = proposals.ask(db, branch_id=1, day=tomorrow(), by=DISPATCHER, now=MONDAY_NINE)
            bells = set(db.info["bells"])

        assert (asked.state, proposals.BELL in bells) == (leases.PENDING, True)
        assert queries.proposals_due()

    def test_again_is_the_same_one_until_it_is_solved(self, technicians: tuple[int, int]) -> None:
        assert asked() == asked()

    def test_by_two_hands_at_once_is_one_proposal(
        self, app: Flask, technicians: tuple[int, int]
    ) -> None:
        numbers = at_once(app, [asked] * 4)

        assert len(set(numbers)) == 1

    def test_of_an_unknown_number_is_missing(self, technicians: tuple[int, int]) -> None:
        with transaction() as db, pytest.raises(ProposalMissing):
            proposals.accept(db, number="S0000000000", by=DISPATCHER, now=MONDAY_NINE)


class TestAccept:
    def test_makes_it_the_plan_and_publishes_it(self, technicians: tuple[int, int]) -> None:
        near, far = technicians
        first, second = promised(), promised(window=THREE)
        number = a_ready_proposal({near: [first], far: [second]})

        done = accepted(number)

        assert routes() == {near: [first], far: [second]}
        assert (done.assigned, done.routes_kept, state_of(number)) == (2, 0, proposals.ACCEPTED)
        with transaction(reads_only=True) as db:
            told = db.scalars(select(OutboxRow).where(OutboxRow.name == "VisitAssigned")).all()
            assert sorted((r.facts["visit_id"], r.facts["technician_id"]) for r in told) == [
                (first, near),
                (second, far),
            ]
        check_the_day()

    def test_gives_the_route_rows_their_times(self, technicians: tuple[int, int]) -> None:
        near, far = technicians
        visit_id = promised()
        accepted(a_ready_proposal({near: [], far: [visit_id]}))

        with transaction(reads_only=True) as db:
            times = queries.times_of(db, queries.visit(db, visit_id))

        assert times is not None
        assert times.technician_id == far
        assert TEN.open_s <= times.start_s <= TEN.shut_s

    def test_tells_him_who_loses_a_visit_and_him_who_gets_it(
        self, technicians: tuple[int, int]
    ) -> None:
        near, far = technicians
        visit_id = promised()
        accepted(a_ready_proposal({near: [visit_id], far: []}))

        accepted(a_ready_proposal({near: [], far: [visit_id]}))

        with transaction(reads_only=True) as db:
            told = db.scalars(select(OutboxRow).order_by(OutboxRow.id)).all()
        names = [(r.name, r.facts["technician_id"]) for r in told if r.name.startswith("Visit")]
        assert names == [("VisitAssigned", near), ("VisitTaken", near), ("VisitAssigned", far)]

    def test_holds_are_moved_but_nobody_is_told_of_them(self, technicians: tuple[int, int]) -> None:
        near, far = technicians
        visit_id = promised(commit=False)

        done = accepted(a_ready_proposal({near: [], far: [visit_id]}))

        assert (done.assigned, routes()[far]) == (0, [visit_id])
        with transaction(reads_only=True) as db:
            assert queries.visit(db, visit_id).state is VisitState.HELD
        check_the_day()

    def test_keeps_routes_that_moved_meanwhile(self, technicians: tuple[int, int]) -> None:
        near, far = technicians
        first = promised()
        number = a_ready_proposal({near: [], far: [first]})
        newcomer = promised(window=THREE)

        done = accepted(number)

        assert done.routes_kept == 1
        assert routes()[near] == [first, newcomer]
        check_the_day()

    def test_puts_a_newcomer_beside_what_was_proposed(self, technicians: tuple[int, int]) -> None:
        near, far = technicians
        first = promised()
        number = a_ready_proposal({near: [], far: [first]})
        # He comes into the other route, so that the first one is still replaced.
        newcomer = promised(point=FAR, window=THREE)

        accepted(number)

        assert sorted(i for ids in routes().values() for i in ids) == [first, newcomer]
        check_the_day()

    def test_leaves_out_what_was_given_up_meanwhile(self, technicians: tuple[int, int]) -> None:
        near, far = technicians
        first, given_up = promised(), promised(window=THREE, commit=False)
        number = a_ready_proposal({near: [first], far: [given_up]})
        released(given_up)

        accepted(number)

        assert sorted(i for ids in routes().values() for i in ids) == [first]
        check_the_day()

    def test_does_not_take_a_visit_from_him_who_has_set_out(
        self, technicians: tuple[int, int]
    ) -> None:
        near, far = technicians
        visit_id = promised()
        accepted(a_ready_proposal({near: [visit_id], far: []}))
        number = a_ready_proposal({near: [], far: [visit_id]})
        by = Actor(near, Role.TECHNICIAN)
        with transaction() as db:
            visit = visit_operations.accept(
                db, number=queries.visit(db, visit_id).number, by=by, now=MONDAY_NINE
            )
        with transaction() as db:
            visit_operations.depart(
                db, number=visit.number, by=by, now=MONDAY_NINE + timedelta(days=1)
            )

        with transaction() as db:
            proposals.accept(
                db, number=number, by=DISPATCHER, now=MONDAY_NINE + timedelta(days=1, minutes=1)
            )

        assert routes()[near] == [visit_id]
        with transaction(reads_only=True) as db:
            assert queries.visit(db, visit_id).technician_id == near

    def test_that_no_longer_fits_is_refused_and_changes_nothing(
        self, technicians: tuple[int, int]
    ) -> None:
        near, far = technicians
        first = promised()
        before = routes()
        number = a_ready_proposal({near: [], far: [first]})
        # He lacks the skill now: as if the proposal had been made for another world.
        with transaction() as db:
            queries.technician(db, far).skills = {"lock": 1}
            plans.roster_changed(db, branch_id=1, days=[tomorrow()])

        with pytest.raises(Outdated):
            accepted(number)

        assert (routes(), state_of(number)) == (before, proposals.READY)

    def test_gives_what_stood_in_no_route_its_place(self, technicians: tuple[int, int]) -> None:
        near, far = technicians
        visit_id = promised()
        leave_nobody(visit_id)

        done = accepted(a_ready_proposal({near: [], far: [visit_id]}))

        assert (done.assigned, routes()[far]) == (1, [visit_id])
        check_the_day()

    def test_twice_is_refused(self, technicians: tuple[int, int]) -> None:
        near, far = technicians
        number = a_ready_proposal({near: [], far: [promised()]})
        accepted(number)

        with pytest.raises(NotReady):
            accepted(number)

    def test_while_it_is_being_solved_is_refused(self, technicians: tuple[int, int]) -> None:
        number = asked()

        with pytest.raises(NotReady):
            accepted(number)

    def test_outdates_the_days_other_proposals(self, technicians: tuple[int, int]) -> None:
        near, far = technicians
        visit_id = promised()
        first = a_ready_proposal({near: [visit_id], far: []})
        second = a_ready_proposal({near: [], far: [visit_id]})

        accepted(second)

        assert state_of(first) == proposals.OUTDATED
        with pytest.raises(NotReady):
            accepted(first)


class TestDiscard:
    def test_leaves_the_plan_as_it_is(self, technicians: tuple[int, int]) -> None:
        near, far = technicians
        number = a_ready_proposal({near: [], far: [promised()]})
        before = routes()

        with transaction() as db:
            proposals.discard(db, number=number)

        assert (state_of(number), routes()) == (proposals.DISCARDED, before)
        with pytest.raises(NotReady):
            accepted(number)

    def test_of_what_was_accepted_is_refused(self, technicians: tuple[int, int]) -> None:
        near, far = technicians
        number = a_ready_proposal({near: [], far: [promised()]})
        accepted(number)

        with transaction() as db, pytest.raises(NotReady):
            proposals.discard(db, number=number)

    def test_and_accepting_at_once_have_one_outcome(
        self, app: Flask, technicians: tuple[int, int]
    ) -> None:
        near, far = technicians
        visit_id = promised()
        number = a_ready_proposal({near: [], far: [visit_id]})

        def discard() -> None:
            with transaction() as db:
                proposals.discard(db, number=number)

        [accepting, discarding] = at_once(app, [lambda: accepted(number), discard])

        assert sorted(isinstance(a, NotReady) for a in (accepting, discarding)) == [False, True]
        was_accepted = isinstance(discarding, NotReady)
        assert state_of(number) == (proposals.ACCEPTED if was_accepted else proposals.DISCARDED)
        assert (routes().get(far) == [visit_id]) == was_accepted


class TestPublishing:
    def test_twice_tells_everybody_once(self, technicians: tuple[int, int]) -> None:
        promised()
        assigned = []
        for _ in range(2):
            with transaction() as db:
                assigned.append(
                    publishing.publish_day(
                        db, branch_id=1, day=tomorrow(), by=DISPATCHER, now=MONDAY_NINE
                    )
                )

        assert assigned == [1, 0]
