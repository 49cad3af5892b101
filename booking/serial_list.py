"""The list of genuine serial numbers, as a CSV file: read, judged row by row. Pure.

A list is taken whole or not at all.
"""

import csv
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass

from kernel.errors import Invalid
from kernel.words import msg

BYTES_MAX = 2 << 20
ROWS_MAX = 20_000
# Who has more faults than that has the wrong file.
FAULTS_SHOWN_MAX = 50
MONTHS_MAX = 240
MODEL_LENGTH_MAX = 40
NAME_LENGTH_MAX = 40
COLUMNS = ("序列号", "型号", "品名", "质保月数", "保养间隔月数")
_SERIAL = re.compile(r"[0-9A-Z][0-9A-Z-]{5,39}", re.ASCII)
# What a spreadsheet would take for a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_TEXT_MAX = 200


class UnreadableList(Invalid):
    """Neither UTF-8 nor GBK, or not a table of text."""

    code = "unreadable_list"
    says = msg("文件读不出来，请存为 CSV（UTF-8 或 GBK）再上传。")


class ListTooLong(Invalid):
    """More than ROWS_MAX rows or BYTES_MAX bytes."""

    code = "list_too_long"
    says = msg("一次最多导入 %(most)s 行，请分成几个文件。")


class WrongColumns(Invalid):
    """The first row does not name the columns."""

    code = "bad_columns"
    says = msg("第一行应当是：%(wanted)s。文件里是：%(found)s。")


class BadRows(Invalid):
    """Some rows cannot be taken, so none was; its fact `faults` lists them, up to FAULTS_SHOWN_MAX."""

    code = "bad_rows"
    says = msg("%(count)s 行有误（第 %(lines)s 行），一行都没有导入。")


class BadSerial(Invalid):
    """No serial number looks like that."""

    code = "bad_serial"
    says = msg("序列号应为 6–40 位字母、数字或短横，请核对。")


@dataclass(frozen=True, slots=True)
class Row:
    """One appliance of the list; months of 0 mean none."""

    line: int
    serial: str
    model: str
    name: str
    warranty_months: int
    maintenance_months: int


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with one line of the file (1 is the first row); `says` quotes `value`."""

    line: int
    column: str
    says: str
    value: str


@dataclass(frozen=True, slots=True)
class Preview:
    """What a file holds: the rows that can be taken, and the faults of the others."""

    rows: tuple[Row, ...]
    faults: tuple[Fault, ...]

    def check(self) -> None:
        """Refuse the list for its faults. Raises BadRows."""
        if self.faults:
            lines = sorted({fault.line for fault in self.faults})
            shown = "、".join(str(line) for line in lines[:10])
            raise BadRows(
                field="file",
                count=len(lines),
                lines=shown + ("…" if len(lines) > 10 else ""),
                faults=[asdict(fault) for fault in self.faults[:FAULTS_SHOWN_MAX]],
            )


def normal(serial: str) -> str:
    """Return the serial number as it is kept: capitals, without blanks. Raises BadSerial."""
    plain = "".join(serial.split()).upper()
    if not _SERIAL.fullmatch(plain):
        raise BadSerial(field="serial")
    return plain


def read(raw: bytes) -> Preview:
    """Read the file.

    Raises UnreadableList, ListTooLong, WrongColumns; what is wrong with single rows is told in the
    preview.
    """
    if len(raw) > BYTES_MAX:
        raise ListTooLong(field="file", most=ROWS_MAX)
    lines = _lines(_decoded(raw))
    _check_columns(next(lines, (1, []))[1])
    rows: list[Row] = []
    faults: list[Fault] = []
    for line, cells in lines:
        if len(rows) + len(faults) >= ROWS_MAX:
            raise ListTooLong(field="file", most=ROWS_MAX)
        try:
            rows.append(_row(line, cells))
        except _Faulty as error:
            faults.append(error.fault)
    faults += _contradictions(rows)
    return Preview(tuple(rows), tuple(sorted(faults, key=lambda fault: fault.line)))


class _Faulty(Exception):
    def __init__(self, fault: Fault) -> None:
        self.fault = fault
        super().__init__(fault.says)


def _decoded(raw: bytes) -> str:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = raw.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    raise UnreadableList(field="file")


def _lines(text: str) -> Iterator[tuple[int, list[str]]]:
    """Yield (line, cells), empty lines left out."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield reader.line_num, cells
    except csv.Error as error:
        raise UnreadableList(field="file") from error


def _check_columns(found: Sequence[str]) -> None:
    names = [cell.strip() for cell in found]
    if names != list(COLUMNS):
        shown = "、".join(names)[:_TEXT_MAX] or "—"
        raise WrongColumns(field="file", wanted="、".join(COLUMNS), found=shown)


def _row(line: int, cells: Sequence[str]) -> Row:
    if len(cells) != len(COLUMNS):
        raise _Faulty(Fault(line, "", msg("应有 5 列。"), str(len(cells))))
    for column, cell in zip(COLUMNS, cells, strict=True):
        if cell.startswith(_FORMULA):
            raise _Faulty(Fault(line, column, msg("像是公式，不能导入：%(value)s"), cell[:40]))
    serial, model, name, warranty, maintenance = (cell.strip() for cell in cells)
    return Row(
        line=line,
        serial=_serial(line, serial),
        model=_text(line, COLUMNS[1], model, longest=MODEL_LENGTH_MAX),
        name=_text(line, COLUMNS[2], name, longest=NAME_LENGTH_MAX),
        warranty_months=_months(line, COLUMNS[3], warranty),
        maintenance_months=_months(line, COLUMNS[4], maintenance or "0"),
    )


def _serial(line: int, cell: str) -> str:
    try:
        return normal(cell)
    except BadSerial as error:
        raise _Faulty(Fault(line, COLUMNS[0], BadSerial.says, cell[:40])) from error


def _text(line: int, column: str, cell: str, *, longest: int) -> str:
    if not cell or len(cell) > longest or not cell.isprintable():
        raise _Faulty(Fault(line, column, msg("应为 1–40 个字。"), cell[:40]))
    return cell


def _months(line: int, column: str, cell: str) -> int:
    if not (cell.isascii() and cell.isdigit() and len(cell) <= 3 and int(cell) <= MONTHS_MAX):
        raise _Faulty(Fault(line, column, msg("应为 0–240 的整数。"), cell[:40]))
    return int(cell)


def _contradictions(rows: Sequence[Row]) -> Iterator[Fault]:
    """Yield the rows that say otherwise than one before: a serial twice, a model of two kinds."""
    serials: set[str] = set()
    models: dict[str, Row] = {}
    for row in rows:
        if row.serial in serials:
            yield Fault(row.line, COLUMNS[0], msg("和前面的行重复：%(value)s"), row.serial)
        serials.add(row.serial)
        if not is_alike(models.setdefault(row.model, row), row):
            yield Fault(row.line, COLUMNS[1], msg("同一型号前后不一致：%(value)s"), row.model)


def is_alike(one: Row, other: Row) -> bool:
    """Tell whether two rows of one model say the same of it."""
    return (one.name, one.warranty_months, one.maintenance_months) == (
        other.name,
        other.warranty_months,
        other.maintenance_months,
    )
