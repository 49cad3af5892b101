"""Lists of serial numbers as people send them."""

import pytest

from booking import serial_list
from booking.serial_list import (
    COLUMNS,
    ROWS_MAX,
    BadRows,
    BadSerial,
    ListTooLong,
    Row,
    UnreadableList,
    WrongColumns,
)

HEAD = ",".join(COLUMNS)
GOOD = "AB123456,KFR-35,挂机,72,12"


def a_list(*lines: str, head: str = HEAD) -> bytes:
    return "\r\n".join([head, *lines]).encode()


class TestRead:
    def test_takes_a_list(self) -> None:
        preview = serial_list.read(
            a_list("ab 123456,KFR-35,挂机,72,12", "", "CD123456,XQG,洗衣机,36,")
        )

        assert preview.faults == ()
        assert preview.rows == (
            Row(2, "AB123456", "KFR-35", "挂机", 72, 12),
            Row(4, "CD123456", "XQG", "洗衣机", 36, 0),
        )

    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "gb18030"])
    def test_takes_what_spreadsheets_write(self, encoding: str) -> None:
        raw = a_list(GOOD).decode().encode(encoding)

        [row] = serial_list.read(raw).rows

        assert (row.serial, row.name) == ("AB123456", "挂机")

    @pytest.mark.parametrize(
        "raw",
        [
            pytest.param(b"PK\x03\x04\x00\x00", id="a_workbook"),
            pytest.param(a_list(GOOD).decode().encode("utf-16"), id="utf-16"),
            pytest.param(b"\xff\xff\xff", id="no_text"),
            pytest.param(a_list('"AB123456,KFR'), id="a_quote_that_never_ends"),
        ],
    )
    def test_refuses_what_is_no_table_of_text(self, raw: bytes) -> None:
        with pytest.raises(UnreadableList):
            serial_list.read(raw)

    @pytest.mark.parametrize(
        "head",
        [
            pytest.param("序列号,型号,品名,质保月数", id="one_missing"),
            pytest.param("型号,序列号,品名,质保月数,保养间隔月数", id="another_order"),
            pytest.param("序列号,型号,品名,质保月数,价格", id="another_column"),
            pytest.param("", id="nothing"),
        ],
    )
    def test_refuses_other_columns(self, head: str) -> None:
        with pytest.raises(WrongColumns):
            serial_list.read(a_list(GOOD, head=head))

    def test_refuses_an_empty_file(self) -> None:
        with pytest.raises(WrongColumns):
            serial_list.read(b"")

    def test_takes_as_many_rows_as_the_limit_and_not_one_more(self) -> None:
        rows = [f"AB{n:06d},KFR-35,挂机,72,12" for n in range(ROWS_MAX + 1)]

        assert len(serial_list.read(a_list(*rows[:-1])).rows) == ROWS_MAX
        with pytest.raises(ListTooLong, match="20000"):
            serial_list.read(a_list(*rows))

    def test_refuses_a_hundred_thousand_rows_before_reading_them(self) -> None:
        rows = [f"AB{n:06d},KFR-35,挂机,72,12" for n in range(100_000)]

        with pytest.raises(ListTooLong):
            serial_list.read(a_list(*rows))

    @pytest.mark.parametrize(
        ("line", "column"),
        [
            pytest.param("=HYPERLINK(1),KFR-35,挂机,72,12", "序列号", id="formula"),
            pytest.param("AB123456,@SUM(A1),挂机,72,12", "型号", id="formula_of_old_kind"),
            pytest.param("AB123456,KFR-35,挂机,-1,12", "质保月数", id="minus"),
            pytest.param('"\tAB123456",KFR-35,挂机,72,12', "序列号", id="tab"),
            pytest.param("AB12,KFR-35,挂机,72,12", "序列号", id="short_serial"),
            pytest.param("编号123456,KFR-35,挂机,72,12", "序列号", id="serial_with_chinese"),
            pytest.param(",KFR-35,挂机,72,12", "序列号", id="no_serial"),
            pytest.param("AB123456,,挂机,72,12", "型号", id="no_model"),
            pytest.param('AB123456,KFR-35,"挂\n机",72,12', "品名", id="two_lines"),
            pytest.param("AB123456,KFR-35,挂机,,12", "质保月数", id="no_warranty"),
            pytest.param("AB123456,KFR-35,挂机,241,12", "质保月数", id="too_long_a_warranty"),
            pytest.param("AB123456,KFR-35,挂机,1.5,12", "质保月数", id="half_a_month"),
            pytest.param("AB123456,KFR-35,挂机,７２,12", "质保月数", id="wide_digits"),
            pytest.param("AB123456,KFR-35,挂机,72", "", id="four_cells"),
        ],
    )
    def test_tells_the_line_and_column_at_fault(self, line: str, column: str) -> None:
        [fault] = serial_list.read(a_list(GOOD.replace("AB", "ZZ"), line)).faults

        assert (fault.line, fault.column) == (3 if "\n" not in line else 4, column)

    def test_tells_a_serial_that_comes_twice(self) -> None:
        [fault] = serial_list.read(a_list(GOOD, GOOD)).faults

        assert (fault.line, fault.value) == (3, "AB123456")

    def test_tells_a_model_of_two_kinds(self) -> None:
        [fault] = serial_list.read(a_list(GOOD, "CD123456,KFR-35,挂机,36,12")).faults

        assert (fault.line, fault.column) == (3, "型号")


class TestPreview:
    def test_without_faults_may_be_imported(self) -> None:
        serial_list.read(a_list(GOOD)).check()

    def test_with_faults_is_refused_with_their_lines(self) -> None:
        preview = serial_list.read(a_list(GOOD, "x,KFR-35,挂机,72,12", "AB123457,KFR-35,挂机,x,12"))

        with pytest.raises(BadRows, match="2 行有误（第 3、4 行）"):
            preview.check()


@pytest.mark.parametrize(("said", "kept"), [("ab-12 34x", "AB-1234X"), ("123456", "123456")])
def test_a_serial_number_is_kept_in_one_form(said: str, kept: str) -> None:
    assert serial_list.normal(said) == kept


@pytest.mark.parametrize("said", ["", "12345", "-123456", "AB_123456", "A" * 41, "序列号123456"])
def test_what_is_no_serial_number_is_refused(said: str) -> None:
    with pytest.raises(BadSerial):
        serial_list.normal(said)
