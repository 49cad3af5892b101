"""The house under test: its people, its clock, and how anything is done in it."""

import contextlib
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, TypeVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from sqlalchemy import select

import app as joinery
from booking import jobs as booking_jobs
from booking import queries
from booking.models import Booking, BookingStep
from booking.operations import bookings, drafts, placing
from booking.operations.drafts import Address
from booking.standby_models import Standby
from booking.states import PROMISED, BookingState
from dispatch import live, watching
from dispatch.models import Visit, VisitStep
from dispatch.operations import publishing
from dispatch.states import VisitState
from kernel import delivery
from kernel.actor import Actor, Role
from kernel.clock import FixedClock, local_date
from kernel.db import transaction
from kernel.errors import Refusal
from kernel.geo import Point
from kernel.phone import Phone
from members import jobs as members_jobs
from scripts import truths
from tests.house import MONDAY_NINE, a_branch, a_member, a_technician, empty_tables
from tests.house import a_service as a_priced_service
from tests.integration.booking.living import struck
from tests.integration.booking.promised import a_service
from tests.properties.life.presses import Killed, Press, check_one_effect

DISPATCHERS = [Actor(n, Role.DISPATCHER, frozenset({1})) for n in (11, 12)]
JUMPS = [
    timedelta(seconds=1),
    timedelta(minutes=1),
    timedelta(minutes=11),
    timedelta(minutes=16),
    timedelta(hours=1),
    timedelta(hours=2),
    timedelta(hours=25),
    timedelta(days=3),
]
# Three doors, a quarter of an hour and more apart.
DOORS = [Point(36.09, 120.37), Point(36.12, 120.42), Point(36.05, 120.32)]

pick = st.integers(0, 10_000)
what_was_seen: Counter[str] = Counter()
T = TypeVar("T")


class House(RuleBasedStateMachine):
    """Two technicians, three members of whom the first has failed us twice, two dispatchers and a clock."""

    def __init__(self) -> None:
        super().__init__()
        empty_tables()
        self.now: datetime = MONDAY_NINE
        self.looked, self.presses = 0, 0
        self.routes: dict[int, tuple[int, list[int]]] = {}
        with transaction() as db:
            branch_id = a_branch(db)
            self.technicians = [
                Actor(a_technician(db, branch_id=branch_id, breaks=rests), Role.TECHNICIAN)
                for rests in ([(41_400, 46_800, 1_800)], [])
            ]
            a_priced_service(db, code="air_repair")
            a_service(db, code="air_delivery", category="delivery")
            a_service(db, delivery_code="air_delivery")
            self.members = [a_member(db, openid=f"oHouse{n:023d}") for n in range(3)]
        struck(self.members[0], 60, 20)

    # --- How anything is done -----------------------------------------------------------------

    def tried(self, act: Callable[..., T], *, may_break: bool = False, **facts: Any) -> T | None:
        """Press once, by a key: None when it was refused, which has changed nothing.

        Every third hand dies before its transaction ends and presses again; every one presses once
        more when it is done. Only time, absence and lateness may break a promise: no other act adds
        one to those that the live plan cannot keep.
        """
        before, stood = self.broken(), self.standing()
        self.presses += 1
        press = Press(act, {"now": self.now, **facts}, number=self.presses)
        if self.presses % 3 == 0:
            with contextlib.suppress(Refusal, Killed):
                press.once(dies=True)
            assert self.standing() == stood, (act.__name__, "died")
        try:
            answer = press.once()
        except Refusal:
            what_was_seen["refused"] += 1
            truths.a_refusal_changes_nothing(stood, self.standing())
            return None
        what_was_seen[act.__name__] += 1
        check_one_effect(press, self.standing)
        if not may_break:
            assert self.broken() <= before, (act.__name__, self.broken() - before)
        return answer

    def standing(self) -> dict[str, int]:
        with transaction(reads_only=True) as db:
            return truths.what_stands(db)

    def broken(self) -> set[int]:
        with transaction(reads_only=True) as db:
            return truths.broken_promises(db, now=self.now)

    def one(self, model: type[T], chosen: int, *where: Any) -> T | None:
        """Return one of the rows, the newest for 0."""
        with transaction(reads_only=True) as db:
            rows = db.scalars(select(model).where(*where).order_by(model.id.desc())).all()  # type: ignore[attr-defined]  # every model has one
        return rows[chosen % len(rows)] if rows else None

    def visit(self, chosen: int, *states: VisitState) -> tuple[Visit, Actor] | None:
        """Return a visit in one of those states, with its technician, or with anybody."""
        visit = self.one(Visit, chosen, Visit.state.in_(states or tuple(VisitState)))
        if visit is None:
            return None
        return visit, Actor(visit.technician_id or 1, Role.TECHNICIAN)

    def drafted(self, by: Actor, *, what: int, door: Point) -> str:
        draft = self.tried(
            drafts.save_draft,
            service_code=("air_install", "air_repair")[what % 2],
            choices={},
            address=Address(text="浮山后三小区 1", compound="浮山后三小区", door="1", point=door),
            contact="林女士",
            phone=Phone("13800002046"),
            with_delivery=what % 4 == 0,
            by=by,
        )
        assert draft is not None
        return draft.number

    def held(self, draft_number: str, by: Actor, chosen: int) -> Booking | None:
        """Let him hold one of the first windows on offer, which opens no sooner than one can come."""
        with transaction(reads_only=True) as db:
            draft = queries.draft(db, number=draft_number, by=by)
            offers = placing.offers(db, draft=draft, now=self.now)
            known = set(db.scalars(select(Booking.id)))
        if not offers:
            return None
        offer = offers[chosen % min(len(offers), 10)]
        booking = self.tried(
            bookings.hold, draft_number=draft_number, day=offer.day, window=offer.window, by=by
        )
        if booking is not None and booking.id not in known:
            assert booking.state is BookingState.HELD
            assert booking.starts_at >= self.now + timedelta(seconds=live.LEAD_S)
        return booking

    # --- The clock ------------------------------------------------------------------------------

    @initialize(doors=st.lists(st.sampled_from(DOORS), min_size=3, max_size=3), when=pick)
    def a_day_begins(self, doors: list[Point], when: int) -> None:
        """Three promises stand, and their day is published."""
        for n, door in enumerate(doors):
            by = self.members[n]
            held = self.held(self.drafted(by, what=n + when, door=door), by, 2 * n + when)
            if held is not None:
                self.tried(bookings.commit, number=held.number, by=by)
        for day in (local_date(self.now) + timedelta(days=n) for n in range(2)):
            self.tried(publishing.publish_day, branch_id=1, day=day, by=DISPATCHERS[0])

    @rule(jump=st.sampled_from(JUMPS), is_awake=st.booleans())
    def time_passes(self, jump: timedelta, *, is_awake: bool) -> None:
        self.pass_time(jump)
        if is_awake:
            self.the_clock_goes_round()

    @rule()
    def the_next_visit_is_near(self) -> None:
        """An hour before the next window opens."""
        soonest = self.one(Booking, 0, Booking.state.in_(PROMISED), Booking.starts_at > self.now)
        if soonest is not None:
            self.now = max(self.now, soonest.starts_at - timedelta(hours=1))
            self.the_clock_goes_round()
            day = local_date(self.now)
            self.tried(publishing.publish_day, branch_id=1, day=day, by=DISPATCHERS[0])

    def pass_time(self, jump: timedelta) -> None:
        self.now += jump

    def the_clock_goes_round(self) -> None:
        clock = FixedClock(self.now)
        for job in (
            booking_jobs.expire_holds,
            booking_jobs.find_late_goods,
            watching.watch_days,
            booking_jobs.look_after_bookings,
            booking_jobs.serve_waiting,
            members_jobs.post_due_strikes,
            members_jobs.end_blacklistings,
        ):
            job(clock)
        while delivery.deliver_events(joinery.REACTIONS, clock):
            pass
        watching.watch_days(clock)
        with transaction(reads_only=True) as db:
            truths.what_is_late_is_named(db, now=self.now)
            truths.nothing_is_long_overdue(db, now=self.now)
            truths.lines_are_settled(db)
            truths.stand_bys_are_decided(db, now=self.now)

    # --- What must be true ----------------------------------------------------------------------

    @invariant()
    def the_plan_is_sound(self) -> None:
        self.looked += 1
        shape = live.VisitShape(point=DOORS[1], work_s=3_600, skill="air")
        with transaction(reads_only=True) as db:
            day = local_date(self.now) + timedelta(days=self.looked % 3)
            truths.offers_are_derived(db, shape, branch_id=1, day=day, now=self.now)
            truths.the_judge_accepts_every_day(db, now=self.now)
            self.routes = truths.every_visit_stands_in_one_route(db, self.routes)

    @invariant()
    def every_life_is_in_order(self) -> None:
        with transaction(reads_only=True) as db:
            truths.steps_are_contiguous(db)
            truths.every_move_is_told_once(db)
            truths.every_booking_keeps_its_windows(db)
            truths.who_is_let_go_is_out(db)
            truths.who_stands_by_has_the_place_or_waits(db)
            truths.late_goods_are_asked_about_once(db)
            truths.the_ledger_keeps_its_promises(db, now=self.now)

    def teardown(self) -> None:
        with transaction(reads_only=True) as db:
            what_was_seen.update(db.scalars(select(BookingStep.action)))
            what_was_seen.update(db.scalars(select(VisitStep.action)))
            what_was_seen.update(f"standby {state}" for state in db.scalars(select(Standby.state)))
