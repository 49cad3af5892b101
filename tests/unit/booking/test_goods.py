"""Goods: what is brought, the ways of an item, and the edges of being late."""

from datetime import UTC, datetime, timedelta

import pytest

from booking.goods import (
    FIND_GRACE,
    GoodsKind,
    LateReason,
    NewItem,
    expected,
    first_state,
    is_old_news,
    is_old_taken,
    lateness,
    way,
)
from booking.states import GoodsAction, GoodsState
from kernel.machine import IllegalMove

# Tuesday 2026-11-24 10:00 in Asia/Shanghai; its day begins at 16:00 UTC of the day before.
STARTS = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)
DAY_BEGINS = datetime(2026, 11, 23, 16, 0, tzinfo=UTC)
LONG_AGO = STARTS - timedelta(days=7)
SECOND = timedelta(seconds=1)


class TestExpected:
    def test_brings_what_the_service_declares(self) -> None:
        brings: list[dict[str, object]] = [
            {"kind": "goods", "name": "挂机", "sku": "KFR35"},
            {"kind": "part", "name": "支架", "quantity": 2},
        ]

        assert expected(brings, {}) == [
            NewItem(kind=GoodsKind.GOODS, name="挂机", sku="KFR35"),
            NewItem(kind=GoodsKind.PART, name="支架", quantity=2),
        ]

    @pytest.mark.parametrize(("chosen", "pieces"), [(0, []), (1, [2]), (3, [6])])
    def test_a_part_of_an_option_comes_as_often_as_it_is_chosen(
        self, chosen: int, pieces: list[int]
    ) -> None:
        brings = [{"kind": "part", "name": "铜管", "quantity": 2, "option": "pipe"}]

        assert [item.quantity for item in expected(brings, {"pipe": chosen})] == pieces

    @pytest.mark.parametrize(
        ("choices", "is_taken"), [({}, False), ({"old_taken": 0}, False), ({"old_taken": 1}, True)]
    )
    def test_the_old_appliance_goes_when_its_option_is_chosen(
        self, choices: dict[str, int], is_taken: bool
    ) -> None:
        assert is_old_taken(choices) is is_taken


class TestWay:
    def test_where_it_is_already_needs_no_move(self) -> None:
        assert way(GoodsKind.GOODS, GoodsState.ON_VAN, GoodsState.ON_VAN) == ()

    def test_forward_it_passes_every_station(self) -> None:
        assert way(GoodsKind.PART, GoodsState.NOT_SHIPPED, GoodsState.DELIVERED) == (
            GoodsAction.STOCK,
            GoodsAction.LOAD,
            GoodsAction.DELIVER,
        )

    def test_what_was_returned_can_be_loaded_again(self) -> None:
        assert way(GoodsKind.GOODS, GoodsState.RETURNED, GoodsState.ON_VAN) == (
            GoodsAction.STOCK,
            GoodsAction.LOAD,
        )

    @pytest.mark.parametrize(
        ("state", "target", "action"),
        [
            (GoodsState.ON_VAN, GoodsState.IN_WAREHOUSE, GoodsAction.UNLOAD),
            (GoodsState.IN_WAREHOUSE, GoodsState.NOT_SHIPPED, GoodsAction.LOSE),
            (GoodsState.DELIVERED, GoodsState.RETURNED, GoodsAction.SEND_BACK),
            (GoodsState.RETURNED, GoodsState.NOT_SHIPPED, GoodsAction.REPLACE),
        ],
    )
    def test_back_it_goes_one_step(
        self, state: GoodsState, target: GoodsState, action: GoodsAction
    ) -> None:
        assert way(GoodsKind.GOODS, state, target) == (action,)

    @pytest.mark.parametrize(
        ("kind", "state", "target"),
        [
            (GoodsKind.GOODS, GoodsState.DELIVERED, GoodsState.IN_WAREHOUSE),
            (GoodsKind.GOODS, GoodsState.ON_VAN, GoodsState.NOT_SHIPPED),
            (GoodsKind.GOODS, GoodsState.NOT_SHIPPED, GoodsState.RETURNED),
            (GoodsKind.GOODS, GoodsState.NOT_SHIPPED, GoodsState.COLLECTED),
            (GoodsKind.OLD, GoodsState.TO_COLLECT, GoodsState.DELIVERED),
            (GoodsKind.OLD, GoodsState.COLLECTED, GoodsState.TO_COLLECT),
        ],
    )
    def test_there_is_no_other(
        self, kind: GoodsKind, state: GoodsState, target: GoodsState
    ) -> None:
        with pytest.raises(IllegalMove):
            way(kind, state, target)

    def test_the_old_appliance_only_waits_and_goes(self) -> None:
        assert first_state(GoodsKind.OLD) is GoodsState.TO_COLLECT
        assert way(GoodsKind.OLD, GoodsState.TO_COLLECT, GoodsState.COLLECTED) == (
            GoodsAction.COLLECT,
        )


class TestOldNews:
    @pytest.mark.parametrize(
        ("state", "notice", "is_old"),
        [
            (GoodsState.ON_VAN, GoodsState.IN_WAREHOUSE, True),
            (GoodsState.DELIVERED, GoodsState.NOT_SHIPPED, True),
            (GoodsState.ON_VAN, GoodsState.ON_VAN, False),
            (GoodsState.IN_WAREHOUSE, GoodsState.ON_VAN, False),
            # That it came back, or that another one is on its way, is always news.
            (GoodsState.ON_VAN, GoodsState.RETURNED, False),
            (GoodsState.RETURNED, GoodsState.NOT_SHIPPED, False),
        ],
    )
    def test_is_what_lies_behind_on_the_way_to_the_member(
        self, state: GoodsState, notice: GoodsState, is_old: bool
    ) -> None:
        assert is_old_news(GoodsKind.GOODS, state, notice) is is_old


class TestLateness:
    @pytest.mark.parametrize(
        ("expected_at", "reason"),
        [
            pytest.param(DAY_BEGINS, None, id="when_the_day_begins"),
            pytest.param(DAY_BEGINS + SECOND, LateReason.EXPECTED_LATE, id="one_second_later"),
            pytest.param(None, None, id="nobody_said"),
        ],
    )
    def test_begins_when_it_is_expected_after_the_day_has_begun(
        self, expected_at: datetime | None, reason: LateReason | None
    ) -> None:
        found = lateness(
            state=GoodsState.NOT_SHIPPED,
            expected_at=expected_at,
            added_at=LONG_AGO,
            starts_at=STARTS,
            now=STARTS - timedelta(days=3),
        )

        assert found is reason

    @pytest.mark.parametrize(
        ("notice", "reason"),
        [
            pytest.param(timedelta(hours=24) + SECOND, None, id="a_second_before_24_h"),
            pytest.param(timedelta(hours=24), LateReason.NOT_IN_WAREHOUSE, id="24_h"),
        ],
    )
    def test_begins_when_it_is_not_there_24_hours_before(
        self, notice: timedelta, reason: LateReason | None
    ) -> None:
        found = lateness(
            state=GoodsState.NOT_SHIPPED,
            expected_at=DAY_BEGINS,
            added_at=LONG_AGO,
            starts_at=STARTS,
            now=STARTS - notice,
        )

        assert found is reason

    @pytest.mark.parametrize(
        ("waited", "reason"),
        [
            pytest.param(FIND_GRACE - SECOND, None, id="the_warehouse_still_looks"),
            pytest.param(FIND_GRACE, LateReason.NOT_IN_WAREHOUSE, id="it_has_looked_long_enough"),
        ],
    )
    def test_waits_for_the_warehouse_that_has_only_just_heard(
        self, waited: timedelta, reason: LateReason | None
    ) -> None:
        added_at = STARTS - timedelta(hours=20)

        found = lateness(
            state=GoodsState.NOT_SHIPPED,
            expected_at=None,
            added_at=added_at,
            starts_at=STARTS,
            now=added_at + waited,
        )

        assert found is reason

    @pytest.mark.parametrize(
        ("state", "is_late"),
        [
            (GoodsState.NOT_SHIPPED, True),
            (GoodsState.RETURNED, True),
            (GoodsState.IN_WAREHOUSE, False),
            (GoodsState.ON_VAN, False),
            (GoodsState.DELIVERED, False),
            (GoodsState.TO_COLLECT, False),
        ],
    )
    def test_befalls_only_what_is_not_there(self, state: GoodsState, is_late: bool) -> None:
        found = lateness(
            state=state,
            expected_at=STARTS,
            added_at=LONG_AGO,
            starts_at=STARTS,
            now=STARTS - timedelta(hours=1),
        )

        assert (found is not None) is is_late
