"""CSV for a spreadsheet."""

import pytest

from faces.console.sheets import csv_text
from kernel.money import Money


def test_begins_with_the_mark_by_which_excel_knows_utf_8() -> None:
    assert csv_text([["积分", 3]]) == "\ufeff积分,3\r\n"


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@A1", "\t=1", "\r=1"])
def test_takes_no_text_for_a_formula(text: str) -> None:
    assert csv_text([[text]]).lstrip("\ufeff").strip('"').startswith("'")


def test_leaves_numbers_that_are_negative() -> None:
    assert csv_text([[-3, Money(-50)]]) == "\ufeff-3,-0.50\r\n"
