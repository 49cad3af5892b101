"""What lies in which egg follows from the seed, and nothing else does."""

import hashlib
from collections import Counter

import pytest

from members.drawing import (
    BadPrizes,
    Prize,
    PrizeKind,
    Terms,
    check_prizes,
    commitment_of,
    contents,
)

UMBRELLA = Prize(1, "雨伞", PrizeKind.GIFT, 0, 3)
POINTS = Prize(2, "50 积分", PrizeKind.POINTS, 50, 7)
TERMS = Terms("Z1", 64, (UMBRELLA, POINTS))


def test_each_prize_lies_in_as_many_eggs_as_there_are_of_it() -> None:
    found = contents("a seed", TERMS)

    assert Counter(found.values()) == {1: 3, 2: 7}
    assert set(found) <= set(range(1, 65))


def test_anybody_can_work_it_out_by_what_the_page_says() -> None:
    eggs = sorted(range(1, 65), key=lambda n: hashlib.sha256(f"a seed:{n}".encode()).hexdigest())

    assert contents("a seed", TERMS) == {
        egg: 1 if place < 3 else 2 for place, egg in enumerate(eggs[:10])
    }


def test_no_egg_is_better_than_another() -> None:
    first = Counter(contents(f"seed {n}", TERMS).get(1, 0) for n in range(2000))

    assert 60 < first[1] < 130  # 94 of 2000 are expected
    assert 170 < first[2] < 270  # 219 are


def test_other_terms_have_another_commitment() -> None:
    fewer = Terms("Z1", 64, (UMBRELLA,))

    coupon = [Terms("Z1", 64, (Prize(1, "券", PrizeKind.COUPON, 0, 3, k),)) for k in ("K1", "K2")]
    assert len({commitment_of("a seed", terms) for terms in (TERMS, fewer, *coupon)}) == 4


def test_the_terms_of_a_draw_without_coupons_read_as_they_always_did() -> None:
    assert TERMS.text == '["Z1", 64, [[1, "雨伞", "gift", 0, 3], [2, "50 积分", "points", 50, 7]]]'


@pytest.mark.parametrize(
    "prizes",
    [
        pytest.param([], id="none"),
        pytest.param([Prize(1, "雨伞", PrizeKind.GIFT, 0, 65)], id="more_than_eggs"),
        pytest.param([Prize(1, "积分", PrizeKind.POINTS, 0, 1)], id="points_of_nothing"),
        pytest.param([Prize(1, "雨伞", PrizeKind.GIFT, 5, 1)], id="a_gift_with_points"),
        pytest.param([Prize(1, "券", PrizeKind.COUPON, 0, 1)], id="a_coupon_of_no_kind"),
        pytest.param([Prize(1, "雨伞", PrizeKind.GIFT, 0, 1, "K1")], id="a_gift_with_a_coupon"),
        pytest.param([Prize(1, "", PrizeKind.GIFT, 0, 1)], id="no_name"),
    ],
)
def test_prizes_that_cannot_be_are_refused(prizes: list[Prize]) -> None:
    with pytest.raises(BadPrizes):
        check_prizes(prizes, eggs=64)
