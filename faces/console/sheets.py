"""Files for a spreadsheet: CSV as Excel reads it, in which no cell is taken for a formula."""

import csv
import io
from collections.abc import Iterable, Sequence

from flask import Response

from kernel.money import Money

# What a spreadsheet takes for the beginning of a formula.
FORMULA = ("=", "+", "-", "@", "\t", "\r")
# Without it Excel reads UTF-8 as the machine's own encoding.
BOM = "\ufeff"

Cell = str | int | Money


def csv_text(rows: Iterable[Sequence[Cell]]) -> str:
    """Return the rows as CSV. Numbers stay numbers, money is in yuan; a text that begins as a formula gets a '."""
    out = io.StringIO()
    csv.writer(out).writerows([_cell(cell) for cell in row] for row in rows)
    return BOM + out.getvalue()


def csv_file(rows: Iterable[Sequence[Cell]], *, name: str) -> Response:
    """Answer with the rows as a file to keep."""
    answer = Response(csv_text(rows), mimetype="text/csv")
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return answer


def _cell(cell: Cell) -> str | int:
    if isinstance(cell, Money):
        return f"{cell.fen / 100:.2f}"
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(FORMULA) else cell
