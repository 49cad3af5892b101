"""What a spoken wish says."""

from datetime import date

import pytest

from conversations.hearing import Wish, may_be_wish, names_thing, wish

SERVICES = (
    ("air_install", "空调安装"),
    ("air_clean", "空调清洗"),
    ("washer_fix", "洗衣机维修"),
    ("tv_deliver", "电视配送"),
)
MONDAY = date(2026, 11, 23)
SATURDAY = date(2026, 11, 28)
DISTRICTS = ("市北区", "市南区", "崂山区", "胶州市")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(
            "周六下午市北区安装空调", Wish("air_install", "市北区", "afternoon", SATURDAY), id="all"
        ),
        pytest.param("我家空调要洗一下", Wish("air_clean"), id="the_act_in_another_word"),
        pytest.param("洗衣机坏了，早上来", Wish("washer_fix", "", "morning"), id="what_is_broken"),
        pytest.param("我在崂山，装空调", Wish("air_install", "崂山区"), id="district_cut_short"),
        pytest.param("晚上", Wish(part="evening"), id="a_part_of_the_day_alone"),
        pytest.param("冰箱不制冷", Wish(), id="nothing_that_is_on_sale"),
        pytest.param("", Wish(), id="silence"),
    ],
)
def test_a_wish_is_understood(text: str, expected: Wish) -> None:
    assert wish(text, services=SERVICES, districts=DISTRICTS, today=MONDAY) == expected


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("今天下午", MONDAY),
        ("明早", date(2026, 11, 24)),
        ("后天晚上", date(2026, 11, 25)),
        ("大后天", date(2026, 11, 26)),
        ("星期天上午", date(2026, 11, 29)),
        pytest.param("周一", MONDAY, id="today_is_the_next_so_called"),
        ("下周一", date(2026, 11, 30)),
        ("下星期六", date(2026, 12, 5)),
        ("12月3号", date(2026, 12, 3)),
        pytest.param("1日", date(2026, 12, 1), id="of_the_next_month_that_has_it"),
        pytest.param("2月30日", None, id="no_such_day"),
        pytest.param("空调3匹", None, id="another_number"),
    ],
)
def test_the_day_that_is_said_is_the_next_one_so_called(text: str, day: date | None) -> None:
    assert wish(text, services=SERVICES, districts=DISTRICTS, today=MONDAY).day == day


def test_nothing_understood_is_false() -> None:
    assert not wish("你好", services=SERVICES, districts=DISTRICTS, today=MONDAY)


@pytest.mark.parametrize(
    ("text", "may_be"),
    [
        ("周六下午市北区安装空调", True),
        ("我在崂山，装空调", True),
        ("洗衣机坏了，早上来", True),
        ("周六装空调", True),
        pytest.param("安装空调", False, id="a_keyword_has_its_own_answer"),
        pytest.param("下午在家", False, id="nothing_is_to_be_done"),
        pytest.param("", False, id="nothing"),
    ],
)
def test_a_line_that_was_typed_may_be_a_wish(text: str, may_be: bool) -> None:
    assert may_be_wish(text, districts=DISTRICTS) is may_be


def test_a_thing_is_named_or_only_what_is_done() -> None:
    assert names_thing("下午能送到吗", "电视配送") is False
    assert names_thing("下午送电视", "电视配送") is True
