"""Each field type at its limit: the longest that goes, the shortest that does not."""

import pytest

from sandbox.fields import examine, kind_of, without_emoji


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("thing1", "一" * 20),
        ("thing1", "a"),
        ("number2", "1" * 32),
        ("number2", "-12.50"),
        ("letter3", "a" * 32),
        ("symbol4", "￥%#&!"),
        ("character_string5", "B20944-M2-1"),
        ("character_string5", "x" * 32),
        ("time6", "15:01"),
        ("time6", "2026年11月26日 10:00~12:00"),
        ("time6", "2026-11-26 23:59:59"),
        ("date7", "2026年11月26日"),
        ("date7", "2026-11-26 10:00"),
        ("date7", "2026年11月26日~2026年11月27日"),
        ("amount8", "¥1240.00"),
        ("amount8", "1" * 10 + "元"),
        ("phone_number9", "138****2046"),
        ("phone_number9", "1" * 17),
        ("car_number10", "鲁B12345挂"),
        ("name11", "林" * 10),
        ("name11", "Catherine Winterbottm"[:20]),
        ("phrase12", "待您确认吧"),
        ("const13", "已派单"),
        ("keyword1", "旧式字段按 thing 算"),
    ],
)
def test_takes_what_is_at_the_limit(key: str, value: str) -> None:
    finding = examine(key, value)

    assert finding.is_ok, finding


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("thing1", "一" * 21),
        ("thing1", ""),
        ("thing1", "  "),
        ("thing1", "两\n行"),
        ("number2", "1" * 33),
        ("number2", "12 元"),
        ("letter3", "a1"),
        ("symbol4", "￥%#&!?"),
        ("symbol4", "a"),
        ("character_string5", "单号B1"),
        ("character_string5", "x" * 33),
        ("time6", "24:00"),
        ("time6", "10:00-12:00"),
        ("time6", "2026年11月26日"),
        ("time6", "2026年2月30日 10:00"),
        ("date7", "11月26日"),
        ("date7", "2026年13月1日"),
        ("amount8", "¥1,240.00"),
        ("amount8", "−30.00"),
        ("amount8", "1" * 11),
        ("phone_number9", "1" * 18),
        ("phone_number9", "座机"),
        ("car_number10", "鲁B123456789"),
        ("name11", "林" * 11),
        ("name11", "a" * 21),
        ("name11", "林女士2"),
        ("phrase12", "待您确认一下"),
        ("phrase12", "已完成!"),
        ("phrase12", "OK"),
    ],
)
def test_refuses_what_is_past_the_limit(key: str, value: str) -> None:
    finding = examine(key, value)

    assert finding.fault


def test_a_const_is_one_of_the_approved_values() -> None:
    assert examine("const1", "已派单", approved=["已派单", "已完成"]).is_ok
    assert (
        examine("const1", "已出发", approved=["已派单", "已完成"]).fault == "不是审核通过的枚举值"
    )


def test_counts_characters_for_the_linter() -> None:
    finding = examine("thing1", "空调安装、取走旧机")

    assert (finding.length, finding.length_max, finding.note) == (9, 20, "")


def test_emoji_is_noted_and_dropped() -> None:
    assert examine("thing1", "装好了👍🏻").note == "表情会被去掉"
    assert without_emoji("装好了👍🏻，多谢❤️") == "装好了，多谢"


@pytest.mark.parametrize(
    ("key", "kind"),
    [
        ("thing1", "thing"),
        ("character_string12", "character_string"),
        ("car_number3", "car_number"),
        ("first", "thing"),
        ("thing", "thing"),
    ],
)
def test_reads_the_type_out_of_the_key(key: str, kind: str) -> None:
    assert kind_of(key) == kind
