"""What a coupon takes off, and for which bookings."""

import pytest

from booking.coupons import (
    BadTerms,
    CouponForm,
    CouponUnfit,
    NotSecond,
    Occasion,
    OtherService,
    OtherStore,
    Terms,
    TooCheap,
    check_terms,
    hindrance,
    worth,
)
from kernel.money import Money

FIXED, PERCENT = CouponForm.FIXED, CouponForm.PERCENT


@pytest.mark.parametrize(
    ("terms", "off"),
    [
        pytest.param(Terms(form=FIXED, amount=Money(20_00)), 20_00, id="fixed"),
        pytest.param(
            Terms(form=FIXED, amount=Money(120_00)), 100_00, id="never_more_than_it_costs"
        ),
        pytest.param(Terms(form=PERCENT, percent_off=15), 15_00, id="a_share"),
        pytest.param(
            Terms(form=PERCENT, percent_off=50, most=Money(30_00)), 30_00, id="a_share_with_a_bound"
        ),
        pytest.param(Terms(form=PERCENT, percent_off=100), 100_00, id="free"),
    ],
)
def test_takes_off_a_hundred_yuan(terms: Terms, off: int) -> None:
    assert worth(terms, Money(100_00)) == Money(off)


@pytest.mark.parametrize(
    ("limits", "unfit"),
    [
        pytest.param({"least": Money(100_00)}, None, id="the_lowest_price_itself"),
        pytest.param({"least": Money(100_01)}, TooCheap, id="a_fen_below"),
        pytest.param({"service_id": 2}, None, id="one_of_its_services"),
        pytest.param({"service_id": 3}, OtherService, id="another_service"),
        pytest.param({"store_id": 7}, None, id="his_store"),
        pytest.param({"store_id": 8}, OtherStore, id="another_store"),
        pytest.param({"is_second_only": True}, NotSecond, id="his_third"),
    ],
)
def test_is_good_for(limits: dict[str, object], unfit: type[CouponUnfit] | None) -> None:
    terms = Terms(form=FIXED, amount=Money(20_00), **limits)  # type: ignore[arg-type]
    occasion = Occasion(
        price=Money(100_00), service_ids=frozenset({1, 2}), store_ids=frozenset({7}), completed=2
    )

    assert hindrance(terms, occasion) is unfit


@pytest.mark.parametrize(
    "terms",
    [Terms(form=FIXED), Terms(form=PERCENT), Terms(form=PERCENT, percent_off=101)],
)
def test_a_coupon_takes_something_off(terms: Terms) -> None:
    with pytest.raises(BadTerms):
        check_terms(terms)
