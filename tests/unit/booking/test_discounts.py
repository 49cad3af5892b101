"""What pays how much of a price."""

import pytest

from booking.discounts import DiscountKind, parts_of
from kernel.money import Money
from members.rule_text import RULES


@pytest.mark.parametrize(
    ("coupon", "vouchers", "points", "paid"),
    [
        pytest.param(0, 0, 500, [("points", 25_00, 500)], id="points_alone"),
        pytest.param(0, 0, 519, [("points", 25_00, 500)], id="whole_yuan_of_points"),
        pytest.param(0, 0, 19, [], id="less_than_a_yuan"),
        pytest.param(0, 0, 9_999, [("points", 50_00, 1_000)], id="half_of_the_price_at_most"),
        pytest.param(
            20_00,
            30_00,
            9_999,
            [("coupon", 20_00, 0), ("voucher", 30_00, 0), ("points", 25_00, 500)],
            id="each_of_what_the_one_before_left",
        ),
        pytest.param(0, 130_00, 500, [("voucher", 100_00, 0)], id="never_more_than_the_price"),
    ],
)
def test_pays_of_a_hundred_yuan(
    coupon: int, vouchers: int, points: int, paid: list[tuple[str, int, int]]
) -> None:
    parts = parts_of(
        price=Money(100_00),
        coupon=Money(coupon),
        vouchers=Money(vouchers),
        points=points,
        grade=RULES.tiers[0],
        rules=RULES,
    )

    assert [(part.kind, part.amount.fen, part.points) for part in parts] == [
        (DiscountKind(kind), fen, taken) for kind, fen, taken in paid
    ]
