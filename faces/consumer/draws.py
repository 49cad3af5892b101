"""/c/draws: the lucky draw (砸金蛋), and how anybody can check it."""

from flask import render_template
from flask.typing import ResponseReturnValue

from booking import queries as booking
from booking.operations import prizes
from faces.chrome import call
from faces.chrome.errors import sentence_of, status_of
from faces.chrome.sign_in import signed_in
from faces.consumer.confirm import NothingForm
from faces.consumer.routes import blueprint
from kernel.actor import Role
from kernel.db import transaction
from kernel.errors import Conflict
from members import collection_queries, draw_queries
from members.drawing import DrawState, evidence_of

LINES_SHOWN = 50


@blueprint.get("/draws/<number>")
@signed_in(Role.MEMBER)
def draw_page(number: str) -> ResponseReturnValue:
    """Show the egg, or what was in it, and what is left; at the end, the seed and the log."""
    return _page(number)


@blueprint.post("/draws/<number>/smash")
@signed_in(Role.MEMBER)
def smash(number: str) -> ResponseReturnValue:
    """Smash the next egg."""
    try:
        call.form(NothingForm())
        with call.once() as db:
            prizes.smash(db, number=number, by=call.actor(), now=call.now())
            return call.leads_to("consumer.draw_page", number=number)
    except Conflict as refusal:
        return _page(number, error=sentence_of(refusal)), status_of(refusal)


def _page(number: str, *, error: str = "") -> str:
    by, now = call.actor(), call.now()
    with transaction(reads_only=True) as db:
        within = booking.stores_within(db, by)
        row = draw_queries.draw(db, number=number, by=by, within=within, now=now)
        stock = draw_queries.stock_of(db, [row])[row.id]
        play = draw_queries.play_of(db, draw_id=row.id, member_id=by.id)
        won = next((s.prize for s in stock if play and s.prize.place == play.prize), None)
        cause = evidence_of(number, play.egg) if play else ""
        is_over = row.state_at(now) is DrawState.OVER
        return render_template(
            "consumer/draw.html",
            draw=row,
            is_over=is_over,
            store_name=booking.store_name(db, row.store_id),
            stock=stock,
            names={s.prize.place: s.prize.name for s in stock},
            left=row.eggs - row.smashed,
            play=play,
            won=won,
            collection=collection_queries.by_cause(db, cause=cause) if won else None,
            # Nothing is told of what lies in the eggs while any can be smashed.
            seed=row.seed if is_over else "",
            terms=draw_queries.terms_of(db, row).text,
            log=draw_queries.log_of(db, draw_id=row.id, limit=LINES_SHOWN) if is_over else [],
            error=error,
        )
