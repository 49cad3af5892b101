"""Technicians who cannot come: handed over, sent home, called back; what finds nobody is named."""

from datetime import timedelta

import pytest
from flask import Flask

from booking.operations import bookings
from dispatch import live, queries
from dispatch.models import Visit
from dispatch.operations import publishing, trouble, visits, withdrawals
from dispatch.operations.places import PlaceGone
from dispatch.operations.visits import FarFromDoor, NotNext, NotToday, StillAtWork, WrongCode
from dispatch.operations.withdrawals import DoesNotFit, NotOnShift
from dispatch.planner import judge
from dispatch.states import Proof, VisitState
from kernel.actor import Actor, Role
from kernel.db import transaction
from kernel.errors import ChangedMeanwhile, Missing
from kernel.geo import Point
from kernel.machine import IllegalMove
from tests.house import (
    DISPATCHER,
    MONDAY_NINE,
    NORTH,
    a_branch,
    a_draft,
    a_member,
    a_service,
    a_technician,
    tomorrow,
)
from tests.integration.booking.living import AFTERNOON, HOUR, OPENS, done, told
from tests.integration.booking.promised import MORNING, a_promise, assigned, at_work, visit_of

# 0.0018 degrees of latitude are 200 metres.
DAY = timedelta(days=1)
AT_200_M, AT_202_M = Point(36.09 + 0.001798, 120.37), Point(36.09 + 0.00182, 120.37)


@pytest.fixture
def member(app: Flask) -> Actor:
    """A member of a branch with two technicians."""
    with transaction() as db:
        branch_id = a_branch(db)
        a_technician(db, branch_id=branch_id)
        a_technician(db, branch_id=branch_id)
        a_service(db)
        return a_member(db)


@pytest.fixture
def number(member: Actor) -> str:
    return a_promise(member)


def sent_home(technician_id: int) -> list[int]:
    return done(
        withdrawals.send_home,
        technician_id=technician_id,
        day=tomorrow(),
        reason="病了",
        by=DISPATCHER,
        now=OPENS - 4 * HOUR,
    )


def handed_over(visit: Visit, technician_id: int, *, version: int | None = None) -> Visit:
    return done(
        withdrawals.hand_over,
        number=visit.number,
        technician_id=technician_id,
        version=visit.version if version is None else version,
        by=DISPATCHER_HERE,
        now=OPENS - 4 * HOUR,
    )


def judged() -> None:
    """Let the judge accept the day."""
    live.forget()
    with transaction(reads_only=True) as db:
        plan = live.day_plan(db, branch_id=1, day=tomorrow(), now=MONDAY_NINE)
        assert (judge.judge(plan.problem, plan.plan).broken, plan.late) == ((), frozenset())


class TestHandOver:
    def test_tells_both_and_asks_anew(self, number: str) -> None:
        first = assigned(number)
        other = 3 - first.id

        handed_over(visit_of(number), other)

        visit = visit_of(number)
        assert (visit.technician_id, visit.state) == (other, VisitState.ASSIGNED)
        assert [fact["technician_id"] for fact in told("VisitTaken")] == [first.id]
        judged()

    def test_on_a_day_not_published_changes_the_plan_alone(self, number: str) -> None:
        with transaction(reads_only=True) as db:
            route = queries.times_of(db, visit_of(number))
        assert route is not None

        handed_over(visit_of(number), 3 - route.technician_id)

        assert visit_of(number).technician_id is None
        with transaction(reads_only=True) as db:
            now = queries.times_of(db, visit_of(number))
        assert now is not None
        assert now.technician_id == 3 - route.technician_id

    def test_of_what_was_moved_meanwhile_is_refused(self, number: str) -> None:
        first = assigned(number)
        seen = visit_of(number)
        handed_over(seen, 3 - first.id)

        with pytest.raises(ChangedMeanwhile):
            handed_over(visit_of(number), first.id, version=seen.version)

    def test_to_him_who_declined_it_does_not_fit(self, number: str) -> None:
        first = assigned(number)
        done(
            visits.decline, number=visit_of(number).number, reason="太远", by=first, now=MONDAY_NINE
        )

        with pytest.raises(DoesNotFit):
            handed_over(visit_of(number), first.id)

        assert visit_of(number).route_id is not None
        assert visit_of(number).technician_id == 3 - first.id

    def test_once_he_is_on_the_way_is_refused(self, number: str) -> None:
        first = assigned(number)
        done(visits.depart, number=visit_of(number).number, by=first, now=OPENS - HOUR)

        with pytest.raises(IllegalMove):
            handed_over(visit_of(number), 3 - first.id)

    def test_by_a_dispatcher_of_elsewhere_finds_nothing(self, number: str) -> None:
        visit = visit_of(number)

        with pytest.raises(Missing):
            done(
                withdrawals.hand_over,
                number=visit.number,
                technician_id=1,
                version=visit.version,
                by=Actor(2, Role.DISPATCHER, frozenset({9})),
                now=MONDAY_NINE,
            )


class TestSendHome:
    def test_gives_everything_to_the_other(self, number: str) -> None:
        first = assigned(number)

        assert sent_home(first.id) == []

        visit = visit_of(number)
        assert (visit.technician_id, visit.state) == (3 - first.id, VisitState.ASSIGNED)
        judged()

    def test_names_what_finds_nobody(self, number: str) -> None:
        first = assigned(number)
        sent_home(3 - first.id)

        assert sent_home(first.id) == [visit_of(number).id]

        visit = visit_of(number)
        assert (visit.route_id, visit.technician_id) == (None, None)
        assert visit.state is VisitState.PLANNED
        with transaction(reads_only=True) as db:
            unserved = queries.unserved(db, branch_id=1, day=tomorrow())
        assert [row.id for row in unserved] == [visit.id]
        assert [fact["cause"] for fact in told("VisitUnserved")] == ["absent"]
        judged()

    def test_twice_is_refused(self, number: str) -> None:
        first = assigned(number)
        sent_home(first.id)

        with pytest.raises(NotOnShift):
            sent_home(first.id)

    def test_called_back_he_serves_what_found_nobody(self, number: str) -> None:
        first = assigned(number)
        sent_home(3 - first.id)
        sent_home(first.id)
        now = OPENS - 3 * HOUR
        done(withdrawals.call_back, technician_id=first.id, day=tomorrow(), now=now)

        found = done(
            withdrawals.serve_unserved, visit_id=visit_of(number).id, by=DISPATCHER, now=now
        )

        assert found
        assert visit_of(number).technician_id == first.id
        judged()

    def test_leaves_him_what_he_has_begun(self, number: str) -> None:
        first = assigned(number)
        done(visits.depart, number=visit_of(number).number, by=first, now=OPENS - HOUR)

        left = done(
            withdrawals.send_home,
            technician_id=first.id,
            day=tomorrow(),
            reason="车坏了",
            by=DISPATCHER,
            now=OPENS - HOUR,
        )

        assert left == []
        assert visit_of(number).technician_id == first.id
        assert visit_of(number).route_id is not None

    def test_a_hold_that_found_nobody_cannot_be_promised(self, member: Actor) -> None:
        with transaction() as db:
            draft = a_draft(db, by=member)
        held = done(
            bookings.hold,
            draft_number=draft,
            day=tomorrow(),
            window=MORNING,
            by=member,
            now=OPENS - 4 * HOUR,
        )
        sent_home(1)
        sent_home(2)

        with pytest.raises(PlaceGone):
            done(bookings.commit, number=held.number, by=member, now=OPENS - 4 * HOUR)


class TestDecline:
    def test_by_all_leaves_it_unserved_and_told(self, number: str) -> None:
        for _ in range(2):
            technician = assigned(number)
            done(
                visits.decline,
                number=visit_of(number).number,
                reason="太远",
                by=technician,
                now=MONDAY_NINE,
            )

        assert visit_of(number).route_id is None
        assert [fact["cause"] for fact in told("VisitUnserved")] == ["declined"]
        assert not done(
            withdrawals.serve_unserved, visit_id=visit_of(number).id, by=DISPATCHER, now=MONDAY_NINE
        )


class TestOnTheWay:
    def test_only_on_its_day(self, number: str) -> None:
        technician = assigned(number)

        with pytest.raises(NotToday):
            done(visits.depart, number=visit_of(number).number, by=technician, now=MONDAY_NINE)

    def test_only_in_the_order_of_the_route(self, member: Actor, number: str) -> None:
        technician = assigned(number)
        later = a_promise(member, window=AFTERNOON)
        done(publishing.publish_day, branch_id=1, day=tomorrow(), by=DISPATCHER, now=MONDAY_NINE)
        if visit_of(later).technician_id != technician.id:
            handed_over(visit_of(later), technician.id)
        done(visits.accept, number=visit_of(later).number, by=technician, now=MONDAY_NINE)

        with pytest.raises(NotNext):
            done(visits.depart, number=visit_of(later).number, by=technician, now=OPENS)

    def test_not_while_work_of_the_day_before_has_no_end(self, member: Actor, number: str) -> None:
        technician, day = assigned(number), tomorrow() + timedelta(days=1)
        at_work(number, technician)
        later = a_promise(member, day=day)
        done(publishing.publish_day, branch_id=1, day=day, by=DISPATCHER, now=OPENS)
        if visit_of(later).technician_id != technician.id:
            handed_over(visit_of(later), technician.id)
        done(visits.accept, number=visit_of(later).number, by=technician, now=OPENS)

        with pytest.raises(StillAtWork) as refused:
            done(visits.depart, number=visit_of(later).number, by=technician, now=OPENS + DAY)
        assert visit_of(number).number in str(refused.value)

    @pytest.mark.parametrize(("place", "proofs"), [(AT_200_M, 1), (None, 0)])
    def test_an_arrival_near_the_door_proves_itself(
        self, number: str, place: Point | None, proofs: int
    ) -> None:
        visit = self.arrived(number, place=place, reason="" if place else "没有信号")

        with transaction(reads_only=True) as db:
            kinds = [proof.kind for proof in queries.evidence(db, visit.id)]
        assert kinds == [Proof.ARRIVAL.value] * proofs

    def test_an_arrival_farther_off_needs_a_reason(self, number: str) -> None:
        with pytest.raises(FarFromDoor):
            self.arrived(number, place=AT_202_M)

        assert self.arrived(number, place=AT_202_M, reason="大门不让进").state is VisitState.ARRIVED

    def test_work_begins_with_the_members_code(self, number: str) -> None:
        visit = self.arrived(number, place=NORTH)
        wrong = "0000" if visit.service_code != "0000" else "1111"

        with pytest.raises(WrongCode):
            done(visits.start, number=visit.number, code=wrong, by=self.technician, now=OPENS)

    def test_a_rest_lengthens_the_work(self, number: str) -> None:
        visit = self.arrived(number, place=NORTH)
        by, minutes = self.technician, timedelta(minutes=10)
        done(visits.start, number=visit.number, code=visit.service_code, by=by, now=OPENS)
        done(visits.pause, number=visit.number, reason="等物业开闸", by=by, now=OPENS + minutes)
        with pytest.raises(IllegalMove):
            done(visits.finish, number=visit.number, by=by, now=OPENS + minutes)

        done(visits.resume, number=visit.number, by=by, now=OPENS + 2 * minutes)

        assert visit_of(number).work_s == visit.work_s + 600

    def test_proofs_are_kept_at_the_door_alone(self, number: str) -> None:
        visit = self.arrived(number, place=NORTH)
        done(
            visits.start,
            number=visit.number,
            code=visit.service_code,
            by=self.technician,
            now=OPENS,
        )

        with pytest.raises(IllegalMove):
            done(
                trouble.add_proof,
                number=visit.number,
                kind=Proof.CALL,
                by=self.technician,
                now=OPENS,
            )

    def arrived(self, number: str, *, place: Point | None, reason: str = "") -> Visit:
        if visit_of(number).state is not VisitState.EN_ROUTE:
            self.technician = assigned(number)
            done(
                visits.depart, number=visit_of(number).number, by=self.technician, now=OPENS - HOUR
            )
        return done(
            visits.arrive,
            number=visit_of(number).number,
            by=self.technician,
            now=OPENS,
            place=place,
            reason=reason,
        )


DISPATCHER_HERE = Actor(1, Role.DISPATCHER, frozenset({1}))
