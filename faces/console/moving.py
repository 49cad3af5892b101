"""/console/bookings/…/move: another window for a booking, proven while the old one still stands."""

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from booking import offering, queries, windows
from booking.operations import moving
from booking.policy import OURS, Cause
from dispatch import queries as dispatch
from dispatch.live import Offer
from dispatch.openings import Opening
from faces.chrome import call
from faces.chrome.filters import gettext, second_text
from faces.chrome.sign_in import signed_in
from faces.console import acting, frame, life
from faces.console.acting import NO_FAILURE, Failure, Told
from faces.console.booking_acts import check_told
from faces.console.case_forms import MoveForm
from faces.console.routes import WRITERS, blueprint
from kernel.db import Session, transaction
from kernel.words import msg

CAUSES = (
    (Cause.AGENT.value, msg("业主要求，按规则收费")),
    (Cause.PROVIDER.value, msg("我们的原因，不收费")),
    (Cause.GOODS_LATE.value, msg("商品来不及到，不收费")),
)
DAYS_MAX = 14


@blueprint.get("/bookings/<number>/move")
@signed_in(*WRITERS)
def move_booking(number: str) -> ResponseReturnValue:
    """Show the windows to which the booking may move, and what that costs now."""
    with transaction(reads_only=True) as db:
        if _acts(db, number).move is None:
            return redirect(url_for("console.booking", number=number), 303)
    return _page(number, NO_FAILURE)


@blueprint.post("/bookings/<number>/move")
@signed_in(*WRITERS)
def moved_booking(number: str) -> ResponseReturnValue:
    """Move it: never both windows, never neither."""

    by, now = call.actor(), call.now()

    def effect(db: Session, given: dict[str, Any], opening: Opening | None) -> str:
        cause = Cause(given["cause"])
        found = queries.booking(db, number=number, by=by)
        if cause not in OURS:
            check_told(moving.quote(db, found, now=now).tariff, given["told"])
        day, window = given["window"]
        moving.reschedule(
            db,
            number=number,
            day=day,
            window=window,
            by=by,
            now=now,
            cause=cause,
            opening=opening,
        )
        return gettext("已改约，业主会收到微信。")

    def with_room(given: dict[str, Any], take: Callable[[Opening | None], Told]) -> Told:
        day, window = given["window"]
        return offering.move_with_room(take, number=number, day=day, window=window, by=by, now=now)

    return acting.perform_with_room(
        "move",
        MoveForm(),
        effect,
        with_room,
        to="console.booking",
        page=lambda failed: _page(number, failed),
        number=number,
    )


def value_of(offer: Offer) -> str:
    """Return the offer as the form sends it."""
    return f"{offer.day.isoformat()}/{offer.window.open_s}-{offer.window.shut_s}"


def rows_of(offers: Sequence[Offer]) -> list[dict[str, Any]]:
    """Return the windows of one day for the list: the best three first, then by time."""
    return [
        {
            "value": value_of(offer),
            "time": f"{second_text(offer.window.open_s)}–{second_text(offer.window.shut_s)}",
            "extra_s": offer.witness.extra_s,
            "slack_s": offer.witness.slack_s,
            "is_opening": offer.is_opening,
            "is_best": place < windows.BEST_COUNT,
            "delivery": offer.delivery,
        }
        for place, offer in enumerate(windows.best_first(list(offers)))
    ]


def days_of(offers: Sequence[Offer]) -> list[tuple[date, int]]:
    """Return the days that have windows, with how many."""
    days = sorted({offer.day for offer in offers})[:DAYS_MAX]
    return [(day, sum(offer.day == day for offer in offers)) for day in days]


def chosen_day(days: Sequence[tuple[date, int]], failed: Failure) -> date | None:
    """Return the day of what was chosen in vain, else that of the address, else the first."""
    asked = failed.typed.get("window", "").partition("/")[0] or request.args.get("day", "")
    return next((day for day, _ in days if day.isoformat() == asked), days[0][0] if days else None)


def _acts(db: Session, number: str) -> life.Acts:
    found = queries.booking(db, number=number, by=call.actor())
    return life.acts_of(db, found, dispatch.visit(db, found.visit_id), ())


def _page(number: str, failed: Failure) -> str:
    by, now = call.actor(), call.now()
    with transaction(reads_only=True) as db:
        may_move = _acts(db, number).move is not None
    offers = offering.move_offers(number=number, by=by, now=now) if may_move else []
    with transaction(reads_only=True) as db:
        found = queries.booking(db, number=number, by=by)
        frame.enter(db, branch_id=found.branch_id)
        acts = _acts(db, number)
        days = days_of(offers)
        day = chosen_day(days, failed)
        return render_template(
            "console/move.html",
            booking=found,
            service=queries.services_by_id(db)[found.service_id],
            acts=acts,
            told=life.told_of(acts.move) if acts.move else "",
            days=days,
            day=day,
            choices=rows_of([offer for offer in offers if offer.day == day]),
            causes=[(key, gettext(word)) for key, word in CAUSES],
            failed=failed,
        )
