"""The house at work on the demo city: its own operations find everything as they would have left it."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from flask import Flask
from sqlalchemy import select

import app as joinery
import booking.jobs
from booking import queries
from booking.models import Booking, BookingStep
from booking.operations import bookings, drafts, placing
from booking.operations import visits as ends
from booking.operations.drafts import Address
from booking.states import BookingState
from dispatch import jobs, live
from dispatch import queries as dispatch
from dispatch.models import BranchDay, Proposal, Visit, VisitStep
from dispatch.operations import proposals, publishing, visits
from dispatch.planner import judge
from dispatch.states import VisitState
from gateways.maps.gazetteer import qingdao
from kernel import delivery
from kernel.actor import Actor, Role
from kernel.clock import FixedClock, instant_at
from kernel.db import Session, transaction
from kernel.outbox import OutboxRow
from kernel.phone import Phone
from members.models import Member, Staff
from members.operations import following
from notifications.models import Message
from scripts.demo_city.stage import HOUR_S, NOW, TODAY, day_at

TOMORROW = day_at(1)
OPTIMISE_S = 6
SAVED_PERCENT_MIN = 8


def dispatcher(db: Session) -> Actor:
    staff = db.scalars(select(Staff).where(Staff.role == Role.DISPATCHER)).one()
    return Actor(staff.id, staff.role, frozenset(staff.branch_ids))


class TestHolds:
    def test_run_out_and_free_their_places(self, own_city: Flask) -> None:
        later = NOW + timedelta(minutes=11)

        expired = booking.jobs.expire_holds(FixedClock(later))

        with transaction(reads_only=True) as db:
            states = set(db.scalars(select(Booking.state)))
            held = db.scalars(select(Visit).where(Visit.state == VisitState.HELD)).all()
            for branch_id in (1, 2, 3):
                plan = live.day_plan(db, branch_id=branch_id, day=TODAY, now=later)
                assert judge.judge(plan.problem, plan.plan).is_feasible
        assert expired >= 3
        assert BookingState.HELD not in states
        assert held == []

    def test_are_committed_by_the_members_who_hold_them(self, own_city: Flask) -> None:
        with transaction(reads_only=True) as db:
            held = db.scalars(select(Booking).where(Booking.state == BookingState.HELD)).all()

        for one in held:
            with transaction() as db:
                by = Actor(one.member_id, Role.MEMBER)
                done = bookings.commit(db, number=one.number, by=by, now=NOW)
            assert done.state is BookingState.BOOKED


class TestAFullLife:
    """One booking made by the operations beside one of the city's: they leave the same trace."""

    def test_leaves_the_trace_that_the_seeded_ones_have(self, own_city: Flask) -> None:
        with transaction(reads_only=True) as db:
            seeded = db.scalars(
                select(Booking)
                .where(Booking.state == BookingState.COMPLETED, Booking.branch_id == 1)
                .order_by(Booking.id.desc())
                .limit(1)
            ).one()

        lived = live_through_a_booking()
        deliver_all()

        with transaction(reads_only=True) as db:
            assert trace(db, seeded.id) == trace(db, lived)

    def test_raises_the_version_of_the_day_once_for_each_change_told(self, own_city: Flask) -> None:
        before = version_and_changes()

        live_through_a_booking()

        after = version_and_changes()
        assert after[0] - before[0] == after[1] - before[1] > 0


def version_and_changes() -> tuple[int, int]:
    with transaction(reads_only=True) as db:
        version = db.scalars(
            select(BranchDay.version).where(BranchDay.branch_id == 1, BranchDay.day == TOMORROW)
        ).one()
        told = db.scalars(select(OutboxRow.facts).where(OutboxRow.name == "PlanChanged"))
        mine = [f for f in told if (f["branch_id"], f["day"]) == (1, TOMORROW.isoformat())]
    return version, len(mine)


def live_through_a_booking() -> int:
    """Book, publish, visit and finish tomorrow's first visit of a technician; return its booking."""
    with transaction() as db:
        number, visit_id = book(db)
    with transaction() as db:
        publishing.publish_day(db, branch_id=1, day=TOMORROW, by=dispatcher(db), now=NOW)
        visit = dispatch.visit(db, visit_id)
        assert visit.technician_id is not None
        by = Actor(visit.technician_id, Role.TECHNICIAN)
        row = dispatch.route_of(db, technician_id=by.id, day=TOMORROW)
        assert row is not None
        ahead = [stop[0] for stop in row.stops]
    at = instant_at(TOMORROW, 8 * HOUR_S)
    for each in ahead[: ahead.index(visit_id) + 1]:
        at = attend(each, by=by, at=at)
    with transaction(reads_only=True) as db:
        return db.scalars(select(Booking.id).where(Booking.number == number)).one()


def book(db: Session) -> tuple[str, int]:
    """Book a filter change for tomorrow morning in the way of a consumer."""
    member = following.follow(db, openid="oTest000000000000000000009", scene="", now=NOW)
    by = Actor(member.id, Role.MEMBER)
    home = next(e for e in qingdao().entries if e.kind == "compound" and e.district == "市北区")
    draft = drafts.save_draft(
        db,
        service_code="filter_change",
        choices={},
        address=Address(text=home.name, compound=home.name, door="1-1-101", point=home.point),
        contact="林女士",
        phone=Phone("15400000001"),
        by=by,
        now=NOW,
    )
    offers = [o for o in placing.offers(db, draft=draft, now=NOW) if o.day == TOMORROW]
    held = bookings.hold(
        db, draft_number=draft.number, day=TOMORROW, window=offers[0].window, by=by, now=NOW
    )
    done = bookings.commit(db, number=held.number, by=by, now=NOW)
    return done.number, done.visit_id


def attend(visit_id: int, *, by: Actor, at: datetime) -> datetime:
    """Let the technician do one visit from acceptance to the end; return when he is done."""
    with transaction(reads_only=True) as db:
        visit = dispatch.visit(db, visit_id)
    acts = (
        lambda db, now: visits.accept(db, number=visit.number, by=by, now=now),
        lambda db, now: visits.depart(db, number=visit.number, by=by, now=now),
        lambda db, now: visits.arrive(db, number=visit.number, by=by, now=now),
        lambda db, now: visits.start(
            db, number=visit.number, code=visit.service_code, by=by, now=now
        ),
        lambda db, now: visits.add_photo(
            db, number=visit.number, sha256=f"{visit_id:064d}", by=by, now=now
        ),
        lambda db, now: ends.finish_visit(db, number=visit.number, by=by, now=now),
        lambda db, now: signed(db, visit.id, now),
    )
    for act in acts:
        at += timedelta(minutes=5)
        with transaction() as db:
            act(db, at)
        deliver_all()
    return at


def signed(db: Session, visit_id: int, now: datetime) -> None:
    """Let the member sign for the work."""
    booking = queries.booking_of_visit(db, visit_id)
    member = Actor(booking.member_id, Role.MEMBER)
    ends.sign_off(db, number=booking.number, by=member, now=now)


def deliver_all() -> None:
    """Let the reactions hear everything that waits."""
    for _ in range(200):
        if not delivery.deliver_events(joinery.REACTIONS, FixedClock(NOW)):
            return
    raise AssertionError("the outbox does not empty")


def trace(db: Session, booking_id: int) -> dict[str, list[str]]:
    """Return what a booking left behind, but for times and numbers."""
    one = db.get_one(Booking, booking_id)
    visit = db.get_one(Visit, one.visit_id)
    member = db.get_one(Member, one.member_id)
    events = db.scalars(select(OutboxRow).order_by(OutboxRow.id)).all()
    steps = db.scalars(
        select(VisitStep).where(VisitStep.visit_id == visit.id).order_by(VisitStep.seq)
    ).all()
    moves = db.execute(
        select(BookingStep.action, BookingStep.actor_role)
        .where(BookingStep.booking_id == one.id)
        .order_by(BookingStep.seq)
    ).all()
    messages = db.scalars(
        select(Message).where(Message.about == f"booking:{one.number}").order_by(Message.kind)
    ).all()
    return {
        "visit": [f"{s.action} {s.state} {s.actor_role}" for s in steps],
        "booking": [f"{action} {role}" for action, role in moves],
        "events": list(_about(events, one, visit, member)),
        "messages": [f"{m.kind} {sorted(m.fields)} {m.path.rpartition('/')[0]}" for m in messages],
        "set": sorted(
            c.name for c in Visit.__table__.columns if getattr(visit, c.name) is not None
        ),
    }


def _about(
    events: Sequence[OutboxRow], one: Booking, visit: Visit, member: Member
) -> Iterator[str]:
    """Name the events of a booking; of the member's points only those that came with its end."""
    points: list[str] = []
    for event in events:
        facts = event.facts
        if event.name == "PointsPosted" and facts["member_id"] == member.id:
            points = [f"PointsPosted {sorted(facts)}"]
        elif facts.get("booking_id") == one.id or facts.get("visit_id") == visit.id:
            if event.name == "BookingCompleted":
                yield from points
            topics = " ".join(topic.partition(":")[0] for topic in event.topics.split())
            yield f"{event.name} {sorted(facts)} {topics}"


class TestOptimise:
    def test_saves_eight_per_cent_of_travel_on_the_first_board(self, lived_city: Flask) -> None:
        clock = FixedClock(NOW)
        with transaction() as db:
            asked = proposals.ask(
                db, branch_id=1, day=TODAY, by=dispatcher(db), now=NOW, seconds=OPTIMISE_S
            )

        assert jobs.solve_proposals(clock) == 1

        with transaction(reads_only=True) as db:
            ready = db.get_one(Proposal, asked.id)
        before_s, after_s = ready.totals["travel_s"]
        assert ready.state == proposals.READY
        assert ready.totals["unserved"] == [0, 0]
        assert 100 * (before_s - after_s) / before_s >= SAVED_PERCENT_MIN

        with transaction() as db:
            done = proposals.accept(db, number=asked.number, by=dispatcher(db), now=NOW)
        with transaction(reads_only=True) as db:
            plan = live.day_plan(db, branch_id=1, day=TODAY, now=NOW)
        assert done.assigned >= 1
        assert judge.judge(plan.problem, plan.plan).travel_s == after_s
