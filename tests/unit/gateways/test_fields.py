"""What WeChat's template fields may hold, at the edge of each rule."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateways.wechat import fields
from gateways.wechat.fields import FieldType, FieldUnfit


def accepts(key: str, value: str) -> bool:
    try:
        fields.check_field(key, value)
    except FieldUnfit:
        return False
    return True


class TestCheckField:
    @pytest.mark.parametrize(
        ("key", "fits", "breaks"),
        [
            ("thing1", "空" * 20, "空" * 21),
            ("thing1", "空调安装", "空调\n安装"),
            ("thing1", "空调安装", "空调安装😀"),
            ("thing1", "x", ""),
            ("number2", "1" * 32, "1" * 33),
            ("number2", "12.5", "12.5元"),
            ("number2", "0", "-1"),
            ("letter3", "a" * 32, "a" * 33),
            ("letter3", "ABC", "AB1"),
            ("symbol4", "*" * 5, "*" * 6),
            ("symbol4", "#", "a"),
            ("character_string5", "x" * 32, "x" * 33),
            ("character_string5", "B7Q2M9XK4T", "B7Q2M9XK4T号"),
            ("character_string5", "11-26 10:00", " "),
            ("time6", "10:00", "24:00"),
            ("time6", "10:00~12:00", "10:00~12:00~14:00"),
            ("time6", "2026年11月26日 10:00", "11月26日 10:00"),
            ("time6", "2026-11-26 10:00~12:00", "2026-11-31 10:00"),
            ("date7", "2026年11月26日", "10:00"),
            ("date7", "2026-11-26 10:00", "2026-13-26"),
            ("date7", "2026-11-26~2026-11-28", "今天"),
            ("amount8", "¥1240.00", "¥1,240.00"),
            ("amount8", "99999999.99", "999999999.99"),
            ("amount8", "240元", "240块"),
            ("phone_number9", "138****2046", "一三八"),
            ("phone_number9", "1" * 17, "1" * 18),
            ("car_number10", "鲁B12345", "鲁B1234567"),
            ("name11", "王" * 10, "王" * 11),
            ("name11", "W" * 20, "W" * 21),
            ("name11", "林女士", "林3"),
            ("phrase12", "待上门啊", "待上门啊啊啊"),
            ("phrase12", "已预约", "已预约1"),
            ("const13", "已完成", "完" * 21),
        ],
    )
    def test_takes_one_and_refuses_the_other(self, key: str, fits: str, breaks: str) -> None:
        assert (accepts(key, fits), accepts(key, breaks)) == (True, False)

    def test_holds_a_const_to_its_approved_values(self) -> None:
        fields.check_field("const1", "已完成", approved=("已完成", "已取消"))

        with pytest.raises(FieldUnfit):
            fields.check_field("const1", "完成了", approved=("已完成", "已取消"))

    @pytest.mark.parametrize("key", ["first", "remark", "thing", "thing1.DATA", "photo1", "", "1"])
    def test_knows_no_other_keys(self, key: str) -> None:
        with pytest.raises(FieldUnfit) as told:
            fields.check_field(key, "x")

        assert told.value.field == key

    def test_says_which_key_and_which_rule(self) -> None:
        with pytest.raises(FieldUnfit, match=r"phrase2.*最多 5 个汉字"):
            fields.check_fields({"thing1": "空调安装", "phrase2": "正在为您安排师傅"})

    def test_has_a_rule_a_check_and_a_sentence_for_every_type(self) -> None:
        assert set(fields._CHECKS) == set(fields.RULES) == set(FieldType)


class TestFit:
    @pytest.mark.parametrize(
        ("key", "given", "fitted"),
        [
            ("amount1", "¥1,240.00", "¥1240.00"),
            ("thing1", "空调\n安装 🎉", "空调 安装"),
            ("time1", "10:00–12:00", "10:00~12:00"),
            ("name1", "欧阳" * 6, "欧阳欧阳欧阳欧阳欧…"),
        ],
    )
    def test_makes_the_small_changes(self, key: str, given: str, fitted: str) -> None:
        assert fields.fit(key, given) == fitted

    def test_refuses_what_no_small_change_mends(self) -> None:
        with pytest.raises(FieldUnfit):
            fields.fit("number1", "十二")

    @given(st.text(min_size=1))
    def test_gives_things_that_pass_or_refuses(self, text: str) -> None:
        try:
            fitted = fields.fit("thing1", text)
        except FieldUnfit:
            return

        assert accepts("thing1", fitted)
