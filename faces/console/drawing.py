"""The board in the values that the page's scripts draw: plain numbers and words, nothing to decide."""

from typing import Any

from dispatch.board import BUSY_PERCENT, Bar, Board, Row
from dispatch.looks import Look
from dispatch.states import OWED
from faces.chrome.filters import gettext, length_text
from faces.console.alerts import CHANCE_PERCENT_MIN
from kernel.words import msg

HOUR_S = 3600
# The hours that are always shown; a longer day shows more.
FROM_HOUR, TO_HOUR = 8, 20

WORDS = {
    Look.DONE: msg("已完成"),
    Look.WORK_DONE: msg("待签收"),
    Look.IN_SERVICE: msg("服务中"),
    Look.PAUSED: msg("已暂停"),
    Look.ON_WAY: msg("已出发"),
    Look.ACCEPTED: msg("已接单"),
    Look.ASSIGNED: msg("待接单"),
    Look.PLANNED: msg("待派"),
    Look.HELD: msg("锁定中"),
    Look.RISK: msg("有风险"),
    Look.LATE: msg("将迟到"),
    Look.FAILED: msg("没做成"),
}
# A bar in one line; the script fills it in.
BAR = msg("{label}，{technician}，{start}–{end}，承诺 {opens}–{shuts}，{state}")


def drawn(board: Board) -> dict[str, Any]:
    """Return the board as JSON: seconds of the day, one entry per technician and visit."""
    first, last = hours(board)
    return {
        "day": board.day.isoformat(),
        "now_s": board.now_s,
        "hours": [first, last],
        "rows": [_row(row) for row in board.rows],
        "words": {look.value: gettext(word) for look, word in WORDS.items()}
        | {"bar": gettext(BAR), "pinned": gettext("已钉住")},
    }


def hours(board: Board) -> tuple[int, int]:
    """Return the first and the last hour that the board shows."""
    starts = [row.shift[0] for row in board.rows if row.shift]
    starts += [bar.start_s for bar in board.bars]
    ends = [row.shift[1] for row in board.rows if row.shift] + [bar.end_s for bar in board.bars]
    first = min([FROM_HOUR, *(start // HOUR_S for start in starts)])
    last = max([TO_HOUR, *(-(-end // HOUR_S) for end in ends)])
    return max(0, first), min(24, last)


def _row(row: Row) -> dict[str, Any]:
    return {
        "id": row.technician_id,
        "name": row.name,
        "number": row.work_number,
        "shift": row.shift,
        "busy": row.utilisation_percent,
        "is_busy": (row.utilisation_percent or 0) > BUSY_PERCENT,
        "breaks": row.breaks,
        "drives": row.drives,
        "bars": [_bar(bar) for bar in row.bars],
    }


def _bar(bar: Bar) -> dict[str, Any]:
    what, _, where = bar.label.partition(" ")
    return {
        "id": bar.number,
        "pin": bar.visit_id,
        "what": what,
        "where": where.removesuffix("小区"),
        "look": bar.look.value,
        "start": bar.start_s,
        "end": bar.end_s,
        "opens": bar.opens_s,
        "shuts": bar.shuts_s,
        "may_move": bar.state in OWED,
        "is_pinned": bar.is_pinned,
    }


def slack_words(bar: Bar) -> str:
    """余量 32 分, with the chance to be late where it is worth a word, or 晚 6 分."""
    if bar.slack_s < 0:
        return gettext("晚 %(length)s", length=length_text(-bar.slack_s))
    left = gettext("余量 %(length)s", length=length_text(bar.slack_s))
    if bar.chance is None or bar.chance.percent < CHANCE_PERCENT_MIN:
        return left
    return gettext("%(left)s，%(percent)s%% 可能晚", left=left, percent=bar.chance.percent)
