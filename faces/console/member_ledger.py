"""/console/members/…/ledger: a member's accounts as a file, and whether they follow from their rows."""

from collections.abc import Mapping

from flask import Response
from flask.typing import ResponseReturnValue

from faces.chrome import call
from faces.chrome.filters import clock_text, gettext
from faces.chrome.sign_in import signed_in
from faces.console import life_words
from faces.console.forms import NoForm
from faces.console.routes import READERS, blueprint
from faces.console.sheets import Cell, csv_file
from kernel.clock import local_date
from kernel.db import Session, transaction
from kernel.money import Money
from kernel.words import msg
from members import ledger, ledger_queries, queries
from members.ledger_proof import Broken
from members.ledger_queries import Line

LINES_MAX = 20_000
UNITS: Mapping[str, str] = {
    ledger.POINTS: msg("积分"),
    ledger.COMPENSATION: msg("代金券"),
    ledger.DEPOSITS: msg("押金"),
    ledger.STRIKES: msg("违约"),
    ledger.COMPLETIONS: msg("完成次数"),
}
# Counted in whole fen, shown in yuan.
MONEY = frozenset({ledger.COMPENSATION, ledger.DEPOSITS})
BROKEN: Mapping[Broken, str] = {
    Broken.POSTING: msg("这笔记账的内容和它的指纹对不上"),
    Broken.PLACE: msg("序号不连续"),
    Broken.BALANCE: msg("余额不是前一行加上这一行"),
    Broken.HASH: msg("指纹接不上前一行"),
    Broken.ACCOUNT: msg("账户上写的和最后一行不一样"),
    Broken.FLOOR: msg("余额低过了下限"),
    Broken.LOT: msg("积分的批次和流水对不上"),
    Broken.HOLD: msg("预留的积分和流水对不上"),
    Broken.REVERSAL: msg("冲回的不是原来那笔"),
}
HEADS = (
    msg("账户"),
    msg("序号"),
    msg("时间"),
    msg("事由"),
    msg("凭据"),
    msg("对方"),
    msg("数额"),
    msg("余额"),
    msg("记账编号"),
    msg("指纹"),
)


@blueprint.post("/members/<number>/ledger")
@signed_in(*READERS)
def member_ledger(number: str) -> ResponseReturnValue:
    """Send all lines of the member's accounts as CSV; that they were taken away is written down."""
    call.form(NoForm())
    with call.once(again=lambda: _file(number)) as db:
        queries.member_by_number(db, number=number, by=call.actor())
    return _file(number)


def _file(number: str) -> Response:
    with transaction(reads_only=True) as db:
        found = queries.member_by_number(db, number=number, by=call.actor())
        rows = [row for unit in UNITS for row in _rows(db, found.id, unit)]
    return csv_file([[gettext(head) for head in HEADS], *rows], name=f"{number}-ledger")


def _rows(db: Session, member_id: int, unit: str) -> list[list[Cell]]:
    owner = ledger.member_owner(member_id)
    lines = ledger_queries.lines(db, owner=owner, unit=unit, limit=LINES_MAX)
    return [_row(line, unit) for line in reversed(lines)]


def _row(line: Line, unit: str) -> list[Cell]:
    other = life_words.ACCOUNTS.get(line.other)
    return [
        gettext(UNITS[unit]),
        line.seq,
        f"{local_date(line.at).isoformat()} {clock_text(line.at)}",
        gettext(ledger.KIND_NAMES.get(line.kind, line.kind)),
        line.evidence,
        gettext(other) if other else line.other,
        _amount(line.amount, unit),
        _amount(line.balance_after, unit),
        line.key,
        line.hash,
    ]


def _amount(amount: int, unit: str) -> Cell:
    """Return a count as it is, money in yuan: a number to the spreadsheet, a debt included."""
    return Money(amount) if unit in MONEY else amount
