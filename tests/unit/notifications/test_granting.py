"""How many subscription notices a person still lets us send him."""

import pytest

from notifications.granting import Deed, deed_of, left

G, R, T, U, L = Deed.GRANTED, Deed.REFUSED, Deed.TAKEN_BACK, Deed.USED, Deed.LOST


@pytest.mark.parametrize(
    ("deeds", "count"),
    [
        pytest.param([], 0, id="nobody_asked"),
        pytest.param([G, G], 2, id="each_is_worth_one"),
        pytest.param([G, G, U], 1, id="a_send_uses_one_up"),
        pytest.param([G, R], 1, id="refusing_once_keeps_what_was_granted_before"),
        pytest.param([G, G, T], 0, id="taken_back_in_the_settings"),
        pytest.param([G, G, L], 0, id="wechat_knows_better"),
        pytest.param([G, L, G], 1, id="granted_again"),
        pytest.param([G, L, U, G], 1, id="a_report_that_comes_late_takes_none_that_follows"),
    ],
)
def test_grants_are_reckoned_from_what_happened(deeds: list[Deed], count: int) -> None:
    assert left(deeds) == count


@pytest.mark.parametrize(
    ("event", "status", "deed"),
    [
        ("popup", "accept", G),
        ("popup", "reject", R),
        ("change", "reject", T),
        ("change", "accept", None),
        ("sent", "success", U),
        ("sent", "user refuse", U),
        ("popup", "filter", None),
    ],
)
def test_wechats_word_is_understood(event: str, status: str, deed: Deed | None) -> None:
    assert deed_of(event, status) is deed
