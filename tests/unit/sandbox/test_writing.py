"""What the sandbox writes: XML for the server, cards for the phone, JSON for the log."""

from datetime import UTC, datetime

import pytest
import xmltodict

from sandbox.business_clock import next_nine
from sandbox.callbacks import xml_of
from sandbox.errors import ApiError
from sandbox.layout import readable
from sandbox.message_templates import MessageTemplate, check_values, drawn, values_of


def _template(content: str) -> MessageTemplate:
    return MessageTemplate.of(template_id="M1", title="预约成功", content=content, approved={})


class TestXml:
    @pytest.mark.parametrize("text", ["hi", "<b>&amp;</b>", "a ]]> b", "]]>", "]]]]>>", "行\n二"])
    def test_any_text_is_read_back_as_it_was(self, text: str) -> None:
        read = xmltodict.parse(xml_of({"Content": text, "CreateTime": 7}), strip_whitespace=False)

        assert read == {"xml": {"Content": text, "CreateTime": "7"}}


class TestTemplates:
    def test_lines_become_slots_and_dead_keys_are_dropped(self) -> None:
        template = _template(
            "{{first.DATA}}\n服务项目：{{thing1.DATA}}\n上门时间: {{ time2.DATA }}\n{{remark.DATA}}"
        )

        assert [(one.label, one.key) for one in template.slots] == [
            ("服务项目", "thing1"),
            ("上门时间", "time2"),
        ]

    def test_the_card_shows_the_values_in_the_templates_order(self) -> None:
        card = drawn(
            _template("甲：{{thing1.DATA}}\n乙：{{thing2.DATA}}"), {"thing2": "二", "thing1": "一"}
        )

        assert [one["value"] for one in card] == ["一", "二"]

    def test_the_first_field_at_fault_is_named(self) -> None:
        with pytest.raises(ApiError) as refusal:
            check_values(_template("甲：{{phrase1.DATA}}\n乙：{{thing2.DATA}}"), {"phrase1": "OK"})

        assert refusal.value.errcode == 47003
        assert refusal.value.errmsg == "argument invalid! data.phrase1.value invalid"

    def test_values_may_be_numbers_and_colours_are_ignored(self) -> None:
        assert values_of({"data": {"number1": {"value": 3, "color": "#f00"}}}) == {"number1": "3"}

    @pytest.mark.parametrize("value", [{}, {"value": None}, {"value": ["x"]}, "x"])
    def test_values_of_another_shape_are_refused(self, value: object) -> None:
        with pytest.raises(ApiError):
            values_of({"data": {"thing1": value}})


class TestLayout:
    def test_short_things_stay_on_one_line_and_long_ones_are_broken(self) -> None:
        told = {"data": {"thing1": {"value": "x" * 30}, "thing2": {"value": "y" * 30}}}

        assert readable({"errcode": 0}) == '{"errcode": 0}'
        assert readable(told).splitlines() == [
            "{",
            '  "data": {',
            f'    "thing1": {{"value": "{"x" * 30}"}},',
            f'    "thing2": {{"value": "{"y" * 30}"}}',
            "  }",
            "}",
        ]


class TestNextNine:
    @pytest.mark.parametrize(
        ("now", "nine"),
        [
            (datetime(2026, 11, 23, 0, 59, 59, tzinfo=UTC), datetime(2026, 11, 23, 1, tzinfo=UTC)),
            (datetime(2026, 11, 23, 1, tzinfo=UTC), datetime(2026, 11, 24, 1, tzinfo=UTC)),
            (datetime(2026, 12, 31, 2, tzinfo=UTC), datetime(2027, 1, 1, 1, tzinfo=UTC)),
        ],
        ids=["one_second_before", "at_nine", "over_new_year"],
    )
    def test_is_the_first_after_now(self, now: datetime, nine: datetime) -> None:
        assert next_nine(now) == nine
