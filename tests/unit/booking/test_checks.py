"""Check lists as they are written down, one point a line."""

import pytest

from booking.checks import (
    POINT_LENGTH_MAX,
    POINTS_MAX,
    BadPoints,
    ChecksOpen,
    check_all_ticked,
    photos_least,
    points_of,
)


@pytest.mark.parametrize(
    ("text", "points"),
    [("", []), (" \n\n", []), ("不漏水\r\n 试过机 \n不漏水\n", ["不漏水", "试过机"])],
)
def test_every_line_is_a_point_once(text: str, points: list[str]) -> None:
    assert points_of(text, field="checks") == points


def test_the_longest_list_is_taken_and_one_point_more_is_not() -> None:
    lines = [f"{n:0{POINT_LENGTH_MAX}d}" for n in range(POINTS_MAX)]

    assert points_of("\n".join(lines), field="checks") == lines
    for text in ("\n".join([*lines, "再一项"]), lines[0] + "0"):
        with pytest.raises(BadPoints) as refused:
            points_of(text, field="shots")
        assert refused.value.field == "shots"


@pytest.mark.parametrize(("shots", "least"), [([], 1), (["铭牌"], 1), (["铭牌", "全景"], 2)])
def test_one_photo_of_each_kind_and_one_at_least(shots: list[str], least: int) -> None:
    assert photos_least(shots) == least


def test_points_that_left_the_list_do_not_count() -> None:
    check_all_ticked(["甲"], {"甲", "从前的一项"})
    with pytest.raises(ChecksOpen):
        check_all_ticked(["甲", "乙"], {"甲", "从前的一项"})
