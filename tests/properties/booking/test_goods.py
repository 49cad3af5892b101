"""An item driven by whoever has something to say of it."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from booking.goods import GoodsKind, first_state, is_old_news, lateness, machine_of, way
from booking.states import ABSENT_GOODS, GoodsState
from kernel.machine import IllegalMove

STATES = list(GoodsState)
NOON = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)


class Item(RuleBasedStateMachine):
    """One item: technicians, warehouse and ERP move it; every move must be an edge of its table."""

    def __init__(self) -> None:
        super().__init__()
        self.kind = GoodsKind.GOODS
        self.state = first_state(self.kind)
        self.steps = [self.state]

    @rule(place=st.sampled_from(STATES))
    def somebody_says_where_it_is(self, place: GoodsState) -> None:
        try:
            moves = way(self.kind, self.state, place)
        except IllegalMove:
            return
        for action in moves:
            self.state = machine_of(self.kind).after(self.state, action)
            self.steps.append(self.state)
        assert self.state is place

    @rule(place=st.sampled_from(STATES))
    def an_old_notice_comes(self, place: GoodsState) -> None:
        if is_old_news(self.kind, self.state, place):
            # It was there before, or passed by without anybody's word.
            assert way(self.kind, place, self.state)

    @rule()
    def the_same_is_said_again(self) -> None:
        assert way(self.kind, self.state, self.state) == ()

    @invariant()
    def it_is_where_its_last_step_says(self) -> None:
        assert self.steps[-1] is self.state

    @invariant()
    def every_step_follows_from_the_one_before(self) -> None:
        table = machine_of(self.kind).table
        for before, after in zip(self.steps, self.steps[1:], strict=False):
            assert after in table[before].values()

    @invariant()
    def it_can_still_reach_the_member(self) -> None:
        assert way(self.kind, self.state, GoodsState.DELIVERED) is not None


TestItem = Item.TestCase

instants = st.integers(-10 * 86_400, 10 * 86_400).map(lambda s: NOON + timedelta(seconds=s))


@given(st.sampled_from(STATES), st.one_of(st.none(), instants), instants, instants, instants)
def test_what_is_late_stays_late_until_it_comes_or_is_expected_sooner(
    state: GoodsState,
    expected_at: datetime | None,
    added_at: datetime,
    starts_at: datetime,
    now: datetime,
) -> None:
    def late_at(at: datetime) -> bool:
        found = lateness(
            state=state, expected_at=expected_at, added_at=added_at, starts_at=starts_at, now=at
        )
        return found is not None

    if late_at(now):
        assert state in ABSENT_GOODS
        assert late_at(now + timedelta(hours=1))
