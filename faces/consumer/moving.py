"""改约: another window for a promise, or the window of a second visit."""

from datetime import date

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from booking import goods_queries, offering, queries
from booking.operations import moving
from booking.policy import Cause
from dispatch.openings import Opening
from dispatch.operations.places import PlaceGone
from dispatch.planner.problem import Window
from faces.chrome import call
from faces.chrome.errors import sentence_of, status_of
from faces.chrome.limits import BOOKING, rated
from faces.chrome.sign_in import signed_in
from faces.consumer import forms, grid, life, progress
from faces.consumer.acts import ToldForm, check_told
from faces.consumer.forms import HoldForm
from faces.consumer.routes import blueprint
from kernel.actor import Role
from kernel.db import transaction
from kernel.errors import Conflict, Invalid
from kernel.machine import IllegalMove


class MoveForm(HoldForm, ToldForm):
    """The new window, and what he was told that moving costs."""


@blueprint.get("/bookings/<number>/move")
@signed_in(Role.MEMBER)
def move_page(number: str) -> ResponseReturnValue:
    """Show the windows to which the booking may move, and what that costs now."""
    wanted = grid.day_of(request.args.get("day", ""))
    return _page(number, wanted=wanted)


@blueprint.post("/bookings/<number>/move")
@signed_in(Role.MEMBER)
@rated(BOOKING)
def move(number: str) -> ResponseReturnValue:
    """Move: the new window is proven and taken before the old one is freed."""
    values, errors = forms.read(MoveForm())
    if errors:
        return _page(number, wanted=None, error=next(iter(errors.values())), status=422)
    day, window = values["window"]
    by, now = call.actor(), call.now()

    def take(opening: Opening | None) -> ResponseReturnValue:
        with call.once() as db:
            check_told(life.costs(db, number=number, by=by, now=now).move, values["told"])
            booking = queries.booking(db, number=number, by=by)
            late = goods_queries.late_goods(db, booking.id)
            moving.reschedule(
                db,
                number=number,
                day=day,
                window=window,
                by=by,
                now=now,
                cause=Cause.GOODS_LATE if late else None,
                opening=opening,
            )
            return call.leads_to("consumer.booking", number=number)

    try:
        return offering.move_with_room(take, number=number, day=day, window=window, by=by, now=now)
    except PlaceGone as refusal:
        return _page(number, wanted=day, lost=(day, window), status=status_of(refusal))
    except IllegalMove:
        # Somebody set out meanwhile, or it has ended: its page says which.
        return redirect(url_for("consumer.booking", number=number), 303)
    except (Invalid, Conflict) as refusal:
        return _page(number, wanted=day, error=sentence_of(refusal), status=status_of(refusal))


def _page(
    number: str,
    *,
    wanted: date | None,
    error: str = "",
    lost: tuple[date, Window] | None = None,
    status: int = 200,
) -> ResponseReturnValue:
    by, now = call.actor(), call.now()
    with transaction(reads_only=True) as db:
        costs = life.costs(db, number=number, by=by, now=now)
    if costs.move is None:
        return redirect(url_for("consumer.booking", number=number), 303)
    offers = offering.move_offers(number=number, by=by, now=now)
    with transaction(reads_only=True) as db:
        booking = queries.booking(db, number=number, by=by)
        shown = grid.grid(
            db,
            offers,
            branch_id=booking.branch_id,
            wanted=wanted,
            lost=lost,
            href=lambda day: url_for("consumer.move_page", number=number, day=day.isoformat()),
            now=now,
        )
        visit = progress.read(db, number=number, by=by, now=now)
    page = render_template(
        "consumer/move.html",
        visit=visit,
        grid=shown,
        tariff=costs.move,
        is_ours=costs.is_ours,
        error=error,
        sheet=shown.sheet,
    )
    return page, status
