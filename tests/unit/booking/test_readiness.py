"""Five lights, and when a technician may set out."""

from dataclasses import replace

import pytest

from booking import readiness
from booking.goods import GoodsKind
from booking.readiness import Facts, GoodsUnanswered, Lamp, NotLoaded, Thing
from booking.states import GoodsState

ALL_GREEN = Facts(
    things=(), is_address_sure=True, is_presence_confirmed=True, is_consent_given=True
)
AIR_CONDITIONER = Thing(name="挂机", kind=GoodsKind.GOODS, state=GoodsState.IN_WAREHOUSE)
PIPE = Thing(name="铜管", kind=GoodsKind.PART, state=GoodsState.IN_WAREHOUSE)
OLD_ONE = Thing(name="旧电器", kind=GoodsKind.OLD, state=GoodsState.TO_COLLECT)


def red(facts: Facts) -> list[Lamp]:
    return [light.lamp for light in readiness.missing(readiness.lights(facts))]


def says(facts: Facts) -> list[str]:
    return [light.says % light.facts for light in readiness.missing(readiness.lights(facts))]


class TestLights:
    def test_are_five_in_their_order(self) -> None:
        assert [light.lamp for light in readiness.lights(ALL_GREEN)] == list(Lamp)
        assert readiness.is_ready(readiness.lights(ALL_GREEN))

    @pytest.mark.parametrize(
        ("facts", "lamp"),
        [
            (replace(ALL_GREEN, is_address_sure=False), Lamp.ADDRESS),
            (replace(ALL_GREEN, is_presence_confirmed=False), Lamp.PRESENCE),
            (replace(ALL_GREEN, is_consent_given=False), Lamp.CONSENT),
        ],
    )
    def test_each_alone_keeps_the_visit_back(self, facts: Facts, lamp: Lamp) -> None:
        assert red(facts) == [lamp]
        assert not readiness.is_ready(readiness.lights(facts))

    @pytest.mark.parametrize(
        ("state", "is_red"),
        [
            (GoodsState.NOT_SHIPPED, True),
            (GoodsState.RETURNED, True),
            (GoodsState.IN_WAREHOUSE, False),
            (GoodsState.ON_VAN, False),
            (GoodsState.DELIVERED, False),
        ],
    )
    def test_goods_and_parts_must_be_in_the_warehouse(
        self, state: GoodsState, is_red: bool
    ) -> None:
        goods = replace(ALL_GREEN, things=[replace(AIR_CONDITIONER, state=state)])
        parts = replace(ALL_GREEN, things=[replace(PIPE, state=state)])

        assert red(goods) == [Lamp.GOODS] * is_red
        assert red(parts) == [Lamp.PARTS] * is_red

    def test_an_installation_waits_until_its_goods_are_delivered(self) -> None:
        coming = replace(AIR_CONDITIONER, is_due_before=True, state=GoodsState.ON_VAN)

        assert says(replace(ALL_GREEN, things=[coming])) == ["「挂机」还没有送到。"]
        assert red(replace(ALL_GREEN, things=[replace(coming, state=GoodsState.DELIVERED)])) == []

    def test_what_the_member_does_without_keeps_nothing_back(self) -> None:
        late = replace(AIR_CONDITIONER, state=GoodsState.NOT_SHIPPED)

        assert says(replace(ALL_GREEN, things=[late])) == ["「挂机」还没有到仓。"]
        assert red(replace(ALL_GREEN, things=[replace(late, is_waived=True)])) == []

    def test_a_late_item_says_that_the_member_was_asked(self) -> None:
        late = replace(AIR_CONDITIONER, state=GoodsState.NOT_SHIPPED, is_unanswered=True)

        assert says(replace(ALL_GREEN, things=[late])) == ["「挂机」来不及到，等业主答复。"]

    def test_an_old_appliance_lights_nothing(self) -> None:
        assert red(replace(ALL_GREEN, things=[OLD_ONE])) == []


class TestMayDepart:
    def test_with_all_on_the_van(self) -> None:
        readiness.check_may_depart(
            [
                replace(AIR_CONDITIONER, state=GoodsState.ON_VAN),
                replace(PIPE, is_waived=True),
                OLD_ONE,
            ]
        )

    def test_not_while_a_part_is_not_scanned(self) -> None:
        with pytest.raises(NotLoaded, match="铜管"):
            readiness.check_may_depart([replace(AIR_CONDITIONER, state=GoodsState.ON_VAN), PIPE])

    def test_not_while_the_member_has_not_answered(self) -> None:
        late = replace(AIR_CONDITIONER, state=GoodsState.NOT_SHIPPED, is_unanswered=True)

        with pytest.raises(GoodsUnanswered, match="挂机"):
            readiness.check_may_depart([PIPE, late])

    def test_what_another_visit_delivers_is_not_his(self) -> None:
        readiness.check_may_depart([replace(AIR_CONDITIONER, is_due_before=True)])
