"""A leader adds, changes, orders and removes the canned replies of a desk.

A line is named by its own words: two leaders at one list change what they see, or are told.
"""

from typing import cast

from sqlalchemy import Table, select

from conversations import canned
from conversations.models import CannedReplies
from kernel.db import Session, insert_once
from kernel.errors import Conflict
from kernel.words import msg

LINES_MAX = 20


class LineThere(Conflict):
    """The desk has this very line."""

    code = "line_there"
    says = msg("这句已经有了。")


class LineGone(Conflict):
    """Somebody has changed or removed the line meanwhile."""

    code = "line_gone"
    says = msg("这句刚刚被别人改过或删了，现在的常用语在下面。")


class TooManyLines(Conflict):
    """LINES_MAX are there: more than can be read at a glance."""

    code = "too_many_lines"
    says = msg("常用语最多 20 句，请先删掉不用的。")


def add(db: Session, *, desk: str, text: str) -> None:
    """Put a line at the end. Raises LineThere, TooManyLines."""
    row = _locked(db, desk)
    if text in row.lines:
        raise LineThere(field="text")
    if len(row.lines) >= LINES_MAX:
        raise TooManyLines

    row.lines = [*row.lines, text]


def change(db: Session, *, desk: str, before: str, text: str) -> None:
    """Let the line `before` say `text`, in its place. Raises LineGone, LineThere."""
    row = _locked(db, desk)
    place = _place(row, before)
    if text != before and text in row.lines:
        raise LineThere(field="text")

    row.lines = [*row.lines[:place], text, *row.lines[place + 1 :]]


def move(db: Session, *, desk: str, before: str, to: str) -> None:
    """Put a line one place `up` or `down`; at the end it stays. Raises LineGone."""
    row = _locked(db, desk)
    place = _place(row, before)
    others = [line for line in row.lines if line != before]

    place = max(0, place - 1) if to == "up" else place + 1
    row.lines = [*others[:place], before, *others[place:]]


def remove(db: Session, *, desk: str, before: str) -> None:
    """Take a line out. Raises LineGone."""
    row = _locked(db, desk)
    _place(row, before)

    row.lines = [line for line in row.lines if line != before]


def _locked(db: Session, desk: str) -> CannedReplies:
    """Lock the desk's lines, written down now when nobody has changed them before."""
    table = cast(Table, CannedReplies.__table__)
    insert_once(db, table, [{"desk": desk, "lines": canned.first_lines(desk)}], by="desk")
    found = select(CannedReplies).where(CannedReplies.desk == desk).with_for_update()
    return db.scalars(found.execution_options(populate_existing=True)).one()


def _place(row: CannedReplies, line: str) -> int:
    if line not in row.lines:
        raise LineGone
    return row.lines.index(line)
