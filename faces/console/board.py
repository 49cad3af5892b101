"""/console/board: a branch's day, live."""

from dataclasses import dataclass
from typing import Any

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from dispatch import board as boards
from dispatch.board import Board, Row
from dispatch.operations import publishing
from faces.chrome import call
from faces.chrome.filters import gettext
from faces.chrome.sign_in import signed_in
from faces.console import alerts, drawing, frame
from faces.console.alerts import Wants
from faces.console.forms import DayForm, DayQuery
from faces.console.pins import Scene, scene_of
from faces.console.routes import READERS, STAFF, WRITERS, blueprint
from kernel.db import transaction
from kernel.words import msg

DENSITY_COOKIE = "board_density"
DENSITIES = {"compact": msg("紧凑"), "standard": msg("标准"), "roomy": msg("宽松")}
# How many rows of a density a usual screen shows without scrolling.
ROOMY_ROWS_MAX, STANDARD_ROWS_MAX = 18, 24


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What the board's page and its news are drawn from."""

    branch: frame.Branch
    board: Board
    wants: Wants
    view: str

    @property
    def is_over(self) -> bool:
        return self.board.day < frame.today()

    @property
    def scene(self) -> Scene:
        return scene_of(self.board)

    @property
    def drawn(self) -> dict[str, Any]:
        return drawing.drawn(self.board)

    @property
    def bound(self) -> int:
        """How many technicians of the unassigned visits have WeChat, and so get a message."""
        return sum(row.has_wechat for row in self._waiting_rows)

    @property
    def unbound(self) -> int:
        """How many of them somebody has to call."""
        return sum(not row.has_wechat for row in self._waiting_rows)

    @property
    def _waiting_rows(self) -> list[Row]:
        waiting = {bar.technician_id for bar in self.board.unassigned}
        return [row for row in self.board.rows if row.technician_id in waiting]

    @property
    def topic(self) -> str:
        return f"day:{self.branch.id}:{self.board.day.isoformat()}"


@blueprint.get("/")
@signed_in(*STAFF)
def home() -> ResponseReturnValue:
    """The board is the console's first page; a store, which has none, begins with its own."""
    is_reader = call.actor().role in READERS
    return redirect(url_for("console.board" if is_reader else "console.own_store"))


@blueprint.get("/board")
@signed_in(*READERS)
def board() -> ResponseReturnValue:
    """Show the day."""
    shown = _shown()
    return render_template(
        "console/board.html",
        shown=shown,
        density=_density(len(shown.board.rows)),
        densities=[(key, gettext(word)) for key, word in DENSITIES.items()],
        **_WORDS,
    )


@blueprint.get("/board/news")
@signed_in(*READERS)
def board_news() -> ResponseReturnValue:
    """The parts of the board's page that change, which its script patches in."""
    return render_template("console/board_news.html", shown=_shown(), **_WORDS)


@blueprint.post("/board/publish")
@signed_in(*WRITERS)
def publish() -> ResponseReturnValue:
    """Tell technicians and members of every promised visit that nobody was told about."""
    given = call.form(DayForm())
    frame.check_branch(given["branch"])
    with call.once() as db:
        assigned = publishing.publish_day(
            db, branch_id=given["branch"], day=given["day"], by=call.actor(), now=call.now()
        )
        done = call.leads_to("console.board", **given)
    flash(
        gettext("已派 %(count)s 单，师傅和业主会收到微信。", count=assigned)
        if assigned
        else gettext("没有待派的上门任务了。"),
        "ok",
    )
    return done


def _shown() -> Shown:
    wanted = call.query(DayQuery())
    day = wanted["day"] or frame.today()
    with transaction(reads_only=True) as db:
        branch = frame.enter(db, branch_id=wanted["branch"], day=day)
        found = boards.day_board(db, branch_id=branch.id, day=day, now=call.now())
        wants = alerts.wants_of(db, found)
    return Shown(branch=branch, board=found, wants=wants, view=wanted["view"])


def _density(rows: int) -> str:
    """Return the density that was chosen, else the roomiest in which the day needs no scrolling."""
    chosen = call.cookie(DENSITY_COOKIE)
    if chosen in DENSITIES:
        return chosen
    if rows <= ROOMY_ROWS_MAX:
        return "roomy"
    return "standard" if rows <= STANDARD_ROWS_MAX else "compact"


_WORDS: dict[str, Any] = {
    "slack_words": drawing.slack_words,
    "extra_words": alerts.brief_words,
    "look_words": drawing.WORDS,
    "legend": [(look.value, word) for look, word in drawing.WORDS.items()],
}
