"""The hands of the house where a journey's point is elsewhere: its operations, on its data file."""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from flask import Flask

from booking import queries
from booking.models import Booking
from dispatch import queries as dispatch
from dispatch.models import Visit
from dispatch.operations import publishing, roster, trouble, visits, withdrawals
from dispatch.states import Proof
from kernel import demo
from kernel.actor import Actor, Role
from kernel.clock import local_date, second_of_day
from kernel.db import Session, configure, transaction
from members import queries as members
from members import strike_queries
from members.operations import strikes
from members.risk import StrikeKind
from members.rule_text import RULES
from members.states import StrikeState
from scripts.demo_city import life
from scripts.demo_city.catalogue import WARES
from tests.browser.running import RunningHouse

DISPATCHER = Actor(1, Role.DISPATCHER, frozenset(range(1, 100)))
MANAGER = Actor(9001, Role.MANAGER)
DAY_S = 86_400
# The look itself takes a tenth of a second, of which the city is in need.
CITY_S_MAX, CITY_LOOK_S = 90.0, 0.6


@dataclass(frozen=True, slots=True)
class Hired:
    """A technician with one visit, and his phone."""

    actor: Actor
    phone: str
    visit: str


class Desk:
    """Acts of the house at its business time, each a transaction of its own."""

    def __init__(self, house: RunningHouse) -> None:
        self._house = house
        self._app = Flask("desk")
        configure(self._app, f"sqlite:///{house.folder / 'doorbell.sqlite3'}")

    def now(self) -> datetime:
        """Return the business time, as the house's own processes read it."""
        with self._app.app_context():
            return demo.demo_clock().now()

    def come(self, to: datetime) -> None:
        """Move the clock on to an instant; past it already, it stays."""
        ahead_s = int((to - self.now()).total_seconds()) + 1
        if ahead_s > 0:
            self._house.move_clock(advance_s=ahead_s)
            # So long every process may still see the time before.
            time.sleep(demo.CACHE_S)

    def await_city(self) -> None:
        """Wait until the city has done what is due by now, or waits for somebody else."""
        deadline = time.monotonic() + CITY_S_MAX
        while self._city_is_behind() and time.monotonic() < deadline:
            time.sleep(CITY_LOOK_S)

    def _city_is_behind(self) -> bool:
        now = self.now()
        day = local_date(now)
        with self._app.app_context(), transaction(reads_only=True) as db:
            return any(act.due_s <= second_of_day(now, day) for act in life._next_acts(db, day))

    @contextmanager
    def acting(self) -> Iterator[Session]:
        with self._app.app_context(), transaction() as db:
            yield db

    def booking(self, number: str) -> Booking:
        with self.acting() as db:
            found = queries.by_number(db, number)
        assert found is not None
        return found

    def visit(self, number: str) -> Visit:
        """Return the present visit of that booking."""
        with self.acting() as db:
            return dispatch.visit(db, self.booking(number).visit_id)

    def is_next(self, booking: str) -> bool:
        """Tell whether the booking's visit is the next door of whoever was told of it."""
        visit = self.visit(booking)
        with self.acting() as db:
            ahead = dispatch.open_visit_ids(
                db, technician_id=visit.technician_id or 0, day=visit.day
            )
        return ahead[:1] == [visit.id]

    def hire(self, booking: str, *, shown: bool = False) -> Hired:
        """Give the booking's visit to a technician of its own, who has accepted it; with `shown` his phone
        stands on the sandbox's page."""
        visit, now = self.visit(booking), self.now()
        phone = self._house.control(
            "POST", "/control/phones", {"name": "新来的师傅", "follows": True, "shown": shown}
        )
        with self.acting() as db:
            technician = roster.hire(
                db,
                branch_id=visit.branch_id,
                work_number=f"9{visit.id:05}",
                name="新来的师傅",
                phone="13800009046",
                home=visit.point,
                skills={ware.skill: 3 for ware in WARES},
            )
            code = roster.new_bind_code(db, technician_id=technician.id)
            roster.bind(db, bind_code=code, openid=phone["openid"])
        by = Actor(technician.id, Role.TECHNICIAN)
        with self.acting() as db:
            roster.set_shift(
                db, technician_id=by.id, day=visit.day, opens_s=0, shuts_s=DAY_S - 1, now=now
            )
        with self.acting() as db:
            held = withdrawals.hand_over(
                db,
                number=visit.number,
                technician_id=by.id,
                version=dispatch.visit(db, visit.id).version,
                by=DISPATCHER,
                now=now,
            )
            if held.technician_id != by.id:
                publishing.assign(db, held, by.id, by=DISPATCHER, now=now)
        with self.acting() as db:
            visits.accept(db, number=visit.number, by=by, now=now)
        return Hired(by, phone["phone"], visit.number)

    def arrive(self, hired: Hired, booking: str) -> None:
        """Let him set out and stand at the door, proven by his phone's place."""
        with self.acting() as db:
            visits.depart(db, number=hired.visit, by=hired.actor, now=self.now())
        place = self.visit(booking).point
        with self.acting() as db:
            visits.arrive(db, number=hired.visit, by=hired.actor, now=self.now(), place=place)

    def start(self, hired: Hired, booking: str) -> None:
        code = self.visit(booking).service_code
        with self.acting() as db:
            visits.start(db, number=hired.visit, code=code, by=hired.actor, now=self.now())

    def call(self, hired: Hired) -> None:
        """Let him ring up the member."""
        with self.acting() as db:
            trouble.add_proof(
                db, number=hired.visit, kind=Proof.CALL, by=hired.actor, now=self.now()
            )

    def arrived_within_m(self, booking: str) -> object:
        """Return how far from the door the phone was that arrived, None when it did not say."""
        visit = self.visit(booking)
        with self.acting() as db:
            proofs = dispatch.evidence(db, visit.id)
        return next((p.facts.get("metres") for p in proofs if p.kind == Proof.ARRIVAL), None)

    def give_a_past(self, openid: str, *, days: Mapping[str, int]) -> None:
        """Post strikes of nobody at home to the member, so many days ago each."""
        with self.acting() as db:
            member = members.member_by_openid(db, openid)
        assert member is not None
        for name, ago in days.items():
            then = self.now() - timedelta(days=ago)
            with self.acting() as db:
                strike = strikes.open_strike(
                    db,
                    member_id=member.id,
                    kind=StrikeKind.NO_SHOW,
                    booking_number=f"BPAST{name}{member.id}",
                    evidence={"recorded_at": then.isoformat()},
                    now=then,
                )
            with self.acting() as db:
                strikes.post_strike(db, number=strike.number, now=strike.posts_at)

    def let_post(self, strike: str) -> None:
        """Let the strike's day pass: what was neither contested nor waived takes effect."""
        now = self.now()
        with self.acting() as db:
            known = strike_queries.strike(db, number=strike, by=MANAGER)
        if known.state is StrikeState.PENDING:
            assert now >= known.happened_at + RULES.posts_after
            with self.acting() as db:
                strikes.post_strike(db, number=strike, now=now)

    def appeal_of(self, openid: str) -> str:
        """Return the number of the member's appeal that waits."""
        with self.acting() as db:
            member = members.member_by_openid(db, openid)
            assert member is not None
            waiting, _ = strike_queries.appeals(db, by=MANAGER)
            return next(one.number for one in waiting if one.member_id == member.id)

    def strike_of(self, booking: str) -> str:
        """Return the number of the record of that booking."""
        with self.acting() as db:
            return strike_queries.strikes_of_booking(db, booking_number=booking)[0].number
