"""What members and technicians do, in any order at all."""

from datetime import timedelta
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import rule

from booking import goods_queries, queries
from booking.models import Addition, Booking
from booking.operations import (
    additions,
    bookings,
    cancelling,
    closing,
    goods,
    moving,
    payments,
    presence,
    visits,
)
from booking.payment_models import Payment
from booking.policy import Cause
from booking.states import PROMISED, BookingState
from dispatch.models import Visit
from dispatch.operations import trouble
from dispatch.operations import visits as at_work
from dispatch.states import Proof, Trouble, VisitState
from kernel.actor import Actor, Role
from kernel.db import transaction
from kernel.geo import Point
from members import queries as members
from members.policy import Blocked
from members.strike_models import Strike
from tests.properties.life.house import DISPATCHERS, DOORS, House, pick, what_was_seen

WORDS = "当时就在家里，门铃没有响过。"
# What is done next with a visit on a good day.
_NEXT = {
    VisitState.ASSIGNED: "accept",
    VisitState.ACCEPTED: "set_out",
    VisitState.EN_ROUTE: "arrive",
    VisitState.ARRIVED: "start",
    VisitState.IN_SERVICE: "finish_visit",
    VisitState.PAUSED: "resume",
}


class Members(House):
    """They hold, commit, pay, move, cancel, sign and contest."""

    @rule(who=pick, door=st.sampled_from(DOORS), what=pick, chosen=pick, commits=st.booleans())
    def a_member_holds(
        self, who: int, door: Point, what: int, chosen: int, *, commits: bool
    ) -> None:
        by = self.members[who % 3]
        booking = self.held(self.drafted(by, what=what, door=door), by, chosen)
        if booking is not None and commits:
            self.committed(booking, takes_payments=bool(what % 3))

    @rule(chosen=pick, window=pick)
    def a_member_picks_another_window(self, chosen: int, window: int) -> None:
        booking = self.one(Booking, chosen)
        if booking is not None:
            with transaction(reads_only=True) as db:
                draft = queries.draft_by_id(db, booking.draft_id).number
            again = self.held(draft, Actor(booking.member_id, Role.MEMBER), window)
            if again is not None:
                what_was_seen["picked again"] += 1

    @rule(chosen=pick, takes_payments=st.booleans())
    def a_member_commits(self, chosen: int, *, takes_payments: bool) -> None:
        booking = self.one(Booking, chosen)
        if booking is not None:
            self.committed(booking, takes_payments=takes_payments)

    def committed(self, booking: Booking, *, takes_payments: bool) -> None:
        """10, 5: whoever is blacklisted gets no promise, nor does a hold that was freed."""
        by = Actor(booking.member_id, Role.MEMBER)
        before = self.one(Booking, 0, Booking.id == booking.id)
        assert before is not None
        with transaction(reads_only=True) as db:
            try:
                members.check_may_book(db, booking.member_id, now=self.now)
                is_blocked = False
            except Blocked:
                is_blocked = True
        after = self.tried(
            bookings.commit, number=booking.number, by=by, takes_payments=takes_payments
        )
        if is_blocked and before.state is BookingState.HELD:
            what_was_seen["blocked"] += 1
            assert after is None
        if before.state is BookingState.EXPIRED:
            assert after is None
        again = self.tried(bookings.commit, number=booking.number, by=by, takes_payments=True)
        assert (after is None) or (again is not None and again.version == after.version)

    @rule(chosen=pick)
    def the_money_comes(self, chosen: int) -> None:
        payment = self.one(Payment, chosen)
        if payment is not None:
            for _ in range(2):
                self.tried(
                    payments.settle,
                    number=payment.number,
                    amount=payment.amount,
                    transaction_id=f"T{payment.id}",
                    paid_at=self.now,
                )

    @rule(chosen=pick, how=st.sampled_from(["release", "confirm", "cancel", "sign", "urge"]))
    def a_member_acts(self, chosen: int, how: str) -> None:
        booking = self.one(Booking, chosen)
        if booking is None:
            return
        by = Actor(booking.member_id, Role.MEMBER)
        act = {
            "release": bookings.release,
            "confirm": presence.confirm,
            "cancel": cancelling.cancel,
            "sign": visits.sign_off,
            "urge": presence.vouch_for_address,
        }[how]
        self.tried(act, number=booking.number, by=by)

    @rule(chosen=pick, window=pick, is_ours=st.booleans())
    def a_promise_moves(self, chosen: int, window: int, *, is_ours: bool) -> None:
        booking = self.one(Booking, chosen, Booking.state.in_(PROMISED))
        if booking is None:
            return
        with transaction(reads_only=True) as db:
            offers = moving.offers(db, booking=booking, now=self.now)
        if offers:
            offer = offers[window % min(len(offers), 12)]
            self.tried(
                moving.reschedule,
                number=booking.number,
                day=offer.day,
                window=offer.window,
                by=DISPATCHERS[0] if is_ours else Actor(booking.member_id, Role.MEMBER),
                cause=Cause.PROVIDER if is_ours else None,
            )

    @rule(chosen=pick)
    def a_member_contests(self, chosen: int) -> None:
        strike = self.one(Strike, chosen)
        if strike is not None and strike.member_id is not None:
            self.tried(
                closing.appeal,
                strike_number=strike.number,
                booking_number=strike.booking_number,
                reason="other",
                text=WORDS,
                photos=[],
                by=Actor(strike.member_id, Role.MEMBER),
            )

    @rule(chosen=pick, approved=st.booleans(), withdrawn=st.booleans())
    def an_addition_is_decided(self, chosen: int, *, approved: bool, withdrawn: bool) -> None:
        addition = self.one(Addition, chosen)
        if addition is None:
            return
        if withdrawn and not approved:
            visit = self.one(Visit, 0, Visit.id == addition.visit_id)
            assert visit is not None
            by = Actor(visit.technician_id or 0, Role.TECHNICIAN)
            self.tried(additions.withdraw, number=addition.number, by=by)
            return
        booking = self.one(Booking, 0, Booking.id == addition.booking_id)
        assert booking is not None
        by = Actor(booking.member_id, Role.MEMBER)
        facts = {"number": addition.number, "approved": approved, "by": by}
        self.tried(additions.decide, may_break=True, **facts)


class Technicians(House):
    """They go their way, and sometimes they do not."""

    @rule(chosen=pick, more=st.integers(1, 5))
    def a_visit_goes_its_way(self, chosen: int, more: int) -> None:
        """The next thing that is done with a visit on a good day, up to five times."""
        found = self.visit(chosen, *_NEXT)
        if found is None:
            return
        visit, by = found
        for _ in range(more):
            fresh = self.one(Visit, 0, Visit.id == visit.id)
            assert fresh is not None
            if fresh.state not in _NEXT or self.next_of(fresh, by) is None:
                return

    def next_of(self, visit: Visit, by: Actor) -> object | None:
        name = _NEXT[visit.state]
        if name == "start":
            facts: dict[str, Any] = {"code": visit.service_code}
        elif name == "arrive":
            facts = {"place": visit.point}
        else:
            facts = {}
        if name == "finish_visit":
            self.tried(at_work.add_photo, number=visit.number, sha256="0" * 64, by=by)
            facts = {"takes_payments": True}
        if name == "set_out":
            self.load(visit, by)
        act = getattr(visits, name, None) or getattr(at_work, name)
        return self.tried(act, may_break=True, number=visit.number, by=by, **facts)

    def load(self, visit: Visit, by: Actor) -> None:
        """Scan onto the van what the visit brings, whoever knew that it was there."""
        with transaction(reads_only=True) as db:
            items = goods_queries.items_of_visit(db, visit.id)
        for item in items:
            self.tried(goods.scan, visit_number=visit.number, code=item.number, by=by)

    @rule(chosen=pick, how=st.sampled_from(["nobody_home", "refused", "shut_out", "break_off"]))
    def a_visit_fails(self, chosen: int, how: str) -> None:
        found = self.visit(
            chosen,
            *(VisitState.ARRIVED, VisitState.IN_SERVICE, VisitState.PAUSED, VisitState.EN_ROUTE),
        )
        if found is None:
            return
        visit, by = found
        if how == "nobody_home":
            for kind in (Proof.CALL, Proof.CALL, Proof.MESSAGE):
                self.tried(trouble.add_proof, number=visit.number, kind=kind, by=by)
            if visit.arrived_at is not None:
                self.pass_time(timedelta(minutes=15))
        cause = {"shut_out": Trouble.NO_ACCESS, "break_off": Trouble.MISSING_PART}.get(how)
        facts = {"cause": cause} if cause else {}
        self.tried(getattr(visits, how), may_break=True, number=visit.number, by=by, **facts)

    @rule(chosen=pick, how=st.sampled_from(["decline", "pause", "resume", "depart", "start"]))
    def a_technician_acts(self, chosen: int, how: str) -> None:
        found = self.visit(chosen)
        if found is None:
            return
        visit, by = found
        facts = {"decline": {"reason": "太远"}, "pause": {"reason": "等件"}}.get(how, {})
        if how == "start":
            facts = {"code": "0000"}
        act = getattr(at_work, how)
        self.tried(act, may_break=True, number=visit.number, by=by, **facts)

    @rule(chosen=pick, count=st.integers(1, 3))
    def a_technician_asks_for_more(self, chosen: int, count: int) -> None:
        found = self.visit(chosen, VisitState.ARRIVED, VisitState.IN_SERVICE, VisitState.PAUSED)
        if found is not None:
            visit, by = found
            facts: dict[str, Any] = {"code": "pipe", "count": count, "reason": "外机远"}
            self.tried(additions.ask, visit_number=visit.number, by=by, **facts)
