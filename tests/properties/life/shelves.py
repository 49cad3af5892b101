"""The warehouse and the line: goods that come, are late and are asked about; days that are waited for."""

from datetime import timedelta
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import rule

from booking.goods import GoodsKind, LateAnswer, NewItem
from booking.goods_models import GoodsItem
from booking.models import Booking
from booking.operations import (
    cancelling,
    clockwork,
    goods,
    late_goods,
    presence,
    standbys,
    waiting,
)
from booking.standby_models import Standby
from booking.states import PROMISED, BookingState, GoodsState
from booking.waiting_models import Waiting
from dispatch.planner.problem import Window
from kernel.actor import Actor, Role
from kernel.clock import local_date
from tests.house import WINDOWS
from tests.properties.life.house import DISPATCHERS, DOORS, House, pick

# How late the warehouse expects what it does not have; none while it has not said.
EXPECTED = [None, timedelta(hours=1), timedelta(days=1), timedelta(days=4)]
# What becomes of a stand-by.
GOES_ON = ["accept", "decline", "cancel", "confirm", "let_go"]


class Warehouse(House):
    """It says where goods are, truly or too late, and members answer to what is late."""

    @rule(chosen=pick, kind=st.sampled_from([GoodsKind.GOODS, GoodsKind.PART, GoodsKind.OLD]))
    def goods_are_ordered(self, chosen: int, kind: GoodsKind) -> None:
        booking = self.one(Booking, chosen, Booking.state.in_(PROMISED))
        if booking is not None:
            items = [NewItem(kind=kind, name="挂机空调", order_number="SO1")]
            self.tried(
                goods.add_items, booking_number=booking.number, items=items, by=DISPATCHERS[0]
            )

    @rule(chosen=pick, after=st.sampled_from(EXPECTED))
    def goods_are_expected(self, chosen: int, after: timedelta | None) -> None:
        item = self.one(GoodsItem, chosen)
        if item is not None:
            at = None if after is None else self.now + after
            self.tried(
                goods.set_expected, item_number=item.number, expected_at=at, by=DISPATCHERS[0]
            )

    @rule(chosen=pick, state=st.sampled_from(list(GoodsState)), is_notice=st.booleans())
    def goods_are_somewhere(self, chosen: int, state: GoodsState, *, is_notice: bool) -> None:
        item = self.one(GoodsItem, chosen)
        if item is not None:
            act = goods.heed_notice if is_notice else goods.set_state
            self.tried(act, item_number=item.number, state=state, by=DISPATCHERS[0])

    @rule(chosen=pick, answer=st.sampled_from(list(LateAnswer)))
    def a_member_answers_to_late_goods(self, chosen: int, answer: LateAnswer) -> None:
        item = self.one(GoodsItem, chosen)
        if item is not None:
            booking = self.one(Booking, 0, Booking.id == item.booking_id)
            assert booking is not None
            by = Actor(booking.member_id, Role.MEMBER)
            self.tried(
                late_goods.answer_late_goods, booking_number=booking.number, answer=answer, by=by
            )


class Line(House):
    """Members wait for days, and some of them no longer."""

    @rule(who=pick, door=st.sampled_from(DOORS), what=pick, days=st.integers(-1, 3), wants=pick)
    def a_member_waits(self, who: int, door: Any, what: int, days: int, wants: int) -> None:
        by = self.members[who % 3]
        wanted = [Window(*WINDOWS[wants % len(WINDOWS)])] if wants % 2 else []
        self.tried(
            waiting.join,
            draft_number=self.drafted(by, what=what, door=door),
            day=local_date(self.now) + timedelta(days=days),
            wanted=wanted,
            by=by,
        )

    @rule(chosen=pick)
    def a_member_waits_no_more(self, chosen: int) -> None:
        row = self.one(Waiting, chosen)
        if row is not None:
            self.tried(waiting.leave, number=row.number, by=Actor(row.member_id, Role.MEMBER))


class StandBys(House):
    """Somebody stands by for the place of the one who failed us, who gives it up or keeps it."""

    @rule(
        chosen=pick, who=pick, door=st.sampled_from(DOORS), what=pick, then=st.sampled_from(GOES_ON)
    )
    def somebody_is_asked_to_stand_by(
        self, chosen: int, who: int, door: Any, what: int, then: str
    ) -> None:
        """A day before a window that nobody has answered for; says yes, unless he says no."""
        risky = self.one(
            Booking,
            chosen,
            Booking.member_id == self.members[0].id,
            Booking.state == BookingState.BOOKED,
            Booking.needs_window.is_(False),
            Booking.starts_at > self.now + timedelta(hours=3),
        )
        if risky is None:
            return
        self.now = max(self.now, risky.starts_at - timedelta(hours=24))
        self.tried(clockwork.look, may_break=True, number=risky.number)
        by, day = self.members[1 + who % 2], local_date(risky.starts_at)
        draft = self.drafted(by, what=what, door=door)
        row = self.tried(waiting.join, draft_number=draft, day=day, by=by)
        if row is not None:
            self.tried(standbys.offer, booking_id=risky.id, waiting_id=row.id)
            if then != "decline":
                self.tried(standbys.accept, number=row.number, by=by)
            self.a_stand_by_goes_on(0, then)

    @rule(chosen=pick, how=st.sampled_from(GOES_ON))
    def a_stand_by_goes_on(self, chosen: int, how: str) -> None:
        standby = self.one(Standby, chosen)
        if standby is None:
            return
        waits = self.one(Waiting, 0, Waiting.id == standby.waiting_id)
        risky = self.one(Booking, 0, Booking.id == standby.booking_id)
        assert waits is not None
        assert risky is not None
        if how in ("accept", "decline"):
            by = Actor(waits.member_id, Role.MEMBER)
            self.tried(getattr(standbys, how), number=waits.number, by=by)
        elif how == "let_go":
            self.now = max(self.now, standby.until)
            self.tried(clockwork.look, may_break=True, number=risky.number)
        else:
            act = cancelling.cancel if how == "cancel" else presence.confirm
            self.tried(act, number=risky.number, by=Actor(risky.member_id, Role.MEMBER))
