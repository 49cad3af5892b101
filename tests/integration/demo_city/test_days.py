"""The three weeks of the demo city: what stands in each day, and that it all holds together."""

from collections import Counter, defaultdict
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from booking import queries as booking
from booking.models import Booking, BookingStep, Service
from booking.states import BOOKING_MACHINE, BookingAction, BookingState
from dispatch import live
from dispatch import queries as dispatch
from dispatch.live import VisitShape
from dispatch.models import BranchDay, RouteRow, Visit, VisitStep
from dispatch.planner import judge
from dispatch.states import LEFT, MOVABLE, STARTED, VISIT_MACHINE, VisitAction, VisitState
from gateways.maps.gazetteer import qingdao
from kernel.clock import instant_at
from kernel.db import Session, transaction
from kernel.outbox import OutboxRow
from scripts.demo_city.stage import AHEAD_DAYS, NOW, PAST_DAYS, TODAY, day_at

BRANCHES = (1, 2, 3)


def windows_offered(db: Session, branch_id: int, service: Service) -> list[int]:
    """Return how many windows are offered on each of the 14 days, at a home near the depot."""
    depot = dispatch.branch(db, branch_id).point
    home = qingdao().reverse(depot, within_m=5_000)
    assert home is not None
    shape = VisitShape(
        point=home.point, work_s=service.work_s, skill=service.skill, level=service.level
    )
    found = live.find(db, branch_id=branch_id, shape=shape, now=NOW)
    days = Counter(offer.day for offer in found)
    return [days[day_at(offset)] for offset in range(live.HORIZON_DAYS)]


def states_of(db: Session, offset: int) -> Counter[VisitState]:
    return Counter(db.scalars(select(Visit.state).where(Visit.day == day_at(offset))))


# What a plain working morning holds.
SHOWN = MOVABLE - {VisitState.READY} | {
    VisitState.EN_ROUTE,
    VisitState.ARRIVED,
    VisitState.IN_SERVICE,
    VisitState.DONE,
    VisitState.CANCELLED,
}


class TestToday:
    def test_has_two_hundred_visits_in_routes_and_every_state(self, city: Flask) -> None:
        with transaction(reads_only=True) as db:
            states = states_of(db, 0)

        assert set(states) >= SHOWN
        assert states.total() - states[VisitState.CANCELLED] >= 200

    def test_shows_every_state_on_the_first_board(self, city: Flask) -> None:
        with transaction(reads_only=True) as db:
            states = set(
                db.scalars(select(Visit.state).where(Visit.day == TODAY, Visit.branch_id == 1))
            )

        assert states >= SHOWN

    @pytest.mark.parametrize("branch_id", BRANCHES)
    def test_has_route_rows_that_the_house_would_write(self, city: Flask, branch_id: int) -> None:
        with transaction(reads_only=True) as db:
            plan = live.day_plan(db, branch_id=branch_id, day=TODAY, now=NOW)
            rows = dispatch.routes(db, branch_id=branch_id, day=TODAY)

        for technician_id, row in rows.items():
            timetable = plan.timetables[technician_id]
            assert row.stops == plan.stops_of(technician_id, timetable)
            assert row.breaks == plan.breaks_of(technician_id, timetable)

    def test_has_nobody_at_two_doors_nor_begun_out_of_order(self, city: Flask) -> None:
        with transaction(reads_only=True) as db:
            for branch_id in BRANCHES:
                visits = dispatch.visits_in_routes(db, branch_id=branch_id, day=TODAY)
                for row in dispatch.routes(db, branch_id=branch_id, day=TODAY).values():
                    states = [visits[stop[0]].state for stop in row.stops]
                    begun = [state for state in states if state in STARTED]
                    assert states[: len(begun)] == begun
                    assert all(state in LEFT for state in begun[:-1])

    def test_has_holds_that_have_not_run_out(self, city: Flask) -> None:
        with transaction(reads_only=True) as db:
            held = db.scalars(select(Booking).where(Booking.state == BookingState.HELD)).all()

        assert {booking.branch_id for booking in held} == set(BRANCHES)
        assert all(booking.held_until > NOW + timedelta(minutes=2) for booking in held)

    @pytest.mark.parametrize("minutes", [0, 10, 15])
    def test_keeps_all_promises_for_a_while_although_nobody_moves(
        self, city: Flask, minutes: int
    ) -> None:
        now = NOW + timedelta(minutes=minutes)

        with transaction(reads_only=True) as db:
            for branch_id in BRANCHES:
                plan = live.day_plan(db, branch_id=branch_id, day=TODAY, now=now)
                assert not plan.late
                assert judge.judge(plan.problem, plan.plan).is_feasible


class TestDaysToCome:
    @pytest.mark.parametrize("offset", range(AHEAD_DAYS + 1))
    def test_are_accepted_by_the_judge(self, city: Flask, offset: int) -> None:
        day = day_at(offset)

        with transaction(reads_only=True) as db:
            for branch_id in BRANCHES:
                plan = live.day_plan(db, branch_id=branch_id, day=day, now=NOW)
                verdict = judge.judge(plan.problem, plan.plan)
                assert verdict.broken == ()
                assert not verdict.unserved
                assert not plan.late
                shifts = dispatch.shifts(db, branch_id=branch_id, day=day)
                for technician_id, timetable in verdict.timetables.items():
                    if timetable.visits:
                        assert timetable.finish_s <= shifts[technician_id].shuts_s

    def test_have_ever_fewer_bookings(self, city: Flask) -> None:
        with transaction(reads_only=True) as db:
            counts = [
                states_of(db, offset)[VisitState.PLANNED] for offset in range(1, AHEAD_DAYS + 1)
            ]

        assert counts == sorted(counts, reverse=True)
        assert counts[0] >= 150
        assert counts[6] >= 60
        assert counts[-1] >= 1

    def test_hold_only_promises_and_holds_given_up(self, city: Flask) -> None:
        with transaction(reads_only=True) as db:
            states = {
                state for offset in range(1, AHEAD_DAYS + 1) for state in states_of(db, offset)
            }

        assert states == {VisitState.PLANNED, VisitState.CANCELLED}

    @pytest.mark.parametrize("branch_id", BRANCHES)
    def test_offer_every_service_with_some_windows_full(self, city: Flask, branch_id: int) -> None:
        with transaction(reads_only=True) as db:
            windows = {
                service.code: windows_offered(db, branch_id, service)
                for service in booking.services(db)
            }

        for code, counts in windows.items():
            assert sum(count > 0 for count in counts) >= 12, code
            assert max(counts[8:]) >= 5, code
        assert min(min(counts[1:4]) for counts in windows.values()) <= 4

    def test_always_offer_an_air_conditioner_in_the_first_branch(self, city: Flask) -> None:
        with transaction(reads_only=True) as db:
            service = booking.service_by_code(db, "air_install")
            counts = windows_offered(db, 1, service)

        assert min(counts) >= 1


class TestHistory:
    @pytest.mark.parametrize("offset", range(-PAST_DAYS, 0))
    def test_is_done_or_given_up(self, city: Flask, offset: int) -> None:
        with transaction(reads_only=True) as db:
            states = states_of(db, offset)

        assert set(states) == {VisitState.DONE, VisitState.CANCELLED}
        assert 60 <= states.total() <= 110

    def test_kept_nearly_all_of_its_promises(self, city: Flask) -> None:
        with transaction(reads_only=True) as db:
            done = db.scalars(select(Visit).where(Visit.day < TODAY, Visit.arrived_at.is_not(None)))
            kept = [v.arrived_at <= instant_at(v.day, v.shuts_s) for v in done if v.arrived_at]

        assert 0.96 <= sum(kept) / len(kept) < 1.0


class TestMoves:
    def test_of_visits_follow_their_machine_step_by_step(self, city: Flask) -> None:
        with transaction(reads_only=True) as db:
            steps = defaultdict(list)
            for step in db.scalars(select(VisitStep).order_by(VisitStep.visit_id, VisitStep.seq)):
                steps[step.visit_id].append(step)
            visits = db.scalars(select(Visit)).all()

        for visit in visits:
            birth, *moves = steps[visit.id]
            assert (birth.seq, birth.action, birth.state) == (1, "create", VisitState.HELD)
            state, at = birth.state, birth.at
            for seq, step in enumerate(moves, start=2):
                state = VISIT_MACHINE.after(state, VisitAction(step.action))
                assert (step.seq, step.state) == (seq, state)
                assert step.at >= at
                at = step.at
            assert (visit.state, visit.state_since) == (state, at)
            assert at <= NOW

    def test_of_bookings_follow_their_machine_step_by_step(self, city: Flask) -> None:
        with transaction(reads_only=True) as db:
            steps = defaultdict(list)
            found = select(BookingStep).order_by(BookingStep.booking_id, BookingStep.seq)
            for step in db.scalars(found):
                steps[step.booking_id].append(step)
            bookings = db.scalars(select(Booking)).all()

        for one in bookings:
            birth, *moves = steps[one.id]
            assert (birth.seq, birth.action, birth.state) == (1, "create", BookingState.HELD)
            state = birth.state
            for seq, step in enumerate(moves, start=2):
                state = BOOKING_MACHINE.after(state, BookingAction(step.action))
                assert (step.seq, step.state) == (seq, state)
            assert one.state is state

    def test_are_told_apart_by_visit_and_booking_alike(self, city: Flask) -> None:
        expected = {
            VisitState.HELD: BookingState.HELD,
            VisitState.CANCELLED: BookingState.EXPIRED,
            VisitState.DONE: BookingState.COMPLETED,
        }

        with transaction(reads_only=True) as db:
            pairs = db.execute(
                select(Visit.state, Booking.state).join(Booking, Booking.visit_id == Visit.id)
            ).all()

        assert len(pairs) > 1_500
        assert all(b is expected.get(v, BookingState.BOOKED) for v, b in pairs)

    def test_stand_in_a_route_unless_given_up(self, city: Flask) -> None:
        with transaction(reads_only=True) as db:
            in_routes = Counter(
                stop[0] for row in db.scalars(select(RouteRow)) for stop in row.stops
            )
            visits = db.scalars(select(Visit)).all()

        held = {visit.id for visit in visits if visit.state is not VisitState.CANCELLED}
        assert set(in_routes) == held
        assert set(in_routes.values()) == {1}
        assert all((v.route_id is None) == (v.id not in held) for v in visits)

    def test_raised_the_version_of_their_day_as_often_as_they_told_of_it(self, city: Flask) -> None:
        with transaction(reads_only=True) as db:
            told = Counter(
                (facts["branch_id"], facts["day"])
                for facts in db.scalars(
                    select(OutboxRow.facts).where(OutboxRow.name == "PlanChanged")
                )
            )
            days = db.scalars(select(BranchDay)).all()

        assert {(d.branch_id, d.day.isoformat()): d.version for d in days} == told

    def test_were_made_while_the_day_was_on_sale(self, city: Flask) -> None:
        with transaction(reads_only=True) as db:
            bookings = db.scalars(select(Booking)).all()

        for one in bookings:
            assert one.made_at + timedelta(seconds=live.LEAD_S) <= one.starts_at
            assert one.starts_at - one.made_at < timedelta(days=live.HORIZON_DAYS)


def test_every_day_with_visits_has_its_row(city: Flask) -> None:
    with transaction(reads_only=True) as db:
        days = [(d.branch_id, d.day) for d in db.scalars(select(BranchDay))]
        used = {(v.branch_id, v.day) for v in db.scalars(select(Visit))}

    assert set(days) == used
